"""A cohort on disk: NIH's form, truth beside it, the same bytes at every call."""

from __future__ import annotations

import csv
import hashlib
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from core.base.errors import Cancelled, InputError
from core.phantom import cohort
from core.phantom.cohort import write_cohort

PATIENTS, SIZE = 8, 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("phantoms") / "cohort"
    write_cohort(out, patients=PATIENTS, size=SIZE, seed=8, processes=1)
    return out


@pytest.fixture(scope="module")
def truth(folder):
    return pd.read_csv(folder / "truth.csv", keep_default_na=False).set_index("image_id")


def fingerprint(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_with_any_number_of_processes(folder, tmp_path):
    write_cohort(tmp_path / "again", patients=PATIENTS, size=SIZE, seed=8, processes=2)

    assert fingerprint(tmp_path / "again") == fingerprint(folder)


def test_the_table_has_the_columns_and_names_of_nih(folder):
    with (folder / "Data_Entry_2017_v2020.csv").open(newline="") as file:
        header, *rows = list(csv.reader(file))

    assert header == [
        *("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", "Patient Gender"),
        *("View Position", "OriginalImage[Width", "Height]", "OriginalImagePixelSpacing[x", "y]"),
    ]
    assert {row[0] for row in rows} == {path.name for path in (folder / "images").iterdir()}
    for row in rows:
        assert row[0] == f"{int(row[3]):08d}_{int(row[2]):03d}.png"
        assert row[5] in {"M", "F"}
        assert row[6] in {"PA", "AP"}
        assert row[7:9] == [str(SIZE), str(SIZE)]
        assert 300 < float(row[9]) * SIZE < 450


def test_every_picture_says_that_it_is_a_phantom(folder):
    for path in [path for kind in ("images", "masks", "lungs", "drains") for path in (folder / kind).iterdir()]:
        with Image.open(path) as picture:
            assert picture.text == {"PleuraScope": "phantom"}
            assert (picture.mode, picture.size) == ("L", (SIZE, SIZE))


def test_masks_lie_on_the_side_of_the_air_and_exist_for_nothing_else(folder, truth):
    positive = truth[truth["label"] == 1]

    assert {path.name for path in (folder / "masks").iterdir()} == set(positive.index)
    for name, row in positive.iterrows():
        mask = np.asarray(Image.open(folder / "masks" / name)) > 0
        on_patients_right = np.nonzero(mask)[1].mean() < SIZE / 2  # the picture's left
        assert set(np.unique(mask)) == {False, True}
        assert row["side"] == ("right" if on_patients_right else "left")


def test_every_film_has_its_lung_fields(folder):
    areas = []
    for path in (folder / "images").iterdir():
        lungs = np.asarray(Image.open(folder / "lungs" / path.name))
        assert set(np.unique(lungs)) == {0, 255}
        areas.append((lungs > 0).mean())

    assert 0.25 < np.mean(areas) < 0.6
    assert 0.15 < min(areas) <= max(areas) < 0.6


def test_films_with_a_drain_have_its_place_and_no_others(folder, truth):
    assert {path.name for path in (folder / "drains").iterdir()} == set(truth.index[truth["drain"].astype(int) == 1])
    for path in (folder / "drains").iterdir():
        drain = np.asarray(Image.open(path))
        assert set(np.unique(drain)) == {0, 255}
        assert 0.005 < (drain > 0).mean() < 0.06


def test_truth_has_sizes_for_positives_and_zeros_for_the_rest(truth):
    positive, negative = truth[truth["label"] == 1], truth[truth["label"] == 0]

    assert len(positive)
    assert len(negative)
    assert positive["size_share"].between(0.005, 0.95).all()
    assert (positive[["size_apex_mm", "size_hilum_mm"]].max(axis=1) >= 0).all()
    assert (negative[["size_share", "size_apex_mm", "size_hilum_mm"]] == 0).all(axis=None)
    assert (negative["side"] == "").all()
    parts = ["quality_grade", "exposure", "contrast", "sharpness", "noise", "rotation_cropping"]
    assert truth[parts].astype(float).apply(lambda part: part.between(0, 1)).all(axis=None)


def test_larger_shares_have_larger_masks(folder, truth):
    positive = truth[truth["label"] == 1]

    areas = [np.asarray(Image.open(folder / "masks" / name)).mean() for name in positive.index]

    assert np.corrcoef(areas, positive["size_share"])[0, 1] > 0.7


def test_truth_does_not_depend_on_the_size_in_pixels(folder, tmp_path):
    write_cohort(tmp_path / "small", patients=PATIENTS, size=32, seed=8, processes=1)

    assert (tmp_path / "small/truth.csv").read_bytes() == (folder / "truth.csv").read_bytes()


def test_a_second_call_renders_nothing_and_a_lost_film_is_rendered_again(tmp_path):
    arguments = {"patients": 3, "size": 32, "seed": 0, "processes": 1}
    first = write_cohort(tmp_path / "c", **arguments)
    before = fingerprint(tmp_path / "c")

    second = write_cohort(tmp_path / "c", **arguments)
    (tmp_path / "c/images/00000001_000.png").unlink()
    third = write_cohort(tmp_path / "c", **arguments)

    assert (first.rendered, second.rendered, third.rendered) == (first.films, 0, 1)
    assert fingerprint(tmp_path / "c") == before


@pytest.mark.parametrize("kind", ["lungs", "drains"])
def test_a_cohort_from_before_a_kind_of_region_is_completed_and_its_films_stay(tmp_path, kind):
    arguments = {"patients": 4, "size": 32, "seed": 32, "processes": 1}
    write_cohort(tmp_path / "c", **arguments)
    before = fingerprint(tmp_path / "c")
    with_region = len(list((tmp_path / "c" / kind).iterdir()))
    shutil.rmtree(tmp_path / "c" / kind)

    second = write_cohort(tmp_path / "c", **arguments)

    assert second.rendered == with_region > 0
    assert fingerprint(tmp_path / "c") == before


def test_a_stopped_call_leaves_whole_films_and_is_taken_up_again(tmp_path, monkeypatch):
    arguments = {"patients": 4, "size": 32, "seed": 0, "processes": 1}
    job = tmp_path / "job"
    job.mkdir()
    (job / "stop").touch()
    monkeypatch.setenv("PLEURASCOPE_JOB_DIR", str(job))
    with pytest.raises(Cancelled):
        write_cohort(tmp_path / "c", **arguments)
    done = len(list((tmp_path / "c/images").glob("*.png")))
    monkeypatch.delenv("PLEURASCOPE_JOB_DIR")

    summary = write_cohort(tmp_path / "c", **arguments)

    assert 0 < done < summary.films
    assert summary.rendered == summary.films - done


def test_the_folder_of_another_cohort_is_refused(folder):
    with pytest.raises(InputError, match=r"found one with seed 8; choose another folder or delete this one"):
        write_cohort(folder, patients=PATIENTS, size=SIZE, seed=5)


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("dear radiologist")

    with pytest.raises(InputError, match="new or empty folder, found other files"):
        write_cohort(tmp_path, patients=1, size=32, seed=0)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"patients": 0}, "Expected at least one patient, found 0"),
        ({"size": 16}, "Expected a size of 32 to 2048 pixels, found 16"),
        ({"reader_size": 9999}, "Expected a size of 32 to 2048 pixels, found 9999"),
        ({"seed": -1}, "Expected a seed of 0 or more, found -1"),
    ],
)
def test_arguments_out_of_range_are_refused(tmp_path, wrong, sentence):
    with pytest.raises(InputError, match=sentence):
        write_cohort(tmp_path / "c", **({"patients": 1, "size": 32, "seed": 0} | wrong))

    assert not (tmp_path / "c").exists()


def test_films_of_the_readers_patients_are_rendered_larger(tmp_path, monkeypatch):
    monkeypatch.setattr(cohort, "_patients_of_readers", lambda films: {2})

    write_cohort(tmp_path / "c", patients=3, size=32, seed=0, reader_size=64, processes=1)

    paths = list((tmp_path / "c/images").iterdir())
    sizes = {path.name[:8]: np.asarray(Image.open(path)).shape[0] for path in paths}
    assert sizes == {"00000001": 32, "00000002": 64, "00000003": 32}


def test_the_readers_patients_are_the_test_part_of_the_patient_split():
    from core.data.splits import assign_patients
    from core.phantom.story import plan

    films = plan(60, seed=0)

    chosen = cohort._patients_of_readers(films)

    table = pd.DataFrame(
        {
            "image_id": [film.name for film in films],
            "patient_id": [str(film.patient) for film in films],
            "label": [int(film.reported) for film in films],
            "view": [film.film.view for film in films],
        }
    )
    part = assign_patients(table, seed=0)["part"]
    assert chosen == {int(patient) for patient in part.index[part == "test"]}
    assert 6 <= len(chosen) <= 18
