"""Tables from elsewhere that mean harm or are odd: each is read wholly or refused in a sentence."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from core.base.errors import InputError
from core.evaluation import external_table

HEADER = b"image_id,label,probability\n"


def written(**columns) -> bytes:
    content = io.BytesIO()
    parquet.write_table(pa.table({"image_id": ["a"], "label": [1], "probability": [0.5]} | columns), content)
    return content.getvalue()


def test_gzip_members_that_follow_each_other_are_all_read():
    content = gzip.compress(HEADER + b"a,1,0.5\n") + gzip.compress(b"b,0,0.1\n")

    assert external_table.read(content, "t")["image_id"].tolist() == ["a", "b"]
    with pytest.raises(InputError, match="Expected a CSV file"):
        external_table.read(content + b"more", "t")
    with pytest.raises(InputError, match="found an incomplete file in t"):
        external_table.read(content[:-9], "t")


def test_members_that_unpack_to_too_much_together_are_refused(monkeypatch):
    monkeypatch.setattr(external_table, "MOST_BYTES", 2**20)

    with pytest.raises(InputError, match="Expected a table of at most 1 MB"):
        external_table.read(gzip.compress(bytes(2**19 + 2**10)) * 2, "t")


def test_rows_are_not_gathered_beyond_the_most(monkeypatch):
    monkeypatch.setattr(external_table, "MOST_ROWS", 3)
    read = []
    lines = external_table._lines
    monkeypatch.setattr(external_table, "_lines", lambda text: (read.append(1) or line for line in lines(text)))

    with pytest.raises(InputError, match="Expected at most 3 rows, found 4"):
        external_table.read(HEADER + b"".join(b"%d,1,0.5\n" % number for number in range(1000)), "t")
    assert len(read) <= 6


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(external_table, "LONGEST_LINE", 50)

    with pytest.raises(InputError, match="found a line of more than 50 characters in t"):
        external_table.read(HEADER + b"," * 51, "t")


@pytest.mark.parametrize(
    "column",
    [
        {
            "image_id": pa.Array.from_buffers(
                pa.string(), 1, [None, pa.py_buffer(np.int32([0, 2])), pa.py_buffer(b"\xff\xfe")]
            )
        },
        {"probability": pa.array([2**62], pa.timestamp("us"))},
        {"probability": pa.array([2**30], pa.date32())},
    ],
)
def test_cells_that_python_cannot_hold_are_one_sentence(column):
    with pytest.raises(InputError, match="Expected a parquet file, found a damaged one"):
        external_table.read(written(**column), "t")


def test_nested_and_binary_cells_are_no_numbers():
    with pytest.raises(InputError, match="Expected probabilities from 0 to 1"):
        external_table.read(written(probability=[[0.5]]), "t")
    with pytest.raises(InputError, match="Expected labels of 0 or 1"):
        external_table.read(written(label=[{"x": 1}]), "t")
