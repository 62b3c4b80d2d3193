"""The region of the pneumothorax: masks first, then boxes; what cannot be used is told."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.base import files, schema
from core.data import regions

LEFT_UPPER = '[{"x": 0.0, "y": 0.0, "width": 0.5, "height": 0.5}]'


def mask(path: Path, rows: slice, columns: slice) -> str:
    picture = np.zeros((40, 40), np.uint8)
    picture[rows, columns] = 255
    Image.fromarray(picture).save(path)
    return str(path)


def films(**masks: str | None) -> pd.DataFrame:
    rows = [{"image_id": name, "patient_id": "1", "source": "real", "mask_path": path} for name, path in masks.items()]
    return schema.checked(pd.DataFrame(rows), schema.RADIOGRAPHS)


def known(workspace, *rows: dict) -> None:
    rows = rows or ({"image_id": "a", "truth": "report"},)
    files.write_parquet(workspace.truth("set"), schema.checked(pd.DataFrame(list(rows)), schema.TRUTH))


def test_the_films_own_mask_comes_first_then_a_mask_of_a_truth_then_boxes(workspace, tmp_path):
    own = mask(tmp_path / "own.png", slice(0, 20), slice(0, 40))
    other = mask(tmp_path / "other.png", slice(20, 40), slice(0, 40))
    known(
        workspace,
        *({"image_id": name, "truth": "masks", "mask_path": other} for name in "ab"),
        *({"image_id": name, "truth": "boxes", "boxes": LEFT_UPPER} for name in "abc"),
        {"image_id": "d", "truth": "boxes"},
    )

    found = regions.regions(workspace, "set", films(a=own, b=None, c=None, d=None), size=8)

    upper, left = np.indices((8, 8))[0] < 4, np.indices((8, 8))[1] < 4
    assert found.source == {"a": "mask", "b": "mask", "c": "boxes"}
    np.testing.assert_array_equal(found.masks["a"], upper)
    np.testing.assert_array_equal(found.masks["b"], ~upper)
    np.testing.assert_array_equal(found.masks["c"], upper & left)
    assert found.left_out == {}


def test_of_several_truths_with_boxes_the_first_by_name_counts(workspace):
    lower = LEFT_UPPER.replace('"y": 0.0', '"y": 0.5')
    known(
        workspace,
        {"image_id": "a", "truth": "reads-2", "boxes": lower},
        {"image_id": "a", "truth": "nih", "boxes": LEFT_UPPER},
    )

    found = regions.regions(workspace, "set", films(a=None), size=2)

    np.testing.assert_array_equal(found.masks["a"], [[True, False], [False, False]])


def test_films_that_were_not_asked_for_are_not_answered(workspace):
    known(workspace, *({"image_id": name, "truth": "boxes", "boxes": LEFT_UPPER} for name in "ab"))

    assert list(regions.regions(workspace, "set", films(b=None), size=4).masks) == ["b"]


def test_what_cannot_be_used_is_told_and_not_replaced(workspace, tmp_path):
    empty = mask(tmp_path / "empty.png", slice(0, 0), slice(0, 0))
    known(
        workspace,
        {"image_id": "a", "truth": "boxes", "boxes": LEFT_UPPER},
        {"image_id": "c", "truth": "boxes", "boxes": "[]"},
        {"image_id": "d", "truth": "boxes", "boxes": LEFT_UPPER.replace("0.5", "1.5")},
    )

    found = regions.regions(workspace, "set", films(a=str(tmp_path / "gone.png"), b=empty, c=None, d=None), size=8)

    assert found.masks == found.source == {}
    assert found.left_out == {"a": "missing", "b": "empty mask", "c": "no boxes", "d": "box beyond the film"}


def test_a_thin_mask_outlives_shrinking(workspace, tmp_path):
    known(workspace)

    found = regions.regions(workspace, "set", films(a=mask(tmp_path / "m.png", slice(3, 4), slice(0, 30))), size=10)

    assert found.masks["a"][0, :7].all()
    assert not found.masks["a"][1:].any()


@given(sides=st.tuples(*[st.floats(0, 0.7)] * 2, *[st.floats(0.001, 0.3)] * 2), size=st.integers(2, 40))
def test_a_box_holds_the_pixels_whose_middle_it_holds(sides, size):
    x, y, width, height = sides
    found = regions.from_boxes(regions.write_boxes([sides]), size=size)

    for row in range(size):
        for column in range(size):
            middle = ((column + 0.5) / size, (row + 0.5) / size)
            if x <= middle[0] < x + width and y <= middle[1] < y + height:
                assert found[row, column]
            elif found[row, column]:  # a box between the middles has the pixel that its own middle is in
                assert abs(middle[0] - x - width / 2) <= max(width, 1 / size) / 2 + 1e-9
                assert abs(middle[1] - y - height / 2) <= max(height, 1 / size) / 2 + 1e-9
    assert found.any()


def test_several_boxes_are_joined():
    boxes = regions.write_boxes([(0, 0, 0.5, 0.5), (0.5, 0.5, 0.5, 0.5)])

    np.testing.assert_array_equal(regions.from_boxes(boxes, size=2), [[True, False], [False, True]])


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        ("{}", r"boxes not in the form \[\{x, y, width, height\}\]"),
        ('[{"x": 0, "y": 0, "width": 1}]', "boxes not in the form"),
        ("[[0, 0, 1, 1]]", "boxes not in the form"),
        ("left", "Expecting value"),
        ('[{"x": "0", "y": 0, "width": 1, "height": 1}]', "box not of four numbers"),
        ('[{"x": NaN, "y": 0, "width": 1, "height": 1}]', "box not of four numbers"),
        ('[{"x": -0.1, "y": 0, "width": 1, "height": 1}]', "box beyond the film"),
        ('[{"x": 0, "y": 0.5, "width": 1, "height": 0.6}]', "box beyond the film"),
        ('[{"x": 0, "y": 0.5, "width": -1, "height": 0.5}]', "box without an area"),
    ],
)
def test_what_is_no_box_is_refused(boxes, message):
    with pytest.raises(ValueError, match=message):
        regions.read_boxes(boxes)


@given(st.lists(st.tuples(*[st.floats(0, 0.5)] * 2, *[st.floats(0.01, 0.5)] * 2), max_size=4))
def test_boxes_are_read_as_they_were_written(boxes):
    text = regions.write_boxes(boxes)

    assert regions.read_boxes(text) == boxes
    assert all(list(box) == list(regions.BOX) for box in json.loads(text))
