"""Telling synthetic images from films: fairly matched, learnt by patient, measured on others."""

import shutil

import numpy as np
import pytest

from core.base import files
from core.base.errors import InputError
from core.data import radiographs
from core.models import cards
from core.synthesis import origin, origin_films
from core.synthesis.config import OriginConfig
from core.synthesis.origin_films import KEPT, LABEL, TRAIN, TUNE
from tests.synthesis import real_and_made as made
from tests.training import studies


def config(**changes) -> OriginConfig:
    return OriginConfig(synthetic=made.NAME, epochs=8, batch_size=16, learning_rate=0.02, **changes)


@pytest.fixture
def tiny(monkeypatch) -> None:
    studies.use_tiny_classifier(monkeypatch)


def test_images_and_films_are_matched_by_patient_and_domain(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=40)

    matched = origin_films.gather(workspace, made.NAME)

    images, films = (matched.table[matched.table[LABEL] == label] for label in (1, 0))
    assert not set(images["patient_id"]) & set(films["patient_id"])
    ids = radiographs.load(workspace, made.DATASET).set_index("image_id")["label"]
    assert set(ids[films["image_id"]]) == {1}
    parts = {role: set(matched.rows(role)["patient_id"]) for role in (TRAIN, TUNE, KEPT)}
    assert not parts[TRAIN] & (parts[TUNE] | parts[KEPT])
    assert not parts[TUNE] & parts[KEPT]
    assert not matched.rows(TRAIN)["unseen"].any()
    assert matched.measured["part"].eq("val").all()


def test_a_patient_with_a_parent_is_not_on_the_side_of_the_films(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=40)
    path = workspace.radiographs(made.DATASET)
    table = files.read_parquet(path)
    parent = table.loc[table["label"] == 0, "patient_id"].iloc[-1]
    row = table.index[table["label"] == 1][-1]
    table.loc[row, "patient_id"] = parent
    card = origin_films.synthetic.card(workspace, made.NAME)

    films = origin_films._films(table, card, set(radiographs.load(workspace, made.NAME)["patient_id"]))

    assert table.loc[row, "image_id"] not in set(films["image_id"])
    assert len(films) == (table["label"] == 1).sum() - 1


def test_a_planted_texture_is_told(workspace, tmp_path, tiny):
    made.make(workspace, tmp_path, texture=40.0)

    checkpoint_id = origin.train(workspace, config())

    card = cards.read_card(workspace, checkpoint_id, task=cards.ORIGIN)
    apart = card["metrics"]["measured"]
    assert apart["auroc"]["value"] > 0.95
    assert card["parts"]["measured"] == origin_films.counts(origin_films.gather(workspace, made.NAME).rows(KEPT))
    assert card["kinds"] == {"real": 40, "synthetic": 40}
    assert cards.checkpoint_ids(workspace) == []  # no page takes it for a classifier of pneumothorax
    assert "It says nothing of disease" in (workspace.checkpoint(checkpoint_id) / cards.MODEL_CARD).read_text()


def test_images_drawn_as_films_are_cannot_be_told(workspace, tmp_path, tiny):
    made.make(workspace, tmp_path, patients=160)

    checkpoint_id = origin.train(workspace, config(seed=3))

    found = cards.read_card(workspace, checkpoint_id, task=cards.ORIGIN)["metrics"]["measured"]["auroc"]
    assert found["low"] < 0.5 < found["high"]


def test_the_checkpoint_reads_back_and_fits_only_what_it_learnt(workspace, tmp_path, tiny):
    made.make(workspace, tmp_path, patients=40, texture=40.0)
    matched = origin_films.gather(workspace, made.NAME)
    assert origin.fitting(workspace, matched) is None

    checkpoint_id = origin.train(workspace, config())

    assert origin.fitting(workspace, matched) == checkpoint_id
    pixels = matched.pixels(workspace)
    rows = matched.rows(KEPT)
    said = origin.load(workspace, checkpoint_id).read(pixels.read(pixels.rows_of(rows["image_id"]))).probabilities
    kept = cards.read_card(workspace, checkpoint_id, task=cards.ORIGIN)["metrics"]["measured"]["auroc"]["value"]
    assert origin.auroc(rows, said).value == pytest.approx(kept)
    path = workspace.radiographs(made.NAME)
    files.write_parquet(path, files.read_parquet(path).iloc[1:])  # another set of the same name
    assert origin.fitting(workspace, origin_films.gather(workspace, made.NAME)) is None


