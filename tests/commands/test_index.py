"""`index`: what each format takes, SIIM-ACR and CheXpert from end to end, and runs that are broken off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import filelock
import numpy as np
import pytest
from PIL import Image

from core.base.paths import ROOT
from core.data import pixels, radiographs, regions
from core.data.formats import siim
from tests.data.siim_sets import table, write_film
from tests.data.test_formats_chexpert import FIRST, SECOND, SIDE, side
from tests.data.test_formats_chexpert import row as chexpert_row
from tests.data.test_formats_chexpert import table as chexpert_table

HEALTHY, ILL = "1.2.3.1", "1.2.3.2"


def siim_set(folder: Path, *rows: tuple[str, str]) -> tuple[str, ...]:
    """Write two films and their table; return the words that index them as `own`."""
    for seed, uid in enumerate((HEALTHY, ILL)):
        write_film(folder / "images" / uid / f"{uid}.dcm", uid, seed=seed, shape=(8, 8))
    csv = table(folder, *(rows or [(HEALTHY, "-1"), (ILL, "1 2 3 1")]))
    return ("index", "siim", "--csv", str(csv), "--images", str(folder / "images"), "--name", "own")


def nih_table(folder: Path) -> str:
    path = folder / "Data_Entry.csv"
    path.write_text("Image Index,Finding Labels,Patient ID\n00000001_000.png,No Finding,1\n")
    return str(path)


def put_film(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8), np.uint8)).save(path, "JPEG")


# what each format takes


OPTIONS = {"csv": "t.csv", "images": "folder", "labels": "l.csv", "uncertain": "positive"}
TAKEN = {
    "nih": {"csv", "images"},
    "folder": {"csv", "images"},
    "siim": {"csv", "images"},
    "chexpert": {"csv", "images", "uncertain"},
    "dicom": {"images", "labels"},
}
REFUSED = [(form, option) for form, taken in TAKEN.items() for option in OPTIONS if option not in taken]


@pytest.mark.parametrize(("form", "option"), REFUSED)
def test_an_option_of_another_format_is_refused(form, option, workspace, refused):
    needed = [word for name in ("csv", "images") if name in TAKEN[form] for word in (f"--{name}", OPTIONS[name])]

    told = refused("index", form, *needed, "--name", "own", f"--{option}", OPTIONS[option])

    assert told.startswith(f"Expected for `index {form}` only --name, --")
    assert told.endswith(f", found --{option}; leave it out.")
    assert not workspace.root.exists()


@pytest.mark.parametrize("form", ["nih", "folder", "siim", "chexpert"])
def test_a_folder_as_a_word_is_for_dicom_only(form, workspace, refused):
    assert f"Expected for `index {form}` only --name" in refused(
        "index", form, "films", "--csv", "t.csv", "--name", "own"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["siim", "--images", "x"], "Expected --csv, the table, for `index siim`, found none; name it."),
        (["siim", "--csv", "x"], "Expected --images, the folder of the images, for `index siim`, found none; name it."),
        (["chexpert", "--images", "x"], "Expected --csv, the table, for `index chexpert`, found none; name it."),
        (["dicom"], "Expected --images, the folder of the images, for `index dicom`, found none; name it."),
        (
            ["dicom", "x", "--images", "y"],
            "Expected the folder of a dicom set once, found it as a word and as --images",
        ),
        (["chexpert", "--csv", "x", "--uncertain", "maybe"], "'ignore', 'positive' or 'negative', found 'maybe'"),
        (["siim", "--csv", "x", "--images", "nowhere"], "Expected a folder of DICOM files at nowhere, found none"),
        (["folder", "--images", "nowhere"], "Expected a folder of images at nowhere, found none; check the path."),
        (["cxr", "--csv", "x"], "'nih', 'folder', 'siim', 'chexpert' or 'dicom', found 'cxr'"),
    ],
)
def test_what_is_missing_or_wrong_is_told_in_one_sentence(words, told, workspace, refused):
    assert told in refused("index", *words, "--name", "own")


@pytest.mark.parametrize("form", TAKEN)
def test_the_name_of_the_intake_is_refused(form, workspace, tmp_path, refused):
    needed = [word for name in ("csv", "images") if name in TAKEN[form] for word in (f"--{name}", str(tmp_path))]

    assert "Expected a name that is not the intake's, found 'intake'" in refused(
        "index", form, *needed, "--name", "intake"
    )


# SIIM-ACR


def test_siim_becomes_a_data_set_with_masks(workspace, tmp_path, done):
    summary, made = done(*siim_set(tmp_path))

    films = radiographs.load(workspace, "own")
    report = made["report"]
    assert summary.startswith(
        "Data set 'own': 2 radiographs of 2 patients, 1 with a pneumothorax, 1 without, 0 unknown"
    )
    assert (report["sources"], report["masks"], report["left_out"]) == ({"real": 2}, 1, {})
    assert films["label"].tolist() == [0, 1]
    for film in films.to_dict("records"):
        assert pixels.sha256_of_pixels(pixels.read_pixels(Path(film["path"]))) == film["sha256"]
    mask = Path(films["mask_path"].iloc[1])
    assert mask == workspace.dataset("own") / "masks" / f"{films['image_id'].iloc[1]}.png"
    assert pixels.read_pixels(mask).sum() == 3 * 255
    assert list(regions.regions(workspace, "own", films, size=8).source.values()) == ["mask"]


def test_siim_names_nobody_outside_the_path_of_its_table(workspace, tmp_path, done):
    done(*siim_set(tmp_path, (HEALTHY, "-1"), (ILL, "x"), ("1.2.3.9", "-1")))

    told = workspace.index_report("own").read_text()
    told += radiographs.load(workspace, "own").drop(columns="path").to_json()
    told += "".join(str(path) for path in workspace.dataset("own").rglob("*"))
    assert not [word for word in ("1.2.3", "name of", ".dcm") if word in told]


def test_siim_again_with_another_table_replaces_masks_and_labels(workspace, tmp_path, done):
    done(*siim_set(tmp_path))

    done(*siim_set(tmp_path, (HEALTHY, "0 8"), (ILL, "-1")))

    films = radiographs.load(workspace, "own")
    assert films["label"].tolist() == [1, 0]
    assert [str(path) for path in (workspace.dataset("own") / "masks").iterdir()] == [films["mask_path"].iloc[0]]


def test_another_format_under_the_name_of_a_siim_set_leaves_no_mask_behind(workspace, tmp_path, done):
    done(*siim_set(tmp_path))
    kept = workspace.dataset("own") / "masks" / "notes.png"
    kept.write_bytes(b"somebody's own")

    done("index", "nih", "--csv", nih_table(tmp_path), "--name", "own")

    assert list((workspace.dataset("own") / "masks").iterdir()) == [kept]


def test_a_refused_run_leaves_the_data_set_as_it_was(workspace, tmp_path, done, refused):
    done(*siim_set(tmp_path))
    before = {path: path.read_bytes() for path in workspace.dataset("own").rglob("*") if path.is_file()}
    for path in (tmp_path / "images").rglob("*.dcm"):
        path.write_bytes(path.read_bytes()[:-20])  # the header is whole, the pixels are not

    assert "found 0 of 2" in refused(*siim_words(tmp_path, (ILL, "0 64"), (HEALTHY, "0 1")))

    assert {path: path.read_bytes() for path in workspace.dataset("own").rglob("*") if path.is_file()} == before


def siim_words(folder: Path, *rows: tuple[str, str]) -> tuple[str, ...]:
    csv = table(folder, *rows)
    return ("index", "siim", "--csv", str(csv), "--images", str(folder / "images"), "--name", "own")


def test_a_run_that_is_killed_while_masks_are_drawn_can_be_done_again(workspace, tmp_path, done):
    words = siim_set(tmp_path)
    kill = (
        "import os, sys; from core.data.formats import run_lengths; from core.__main__ import main\n"
        "write = run_lengths.write_mask\n"
        "run_lengths.write_mask = lambda *given: (write(*given), os._exit(9))\n"
        "main(sys.argv[1:])"
    )

    killed = subprocess.run([sys.executable, "-c", kill, *words], cwd=ROOT, check=False, capture_output=True)

    assert killed.returncode == 9
    assert radiographs.dataset_names(workspace) == []
    _, made = done(*words)
    assert (made["report"]["indexed"], made["report"]["masks"]) == (2, 1)


def test_a_second_run_at_the_same_time_is_refused(workspace, tmp_path, refused):
    words = siim_set(tmp_path)
    folder = workspace.cache / "indexing" / "own"
    folder.mkdir(parents=True)

    with filelock.FileLock(folder / ".lock"):
        assert "found another process that indexes it too or erases a patient from it; wait for it." in refused(*words)


@pytest.mark.parametrize("first", ["nih", "siim"])
def test_whichever_is_indexed_second_warns_that_the_films_are_the_same(first, workspace, tmp_path, done):
    nih = ("index", "nih", "--csv", nih_table(tmp_path), "--name", "chest14")
    words = [nih, siim_set(tmp_path)]
    one, other = words if first == "nih" else reversed(words)

    _, alone = done(*one)
    _, both = done(*other)

    told = (
        "Indexed here too, of NIH ChestX-ray14: chest14." if first == "nih" else "Indexed here too, of SIIM-ACR: own."
    )
    assert told not in " ".join(alone["report"]["warnings"])
    assert told in " ".join(both["report"]["warnings"])
    assert siim.OVERLAP in " ".join(both["report"]["warnings"])


def test_the_way_back_to_patients_is_kept_where_it_is_asked_for(workspace, tmp_path, done, monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_LOOKUP_FILE", str(tmp_path / "apart" / "lookup.csv"))

    done(*siim_set(tmp_path))

    told = (tmp_path / "apart" / "lookup.csv").read_text().splitlines()
    assert {line.split(",")[1] for line in told[1:]} == {f"name of {HEALTHY}", f"name of {ILL}"}


@pytest.mark.skipif("PLEURASCOPE_TEST_NIH" not in os.environ, reason="PLEURASCOPE_TEST_NIH names no folder")
def test_the_published_siim_film_is_indexed(workspace, done):
    nih = Path(os.environ["PLEURASCOPE_TEST_NIH"])
    place = ("--csv", str(nih / "siim-train-rle-sample.csv"), "--images", str(nih / "dicom"))

    _, made = done("index", "siim", *place, "--name", "siim")

    report = made["report"]
    assert (report["listed"], report["indexed"], report["negative"], report["sources"]) == (39, 1, 1, {"real": 1})


# CheXpert


def chexpert_set(folder: Path) -> tuple[str, ...]:
    for seed, place in enumerate((FIRST, SECOND, SIDE)):
        put_film(folder / "images" / place, seed)
    rows = (chexpert_row(Pneumothorax="-1.0"), chexpert_row(SECOND, Pneumothorax="1.0"), side())
    return ("index", "chexpert", "--csv", str(chexpert_table(folder, *rows)), "--name", "own")


@pytest.mark.parametrize(
    ("words", "counts"),
    [((), (1, 0, 1)), (("ignore",), (1, 0, 1)), (("positive",), (2, 0, 0)), (("negative",), (1, 1, 0))],
)
def test_chexpert_becomes_a_data_set(words, counts, workspace, tmp_path, done):
    uncertain = ("--uncertain", *words) if words else ()

    summary, made = done(*chexpert_set(tmp_path), "--images", str(tmp_path / "images"), *uncertain)

    report = made["report"]
    assert tuple(report[name] for name in ("positive", "negative", "unlabelled")) == counts
    assert (report["with_images"], report["patients"], report["sources"]) == (True, 1, {"real": 2})
    assert "left out: 1 lateral view (such as row 4)" in summary
    assert f"(--uncertain {words[0] if words else 'ignore'})" in summary
    assert radiographs.load(workspace, "own")["follow_up"].tolist() == [0, 1]


def test_chexpert_without_images_is_a_table_only(workspace, tmp_path, done):
    _, made = done(*chexpert_set(tmp_path))

    assert (made["report"]["indexed"], made["report"]["with_images"]) == (2, False)
    assert radiographs.load(workspace, "own")["path"].isna().all()


# DICOM


@pytest.mark.parametrize("flag", [(), ("--images",)])
def test_dicom_takes_its_folder_as_a_word_or_as_images(flag, workspace, tmp_path, done):
    siim_set(tmp_path)
    labels = tmp_path / "labels.csv"
    labels.write_text(f"image,label\n{HEALTHY},0\n{ILL},pneumothorax\n")

    _, made = done("index", "dicom", *flag, str(tmp_path / "images"), "--labels", str(labels), "--name", "own")

    report = made["report"]
    assert (report["positive"], report["negative"], report["sources"]) == (1, 1, {"real": 2})
    assert json.loads(workspace.index_report("own").read_text())["repeated_uids"] == []


def test_dicom_without_labels_has_none(workspace, tmp_path, done):
    siim_set(tmp_path)

    _, made = done("index", "dicom", str(tmp_path / "images"), "--name", "own")

    assert made["report"]["unlabelled"] == 2


def test_a_uid_that_two_films_share_is_told(workspace, tmp_path, done):
    for seed in (1, 2):
        write_film(tmp_path / "images" / f"{seed}.dcm", HEALTHY, seed=seed)

    summary, made = done("index", "dicom", str(tmp_path / "images"), "--name", "own")

    (pair,) = made["report"]["repeated_uids"]
    assert sorted(pair) == sorted(radiographs.load(workspace, "own")["image_id"])
    assert f"films under one UID: 1 all stand (such as {' and '.join(pair)})" in summary
