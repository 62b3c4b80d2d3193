"""A folder of DICOM files becomes rows: any depth, any names, labels from a table, and nobody's name anywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.data import indexing
from core.data.formats import dicom
from tests.data.dicoms import film

VALUES = np.add.outer(np.arange(16) * 3, np.arange(12) * 5)


@pytest.fixture
def pseudonyms(workspace) -> Pseudonyms:
    return Pseudonyms(workspace)


@pytest.fixture
def folder(tmp_path) -> Path:
    place = tmp_path / "Smith_John"
    place.mkdir()
    return place


def put(path: Path, number: int, **tags) -> Path:
    """Write a film with pixels and a UID of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = {"SOPInstanceUID": f"1.2.{number}", "PatientID": f"MARKER{number}", "BodyPartExamined": "CHEST"} | tags
    path.write_bytes(film(VALUES + number, **tags))
    return path


def read(folder, pseudonyms, labels=None):
    return dicom.read(folder, labels=labels, pseudonyms=pseudonyms)


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


def counts(tally) -> dict[str, int]:
    return dict(tally.counts)


def test_films_are_found_at_any_depth_under_any_name(folder, pseudonyms):
    for number, name in enumerate(["IM1", "a/b/c/d.png", "a/.hidden", "STUDY/SERIES/00000001.dcm"]):
        put(folder / name, number, syntax=("explicit", "implicit", "deflated", "rle")[number])

    listing = read(folder, pseudonyms)

    assert len(listing.rows) == listing.listed == 4
    assert listing.rows["patient_id"].nunique() == 4
    assert listing.rows["label"].isna().all()
    assert not listing.left_out.total


def test_what_is_no_wanted_film_is_counted_by_reason_and_named_by_its_place(folder, pseudonyms):
    put(folder / "0", 1)
    (folder / "1_notes.txt").write_text("John Smith, born 1950")
    (folder / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(300))
    put(folder / "3_DICOMDIR", 2, SOPClassUID="1.2.840.10008.1.3.10")
    put(folder / "4", 3, Modality="CT")
    put(folder / "5", 4, ViewPosition="LL")
    (folder / "6").write_bytes((folder / "0").read_bytes())
    (folder / "7").touch()

    listing = read(folder, pseudonyms)

    assert len(listing.rows) == 1
    assert listing.listed == 8
    assert listing.left_out.to_dict() == {
        "not a DICOM file": {"count": 3, "examples": ["file 2", "file 3", "file 8"]},
        "a DICOM directory": {"count": 1, "examples": ["file 4"]},
        "lateral view": {"count": 1, "examples": ["file 6"]},
        "modality CT": {"count": 1, "examples": ["file 5"]},
        "the same file again": {"count": 1, "examples": ["file 7"]},
    }


def test_two_films_under_one_uid_both_stand_and_are_named(folder, pseudonyms, workspace):
    put(folder / "a", 1)
    put(folder / "b", 1, photometric="MONOCHROME1")
    put(folder / "c", 2)

    report = indexing.index(workspace, "hospital", read(folder, pseudonyms))

    assert report.indexed == 3
    (group,) = report.repeated_uids
    assert len(set(group)) == 2
    assert report.to_dict()["repeated_uids"] == [group]


def test_a_repeated_uid_whose_other_film_cannot_be_read_is_not_named(folder, pseudonyms, workspace):
    put(folder / "a", 1)
    put(folder / "b", 1, lie={"Columns": 13})

    report = indexing.index(workspace, "hospital", read(folder, pseudonyms))

    assert report.indexed == 1
    assert report.left_out == {"truncated": {"count": 1, "examples": report.left_out["truncated"]["examples"]}}
    assert report.repeated_uids == []


def test_labels_are_found_by_uid_by_path_and_by_name(folder, pseudonyms, tmp_path):
    paths = [put(folder / name, number) for number, name in enumerate(["x/one.dcm", "x/two", "y/three.1.2", "y/four"])]
    csv = table(
        tmp_path / "labels.csv", "Image,Label", "1.2.0,ptx", "x\\two,normal", "three.1,no pneumothorax", "four,"
    )  # fmt: skip

    listing = read(folder, pseudonyms, csv)

    rows = listing.rows.set_index("path").loc[[str(path.resolve()) for path in paths]]
    assert rows["label"].fillna(-1).tolist() == [1, 0, 0, -1]
    assert rows["findings"].fillna("").tolist() == ["Pneumothorax", "No Finding", "", ""]
    assert not listing.left_out.total
    assert not listing.warnings


def test_labels_that_fit_no_film_or_several_are_counted(folder, pseudonyms, tmp_path):
    put(folder / "x/one", 1)
    put(folder / "y/one", 2)
    put(folder / "two", 3)
    csv = table(
        tmp_path / "labels.csv", "image,label", "one,1", "three,1", "../two,1", ",1", "two,perhaps", "two,1,1",
        "two,1", "1.2.3,0",
    )  # fmt: skip

    listing = read(folder, pseudonyms, csv)

    assert counts(listing.left_out) == {
        "no image in the row of labels": 1,
        "label neither 0, 1 nor a known word": 1,
        "not 2 cells in the row of labels": 1,
        "label for several files of this name": 1,
        "label without a film": 2,
    }
    assert counts(listing.nulled) == {"labels that contradict each other": 1}
    assert listing.rows["label"].isna().all()
    assert listing.warnings[-1] == "2 films have no row in the table of labels, so no label is known."


