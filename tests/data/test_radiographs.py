"""The radiographs table: which there are, and what is said where there is none."""

from __future__ import annotations

import pandas as pd
import pytest

from core.base.errors import InputError
from core.data import indexing, radiographs


def test_data_sets_are_listed_by_name_and_loaded_with_their_types(workspace):
    rows = pd.DataFrame({"image_id": ["a"], "patient_id": ["1"], "label": [1]})
    for name in ("second", "first"):
        indexing.index(workspace, name, rows)

    assert radiographs.dataset_names(workspace) == ["first", "second"]
    table = radiographs.load(workspace, "first")
    assert (str(table["label"].dtype), str(table["sha256"].dtype)) == ("Int64", "str")


def test_an_unknown_data_set_lists_those_there_are(workspace):
    with pytest.raises(InputError, match="found none named 'nih'; there is none yet; make one with `index`"):
        radiographs.load(workspace, "nih")
    indexing.index(workspace, "own", pd.DataFrame({"image_id": ["a"], "patient_id": ["1"]}))
    with pytest.raises(InputError, match="found none named 'nih'; choose from own"):
        radiographs.load(workspace, "nih")