def test_of_several_classifiers_the_one_that_tells_best_on_tune_is_asked(workspace, tmp_path, tiny):
    made.make(workspace, tmp_path, patients=40, texture=40.0)
    good = origin.train(workspace, config())
    newer = cards.read_card(workspace, good, task=cards.ORIGIN)
    newer |= {"checkpoint_id": f"{good}-newer", "created_at": "2099-01-01T00:00:00+00:00"}
    newer["metrics"]["tune"]["auroc"]["value"] = 0.5
    shutil.copytree(workspace.checkpoint(good), workspace.checkpoint(f"{good}-newer"))
    files.write_json(workspace.checkpoint(f"{good}-newer") / cards.CARD, newer)

    assert origin.fitting(workspace, origin_films.gather(workspace, made.NAME)) == good


def test_a_training_that_was_stopped_ends_as_one_that_was_not(workspace, tmp_path, tiny, monkeypatch):
    made.make(workspace, tmp_path, patients=40)
    monkeypatch.setattr(origin, "SAVE_EVERY", 1)
    with monkeypatch.context() as patch:
        studies.die_at_step(patch, 12)
        with pytest.raises(studies.PowerCut):
            origin.train(workspace, config())
    learnt = studies.steps_learnt(monkeypatch)

    first = origin.train(workspace, config())

    assert learnt[0] != (1, 0)
    weights = files.sha256_of_file(workspace.checkpoint(first) / cards.WEIGHTS)
    for path in workspace.checkpoint(first).iterdir():
        path.unlink()
    workspace.checkpoint(first).rmdir()
    assert files.sha256_of_file(workspace.checkpoint(origin.train(workspace, config())) / cards.WEIGHTS) == weights


def test_damaged_weights_are_refused(workspace, tmp_path, tiny):
    made.make(workspace, tmp_path, patients=40)
    checkpoint_id = origin.train(workspace, config())
    (workspace.checkpoint(checkpoint_id) / cards.WEIGHTS).write_bytes(b"other")

    with pytest.raises(InputError, match="the file was changed or damaged"):
        origin.load(workspace, checkpoint_id)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "other"}, "which was translated, found data set 'other'"),
        ({"split": "none"}, "Expected a split"),
    ],
)
def test_other_films_are_refused_in_one_sentence(workspace, tmp_path, changes, message):
    made.make(workspace, tmp_path, patients=24)

    with pytest.raises(InputError, match=message):
        origin.train(workspace, config(**changes))


def test_a_split_made_anew_is_refused(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)
    card = files.read_json(workspace.synthetic_card(made.NAME))
    files.write_json(workspace.synthetic_card(made.NAME), card | {"split_sha256": "0" * 64})

    with pytest.raises(InputError, match="found it made anew; translate again"):
        origin_films.gather(workspace, made.NAME)


def test_a_part_without_images_is_refused(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)
    path = workspace.radiographs(made.NAME)
    table = files.read_parquet(path)
    files.write_parquet(path, table[table["part"] == "train"])

    with pytest.raises(InputError, match="val's fold tune of split 'domain', found 0 and"):
        origin.train(workspace, config())


def test_with_few_patients_apart_the_fold_tune_is_measured_too_and_that_is_told(workspace, tmp_path):
    made.make(workspace, tmp_path, patients=24)  # 4 ill and 4 well patients of certify

    rows, note = origin_films.gather(workspace, made.NAME).held_out()

    assert set(rows["role"]) == {TUNE, KEPT}
    assert "fold tune too" in note
    assert np.all(rows["unseen"])
