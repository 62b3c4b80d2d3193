"""The NIH table in all its published spellings, and what cannot be read of it."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.base.errors import InputError
from core.data.formats import nih

HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient {sex},View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
ROWS = [
    "00000001_000.png,Cardiomegaly|Pneumothorax,0,1,58,M,PA,2682,2749,0.143,0.143",
    "00000001_001.png,No Finding,1,1,58,M,AP,2500,2048,0.168,0.168",
    "00000013_004.png,Effusion,4,13,060Y,F,PA,2992,2991,0.139,0.139",
]


def table(tmp_path: Path, rows: list[str], header: str = HEADER.format(sex="Gender")) -> Path:
    path = tmp_path / "Data_Entry_2017.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_reads_every_column(tmp_path):
    first = nih.read(table(tmp_path, ROWS)).rows.iloc[0].to_dict()

    assert first == {
        "image_id": "00000001_000.png",
        "file_name": "00000001_000.png",
        "patient_id": "1",
        "label": 1,
        "findings": "Cardiomegaly|Pneumothorax",
        "view": "PA",
        "sex": "M",
        "age_years": 58.0,
        "follow_up": 0,
        "pixel_spacing_mm": 0.143,
        "original_width": 2682,
        "original_height": 2749,
    }


QUOTED = (
    'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position,"OriginalImage[Width, '
    'Height]","OriginalImagePixelSpacing[x, y]"'
)
QUOTED_ROWS = [
    '00000001_000.png,Cardiomegaly|Pneumothorax,0,1,58,M,PA,"2682,2749","[0.143, 0.143]"',
    '00000001_001.png,No Finding,1,1,58,M,AP,"2500,2048","[0.168, 0.168]"',
    '00000013_004.png,Effusion,4,13,060Y,F,PA,"2992,2991","[0.139, 0.139]"',
]


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        pytest.param(HEADER.format(sex="Sex"), ROWS, id="Patient Sex"),
        pytest.param(HEADER.format(sex="Gender") + ",", [row + "," for row in ROWS], id="a comma at each end"),
        pytest.param(HEADER.format(sex="Gender") + ",", ROWS, id="a comma at the header's end"),
        pytest.param(HEADER.format(sex="Gender"), [row + "," for row in ROWS], id="a comma at the rows' end"),
        pytest.param(QUOTED, ROWS, id="sizes quoted in the header"),
        pytest.param(QUOTED, QUOTED_ROWS, id="sizes quoted throughout"),
        pytest.param(HEADER.format(sex="Gender").replace("[Width,H", "[Width, H"), ROWS, id="a blank in the header"),
        pytest.param("\ufeff" + HEADER.format(sex="Gender").upper(), ROWS, id="byte order mark, capitals"),
        pytest.param(HEADER.format(sex="Gender"), [f"{row}\n" for row in ROWS], id="empty lines"),
        pytest.param(
            HEADER.format(sex="Gender"), [row.replace(",1,58", ",00000001,58.0") for row in ROWS], id="padded numbers"
        ),
        pytest.param(
            HEADER.format(sex="Gender"), [f"images_001\\images\\{row}" for row in ROWS], id="folders before the name"
        ),
    ],
)
def test_every_spelling_gives_the_same_rows(tmp_path, header, rows):
    expected = nih.read(table(tmp_path, ROWS))

    found = nih.read(table(tmp_path, rows, header))

    pd.testing.assert_frame_equal(found.rows, expected.rows)
    assert (found.left_out.total, found.nulled.total, found.warnings) == (0, 0, [])


def test_a_compressed_table_is_read_whatever_its_name(tmp_path):
    path = table(tmp_path, ROWS)
    expected = nih.read(path).rows
    (tmp_path / "Data_Entry.csv").write_bytes(gzip.compress(path.read_bytes()))

    pd.testing.assert_frame_equal(nih.read(tmp_path / "Data_Entry.csv").rows, expected)


@pytest.mark.parametrize(
    ("age", "years"),
    [("058Y", 58), ("58", 58), ("006M", 0.5), ("011M", 11 / 12), ("0", 0), ("120", 120), ("26W", 0.4983), ("", None)],
)
def test_ages_are_read_in_years(tmp_path, age, years):
    listing = nih.read(table(tmp_path, [ROWS[0].replace(",58,", f",{age},")]))

    found = listing.rows["age_years"].iloc[0]
    assert pd.isna(found) if years is None else found == pytest.approx(years, abs=1e-4)
    assert listing.nulled.total == 0


@pytest.mark.parametrize("age", ["412", "121", "155Y", "-3", "old", "1 2"])
def test_an_age_that_cannot_be_right_is_null_and_counted(tmp_path, age):
    listing = nih.read(table(tmp_path, [ROWS[0].replace(",58,", f",{age},"), *ROWS[1:]]))

    assert np.isnan(listing.rows["age_years"].iloc[0])
    assert listing.nulled.to_dict() == {
        "age not within 0 to 120 years": {"count": 1, "examples": ["00000001_000.png"]},
    }


@pytest.mark.parametrize(
    ("findings", "label"),
    [
        ("Pneumothorax", 1),
        ("Effusion|Pneumothorax|Mass", 1),
        ("Effusion | pneumothorax", 1),
        ("No Finding", 0),
        ("Hydropneumothorax", 0),
        ("", None),
    ],
)
def test_the_label_is_pneumothorax_among_the_findings(tmp_path, findings, label):
    rows = nih.read(table(tmp_path, [f"00000001_000.png,{findings},0,1,58,M,PA,1,1,1,1"])).rows

    found = rows["label"].iloc[0]
    assert pd.isna(found) if label is None else found == label


def test_rows_that_cannot_be_used_are_counted_with_their_number(tmp_path):
    rows = [
        ROWS[0],
        "00000002_000.png,Mass,0",
        ROWS[1] + ",x",
        ",Mass,0,2,58,M,PA,1,1,1,1",
        "a.png,,0,,58,M,PA,1,1,1,1",
    ]

    listing = nih.read(table(tmp_path, rows))

    assert listing.rows["image_id"].tolist() == ["00000001_000.png"]
    assert listing.listed == 5
    assert listing.left_out.to_dict() == {
        "not 11 cells in the row": {"count": 2, "examples": ["row 3", "row 4"]},
        "no image name": {"count": 1, "examples": ["row 5"]},
        "no patient": {"count": 1, "examples": ["a.png"]},
    }


def test_an_image_listed_twice_alike_is_kept_once(tmp_path):
    listing = nih.read(table(tmp_path, [*ROWS, ROWS[1]]))

    assert len(listing.rows) == 3
    assert listing.left_out.to_dict() == {"listed twice": {"count": 1, "examples": ["00000001_001.png"]}}


def test_an_image_listed_twice_with_different_findings_is_left_out(tmp_path):
    listing = nih.read(table(tmp_path, [*ROWS, ROWS[1].replace("No Finding", "Pneumothorax")]))

    assert listing.rows["image_id"].tolist() == ["00000001_000.png", "00000013_004.png"]
    assert listing.left_out.counts == {"listed twice with different content": 2}


def test_optional_columns_may_be_absent(tmp_path):
    rows = nih.read(table(tmp_path, ["a.png,Pneumothorax,P-7"], "Image Index,Finding Labels,Patient ID")).rows

    assert rows.loc[0, ["image_id", "patient_id", "label"]].tolist() == ["a.png", "P-7", 1]
    assert rows.loc[0, ["view", "sex", "age_years", "follow_up"]].isna().all()


def test_a_file_name_of_another_patient_is_a_warning(tmp_path):
    listing = nih.read(table(tmp_path, [*ROWS, "00000014_000.png,Mass,0,13,58,M,PA,1,1,1,1"]))

    assert listing.warnings == ["1 file names name another patient than their row does, the first is 00000014_000.png."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"found an empty one: Data_Entry_2017\.csv"),
        (b"a,b\n1,2\n", r"found no Image Index, Finding Labels, Patient ID among 'a, b' in Data_Entry_2017\.csv"),
        (b"Image Index;Finding Labels\n", r"found no Image Index, Finding Labels, Patient ID among 'Image Index;F"),
        (b"Image Index,Finding Labels,Patient Age\n", r"found no Patient ID among"),
        (b"Image Index,Finding Labels,Patient ID\n", r"rows with an image and a patient, found none in Data_Entry"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\xff", r"found bytes that are no text in Data_Entry_2017\.csv; save it again as CSV"),
        (b"\x1f\x8b\x08broken", r"Expected a CSV file in UTF-8, plain or gzip, found"),
        (gzip.compress(HEADER.encode(), mtime=0)[:-9], r"Expected a CSV file in UTF-8, plain or gzip, found"),
        (b'Image Index,"Finding', r"Expected a CSV file in UTF-8, plain or gzip, found unexpected end of data"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(tmp_path, content, message):
    path = tmp_path / "Data_Entry_2017.csv"
    path.write_bytes(content)

    with pytest.raises(InputError, match=message):
        nih.read(path)


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"Expected a CSV file at .*absent\.csv, found none; check the path"):
        nih.read(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="found a folder"):
        nih.read(tmp_path)


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")
def test_the_real_table_gives_its_published_counts():
    listing = nih.read(Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "Data_Entry_2017_v2020.csv.gz")

    rows = listing.rows
    assert (len(rows), rows["patient_id"].nunique(), rows["label"].sum()) == (112_120, 30_805, 5_302)
    assert rows["sex"].value_counts().to_dict() == {"M": 63_340, "F": 48_780}
    assert rows["view"].value_counts().to_dict() == {"PA": 67_310, "AP": 44_810}
    assert rows.loc[rows["age_years"] < 18, "label"].agg(["sum", "count"]).tolist() == [324, 5_402]
    assert (listing.left_out.total, listing.nulled.total, listing.warnings) == (0, 0, [])
