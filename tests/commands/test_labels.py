"""`labels import` as it is typed."""

from __future__ import annotations

import pandas as pd
import pytest

from core.data import indexing, truth


@pytest.fixture
def films(workspace):
    rows = pd.DataFrame({"image_id": ["a", "b"], "patient_id": ["1", "2"], "label": [1, 0]})
    indexing.index(workspace, "set", rows)
    return workspace


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("image_id,label,reader\na,1,x\nz,0,y\n")
    return str(path)


def test_labels_are_taken_and_what_was_made_is_named(films, done, csv):
    summary, made = done("labels", "import", "set", "--csv", csv, "--name", "own")

    assert made == {
        "dataset": "set",
        "truth": "own",
        "rows": 1,
        "boxes": 0,
        "masks": 0,
        "left_out": {"image not in the data set": {"count": 1, "examples": ["z"]}},
    }
    assert summary.splitlines() == [
        "Labels 'own' of data set 'set': 1 films, 1 with a pneumothorax; 0 boxes, 0 masks.",
        "  left out: 1 image not in the data set (such as z)",
        "  note: columns not taken: reader.",
    ]
    assert truth.labels(films, "set", "own").to_dict() == {"a": 1}


def test_that_an_earlier_import_was_replaced_is_said(films, done, csv):
    done("labels", "import", "set", "--csv", csv, "--name", "own")

    summary, made = done("labels", "import", "set", "--csv", csv, "--name", "own")

    assert summary.endswith("  note: 1 earlier rows of 'own' were replaced.")
    assert made["rows"] == 1


def test_the_size_that_boxes_speak_of_is_said(films, done, tmp_path):
    path = tmp_path / "boxes.csv"
    path.write_text("Image Index,Finding Label,Bbox [x,y,w,h],,,\na,Pneumothorax,1,2,3,4,,,\n")

    summary, made = done("labels", "import", "set", "--csv", str(path), "--name", "nih-boxes")

    assert made["boxes"] == 1
    assert "  note: boxes were read as pixels of the published images of 1024 x 1024." in summary.splitlines()


def test_googles_adjudicated_labels_are_taken(films, done, tmp_path):
    path = tmp_path / "google.csv"
    path.write_text(
        "Image Index,Finding Labels,Fracture,Pneumothorax,Set Id\na,No Finding,NO,YES,test\nb,x,NO,NO,val\n"
    )

    summary, made = done("labels", "import", "set", "--csv", str(path), "--name", "adjudicated")

    assert made["rows"] == 2
    assert summary.splitlines() == [
        "Labels 'adjudicated' of data set 'set': 2 films, 1 with a pneumothorax; 0 boxes, 0 masks.",
        "  note: columns not taken: finding labels, fracture, set id.",
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["import", "set", "--name", "own"], "Expected --csv for `python -m core labels`, found none"),
        (["import", "--name", "own", "--csv", "x.csv"], "Expected DATASET for `python -m core labels`, found none"),
        (["export", "set", "--name", "own", "--csv", "x.csv"], "Option 'action': input should be 'import'"),
        (["import", "set", "--name", "own", "--csv", "gone.csv"], "Expected a CSV file at gone.csv, found none"),
        (["import", "nowhere", "--name", "own", "--csv", "x.csv"], "Expected an indexed data set, found none named"),
        (["import", "set", "--name", "report", "--csv", "x.csv"], "Expected another name than report or phantom"),
        (["import", "set", "--name", "../own", "--csv", "x.csv"], "Expected a source of labels name of 1 to 80"),
        (["import", "set", "--name", "own", "--csv", "."], "Expected a CSV file at ., found a folder"),
    ],
)
def test_bad_words_are_refused_in_one_sentence(films, refused, words, sentence):
    assert refused("labels", *words).startswith(sentence)
