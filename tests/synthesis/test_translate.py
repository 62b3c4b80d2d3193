from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.base import files
from core.base.errors import Cancelled, InputError
from core.base.progress import JOB_DIR
from core.data import indexing, pixels, radiographs, split_store, synthetic, truth
from core.data.pixel_cache import PixelCache
from core.data.synthetic import A_TO_B, B_TO_A
from core.synthesis import parents, synthetic_set, translate
from tests.inference import explained
from tests.synthesis import generated
from tests.synthesis.generated import DATASET, DOMAIN
from tests.training import studies

ASKED = {"part": "all", "direction": A_TO_B, "name": "ptx"}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The tiny study, with the name of its generator."""
    folder = tmp_path_factory.mktemp("generated")
    return folder, generated.make(folder)


@pytest.fixture
def generator(made_once, workspace, monkeypatch):
    """A generator that darkens the left quarter, with the films it learnt from."""
    explained.copied(made_once[0], workspace)
    generated.use_painter(monkeypatch)
    return made_once[1]


def made(workspace, generator, *, dataset=DATASET, split=DOMAIN, **options):
    return translate.translate(workspace, generator, dataset, split, **(ASKED | options))


def test_every_film_of_the_source_domain_gets_a_child_that_inherits_patient_and_part(workspace, generator):
    card = made(workspace, generator)

    split = split_store.load(workspace, DATASET, DOMAIN)
    source = split[split["domain"] == "A"].set_index("image_id")
    rows = radiographs.load(workspace, "ptx")
    assert set(rows["parent_image_id"]) == set(source.index)
    wanted = source.loc[rows["parent_image_id"]]
    assert rows["patient_id"].tolist() == wanted["patient_id"].tolist()
    assert rows["part"].tolist() == wanted["part"].tolist()
    assert set(rows["source"]) == {"synthetic"}
    assert set(rows["label"]) == {1}
    assert set(rows["parent_source"]) == {"real"}
    assert truth.labels(workspace, "ptx").eq(1).all()
    assert card.images == source["part"].value_counts().reindex(list(card.images)).to_dict()
    assert synthetic.card(workspace, "ptx") == card


def test_the_image_is_the_parents_repainted_and_says_it_is_synthetic(workspace, generator):
    made(workspace, generator)

    row = radiographs.load(workspace, "ptx").iloc[0]
    films = radiographs.load(workspace, DATASET)
    parent = films[films["image_id"] == row["parent_image_id"]]
    wanted = PixelCache.ensure(workspace, parent, size=32).read(np.array([0]))[0].astype(int)
    wanted[:, :8] -= 40
    path = Path(row["path"])
    np.testing.assert_array_equal(pixels.read_indexed(path, row["sha256"]), wanted.clip(0, 255))
    assert pixels.decode(path).source == "synthetic"


def test_a_data_set_of_synthetic_images_can_be_indexed_as_it_lies(workspace, generator):
    made(workspace, generator)

    report = indexing.index(
        workspace,
        "again",
        radiographs.load(workspace, "ptx")[["image_id", "patient_id", "path", "label", "findings", "parent_image_id"]],
    )

    assert report.sources == {"synthetic": report.indexed}


@pytest.mark.parametrize(("direction", "label", "finding"), [(A_TO_B, 0, "No Finding"), (B_TO_A, 1, "Pneumothorax")])
def test_of_a_patient_split_the_findings_tell_the_source_films_and_every_part_is_translated(
    workspace, generator, direction, label, finding
):
    card = made(workspace, generator, split=studies.SPLIT, direction=direction, name="other")

    films = radiographs.load(workspace, DATASET).set_index("image_id")
    rows = radiographs.load(workspace, "other")
    parents_of = films.loc[rows["parent_image_id"]]
    assert set(parents_of["label"]) == {label}
    assert set(parents_of["findings"]) == {finding}
    assert list(card.images) == ["train", "val", "test"]
    assert sum(card.images.values()) == (films["label"] == label).sum()


def test_films_with_another_finding_belong_to_no_domain(workspace, tmp_path, monkeypatch):
    rows = studies.write_films(tmp_path / "films")
    rows.loc[rows["label"] == 0, "findings"] = ["Mass" if number % 3 == 0 else "No Finding" for number in range(24)]
    indexing.index(workspace, DATASET, rows, images=tmp_path / "films")
    for kind in ("patient", "domain"):
        split_store.create(workspace, DATASET, kind, kind)
    generated.use_painter(monkeypatch)

    card = made(workspace, generated.make_generator(workspace), split="patient")

    assert sum(card.images.values()) == 16


def test_asked_again_it_is_there_and_nothing_is_translated(workspace, generator, monkeypatch):
    first = made(workspace, generator)
    monkeypatch.setattr(translate, "_Work", None)

    assert made(workspace, generator) == first


def test_synthetic_films_are_never_sources(workspace, generator):
    table = radiographs.load(workspace, DATASET)
    table.loc[table["label"] == 0, "source"] = "synthetic"
    table["parent_image_id"] = table["parent_image_id"].astype("str")
    files.write_parquet(workspace.radiographs(DATASET), table)
    split_store.create(workspace, DATASET, "patient", "patient")

    with pytest.raises(InputError, match="found none in any part of split 'patient'"):
        made(workspace, generator, split="patient")


def test_a_stopped_run_goes_on_and_ends_as_one_that_was_never_stopped(workspace, generator, tmp_path, monkeypatch):
    monkeypatch.setattr(translate, "CHUNK", 4)
    monkeypatch.setattr(translate, "BATCH", 2)
    whole = made(workspace, generator, name="whole")
    translated = generated.Painter.there
    calls = []

    def dying(self, images, direction):
        calls.append(len(images))
        if len(calls) == 6:
            raise studies.PowerCut
        return translated(self, images, direction)

    with monkeypatch.context() as patch:
        patch.setattr(generated.Painter, "there", dying)
        with pytest.raises(studies.PowerCut):
            made(workspace, generator, name="halved")
    assert not workspace.dataset("halved").exists()
    again = []
    monkeypatch.setattr(
        generated.Painter, "there", lambda self, images, way: again.append(len(images)) or translated(self, images, way)
    )
    card = made(workspace, generator, name="halved")

    assert sum(again) == sum(card.images.values()) - 8  # two chunks of four were kept
    assert card.images == whole.images
    left, right = (synthetic.passports(workspace, name) for name in ("halved", "whole"))
    assert left.equals(right)
    assert not any(path.is_dir() for path in (workspace.cache / "translations" / "halved").iterdir())


def test_a_stop_leaves_no_data_set(workspace, generator, tmp_path, monkeypatch):
    job = tmp_path / "job"
    job.mkdir()
    (job / "stop").touch()
    monkeypatch.setenv(JOB_DIR, str(job))
    monkeypatch.setattr("core.base.progress.WRITE_EVERY_S", 0)

    with pytest.raises(Cancelled):
        made(workspace, generator)

    assert not workspace.dataset("ptx").exists()


def test_a_name_that_is_taken_is_refused(workspace, generator):
    made(workspace, generator)

    with pytest.raises(InputError, match=r"found one made by cyclegan-.* \(all, a-to-b\) named 'ptx'; choose another"):
        made(workspace, generator, direction=B_TO_A)
    with pytest.raises(InputError, match="found a data set of films named 'tiny'"):
        made(workspace, generator, name=DATASET)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dataset": "nih"}, "Expected an indexed data set, found none named 'nih'"),
        ({"split": "other"}, "found none named 'other'"),
        ({"name": "a b"}, "Expected a data set name"),
        ({"part": "test"}, "Expected films with 'No Finding' only to translate a-to-b, found none in part 'test'"),
    ],
)
def test_what_cannot_be_translated_is_refused(workspace, generator, options, sentence):
    with pytest.raises(InputError, match=sentence):
        made(workspace, generator, **options)


def test_a_table_without_images_is_refused(workspace, generator):
    table = radiographs.load(workspace, DATASET)
    files.write_parquet(workspace.radiographs(DATASET), table.assign(path=None, sha256=None))

    with pytest.raises(InputError, match="'tiny' is a table only; index it with --images"):
        made(workspace, generator)


def test_a_generator_of_phantoms_translates_no_real_film(workspace, generator):
    phantoms = generated.make_generator(workspace, seed=1, kinds={"phantom": 30})

    with pytest.raises(InputError, match="kind this checkpoint learnt from"):
        made(workspace, phantoms)


def test_a_classifier_is_no_generator(workspace, generator):
    with pytest.raises(InputError, match="Expected a checkpoint, found none named 'cnn'; choose from cyclegan-"):
        made(workspace, "cnn")


def test_two_processes_do_not_make_the_same(workspace, generator):
    folder = workspace.cache / "translations" / "ptx"

    with (
        files.held_alone(folder, doing="tests"),
        pytest.raises(InputError, match="another process that translates the same"),
    ):
        made(workspace, generator)


def test_the_networks_of_a_checkpoint_translate(made_once, workspace):
    explained.copied(made_once[0], workspace)

    card = made(workspace, made_once[1], part="val")

    told = synthetic.passports(workspace, "ptx")
    assert len(told) == sum(card.images.values())
    assert told["cycle_error"].between(0, 1).all()
    assert radiographs.load(workspace, "ptx")["width"].eq(32).all()


def test_without_the_films_that_were_learnt_no_nearest_one_is_named(workspace, generator):
    gone = generated.make_generator(workspace, seed=1, dataset="gone")

    card = made(workspace, gone)

    assert "no nearest one is named" in card.notes[0]
    assert synthetic.passports(workspace, "ptx")["nearest_image_id"].isna().all()


def test_domains_are_told_by_the_findings():
    films = pd.DataFrame(
        {"label": pd.array([1, 0, 0, None], "Int64"), "findings": ["Effusion|Pneumothorax", "No Finding", "Mass", None]}
    )

    assert parents.domains(films).fillna("").tolist() == ["B", "A", "", ""]


@pytest.mark.parametrize("lost", ["chunk-000000.parquet", "set"])
def test_what_was_kept_and_is_damaged_is_made_again(workspace, generator, monkeypatch, lost):
    monkeypatch.setattr(translate, "CHUNK", 4)

    def dying(*_arguments, **_options):
        raise studies.PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(synthetic_set, "write", dying)
        with pytest.raises(studies.PowerCut):
            made(workspace, generator)
    (place,) = (path for path in (workspace.cache / "translations" / "ptx").iterdir() if path.is_dir())
    if lost == "set":
        shutil.rmtree(place / lost)
    else:
        (place / lost).write_bytes(b"no table")

    card = made(workspace, generator)

    rows = radiographs.load(workspace, "ptx")
    assert len(rows) == len(synthetic.passports(workspace, "ptx")) == sum(card.images.values())
    assert all(Path(path).exists() for path in rows["path"])


def test_a_set_whose_images_are_gone_is_not_there(workspace, generator):
    made(workspace, generator)
    Path(radiographs.load(workspace, "ptx")["path"].iloc[0]).unlink()

    with pytest.raises(InputError, match="Expected the images of 'ptx' where they were made, found 1 gone; remove"):
        made(workspace, generator)
