"""Sources of labels: reading them by name, and the CSV beside a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.base.errors import InputError
from core.data import indexing, truth
from core.data.listing import Tally

KNOWN = pd.DataFrame({"image_id": ["a", "b", "c"], "source": ["phantom", "real", "synthetic"]})


def indexed(workspace) -> None:
    rows = pd.DataFrame({"image_id": ["a", "b", "c"], "patient_id": ["1", "1", "2"], "label": [1, 0, None]})
    indexing.index(workspace, "set", rows)


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "truth.csv").write_text(text)
    return tmp_path / "truth.csv"


def test_the_report_labels_equal_those_of_the_radiographs(workspace):
    indexed(workspace)

    found = truth.labels(workspace, "set")

    assert found["a"] == 1
    assert found["b"] == 0
    assert pd.isna(found["c"])
    assert truth.truth_names(workspace, "set") == ["report"]


def test_an_unknown_source_lists_those_there_are(workspace):
    indexed(workspace)

    with pytest.raises(InputError, match="of data set 'set', found none named 'reads-1'; choose from report"):
        truth.labels(workspace, "set", "reads-1")


def test_an_unknown_data_set_lists_those_there_are(workspace):
    indexed(workspace)

    with pytest.raises(InputError, match="found none named 'other'; choose from set"):
        truth.load(workspace, "other")


def test_a_lost_truth_table_is_said(workspace):
    indexed(workspace)
    workspace.truth("set").unlink()

    with pytest.raises(InputError, match="Expected a truth table for data set 'set', found none; run index again"):
        truth.labels(workspace, "set")


def test_a_csv_is_named_by_the_kind_of_each_image(tmp_path):
    rows = truth.from_csv(written(tmp_path, "image_id,label\na,1\nb,0\nc,\n"), KNOWN, Tally())

    assert rows.set_index("image_id")["truth"].to_dict() == {"a": "phantom", "b": "adjudicated", "c": "adjudicated"}


def test_rows_of_a_csv_that_cannot_be_used_are_counted(tmp_path):
    left_out = Tally()

    rows = truth.from_csv(written(tmp_path, "image_id,label\na,1\nb,2\nc,1\nc,0\nd,1\n"), KNOWN, left_out)

    assert rows["image_id"].tolist() == ["a"]
    assert left_out.counts == {"label neither 0 nor 1": 1, "image not in the data set": 1, "listed twice": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Expected a table of labels in truth.csv, found no readable CSV"),
        ("image,label\n", "Expected the columns image_id and label in truth.csv, found image, label; correct it"),
        ("image_id,label\na,1\nb,yes\n", "Expected numbers in column label of truth.csv, found 'yes' in row 3"),
        ("image_id,label,drain\na,1,0.5\n", "Expected numbers in column drain of truth.csv, found .*0.5.* in row 2"),
        ("image_id,label,size_share\na,1,big\n", "column size_share of truth.csv, found 'big' in row 2; correct it"),
    ],
)
def test_a_csv_of_another_kind_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        truth.from_csv(written(tmp_path, text), KNOWN, Tally())
