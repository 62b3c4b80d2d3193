"""Own images: class folders, and any CSV with images and labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.base.errors import InputError
from core.data.formats import folder


def touched(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.csv"
    path.write_text(text)
    return path


def test_class_folders_give_the_labels(tmp_path):
    touched(tmp_path, "Pneumothorax/a.png", "Pneumothorax/deep/b.JPG", "normal/c.jpeg", "no_pneumothorax/d.png")

    listing = folder.read(tmp_path)

    rows = listing.rows.set_index("image_id")
    assert rows["label"].to_dict() == {"a.png": 1, "b.JPG": 1, "c.jpeg": 0, "d.png": 0}
    assert rows["findings"].fillna("").to_dict() == {
        "a.png": "Pneumothorax",
        "b.JPG": "Pneumothorax",
        "c.jpeg": "No Finding",
        "d.png": "",
    }
    assert rows.loc["b.JPG", "path"] == str(tmp_path / "Pneumothorax/deep/b.JPG")
    assert listing.listed == 4


@pytest.mark.parametrize("parts", [("train", "val", "test"), ("Training", "validation", "testing")])
def test_class_folders_may_lie_in_parts(tmp_path, parts):
    touched(tmp_path, *(f"{part}/{name}/{part}.{name}.png" for part in parts for name in ("pneumothorax", "normal")))

    rows = folder.read(tmp_path).rows

    assert (len(rows), rows["label"].sum()) == (6, 3)


def test_images_of_an_unknown_class_are_left_out_and_named(tmp_path):
    touched(tmp_path, "pneumothorax/a.png", "mass/b.png", "mass/c.png", "notes/readme.txt", "d.png")

    listing = folder.read(tmp_path)

    assert listing.rows["image_id"].tolist() == ["a.png"]
    assert listing.left_out.to_dict() == {
        "unknown class folder": {"count": 2, "examples": ["mass/b.png", "mass/c.png"]}
    }


def test_a_name_in_two_folders_is_told_apart_by_the_way_to_it(tmp_path):
    touched(tmp_path, "train/pneumothorax/1.png", "val/pneumothorax/1.png", "val/normal/2.png")

    assert folder.read(tmp_path).rows["image_id"].tolist() == [
        "train__pneumothorax__1.png",
        "2.png",
        "val__pneumothorax__1.png",
    ]


def test_file_names_tell_patients_where_they_look_like_it(tmp_path):
    touched(tmp_path, "pneumothorax/00000013_001.png", "normal/00000013_002.png", "normal/p7_1.png", "normal/img_1.png")

    listing = folder.read(tmp_path)

    rows = listing.rows.set_index("image_id")
    assert rows["patient_id"].to_dict() == {
        "00000013_001.png": "00000013",
        "00000013_002.png": "00000013",
        "p7_1.png": "p7",
        "img_1.png": "img_1.png",  # no digit before the underscore: a patient of its own
    }
    assert rows.loc["00000013_002.png", "follow_up"] == 2
    assert listing.warnings[0].startswith("No patient ids: 3 patients were read from the names of 4 files; ")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "found folders none; name them so, or give a CSV with the columns image_path and label"),
        (["mass/a.png", "other/b.png"], "found folders mass, other; name them so"),
        (["pneumothorax/a.txt"], "Expected images in folders named pneumothorax and normal in .* found folders pneumo"),
    ],
)
def test_a_folder_without_known_classes_is_refused(tmp_path, names, message):
    with pytest.raises(InputError, match=message):
        folder.read(touched(tmp_path, *names))


def test_a_csv_gives_all_its_columns(tmp_path):
    touched(tmp_path, "masks/a.png")
    path = table(
        tmp_path,
        "image_path,label,patient_id,view,age,sex,mask_path,findings,follow_up,pixel_spacing_mm,site\n"
        "films/a.png,1,P1,pa,44,female,masks/a.png,Pneumothorax|Mass,2,0.14,north\n",
    )

    listing = folder.read(path)

    assert listing.rows.iloc[0].to_dict() == {
        "image_id": "a.png",
        "path": str(tmp_path / "films/a.png"),
        "label": 1,
        "findings": "Pneumothorax|Mass",
        "view": "PA",
        "sex": "F",
        "age_years": 44.0,
        "follow_up": 2,
        "mask_path": str(tmp_path / "masks/a.png"),
        "pixel_spacing_mm": 0.14,
        "patient_id": "P1",
    }
    assert listing.warnings == []


def test_paths_start_where_the_images_are_or_are_whole(tmp_path):
    path = table(tmp_path, f"image,label\na.png,0\nsub\\b.png,1\n{tmp_path}/elsewhere/c.png,0\n")

    rows = folder.read(path, images=tmp_path / "films").rows

    assert rows["path"].tolist() == [
        str(tmp_path / "films/a.png"),
        str(tmp_path / "films/sub/b.png"),
        str(tmp_path / "elsewhere/c.png"),
    ]


@pytest.mark.parametrize(
    ("word", "label"),
    [
        ("1", 1), ("0", 0), ("1.0", 1), ("0.0", 0), ("Pneumothorax", 1), ("PTX", 1), ("true", 1), ("yes", 1),
        ("normal", 0), ("No Finding", 0), ("no_pneumothorax", 0), ("no-pneumothorax", 0), ("Healthy", 0), ("", None),
    ],
)  # fmt: skip
def test_labels_are_numbers_words_or_unknown(tmp_path, word, label):
    found = folder.read(table(tmp_path, f"path,label\na.png,{word}\n")).rows["label"].iloc[0]

    assert pd.isna(found) if label is None else found == label


def test_bad_rows_are_counted_with_their_number(tmp_path):
    path = table(
        tmp_path,
        "image_path,label,patient_id,age,mask_path\n"
        "a.png,1,P1,40,\n"
        "b.png,2,P1,40,\n"
        "c.png,maybe,P1,40,\n"
        ",1,P1,40,\n"
        "d.png,1,,40,\n"
        "e.png,1\n"
        "f.png,0,P2,400,gone.png\n",
    )

    listing = folder.read(path)

    assert listing.rows["image_id"].tolist() == ["a.png", "f.png"]
    assert listing.listed == 7
    assert listing.left_out.to_dict() == {
        "label neither 0, 1 nor a known word": {"count": 2, "examples": ["row 3: 2", "row 4: maybe"]},
        "no image": {"count": 1, "examples": ["row 5"]},
        "no patient": {"count": 1, "examples": ["row 6"]},
        "not 5 cells in the row": {"count": 1, "examples": ["row 7"]},
    }
    assert listing.nulled.counts == {"age not within 0 to 120 years": 1, "no file at mask_path": 1}


def test_one_file_with_two_labels_is_left_out(tmp_path):
    listing = folder.read(table(tmp_path, "image,label\na.png,1\na.png,0\nb.png,1\nb.png,1\n"))

    assert listing.rows["image_id"].tolist() == ["b.png"]
    assert listing.left_out.counts == {"listed twice": 1, "listed twice with different content": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image_path,finding\na.png,1\n", "found no label among 'image_path, finding' in own.csv; add or rename them"),
        ("label\n1\n", "found no image_path among 'label'"),
        ("a;b\n", "found no image_path and no label among 'a;b'"),
        ("image,label\n", r"found none in own\.csv \(no row\)"),
        ("image,label\na.png,x\n", r"found none in own\.csv \(label neither 0, 1 nor a known word\)"),
    ],
)
def test_a_csv_of_another_kind_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        folder.read(table(tmp_path, text))
