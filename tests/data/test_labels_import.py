"""Labels, boxes and masks from a table of their own: what is taken, what is left out and why."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.base.errors import InputError
from core.data import indexing, radiographs, regions, truth
from core.data.labels_import import import_labels

NIH_HEADER = "Image Index,Finding Label,Bbox [x,y,w,h],,,"


@pytest.fixture
def films(workspace):
    """Four films as a table only, one of which has no label."""
    rows = pd.DataFrame({"image_id": list("abcd"), "patient_id": list("1123"), "label": [1, 0, None, 0]})
    indexing.index(workspace, "set", rows.assign(width=64, height=64))
    return workspace


@pytest.fixture
def written(tmp_path):
    """Write a table and return its place."""

    def write(*lines: str) -> Path:
        (tmp_path / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return tmp_path / "table.csv"

    return write


def taken(workspace, name="own") -> dict[str, dict]:
    table = truth.load(workspace, "set")
    return table[table["truth"] == name].set_index("image_id").to_dict("index")


def counts(report) -> dict[str, int]:
    return {reason: found["count"] for reason, found in report.left_out.items()}


def mask(path: Path, *, shape=(64, 64), value=255) -> None:
    picture = np.zeros(shape, np.uint8)
    picture[:20, :20] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


# Labels


@pytest.mark.parametrize("image", ["image_id", "Image Index"])
def test_labels_and_the_truth_tables_columns_are_taken(films, written, image):
    csv = written(
        f"{image},label,side,size_share,drain,quality_grade,read_at,reader",
        "a,1,left,0.25,0,0.9,2025-01-02T03:04:05+00:00,x",
        "b,0,,,,,,y",
        "c,,,,1,,,z",
    )

    report = import_labels(films, "set", csv, name="own")

    found = taken(films)
    assert truth.labels(films, "set", "own").to_dict() == {"a": 1, "b": 0, "c": None}
    assert {name: found["a"][name] for name in ("side", "size_share", "drain", "quality_grade", "read_at")} == {
        "side": "left",
        "size_share": 0.25,
        "drain": 0,
        "quality_grade": 0.9,
        "read_at": "2025-01-02T03:04:05+00:00",
    }
    assert pd.isna(found["b"]["side"])
    assert (report.kind, report.rows, report.positive, report.boxes, report.masks) == ("labels", 3, 1, 0, 0)
    assert (report.not_taken, report.left_out, report.replaced) == (["reader"], {}, 0)


def test_other_sources_of_labels_and_their_columns_stay_as_they_are(films, written):
    table = truth.load(films, "set")
    table.assign(kind="tension", beds=[1, 2, 3, 4]).to_parquet(films.truth("set"), index=False)
    before = truth.load(films, "set")

    import_labels(films, "set", written("image_id,label", "b,1"), name="own")

    after = truth.load(films, "set")
    pd.testing.assert_frame_equal(after[after["truth"] == "report"], before, check_dtype=False)
    assert len(after) == len(before) + 1


def test_the_same_name_again_replaces_its_rows_and_only_those(films, written):
    import_labels(films, "set", written("image_id,label", "a,1", "b,1"), name="own")
    import_labels(films, "set", written("image_id,label", "a,0"), name="other")

    report = import_labels(films, "set", written("image_id,label", "c,0"), name="own")

    assert report.replaced == 2
    assert {name: row["label"] for name, row in taken(films).items()} == {"c": 0}
    assert truth.truth_names(films, "set") == ["report", "other", "own"]


def test_rows_that_cannot_be_used_are_counted_by_reason(films, written):
    csv = written(
        "image_id,label,side,size_share,drain,boxes",
        "a,1,left,0.2,1,",
        "b,2,,,,",
        "b,maybe,,,,",
        "c,1,top,,,",
        "c,1,,1.2,,",
        "c,1,,much,,",
        "c,1,,,0.5,",
        'c,0,,,,"[{""x"": 0, ""y"": 0, ""width"": 1, ""height"": 1}]"',
        'c,1,,,,"[{""x"": 0, ""y"": 0, ""width"": 2, ""height"": 1}]"',
        "c,1,,,,{",
        "c,1",
        "elsewhere,1,,,,",
        ",1,,,,",
    )

    report = import_labels(films, "set", csv, name="own")

    assert list(taken(films)) == ["a"]
    assert counts(report) == {
        "label neither 0 nor 1": 2,
        "side not left, right or both": 1,
        "size_share not from 0 to 1": 2,
        "drain not a whole number": 1,
        "a mask or boxes without label 1": 1,
        "box beyond the film": 1,
        "boxes that are no JSON": 1,
        "not 6 cells in the row": 1,
        "image not in the data set": 2,
    }
    assert report.left_out["image not in the data set"]["examples"] == ["elsewhere", "row 14"]
    assert report.left_out["not 6 cells in the row"]["examples"] == ["row 12"]


def test_an_equal_row_counts_once_and_rows_that_differ_not_at_all(films, written):
    report = import_labels(films, "set", written("image_id,label", "a,1", "a,1", "b,1", "b,0", "c,0"), name="own")

    assert list(taken(films)) == ["a", "c"]
    assert counts(report) == {"listed twice": 1, "listed twice with different content": 2}


def test_boxes_in_shares_are_taken_as_they_are(films, written):
    box = '"[{""x"": 0.5, ""y"": 0.25, ""width"": 0.5, ""height"": 0.5}]"'

    report = import_labels(films, "set", written("image_id,label,boxes", f"a,1,{box}"), name="own")

    assert report.boxes == 1
    assert regions.read_boxes(taken(films)["a"]["boxes"]) == [(0.5, 0.25, 0.5, 0.5)]


# NIH's boxes


@pytest.mark.parametrize(
    "header", [NIH_HEADER, 'Image Index,Finding Label,"Bbox [x,y,w,h]"', "Image Index,Finding Label,x,y,w,h"]
)
def test_boxes_of_nih_become_shares_of_the_published_images(films, written, header):
    csv = written(header, "a,Pneumothorax,256,128,512,64,,,", "a,Pneumothorax,0,0,1024,1024,,,", "b,Mass,1,1,9,9,,,")

    report = import_labels(films, "set", csv, name="nih-boxes")

    found = taken(films, "nih-boxes")
    assert json.loads(found["a"]["boxes"]) == [
        {"x": 0.25, "y": 0.125, "width": 0.5, "height": 0.0625},
        {"x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0},
    ]
    assert (list(found), found["a"]["label"]) == (["a"], 1)
    assert (report.kind, report.rows, report.boxes, report.not_taken) == ("boxes", 1, 2, [])
    assert counts(report) == {"another finding than pneumothorax": 1}


def test_boxes_that_cannot_be_right_are_counted_and_the_others_of_the_film_stay(films, written):
    csv = written(
        NIH_HEADER,
        "a,Pneumothorax,10,10,100,100,,,",
        "a,Pneumothorax,10,10,100,100,,,",
        "a,Pneumothorax,-5,10,100,100,,,",
        "a,Pneumothorax,1000,10,100,100,,,",
        "a,Pneumothorax,10,10,0,100,,,",
        "a,Pneumothorax,10,10,100,-1,,,",
        "a,Pneumothorax,ten,10,100,100,,,",
        "a,Pneumothorax,nan,10,inf,100,,,",
        "b,Pneumothorax,0,0,2000,10,,,",
        "zz,Pneumothorax,1,1,10,10,,,",
    )

    report = import_labels(films, "set", csv, name="nih-boxes")

    assert counts(report) == {
        "box beyond the film": 3,
        "box not of four numbers": 2,
        "box without an area": 2,
        "image not in the data set": 1,
        "listed twice": 1,
    }
    assert list(taken(films, "nih-boxes")) == ["a"]
    assert report.boxes == 1


def test_a_box_lies_where_it_was_drawn_whatever_the_size_of_the_copies(films, written):
    import_labels(films, "set", written(NIH_HEADER, "a,Pneumothorax,512,256,256,512,,,"), name="nih-boxes")

    found = regions.regions(films, "set", radiographs.load(films, "set"), size=64)

    expected = np.zeros((64, 64), bool)
    expected[16:48, 32:48] = True
    assert found.source == {"a": "boxes"}
    np.testing.assert_array_equal(found.masks["a"], expected)


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")
def test_the_published_boxes_are_taken_whole(workspace):
    csv = Path(os.environ["PLEURASCOPE_TEST_NIH"]) / "BBox_pneumothorax.csv"
    names = pd.read_csv(csv)["Image Index"].unique()
    indexing.index(workspace, "set", pd.DataFrame({"image_id": names, "patient_id": names}))

    report = import_labels(workspace, "set", csv, name="nih-boxes")

    assert (report.rows, report.boxes, report.left_out) == (98, 98, {})


# Masks


def test_masks_are_found_relative_to_their_table(films, written, tmp_path):
    mask(tmp_path / "drawn" / "a.png")
    mask(tmp_path / "b.png", shape=(128, 128))
    csv = written("image_id,mask_path", "a,drawn\\a.png", f"b,{tmp_path / 'b.png'}")

    report = import_labels(films, "set", csv, name="masks")

    found = taken(films, "masks")
    assert {name: row["label"] for name, row in found.items()} == {"a": 1, "b": 1}
    assert found["a"]["mask_path"] == str(tmp_path / "drawn" / "a.png")
    assert (report.kind, report.rows, report.masks) == ("masks", 2, 2)
    assert set(regions.regions(films, "set", radiographs.load(films, "set"), size=32).source.values()) == {"mask"}


def test_masks_that_cannot_be_used_are_counted(films, written, tmp_path):
    mask(tmp_path / "good.png")
    mask(tmp_path / "empty.png", value=0)
    mask(tmp_path / "narrow.png", shape=(64, 32))
    (tmp_path / "letter.png").write_text("dear radiologist")
    csv = written(
        *("image_id,label,mask_path", "a,1,good.png", "b,1,gone.png", "b,1,empty.png", "c,1,narrow.png"),
        *("c,0,good.png", "d,0,"),
    )
    only = "\n".join(
        f"{name},{file}" for name, file in zip("abcd", ["good.png", "", "letter.png", "empty.png"], strict=True)
    )

    report = import_labels(films, "set", csv, name="own")
    report_of_masks = import_labels(films, "set", written("image_id,mask_path", only), name="masks")

    assert {name: row["label"] for name, row in taken(films).items()} == {"a": 1, "d": 0}
    assert counts(report) == {
        "a mask or boxes without label 1": 1,
        "listed twice with different content": 2,
        "mask of another shape than its film": 1,
    }
    assert counts(report_of_masks) == {"mask empty": 1, "mask not a PNG, JPEG or DICOM image": 1, "no mask_path": 1}


# What is refused


@pytest.mark.parametrize("name", ["report", "phantom"])
def test_names_that_index_makes_are_refused(films, written, name):
    with pytest.raises(
        InputError, match=rf"another name than report or phantom, .* found '{name}'; choose one"
    ) as told:
        import_labels(films, "set", written("image_id,label", "a,1"), name=name)

    assert told.value.field == "name"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["image,label", "a,1"], "Expected the columns image_id .* found 'image, label' in table.csv; rename them"),
        (["image_id,side", "a,left"], "found 'image_id, side' in table.csv"),
        (["image_id,label,label", "a,1,0"], "each once, found 'image_id, label, label'"),
        (["Image Index,Finding Label,x,y,w", "a,Pneumothorax,1,1,1"], "Finding Label and Bbox"),
        ([""], "found an empty one: table.csv"),
        (["image_id,label"], r"found none in table.csv that can be used \(no row\)"),
        (["image_id,label", "z,1", "b,x"], r"\(image not in the data set, label neither 0 nor 1\); check that"),
        ([NIH_HEADER, "a,Mass,1,1,2,2,,,"], r"\(another finding than pneumothorax\)"),
        (["image_id,mask_path", "a,gone.png"], r"\(mask missing\)"),
        (["image_id,label", '"a,1'], "Expected a CSV file in UTF-8, plain or gzip, found unexpected end of data"),
    ],
)
def test_a_table_of_another_kind_is_refused_and_nothing_is_changed(films, written, lines, message):
    import_labels(films, "set", written("image_id,label", "a,1"), name="own")
    before = films.truth("set").read_bytes()

    with pytest.raises(InputError, match=message):
        import_labels(films, "set", written(*lines), name="own")

    assert films.truth("set").read_bytes() == before


@pytest.mark.parametrize(
    "content",
    ["image_id,label\nnaïve,1\n".encode("latin-1"), gzip.compress(b"image_id")[:-4]],
    ids=["latin-1", "cut off"],  # a gzip file holds the time, and two processes must name a test alike
)
def test_a_damaged_or_wrongly_encoded_table_is_refused(films, tmp_path, content):
    (tmp_path / "table.csv").write_bytes(content)

    with pytest.raises(
        InputError, match=r"Expected a CSV file in UTF-8, plain or gzip, found .* in table.csv; save it"
    ):
        import_labels(films, "set", tmp_path / "table.csv", name="own")


def test_a_table_may_be_compressed_and_start_with_a_mark(films, tmp_path):
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress("\ufeffimage_id,label\r\na,1\r\n".encode()))

    import_labels(films, "set", tmp_path / "table.csv.gz", name="own")

    assert list(taken(films)) == ["a"]


def test_an_unknown_data_set_and_a_lost_table_are_said(films, written, tmp_path):
    with pytest.raises(InputError, match="found none named 'other'; choose from set"):
        import_labels(films, "other", written("image_id,label", "a,1"), name="own")
    with pytest.raises(InputError, match=r"Expected a CSV file at .*gone.csv, found none; check the path"):
        import_labels(films, "set", tmp_path / "gone.csv", name="own")
    with pytest.raises(InputError, match="Expected a source of labels name of 1 to 80 letters"):
        import_labels(films, "set", written("image_id,label", "a,1"), name="a b")
