"""From a table and files to a data set: what is kept, what is left out and why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.base import files
from core.base.errors import InputError
from core.data import indexing, pixels, radiographs, truth
from core.data.formats import folder, nih


def film(path: Path, seed: int, *, kind: str | None = None, shape=(20, 30)) -> np.ndarray:
    image = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    text = PngInfo()
    if kind is not None:
        text.add_text("PleuraScope", kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, pnginfo=text)
    return image


def nih_table(root: Path, findings: dict[str, str]) -> Path:
    """Write an NIH table; the patient is what stands before the underscore."""
    rows = [f"{name},{finding},0,{name.split('_')[0]},50,M,PA" for name, finding in findings.items()]
    header = "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position"
    root.mkdir(parents=True, exist_ok=True)
    (root / "Data_Entry_2017.csv").write_text("\n".join([header, *rows]) + "\n")
    return root / "Data_Entry_2017.csv"


FINDINGS = {"00000001_000.png": "Pneumothorax", "00000001_001.png": "No Finding", "00000002_000.png": "Mass"}


def cohort(root: Path, *, kind: str | None = None, images: str = "images") -> Path:
    for seed, name in enumerate(FINDINGS):
        film(root / images / name, seed, kind=kind)
    return nih_table(root, FINDINGS)


def test_the_table_holds_what_the_files_and_the_csv_say(workspace, tmp_path):
    csv = cohort(tmp_path / "set")

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "set" / "images", csv=csv)

    table = radiographs.load(workspace, "set").set_index("image_id")
    first = table.loc["00000001_000.png"]
    expected = pixels.read_pixels(tmp_path / "set/images/00000001_000.png")
    assert (first["width"], first["height"], first["source"], first["label"]) == (30, 20, "real", 1)
    assert first["path"] == str(tmp_path / "set/images/00000001_000.png")
    assert first["sha256"] == pixels.sha256_of_pixels(expected)
    assert table["mask_path"].isna().all()
    assert (report.listed, report.indexed, report.patients, report.positive, report.negative) == (3, 3, 2, 1, 2)
    assert files.read_json(workspace.index_report("set")) == report.to_dict()


@pytest.mark.parametrize("images", [".", "images", "images_001/images", "images_01"])
def test_images_may_lie_in_every_published_way(workspace, tmp_path, images):
    csv = cohort(tmp_path / "set", images=images)

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "set", csv=csv)

    assert (report.indexed, report.left_out) == (3, {})


def test_images_may_be_spread_over_numbered_folders(workspace, tmp_path):
    for number, name in enumerate(FINDINGS, start=1):
        film(tmp_path / f"images_{number:03d}" / "images" / name, number)

    report = indexing.index(workspace, "set", nih.read(nih_table(tmp_path, FINDINGS)), images=tmp_path)

    assert report.indexed == 3


def test_a_name_in_two_folders_is_left_out(workspace, tmp_path):
    csv = cohort(tmp_path, images="images_001/images")
    film(tmp_path / "images_002" / "images" / "00000001_001.png", 9)

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path)

    assert report.left_out == {"in more than one folder": {"count": 1, "examples": ["00000001_001.png"]}}
    assert report.indexed == 2


def test_rows_without_a_file_and_files_without_a_row_stand_in_the_report_only(workspace, tmp_path):
    csv = cohort(tmp_path)
    (tmp_path / "images" / "00000002_000.png").unlink()
    film(tmp_path / "images" / "stranger.png", 5)

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images")

    assert report.left_out == {"no file of this name": {"count": 1, "examples": ["00000002_000.png"]}}
    assert report.files_without_row == {"no row in the table": {"count": 1, "examples": ["stranger.png"]}}
    assert radiographs.load(workspace, "set")["image_id"].tolist() == ["00000001_000.png", "00000001_001.png"]


def test_a_file_that_cannot_be_read_is_left_out_with_its_reason(workspace, tmp_path):
    csv = cohort(tmp_path)
    (tmp_path / "images" / "00000001_001.png").write_bytes(b"")
    whole = (tmp_path / "images" / "00000002_000.png").read_bytes()
    (tmp_path / "images" / "00000002_000.png").write_bytes(whole[:-30])

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images")

    assert report.left_out == {
        "empty file": {"count": 1, "examples": ["00000001_001.png"]},
        "truncated": {"count": 1, "examples": ["00000002_000.png"]},
    }
    assert truth.load(workspace, "set")["image_id"].tolist() == ["00000001_000.png"]


def test_a_file_read_by_a_rule_is_counted(workspace, tmp_path):
    csv = cohort(tmp_path)
    Image.new("RGB", (8, 8), (200, 30, 30)).save(tmp_path / "images" / "00000002_000.png")

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images")

    assert report.read_by_rule == {"colour read as luminance": {"count": 1, "examples": ["00000002_000.png"]}}


def test_without_images_it_is_a_table_only(workspace, tmp_path):
    csv = nih_table(tmp_path, FINDINGS)

    report = indexing.index(workspace, "set", nih.read(csv), csv=csv)

    table = radiographs.load(workspace, "set")
    assert table[["path", "width", "height", "sha256"]].isna().all().all()
    assert (len(table), report.with_images, report.sources) == (3, False, {"real": 3})


@pytest.mark.parametrize("kind", ["phantom", "synthetic"])
def test_the_kind_comes_from_the_file_whatever_the_listing_says(workspace, tmp_path, kind):
    csv = cohort(tmp_path, kind=kind)
    listing = nih.read(csv)
    listing.rows["source"] = "real"

    report = indexing.index(workspace, "set", listing, images=tmp_path / "images")

    assert report.sources == {kind: 3}
    assert radiographs.sources(radiographs.load(workspace, "set")) == {kind: 3}


def test_masks_beside_the_table_are_taken_along(workspace, tmp_path):
    csv = cohort(tmp_path)
    film(tmp_path / "masks" / "00000001_000.png", 1)

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images", csv=csv)

    masks = radiographs.load(workspace, "set").set_index("image_id")["mask_path"].dropna().to_dict()
    assert masks == {"00000001_000.png": str(tmp_path / "masks" / "00000001_000.png")}
    assert report.masks == 1


@pytest.mark.parametrize(("column", "folder"), [("lung_path", "lungs"), ("drain_path", "drains")])
def test_further_regions_beside_the_table_are_taken_along(workspace, tmp_path, column, folder):
    csv = cohort(tmp_path)
    film(tmp_path / folder / "00000001_001.png", 1)

    indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images", csv=csv)

    table = radiographs.load(workspace, "set").set_index("image_id")
    assert table[column].dropna().to_dict() == {"00000001_001.png": str(tmp_path / folder / "00000001_001.png")}
    assert table["mask_path"].isna().all()


def test_without_further_regions_there_are_no_columns_for_them(workspace, tmp_path):
    csv = cohort(tmp_path)

    indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images", csv=csv)

    assert not {"lung_path", "drain_path"} & set(radiographs.load(workspace, "set"))


def test_truth_beside_phantoms_is_named_phantom_and_keeps_its_columns(workspace, tmp_path):
    csv = cohort(tmp_path, kind="phantom")
    (tmp_path / "truth.csv").write_text(
        "image_id,label,side,size_share,drain,size_mm_apex\n"
        "00000001_000.png,1,left,0.2,1,14.5\n"
        "00000001_001.png,1,right,0.1,0,6.0\n"
        "00000002_000.png,0,,,0,\n"
    )

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images", csv=csv)

    assert report.truths == ["phantom", "report"]
    assert truth.truth_names(workspace, "set") == ["report", "phantom"]
    assert truth.labels(workspace, "set").tolist() == [1, 0, 0]
    assert truth.labels(workspace, "set", "phantom").tolist() == [1, 1, 0]
    table = truth.load(workspace, "set")
    first = table[(table["truth"] == "phantom")].iloc[0]
    assert (first["side"], first["size_share"], first["drain"], first["size_mm_apex"]) == ("left", 0.2, 1, 14.5)


def test_truth_beside_real_films_is_named_adjudicated(workspace, tmp_path):
    csv = cohort(tmp_path)
    (tmp_path / "truth.csv").write_text("Image Index,label\n00000001_001.png,1\nother.png,1\n")

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images", csv=csv)

    assert truth.labels(workspace, "set", "adjudicated").to_dict() == {"00000001_001.png": 1}
    assert report.truth_left_out == {"image not in the data set": {"count": 1, "examples": ["other.png"]}}


def test_truth_without_images_warns_that_its_kind_is_unknown(workspace, tmp_path):
    csv = nih_table(tmp_path, FINDINGS)
    (tmp_path / "truth.csv").write_text("image_id,label\n00000001_001.png,1\n")

    report = indexing.index(workspace, "set", nih.read(csv), csv=csv)

    assert report.warnings == [
        "truth.csv was taken as adjudicated: without images nobody can see whether these are phantoms."
    ]


def test_one_picture_under_two_patients_is_a_warning(workspace, tmp_path):
    csv = cohort(tmp_path)
    copy = (tmp_path / "images" / "00000001_000.png").read_bytes()
    (tmp_path / "images" / "00000002_000.png").write_bytes(copy)

    report = indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images")

    assert report.same_pixels == {"pictures": 1, "images": 2, "examples": [["00000001_000.png", "00000002_000.png"]]}
    assert report.warnings == ["1 pictures stand under more than one patient; a split will refuse them."]


def test_own_class_folders_are_indexed(workspace, tmp_path):
    film(tmp_path / "pneumothorax" / "p1_1.png", 1)
    film(tmp_path / "normal" / "p2_1.png", 2)
    (tmp_path / "normal" / "p3_1.png").write_text("no image")

    report = indexing.index(workspace, "own", folder.read(tmp_path))

    assert (report.indexed, report.patients, report.positive) == (2, 2, 1)
    assert report.left_out == {"not a PNG, JPEG or DICOM image": {"count": 1, "examples": ["p3_1.png"]}}
    assert report.warnings[0].startswith("No patient ids: 3 patients")


def test_a_table_made_by_hand_will_do(workspace, tmp_path):
    film(tmp_path / "a.png", 1)
    rows = pd.DataFrame({"image_id": ["a", "b"], "patient_id": ["p", "q"], "path": [str(tmp_path / "a.png"), None]})

    report = indexing.index(workspace, "own", rows)

    assert (report.indexed, report.unlabelled) == (1, 1)
    assert report.left_out == {"no file named": {"count": 1, "examples": ["b"]}}


def test_nothing_usable_is_refused_and_what_was_there_stays(workspace, tmp_path):
    csv = cohort(tmp_path)
    indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "images")
    film(tmp_path / "others" / "x.png", 1)

    with pytest.raises(InputError, match="found 0 of 3: the first reason is 'no file of this name'; check that the ta"):
        indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "others")

    assert len(radiographs.load(workspace, "set")) == 3


@pytest.mark.parametrize(
    ("make", "found"), [(lambda path: None, "no such folder"), (Path.mkdir, "no PNG or JPEG file")]
)
def test_a_folder_without_images_is_refused(workspace, tmp_path, make, found):
    csv = nih_table(tmp_path, FINDINGS)
    make(tmp_path / "empty")

    with pytest.raises(InputError, match=f"its images_001/images/, found {found}; check --images, or leave it out"):
        indexing.index(workspace, "set", nih.read(csv), images=tmp_path / "empty")


def test_a_bad_name_is_refused_before_the_work(workspace, tmp_path):
    with pytest.raises(InputError, match="Expected a data set name"):
        indexing.index(workspace, "../elsewhere", nih.read(cohort(tmp_path)), images=tmp_path)
