from __future__ import annotations

import numpy as np
import pytest

from core.base import files
from core.base.errors import InputError
from core.data import radiographs, split_store
from core.inference import training_films
from core.models import cards
from core.training import engine, material
from core.training.config import TrainConfig
from tests.inference import explained
from tests.synthesis import generated
from tests.training import studies

LIMITS = {"synthetic_share": 0.5, "max_cycle_error": 1.0}


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """The tiny study with its translations."""
    folder = tmp_path_factory.mktemp("generated")
    generated.make(folder, sets=True)
    return folder


@pytest.fixture
def films(made_once, workspace, monkeypatch):
    """The radiographs of the tiny study, in the test's workspace, where "cnn" is the tiny classifier."""
    studies.use_tiny_classifier(monkeypatch)
    explained.copied(made_once, workspace)
    return radiographs.load(workspace, studies.DATASET)


def config(**options) -> TrainConfig:
    return TrainConfig.from_dict(studies.OPTIONS | {"epochs": 1} | options)


def test_synthetic_films_are_learnt_after_those_of_train_and_change_nothing_else(workspace, films):
    without = material.prepare(workspace, config())

    found = material.prepare(workspace, config(synthetic="ptx", **LIMITS))

    assert found.table.equals(without.table)
    assert found.spec == without.spec
    assert found.natural_prevalence == without.natural_prevalence
    for part in ("train", "val", "test"):
        own, theirs = found.films(part), without.films(part)
        np.testing.assert_array_equal(own.pixels.read(own.positions), theirs.pixels.read(theirs.positions))
    train, learnt = without.rows("train"), found.learnt()
    assert learnt["image_id"][: len(train)].tolist() == train["image_id"].tolist()
    added = learnt[len(train) :]
    assert len(added) == round(0.5 * (train["label"] == 1).sum())
    assert added["source"].eq("synthetic").all()
    assert set(added["parent_image_id"]) <= set(train["image_id"])
    loaded = found.learnt_films()
    assert loaded.labels.tolist() == learnt["label"].tolist()
    wanted = material.PixelCache.ensure(workspace, added, size=32).read(np.arange(len(added)))
    np.testing.assert_array_equal(loaded.pixels.read(loaded.positions[len(train) :]), wanted)


def test_what_is_learnt_has_another_identity(workspace, films):
    identities = {
        material.prepare(workspace, config(**options)).identity()
        for options in (
            {},
            {"synthetic": "ptx", **LIMITS},
            {"synthetic": "ptx", **LIMITS, "synthetic_share": 1.0},
            {"synthetic": "ptx,nf", **LIMITS, "synthetic_classes": "both"},
        )
    }

    assert len(identities) == 4


def test_without_synthetic_films_a_run_is_what_it_was(workspace, films):
    found = material.prepare(workspace, config())

    assert found.made is None
    assert found.learnt().equals(found.rows("train"))
    assert len(found.learnt_films()) == len(found.films("train"))


def test_the_card_tells_what_was_learnt_and_the_features_are_those_of_films_only(workspace, films):
    name = engine.train(workspace, config(synthetic="ptx,nf", synthetic_classes="both", **LIMITS))

    card = cards.read_card(workspace, name)
    train = material.labelled(workspace, studies.DATASET, studies.SPLIT, "report").rows("train")
    told = card["synthetic"]
    assert told["name"] == "ptx,nf"
    assert told["classes"] == "both"
    assert told["share"] == 0.5
    assert told["generator_id"] == cards.checkpoint_ids(workspace, task=cards.TRANSLATION)[0]
    assert told["positives"] == told["negatives"] == round(0.5 * (train["label"] == 1).sum())
    assert card["kinds"] == {"real": len(train), "synthetic": told["positives"] + told["negatives"]}
    assert card["parts"]["train"]["films"] == len(train)
    assert "invented by a network" in " ".join(card["notes"])
    features = np.load(workspace.checkpoint(name) / cards.TRAIN_FEATURES)
    assert len(features) == len(train)
    assert training_films.load(workspace, card).image_ids.tolist() == train["image_id"].tolist()


def test_a_classifier_without_synthetic_films_says_nothing_of_them(workspace, films):
    card = cards.read_card(workspace, engine.train(workspace, config()))

    assert "synthetic" not in card
    assert "synthetic" not in card["kinds"]


def test_a_multitask_cnn_grades_synthetic_films_by_their_pixels(workspace, films):
    columns = ("quality_grade", "exposure", "contrast", "sharpness", "noise", "rotation_cropping", "size_share")

    found = material.prepare(workspace, config(synthetic="ptx", **LIMITS), further=columns)

    learnt = found.learnt_films()
    added = learnt.targets[len(found.rows("train")) :]
    assert len(learnt.targets) == len(learnt)
    assert np.isfinite(added[:, 0]).all()
    assert np.isnan(added[:, -1]).all()
    assert len(found.targets.values) == len(found.table)


def test_enlarged_images_are_told_of(workspace, films):
    card = cards.read_card(workspace, engine.train(workspace, config(synthetic="ptx", image_size=48, **LIMITS)))

    assert any("32 px and were enlarged to 48" in note for note in card["notes"])


def test_a_generator_that_saw_a_patient_of_test_is_refused(workspace, films):
    split = split_store.load(workspace, studies.DATASET, studies.SPLIT)
    path = workspace.synthetic_card("ptx")
    patient = split.loc[split["part"] == "test", "patient_id"].iloc[0]
    files.write_json(path, files.read_json(path) | {"patients": [patient]})

    with pytest.raises(InputError, match=f"saw no patient of val or test, found 1 whom .*: {patient}"):
        engine.train(workspace, config(synthetic="ptx"))


@pytest.mark.parametrize("changed", [{"weights_sha256": "other"}, {"patients": ["p000"]}])
def test_a_generator_that_is_another_by_now_is_refused(workspace, films, changed):
    path = workspace.checkpoint(cards.checkpoint_ids(workspace, task=cards.TRANSLATION)[0]) / cards.CARD
    files.write_json(path, files.read_json(path) | changed)

    with pytest.raises(InputError, match="as it was when 'ptx' was made, found another"):
        material.prepare(workspace, config(synthetic="ptx"))


def test_of_a_generator_that_is_gone_the_sets_own_card_speaks(workspace, films):
    (workspace.checkpoint(cards.checkpoint_ids(workspace, task=cards.TRANSLATION)[0]) / cards.CARD).unlink()

    assert material.prepare(workspace, config(synthetic="ptx", **LIMITS)).made.positives


@pytest.mark.parametrize(
    "option",
    [
        {"synthetic_share": 0.5},
        {"synthetic_classes": "both"},
        {"max_cycle_error": 0.2},
        {"min_probability_shift": 0.1},
        {"min_change_in_lung": 0.1},
    ],
)
def test_options_of_synthetic_images_are_asked_in_vain_without_any(option):
    (name,) = option

    with pytest.raises(InputError, match=f"Option '{name}' belongs to synthetic images, found it without any") as error:
        config(**option)

    assert error.value.field == name
    assert config(synthetic="ptx", **option)