def test_a_patient_in_the_table_stands_for_the_one_in_the_file(folder, pseudonyms, tmp_path):
    put(folder / "one", 1, PatientID="")
    put(folder / "two", 2, PatientID="ANON")
    csv = table(tmp_path / "labels.csv", "image,label,patient_id", "one,1,P7", "two,0,P7")

    listing = read(folder, pseudonyms, csv)

    assert listing.rows["patient_id"].tolist() == [pseudonyms.patient("P7")] * 2


def test_films_of_nobody_are_of_one_patient_a_study(folder, pseudonyms):
    for number, study in enumerate(["1.1", "1.1", "1.2", "", ""]):
        put(folder / str(number), number, PatientID="", StudyInstanceUID=study)

    patients = read(folder, pseudonyms).rows["patient_id"]

    assert patients[0] == patients[1]
    assert patients.nunique() == 4
    assert patients.str.startswith("u").all()


def test_follow_up_is_the_order_of_a_patients_studies(folder, pseudonyms):
    studies = [("A", "1", "20200101"), ("A", "2", "20190101"), ("A", "1", "20200101"), ("B", "3", ""), ("C", "4", ""),
               ("C", "5", "20200101"), ("D", "6", "20200101"), ("D", "7", "20200101")]  # fmt: skip
    for number, (patient, study, day) in enumerate(studies):
        put(folder / str(number), number, PatientID=patient, StudyInstanceUID=f"1.{study}", StudyDate=day)

    rows = read(folder, pseudonyms).rows

    assert rows["follow_up"].tolist()[:4] == [1, 0, 1, 0]
    assert rows["follow_up"].isna().tolist() == [False] * 4 + [True, True, False, False]
    assert rows["follow_up"].tolist()[6:] == [0, 0]
    assert not {"study", "study_time"} & set(rows)


def test_nothing_of_a_patient_reaches_the_tables(folder, pseudonyms, workspace, tmp_path):
    marks = {"PatientName": "MARKER^NAME", "AccessionNumber": "MARKERACC", "InstitutionName": "MARKERHOUSE",
             "PatientBirthDate": "19330303", "StudyDate": "20240404", "StudyTime": "040404",
             "PatientComments": "MARKER", "StudyInstanceUID": "1.77.77", "ViewPosition": "MARKER",
             "BodyPartExamined": "MARKERPART",
             "IssuerOfPatientID": "MARKERISSUER"}  # fmt: skip
    for number in range(4):
        put(folder / f"MARKERFILE{number}", number, SOPInstanceUID=f"1.88.{number}", **marks)
    put(folder / "MARKERFILE8", 8, Modality="MARKER")
    (folder / "MARKERFILE9").write_text("MARKER")
    csv = table(tmp_path / "MARKERTABLE.csv", "image,label,patient_id", "MARKERFILE0,1,MARKERX", "MARKERFILE1,MARKER,M")

    report = indexing.index(workspace, "hospital", read(folder, pseudonyms, csv))

    told = json.dumps(report.to_dict()) + workspace.index_report("hospital").read_text()
    rows = pd.read_parquet(workspace.radiographs("hospital")).drop(columns="path").to_csv()
    for text in (told, rows):
        for marker in ("MARKER", "1933", "2024", "040404", "1.77", "1.88"):
            assert marker not in text
    assert report.indexed == 4
    assert "4 ages of 90 years: every age above 89 is told as 90." in report.warnings


def test_ids_are_the_same_a_second_time(folder, pseudonyms, workspace):
    put(folder / "a", 1)

    first, second = read(folder, pseudonyms), read(folder, Pseudonyms(workspace))

    assert first.rows.equals(second.rows)


@pytest.mark.parametrize(
    ("prepare", "found"),
    [
        (lambda place: place.rmdir(), "found none"),
        (lambda place: None, "found no file"),
        (lambda place: (place / "a").write_text("text"), "found 1 not a DICOM file"),
    ],
)
def test_a_folder_without_films_is_an_error_of_one_sentence(folder, pseudonyms, prepare, found):
    prepare(folder)

    with pytest.raises(InputError, match=found):
        read(folder, pseudonyms)


def test_a_table_without_its_columns_is_an_error(folder, pseudonyms, tmp_path):
    put(folder / "a", 1)

    with pytest.raises(InputError, match="found no label among"):
        read(folder, pseudonyms, table(tmp_path / "labels.csv", "image,finding", "a,1"))


def test_links_to_folders_are_not_followed_and_pipes_not_opened(folder, pseudonyms):
    put(folder / "a", 1)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "broken").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "pipe")

    listing = read(folder, pseudonyms)

    assert len(listing.rows) == 1
    assert counts(listing.left_out) == {"missing": 1, "not a file": 1}


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")
def test_two_real_files_under_one_uid(pseudonyms, workspace):
    listing = read(Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "dicom", pseudonyms)
    report = indexing.index(workspace, "real", listing)

    assert (report.indexed, report.patients, len(report.repeated_uids)) == (2, 1, 1)
    assert listing.rows["pixel_spacing_mm"].tolist() == [0.168, 0.168]
    assert report.read_by_rule == {"MONOCHROME1 inverted": {"count": 1, "examples": [listing.rows["image_id"][1]]}}
