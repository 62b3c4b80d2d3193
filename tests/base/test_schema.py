"""Every table passes through one check: its columns in their order and dtype, its key once, nothing required empty."""

import numpy as np
import pandas as pd
import pytest

from core.base import schema

FILM = {"image_id": "a.png", "patient_id": "1", "source": "real"}


def test_columns_come_in_order_and_extra_ones_after_them():
    frame = pd.DataFrame([{"zebra": 1, "source": "real", "label": 1, "patient_id": "1", "image_id": "a", "apple": 2}])

    checked = schema.checked(frame, schema.RADIOGRAPHS)

    assert list(checked) == [*schema.RADIOGRAPHS.columns, "zebra", "apple"]


@pytest.mark.parametrize("table", [schema.RADIOGRAPHS, schema.TRUTH, schema.SPLIT, schema.PREDICTIONS])
def test_every_column_has_its_dtype_even_in_an_empty_table(table):
    checked = schema.checked(pd.DataFrame(), table)

    assert {name: str(dtype) for name, dtype in checked.dtypes.items()} == table.columns
    assert len(checked) == 0


def test_absent_columns_become_null_and_whole_numbers_keep_their_nulls():
    checked = schema.checked(pd.DataFrame([FILM | {"label": 1}, FILM | {"image_id": "b.png"}]), schema.RADIOGRAPHS)

    assert checked["label"].tolist() == [1, pd.NA]
    assert checked["path"].isna().all()
    assert checked["age_years"].isna().all()


def test_what_was_null_does_not_become_a_word():
    frame = pd.DataFrame([FILM | {"view": None, "sex": np.nan}])

    checked = schema.checked(frame, schema.RADIOGRAPHS)

    assert checked["view"].isna().all()
    assert checked["sex"].isna().all()


def test_the_index_starts_anew_and_the_frame_that_was_given_stays():
    frame = pd.DataFrame([FILM, FILM | {"image_id": "b.png"}], index=[5, 5])

    checked = schema.checked(frame, schema.RADIOGRAPHS)

    assert checked.index.tolist() == [0, 1]
    assert frame.index.tolist() == [5, 5]
    assert list(frame) == list(FILM)


@pytest.mark.parametrize("name", ["image_id", "patient_id", "source"])
def test_a_required_value_that_is_empty_is_refused(name):
    frame = pd.DataFrame([FILM, FILM | {"image_id": "b.png", name: None}])

    with pytest.raises(ValueError, match=f"Expected radiographs.{name} to be filled in every row, found 1 empty of 2"):
        schema.checked(frame, schema.RADIOGRAPHS)


def test_a_required_column_that_is_absent_is_refused():
    with pytest.raises(ValueError, match=r"Expected split\.part to be filled in every row, found 1 empty of 1"):
        schema.checked(pd.DataFrame([{"image_id": "a", "patient_id": "1"}]), schema.SPLIT)


def test_an_image_that_stands_twice_is_named():
    with pytest.raises(ValueError, match=r"Expected each image once in radiographs, found 'a\.png' more than once"):
        schema.checked(pd.DataFrame([FILM, FILM]), schema.RADIOGRAPHS)


def test_a_truth_table_names_an_image_once_a_source():
    rows = pd.DataFrame({"image_id": ["a", "a"], "truth": ["report", "phantom"], "label": [1, 0]})

    assert len(schema.checked(rows, schema.TRUTH)) == 2
    with pytest.raises(ValueError, match="Expected each image once in truth, found 'a' more than once"):
        schema.checked(rows.assign(truth="report"), schema.TRUTH)


@pytest.mark.parametrize("label", [0.5, "maybe"])
def test_a_label_that_is_no_whole_number_is_refused(label):
    with pytest.raises((TypeError, ValueError)):
        schema.checked(pd.DataFrame([FILM | {"label": label}]), schema.RADIOGRAPHS)


def test_checking_twice_changes_nothing():
    once = schema.checked(pd.DataFrame([FILM | {"label": 1, "extra": "x"}]), schema.RADIOGRAPHS)

    pd.testing.assert_frame_equal(schema.checked(once, schema.RADIOGRAPHS), once)
