"""SIIM-ACR's table and its DICOM files: which belong together, what is drawn, and that nobody is named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.data import pixels
from core.data.formats import fields, run_lengths, siim
from tests.data.siim_sets import table, write_film

HEALTHY, ILL, TWICE = "1.2.3.1", "1.2.3.2", "1.2.3.3"
ROWS = [(HEALTHY, "-1"), (ILL, "1 2 3 1"), (TWICE, "0 1"), (TWICE, "11 1")]


@pytest.fixture
def images(tmp_path):
    """Three films, each in folders of its own as they were published."""
    for seed, uid in enumerate((HEALTHY, ILL, TWICE)):
        write_film(tmp_path / "images" / f"{uid}.9" / f"{uid}.8" / f"{uid}.dcm", uid, seed=seed)
    return tmp_path / "images"


@pytest.fixture
def read(workspace, tmp_path, images):
    """Read a table of rows with the films."""

    def run(*rows, **given):
        csv = given.pop("csv", None) or table(tmp_path, *rows, **given)
        return siim.read(csv, images=images, masks=tmp_path / "masks", pseudonyms=Pseudonyms(workspace))

    return run


def path_of(images: Path, uid: str) -> str:
    return str(images / f"{uid}.9" / f"{uid}.8" / f"{uid}.dcm")


def test_reads_every_column(read, workspace, images, tmp_path):
    listing = read(*ROWS)

    pseudonyms = Pseudonyms(workspace)
    path = path_of(images, ILL)
    image_id = pseudonyms.image(Path(path).read_bytes(), ILL)
    assert listing.rows.iloc[1].to_dict() == {
        "image_id": image_id,
        "patient_id": pseudonyms.patient(f"name of {ILL}"),
        "path": path,
        "view": "PA",
        "sex": "F",
        "age_years": 54.0,
        "pixel_spacing_mm": 0.168,
        "label": 1,
        "findings": "Pneumothorax",
        "mask_path": str(tmp_path / "masks" / f"{image_id}.png"),
        "follow_up": 0,
    }
    assert (listing.listed, listing.left_out.total, listing.nulled.total) == (4, 0, 0)
    assert listing.warnings[0] == siim.OVERLAP


def test_a_mask_is_written_for_each_film_with_a_pneumothorax_and_regions_are_united(read):
    rows = read(*ROWS).rows

    assert rows["label"].tolist() == [0, 1, 1]
    assert pd.isna(rows["mask_path"].iloc[0])
    ill, twice = (pixels.read_pixels(Path(path)) for path in rows["mask_path"].iloc[1:])
    assert ill.tolist() == [[0, 0, 255, 0], [255, 0, 0, 0], [255, 0, 0, 0]]
    assert twice.tolist() == [[255, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 255]]


@pytest.mark.parametrize("none", ["-1", " -1", '"-1"', '" -1 "'])
@pytest.mark.parametrize("header", ["ImageId, EncodedPixels", "ImageId,EncodedPixels", "\ufeffimageid,  encodedpixels"])
def test_every_spelling_of_none_and_of_the_header_is_read(read, none, header):
    assert read((HEALTHY, none), header=header).rows["label"].tolist() == [0]


def test_line_ends_of_windows_and_further_columns_change_nothing(read, tmp_path):
    expected = read(*ROWS).rows
    csv = tmp_path / "other.csv"
    lines = [f"{number},{uid},{cell}" for number, (uid, cell) in enumerate(ROWS)]
    csv.write_bytes("\r\n".join(["n,ImageId, EncodedPixels", *lines, ""]).encode())

    pd.testing.assert_frame_equal(read(csv=csv).rows, expected)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1 2 3", "mask with an odd count of run lengths"),
        ("1 0", "mask with a run of length 0"),
        ("0 13", "mask with runs beyond the film"),
    ],
)
def test_a_mask_that_cannot_be_drawn_is_null_and_its_label_stays(read, tmp_path, cell, reason):
    listing = read((HEALTHY, "-1"), (ILL, cell), (TWICE, "0 1"), (TWICE, cell))

    assert listing.rows["label"].tolist() == [0, 1, 1]
    assert listing.rows["mask_path"].isna().all()
    assert listing.nulled.to_dict() == {reason: {"count": 2, "examples": listing.rows["image_id"].tolist()[1:]}}
    assert not (tmp_path / "masks").exists()


@pytest.mark.parametrize("cell", ["", "0", "7", "-2", "1 -2", "-1 5", "1 2 x", "1;2", "nan", "1.0 2.0", "=1+1"])
def test_an_image_whose_cell_says_nothing_is_left_out(read, cell):
    listing = read((HEALTHY, "-1"), (ILL, cell))

    assert listing.rows["label"].tolist() == [0]
    assert listing.left_out.counts == {
        "EncodedPixels neither -1 nor run lengths": 1, "file without a row": 1,
    }  # fmt: skip
    assert listing.left_out.examples["EncodedPixels neither -1 nor run lengths"] == ["row 3"]


def test_an_image_with_and_without_a_pneumothorax_is_left_out(read):
    listing = read((HEALTHY, "-1"), (ILL, "1 2"), (ILL, "-1"))

    assert listing.rows["label"].tolist() == [0]
    assert listing.left_out.counts["both with and without a pneumothorax"] == 2


def test_equal_rows_count_once(read):
    listing = read((HEALTHY, "-1"), (HEALTHY, " -1"), (ILL, "1 2"), (ILL, "1 2"), (TWICE, "-1"))

    assert listing.rows["label"].tolist() == [0, 1, 0]
    assert listing.left_out.to_dict() == {"listed twice": {"count": 2, "examples": ["row 3", "row 5"]}}


def test_rows_without_a_file_and_files_without_a_row_are_counted_and_not_named(read, images):
    (images / "notes.txt").write_text("Jane Doe")

    listing = read((HEALTHY, "-1"), ("1.2.3.9", "-1"), ("../../x", "-1"), ("", "-1"))

    assert listing.left_out.to_dict() == {
        "file without a row": {"count": 2, "examples": ["file 2", "file 3"]},
        "no file of this UID": {"count": 2, "examples": ["row 3", "row 4"]},
        "file without a row: not a DICOM file": {"count": 1, "examples": ["file 4"]},
        "no ImageId": {"count": 1, "examples": ["row 5"]},
    }
    assert listing.warnings[-1].startswith("Files are named by their place among all files")


@pytest.mark.parametrize("name", ["IM0001", "scan.dcm", "x.DCM"])
def test_a_file_is_found_by_the_uid_it_holds_whatever_its_name(read, images, name):
    path = Path(path_of(images, ILL))
    path.rename(images / name)

    assert read((ILL, "-1")).rows["path"].tolist() == [str(images / name)]


@pytest.mark.parametrize("name", ["1.2.3.7.dcm", "1.2.3.7"])
def test_a_file_without_a_uid_is_found_by_its_name(read, images, name):
    write_film(images / name, "1.2.3.7", SOPInstanceUID=None)

    assert read(("1.2.3.7", "-1")).rows["path"].tolist() == [str(images / name)]


def test_a_file_whose_name_is_not_its_uid_is_not_taken_by_its_name(read, images):
    shutil.move(path_of(images, ILL), images / "1.2.3.7.dcm")

    listing = read((HEALTHY, "-1"), ("1.2.3.7", "1 2"))

    assert len(listing.rows) == 1
    assert listing.left_out.examples["the file of this name holds another UID"] == ["row 3"]


def test_of_several_files_of_one_uid_the_one_of_its_name_is_taken(read, images):
    write_film(images / "0.dcm", ILL, seed=9)
    shutil.copy(path_of(images, ILL), images / "2.dcm")

    listing = read((HEALTHY, "-1"), (ILL, "1 2"), (TWICE, "-1"))

    assert listing.rows["path"].tolist()[1] == path_of(images, ILL)
    assert listing.left_out.to_dict() == {
        "file beside the one of its row": {"count": 2, "examples": ["file 1", "file 5"]}
    }


def test_several_files_of_one_uid_of_which_none_bears_its_name_are_left_out(read, images):
    write_film(images / "0.dcm", ILL, seed=9)
    shutil.move(path_of(images, ILL), images / "2.dcm")

    listing = read((HEALTHY, "-1"), (ILL, "1 2"), (TWICE, "-1"))

    assert len(listing.rows) == 2
    assert listing.left_out.to_dict() == {"several files of this UID": {"count": 1, "examples": ["row 3"]}}


def test_equal_files_are_one_film(read, images):
    shutil.copy(path_of(images, ILL), images / "0.dcm")
    shutil.move(path_of(images, ILL), images / "2.dcm")

    listing = read((HEALTHY, "-1"), (ILL, "1 2"), (TWICE, "-1"))

    assert listing.rows["path"].tolist()[1] == str(images / "0.dcm")
    assert listing.left_out.counts == {"file beside the one of its row": 1}


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"Modality": "CT"}, "modality CT"),
        ({"ViewPosition": "LL"}, "lateral view"),
        ({"NumberOfFrames": 2}, "more than"),
    ],
)
def test_a_film_that_is_not_wanted_leaves_its_row_out(read, images, elements, reason):
    write_film(images / "new.dcm", "1.2.3.7", **elements)

    listing = read((HEALTHY, "-1"), (ILL, "-1"), (TWICE, "-1"), ("1.2.3.7", "1 2"))

    (found,) = listing.left_out.counts
    assert found.startswith(reason)
    assert listing.left_out.examples[found] == ["row 5"]


@pytest.mark.parametrize("content", [b"", b"no film", b"DICM"])
def test_a_damaged_file_leaves_its_row_out_with_the_reason(read, images, content):
    Path(path_of(images, ILL)).write_bytes(content)

    listing = read((HEALTHY, "-1"), (ILL, "1 2"), (TWICE, "-1"))

    assert listing.left_out.to_dict() == {"not a DICOM file": {"count": 1, "examples": ["row 3"]}}


def test_links_that_lead_nowhere_in_a_circle_or_to_a_device_do_no_harm(read, images):
    (images / "nowhere.dcm").symlink_to(images / "gone.dcm")
    (images / "circle").symlink_to(images)
    (images / "device").symlink_to("/dev/zero")
    os.mkfifo(images / "pipe")

    listing = read((HEALTHY, "-1"), (ILL, "1 2"), (TWICE, "-1"))

    assert len(listing.rows) == 3
    assert listing.left_out.counts == {"file without a row: missing": 1, "file without a row: not a file": 2}


def test_a_patient_without_an_id_is_that_of_the_study(read, images, workspace):
    write_film(images / "a.dcm", "1.2.3.7", PatientID=None, StudyInstanceUID="1.2.3.70")
    write_film(images / "b.dcm", "1.2.3.8", PatientID="", StudyInstanceUID="1.2.3.70")

    rows = read(("1.2.3.7", "-1"), ("1.2.3.8", "-1")).rows

    assert set(rows["patient_id"]) == {Pseudonyms(workspace).unknown_patient("1.2.3.70")}


def test_ages_above_89_are_told_as_90_and_the_report_says_so(read, images):
    write_film(images / "a.dcm", "1.2.3.7", PatientAge="094Y")

    listing = read(("1.2.3.7", "-1"), (HEALTHY, "-1"))

    assert listing.rows["age_years"].tolist() == [90, 54]
    assert "1 ages of 90 years: every age above 89 is told as 90." in listing.warnings


def test_masks_on_films_of_another_size_than_published_are_warned_of(read, images):
    assert any(
        warning.startswith("2 films with a pneumothorax are not 1024 x 1024") for warning in read(*ROWS).warnings
    )
    assert len(read((HEALTHY, "-1"), (ILL, "-1"), (TWICE, "-1")).warnings) == 1


def test_nothing_names_a_patient_a_uid_or_a_file(read, images):
    write_film(images / "Doe, Jane.dcm", "1.2.3.7", PatientID="MRN-4711", PatientName="Doe^Jane")
    Path(images / "Doe, John.dcm").write_bytes(b"damaged")

    listing = read((HEALTHY, "-1"), (ILL, "x"), ("1.2.3.7", "9 9 9"), ("1.2.3.99", "-1"))

    told = repr((listing.rows.drop(columns="path").to_dict(), listing.left_out, listing.nulled, listing.warnings))
    assert not [word for word in ("1.2.3", "Doe", "Jane", "4711", "name of", ".dcm") if word in told]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"found an empty one: train-rle\.csv"),
        (
            b"a,b\n1,2\n",
            r"Expected SIIM-ACR's columns ImageId and EncodedPixels, found no ImageId and no EncodedPixels",
        ),
        (b"ImageId;EncodedPixels\n1;2\n", "found no ImageId and no EncodedPixels among the 1 of"),
        (b"1.2.3.77,-1\n1.2.3.78,-1\n", r"found no ImageId and no EncodedPixels among the 2 of train-rle\.csv; give"),
        (b"ImageId\n1\n", "found no EncodedPixels among the 1 of"),
        (b"ImageId,EncodedPixels\n", r"found none \(no row\)"),
        (
            b"ImageId,EncodedPixels\n1.9,-1\n",
            r"Expected films for the rows of train-rle\.csv .* \(no file of this UID\)",
        ),
        (b'ImageId,EncodedPixels\n1.9,"-1\n', "found unexpected end of data"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused(read, tmp_path, content, message):
    csv = tmp_path / "train-rle.csv"
    csv.write_bytes(content)

    with pytest.raises(InputError, match=message):
        read(csv=csv)


def test_a_folder_that_is_none_is_refused(workspace, tmp_path):
    with pytest.raises(InputError, match=r"Expected a folder of DICOM files at .*nowhere, found none"):
        siim.read(table(tmp_path, *ROWS), images=tmp_path / "nowhere", masks=tmp_path, pseudonyms=Pseudonyms(workspace))


real = pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")


@real
def test_the_published_masks_are_drawn():
    csv = fields.read_csv(Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "siim-train-rle-sample.csv")
    cells = [cells[1] for _, cells in csv.rows if cells[1] != "-1"]

    areas = [float((run_lengths.mask_of([cell], height=1024, width=1024) > 0).mean()) for cell in cells]

    assert (len(csv.rows), len(cells)) == (39, 9)
    for cell, area in zip(cells, areas, strict=True):
        assert area * 1024**2 == sum(int(number) for number in cell.split()[1::2])
    assert (min(areas) > 0.001, max(areas) < 0.5) == (True, True)


@real
def test_the_published_film_is_read(workspace, tmp_path):
    nih = Path(os.environ["PLEURASCOPE_TEST_NIH"])

    listing = siim.read(
        nih / "siim-train-rle-sample.csv", images=nih / "dicom", masks=tmp_path, pseudonyms=Pseudonyms(workspace)
    )

    (film,) = listing.rows.to_dict("records")
    assert (film["view"], film["sex"], film["age_years"], film["label"]) == ("PA", "M", 62, 0)
    assert (film["pixel_spacing_mm"], film["follow_up"]) == (0.168, 0)
    assert Path(film["path"]).name.startswith("1.2.276.")
    assert listing.left_out.counts == {"no file of this UID": 38, "file beside the one of its row": 1}
