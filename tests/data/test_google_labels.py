"""Google's adjudicated labels of NIH films, in a file in their form, and in the real one."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from core.base.errors import InputError
from core.data import indexing, truth
from core.data.formats import nih
from core.data.labels_import import import_labels

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
    "Fracture,Pneumothorax,Airspace opacity,Nodule or mass,Set Id"
)
NOT_TAKEN = [
    *("finding labels", "follow-up #", "patient id", "patient age", "patient gender", "view position"),
    *("originalimage[width", "height", "originalimagepixelspacing[x", "y"),
    *("fracture", "airspace opacity", "nodule or mass", "set id"),
]


def line(image: str, answer: str, reported: str = "No Finding") -> str:
    return f"{image},{reported},8,13,60,M,AP,3056,2544,0.139,0.139,NO,{answer},YES,NO,test"


@pytest.fixture
def films(workspace):
    rows = pd.DataFrame({"image_id": list("abcd"), "patient_id": list("1123"), "label": [1, 0, 1, 0]})
    indexing.index(workspace, "set", rows)
    return workspace


def test_the_column_pneumothorax_is_the_label(films, tmp_path):
    csv = tmp_path / "google.csv"
    rows = [line("a", "NO", "Pneumothorax"), line("b", "YES"), line("c", "yes"), line("d", ""), line("e", "YES")]
    csv.write_text("\n".join([HEADER, *rows, line("b", "YES"), line("d", "MAYBE"), "d,NO"]) + "\n")

    report = import_labels(films, "set", csv, name="adjudicated")

    assert truth.labels(films, "set", "adjudicated").to_dict() == {"a": 0, "b": 1, "c": 1}
    assert truth.truth_names(films, "set") == ["report", "adjudicated"]
    assert (report.kind, report.rows, report.positive, report.boxes, report.masks) == ("findings", 3, 2, 0, 0)
    assert report.not_taken == NOT_TAKEN
    assert {reason: found["count"] for reason, found in report.left_out.items()} == {
        "Pneumothorax neither YES nor NO": 2,
        "image not in the data set": 1,
        "listed twice": 1,
        "not 16 cells in the row": 1,
    }


def test_answers_that_differ_count_for_none(films, tmp_path):
    csv = tmp_path / "google.csv"
    csv.write_text("\n".join([HEADER, line("a", "NO"), line("a", "YES"), line("b", "NO")]))

    report = import_labels(films, "set", csv, name="adjudicated")

    assert truth.labels(films, "set", "adjudicated").to_dict() == {"b": 0}
    assert report.left_out["listed twice with different content"]["count"] == 2


def test_a_table_with_a_label_of_its_own_is_read_by_that(films, tmp_path):
    csv = tmp_path / "own.csv"
    csv.write_text("image_id,label,Pneumothorax\na,0,YES\n")

    report = import_labels(films, "set", csv, name="own")

    assert (report.kind, report.not_taken) == ("labels", ["pneumothorax"])
    assert truth.labels(films, "set", "own").to_dict() == {"a": 0}


def test_a_table_without_an_answer_is_refused(films, tmp_path):
    csv = tmp_path / "google.csv"
    csv.write_text("\n".join([HEADER, line("a", "1"), line("z", "YES")]))

    with pytest.raises(
        InputError, match=r"\(Pneumothorax neither YES nor NO, image not in the data set\)|\(image not in the data set"
    ):
        import_labels(films, "set", csv, name="adjudicated")


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")
def test_the_published_table_finds_its_films_among_all_of_nih(workspace):
    folder = Path(os.environ["PLEURASCOPE_TEST_NIH"])
    indexing.index(workspace, "nih", nih.read(folder / "Data_Entry_2017_v2020.csv.gz"))

    report = import_labels(workspace, "nih", folder / "google2019_nih-chest-xray-labels.csv", name=truth.ADJUDICATED)

    both = pd.DataFrame(
        {"reported": truth.labels(workspace, "nih"), "adjudicated": truth.labels(workspace, "nih", truth.ADJUDICATED)}
    ).dropna()
    counts = both.astype(int).value_counts().to_dict()
    assert (report.rows, report.left_out, report.not_taken) == (4376, {}, NOT_TAKEN)
    assert len(both) == 4376
    # Of the 238 films that the report calls a pneumothorax 109 have one: its PPV against this label is 45.8 %.
    assert counts == {(0, 0): 4009, (0, 1): 129, (1, 0): 129, (1, 1): 109}
