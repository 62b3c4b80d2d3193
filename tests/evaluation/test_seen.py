"""The one rule on films that a checkpoint may have learnt from."""

from __future__ import annotations

import pytest

from core.base import files
from core.base.errors import InputError
from core.evaluation.seen import may_have_learnt

CARD = {"dataset": "films", "split": "patient", "split_sha256": "as learnt"}


@pytest.fixture
def splits(workspace):
    for name, sha256 in (("patient", "as learnt"), ("other", "another"), ("same", "as learnt")):
        for dataset in ("films", "elsewhere"):
            files.write_json(workspace.split(dataset, name).with_suffix(".json"), {"table_sha256": sha256})
            workspace.split(dataset, name).touch()
    return workspace


@pytest.mark.parametrize(
    ("dataset", "split", "expected"),
    [("films", "patient", False), ("films", "same", False), ("films", "other", True), ("elsewhere", "other", False)],
)
def test_only_another_split_of_the_same_data_set_may_hold_films_that_were_learnt(splits, dataset, split, expected):
    assert may_have_learnt(splits, CARD, dataset, split) is expected


def test_a_split_that_was_made_anew_under_its_own_name_is_another(splits):
    files.write_json(splits.split("films", "patient").with_suffix(".json"), {"table_sha256": "made anew"})

    assert may_have_learnt(splits, CARD, "films", "patient")


def test_a_split_that_is_not_there_is_told(splits):
    with pytest.raises(InputError, match="none"):
        may_have_learnt(splits, CARD, "films", "gone")
