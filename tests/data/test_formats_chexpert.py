"""CheXpert's table and its folders: labels, laterals, patients, and what cannot be read of it."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pandas as pd
import pytest

from core.base.errors import InputError
from core.data.formats import chexpert
from core.data.formats.chexpert import FINDINGS

HEADER = ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *FINDINGS]
FIRST = "CheXpert-v1.0-small/train/patient00001/study1/view1_frontal.jpg"
SECOND = "CheXpert-v1.0-small/train/patient00001/study2/view1_frontal.jpg"
SIDE = "CheXpert-v1.0-small/train/patient00001/study2/view2_lateral.jpg"
OTHER = "CheXpert-v1.0-small/valid/patient64541/study1/view1_frontal.jpg"


def row(path: str = FIRST, **cells: str) -> str:
    """Write a row; what is not given is blank, but for a frontal AP film of a woman of 68."""
    known = {"Path": path, "Sex": "Female", "Age": "68", "Frontal/Lateral": "Frontal", "AP/PA": "AP"}
    known |= {name.replace("_", " "): cell for name, cell in cells.items()}
    return ",".join(known.get(name, "") for name in HEADER)


def side(path: str = SIDE) -> str:
    return row(path, **{"Frontal/Lateral": "Lateral", "AP/PA": ""})


def table(folder: Path, *rows: str, header: str = ",".join(HEADER)) -> Path:
    path = folder / "train.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def put(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"a film")
    return folder


def test_reads_every_column(tmp_path):
    rows = chexpert.read(table(tmp_path, row(SECOND, Pneumothorax="1.0", Support_Devices="1.0", Edema="-1.0"))).rows

    assert rows.iloc[0].to_dict() == {
        "image_id": "patient00001__study2__view1_frontal.jpg",
        "patient_id": "patient00001",
        "label": 1,
        "findings": "Pneumothorax|Support Devices",
        "view": "AP",
        "sex": "F",
        "age_years": 68.0,
        "follow_up": 1,
    }


LABELS = [  # cell, the label by each meaning of -1
    ("1.0", (1, 1, 1)),
    ("0.0", (0, 0, 0)),
    ("-1.0", (None, 1, 0)),
    ("", (0, 0, 0)),
    ("1", (1, 1, 1)),
    ("0", (0, 0, 0)),
    ("-1", (None, 1, 0)),
]


@pytest.mark.parametrize(("cell", "labels"), LABELS)
@pytest.mark.parametrize(("place", "uncertain"), list(enumerate(["ignore", "positive", "negative"])))
def test_the_label_follows_the_cell_and_the_meaning_of_uncertain(tmp_path, cell, labels, place, uncertain):
    csv = table(tmp_path, row(Pneumothorax=cell, Edema="1.0"))

    found = chexpert.read(csv, uncertain=uncertain).rows.iloc[0]

    label = labels[place]
    assert pd.isna(found["label"]) if label is None else found["label"] == label
    assert found["findings"] == ("Edema|Pneumothorax" if label == 1 else "Edema")


def test_uncertain_is_unknown_if_nothing_is_said(tmp_path):
    assert chexpert.read(table(tmp_path, row(Pneumothorax="-1.0"))).rows["label"].isna().all()


def test_what_was_decided_about_labels_is_told_with_its_count(tmp_path):
    csv = table(tmp_path, row(Pneumothorax="-1.0"), row(SECOND), row(OTHER, Pneumothorax="0.0"), side())

    assert chexpert.read(csv, uncertain="negative").warnings == [
        "1 films whose report is uncertain of a pneumothorax: the label is no pneumothorax (--uncertain negative).",
        "1 films whose report does not speak of a pneumothorax: the label is no pneumothorax, as the publisher counts "
        "them.",
    ]
    assert chexpert.read(table(tmp_path, row(Pneumothorax="1.0"))).warnings == []


def test_laterals_are_left_out_with_their_count(tmp_path):
    by_name_only = row(SIDE.replace("view2", "view3"), **{"Frontal/Lateral": ""})

    listing = chexpert.read(table(tmp_path, row(), side(), by_name_only))

    assert listing.rows["image_id"].tolist() == ["patient00001__study1__view1_frontal.jpg"]
    assert listing.left_out.to_dict() == {"lateral view": {"count": 2, "examples": ["row 3", "row 4"]}}
    assert listing.listed == 3


def test_a_film_that_one_of_the_two_calls_lateral_is_left_out(tmp_path):
    listing = chexpert.read(table(tmp_path, row(), row(SECOND, **{"Frontal/Lateral": "Lateral"})))

    assert listing.left_out.counts == {"lateral view": 1}


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [
        ({"Age": "0"}, "age_years", None),
        ({"Age": "90"}, "age_years", 90),
        ({"Age": ""}, "age_years", None),
        ({"Sex": "Male"}, "sex", "M"),
        ({"Sex": "Unknown"}, "sex", None),
        ({"AP/PA": "PA"}, "view", "PA"),
        ({"AP/PA": "LL"}, "view", None),
        ({"No Finding": "1.0"}, "findings", "No Finding"),
        ({}, "findings", None),
    ],
)
def test_what_stands_for_nothing_is_null(tmp_path, cells, column, value):
    found = chexpert.read(table(tmp_path, row(**cells))).rows[column].iloc[0]

    assert pd.isna(found) if value is None else found == value


def test_values_that_became_null_are_counted(tmp_path):
    cells = [{"Age": "0"}, {"Age": "400"}, {"AP/PA": "LL"}]
    rows = [row(f"train/patient{number}/study1/view1_frontal.jpg", **given) for number, given in enumerate(cells)]

    assert chexpert.read(table(tmp_path, *rows)).nulled.counts == {
        "age 0, which stands for none": 1,
        "age not within 0 to 120 years": 1,
        "view neither AP nor PA": 1,
    }


@pytest.mark.parametrize(
    "prefix", ["", "train/", "CheXpert-v1.0/train/", "/data/x/", "D:\\chexpert\\valid\\", "../../"]
)
def test_only_the_last_three_parts_of_a_path_count(tmp_path, prefix):
    place = "patient00001/study1/view1_frontal.jpg"
    put(tmp_path / "images", f"train/{place}")

    listing = chexpert.read(table(tmp_path, row(prefix + place)), images=tmp_path / "images")

    assert listing.rows["path"].tolist() == [str(tmp_path / "images/train" / place)]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "patient00001/study1/../../../secret.jpg",
        "patient00001/../study1/view1_frontal.jpg",
        "train/patient00001/study1/",
        "patient00001/study1/view1_frontal.jpg/..",
        "patient00001/study1/view1_frontal.jpg\0",
        "patientX/study1/view1_frontal.jpg",
        "patient1/study1/view1_frontal.exe",
        "=cmd()",
    ],
)
def test_a_path_of_another_form_leads_nowhere(tmp_path, path):
    put(tmp_path / "images", FIRST)

    listing = chexpert.read(table(tmp_path, row(), row(path)), images=tmp_path / "images")

    assert len(listing.rows) == 1
    assert listing.left_out.to_dict() == {
        "no patient, study and view in Path": {"count": 1, "examples": ["row 3"]},
    }


@pytest.mark.parametrize("inside", [".", "CheXpert-v1.0-small", "CheXpert-v1.0-small/train"])
def test_images_may_be_the_folder_above_or_inside(tmp_path, inside):
    put(tmp_path / "set", FIRST, SECOND, SIDE)

    listing = chexpert.read(table(tmp_path, row(), row(SECOND), side()), images=tmp_path / "set" / inside)

    assert listing.rows["path"].tolist() == [str(tmp_path / "set" / path) for path in (FIRST, SECOND)]
    assert listing.left_out.counts == {"lateral view": 1}


def test_the_batches_of_the_full_release_are_found(tmp_path):
    put(tmp_path / "set" / "CheXpert-v1.0 batch 2 (train 1)", "patient00001/study1/view1_frontal.jpg")
    put(tmp_path / "set" / "CheXpert-v1.0 batch 3 (train 2)", "patient00002/study1/view1_frontal.jpg")
    rows = [row(f"CheXpert-v1.0/train/patient0000{number}/study1/view1_frontal.jpg") for number in (1, 2)]

    assert chexpert.read(table(tmp_path, *rows), images=tmp_path / "set").rows["path"].notna().tolist() == [True, True]


def test_rows_without_a_file_and_files_without_a_row_are_counted(tmp_path):
    put(tmp_path / "set", FIRST, OTHER, "copy/patient64541/study1/view1_frontal.jpg", SIDE)

    listing = chexpert.read(table(tmp_path, row(), row(SECOND), row(OTHER)), images=tmp_path / "set")

    assert listing.rows["patient_id"].tolist() == ["patient00001"]
    assert listing.left_out.to_dict() == {
        "file without a row": {"count": 1, "examples": ["patient00001__study2__view2_lateral.jpg"]},
        "in more than one folder": {"count": 1, "examples": ["patient64541__study1__view1_frontal.jpg"]},
        "no file of this name": {"count": 1, "examples": ["patient00001__study2__view1_frontal.jpg"]},
    }


def test_a_circle_of_links_ends(tmp_path):
    put(tmp_path / "set", FIRST)
    (tmp_path / "set" / "again").symlink_to(tmp_path / "set")
    (tmp_path / "set/CheXpert-v1.0-small/train/patient00001/again").symlink_to(tmp_path / "set")

    listing = chexpert.read(table(tmp_path, row()), images=tmp_path / "set")

    assert (len(listing.rows), listing.left_out.total) == (1, 0)


def test_a_film_listed_twice_alike_is_kept_once_and_one_listed_differently_is_left_out(tmp_path):
    rows = [row(), row().replace("CheXpert-v1.0-small", "CheXpert-v1.0"), row(SECOND), row(SECOND, Pneumothorax="1")]

    listing = chexpert.read(table(tmp_path, *rows))

    assert listing.rows["image_id"].tolist() == ["patient00001__study1__view1_frontal.jpg"]
    assert listing.left_out.counts == {"listed twice": 1, "listed twice with different content": 2}


@pytest.mark.parametrize(
    "write",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: gzip.compress(text.encode()),
        lambda text: text.replace(FIRST, f'"{FIRST}"').encode(),
        lambda text: text.upper().replace(FIRST.upper(), FIRST).encode(),
        lambda text: text.replace(",Female,68,", " , Female , 68 ,").encode(),
    ],
    ids=["byte order mark", "CRLF", "gzip", "quotes", "capitals", "blanks"],
)
def test_every_spelling_gives_the_same_rows(tmp_path, write):
    csv = table(tmp_path, row(Pneumothorax="1.0"))
    expected = chexpert.read(csv).rows
    csv.write_bytes(write(csv.read_text()))

    pd.testing.assert_frame_equal(chexpert.read(csv).rows, expected)


def test_the_test_set_without_most_columns_is_read(tmp_path):
    csv = table(tmp_path, f"{OTHER.replace('valid', 'test')},1.0", header="Path,Pneumothorax")

    found = chexpert.read(csv).rows.iloc[0]

    assert (found["patient_id"], found["label"]) == ("patient64541", 1)
    assert found[["view", "sex", "age_years"]].isna().all()


def test_a_cell_that_is_no_label_leaves_the_row_out(tmp_path):
    listing = chexpert.read(table(tmp_path, row(), row(SECOND, Pneumothorax="2"), "too,few"))

    assert listing.left_out.counts == {"Pneumothorax neither 1, 0, -1 nor blank": 1, "not 19 cells in the row": 1}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"found an empty one: train\.csv"),
        (b"Path,Sex\na,b\n", r"found no Pneumothorax among 'Path, Sex' in train\.csv; give its train\.csv or valid"),
        (b"a,b\n1,2\n", "found no Path and no Pneumothorax among"),
        (b"Path,Pneumothorax\n", r"Expected rows of frontal films, found none in train\.csv \(no row\)"),
        (b"Path,Pneumothorax\nx.jpg,1\n", r"found none in train\.csv \(no patient, study and view in Path\)"),
        (b"\xff\xfe\x00", "found bytes that are no text"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, content, message):
    path = tmp_path / "train.csv"
    path.write_bytes(content)

    with pytest.raises(InputError, match=message):
        chexpert.read(path)


def test_a_folder_without_patients_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputError, match=r"Expected the folders patient00001 and so on in .*empty.*found none"):
        chexpert.read(table(tmp_path, row()), images=tmp_path / "empty")
    with pytest.raises(InputError, match=r"Expected a folder of images at .*nowhere, found none"):
        chexpert.read(table(tmp_path, row()), images=tmp_path / "nowhere")


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_read_in_seconds(tmp_path):
    rows = [
        row(f"train/patient{number // 3:05d}/study{number % 3 + 1}/view1_frontal.jpg", Pneumothorax=cell)
        for number, cell in zip(range(100_000), ["1.0", "", "-1.0", "0.0"] * 25_000, strict=True)
    ]
    csv = table(tmp_path, *rows)
    began = time.monotonic()

    listing = chexpert.read(csv)

    assert time.monotonic() - began < 60
    assert listing.rows["label"].value_counts().to_dict() == {0.0: 50_000, 1.0: 25_000}
    assert listing.rows["label"].isna().sum() == 25_000
