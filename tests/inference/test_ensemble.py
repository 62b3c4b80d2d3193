from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from core.base import files
from core.base.errors import InputError
from core.data import split_store
from core.inference import ensemble
from core.inference.predict import predict
from core.models import cards, checkpoint, members
from core.training import engine
from core.training.config import TrainConfig
from tests.inference import explained
from tests.training import studies

PLACE = (studies.DATASET, studies.SPLIT)


@pytest.fixture(autouse=True)
def _tiny_classifier(monkeypatch) -> None:
    studies.use_tiny_classifier(monkeypatch)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, list[str]]:
    """Two classifiers of one split, of different sizes, trained once: the folder, and their names."""
    folder = tmp_path_factory.mktemp("trained")
    with explained.entered(folder) as workspace:
        return folder, explained.train_two(workspace, folder, epochs=studies.OPTIONS["epochs"], patients=80)


@pytest.fixture
def trained(made, workspace) -> list[str]:
    """Two classifiers of one split, of different sizes, in the test's own workspace."""
    explained.copied(made[0], workspace)
    return list(made[1])


def table(workspace, checkpoint_id: str, part: str) -> pd.DataFrame:
    return files.read_parquet(workspace.predictions(checkpoint_id, *PLACE, part)).set_index("image_id")


def test_an_ensemble_names_its_members_by_hash_and_holds_fusion_weights(workspace, trained):
    name = ensemble.create(workspace, trained, *PLACE, method="log-loss")

    card = cards.read_card(workspace, name)
    assert name.startswith("ensemble-tiny-")
    assert [member["checkpoint_id"] for member in card["members"]] == trained
    assert [member["weights_sha256"] for member in card["members"]] == [
        cards.read_card(workspace, one)["weights_sha256"] for one in trained
    ]
    weights = np.array([member["weight"] for member in card["members"]])
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1)
    assert [member["size"] for member in card["members"]] == [32, 48]
    assert set(card["fusion"]["on_tune"]) == {"log-loss", "f1", "equal", "members"}
    assert card["parameters"] == 2 * cards.read_card(workspace, trained[0])["parameters"]
    assert cards.checkpoint_ids(workspace)[0] == name
    assert "Member: " + trained[0] in (workspace.checkpoint(name) / cards.MODEL_CARD).read_text()


def test_it_predicts_what_is_missing_itself_and_fuses_calibrated_probabilities(workspace, trained):
    name = ensemble.create(workspace, trained, *PLACE, method="equal")
    for one in trained:
        workspace.predictions(one, *PLACE, "test").unlink()

    path = predict(workspace, name, studies.DATASET, split=studies.SPLIT, part="test")

    fused, first, second = (table(workspace, one, "test") for one in (name, *trained))
    mean = (first["probability"] + second["probability"]) / 2
    np.testing.assert_allclose(fused["logit"], special.logit(mean.loc[fused.index]), rtol=1e-9)
    calibration = cards.read_card(workspace, name)["calibration"]
    expected = special.expit(calibration["a"] * fused["logit"] + calibration["b"])
    np.testing.assert_allclose(fused["probability"], expected, rtol=1e-12)
    signals = pd.read_parquet(path.with_suffix(".signals.parquet"))
    assert signals["image_id"].tolist() == fused.index.tolist()
    np.testing.assert_allclose(
        np.stack(signals["member_probabilities"]),
        np.column_stack([first["probability"].loc[fused.index], second["probability"].loc[fused.index]]),
    )


def test_weights_and_calibration_are_learnt_on_tune_alone(workspace, trained):
    first = cards.read_card(workspace, ensemble.create(workspace, trained, *PLACE, method="log-loss"))
    split = split_store.load(workspace, *PLACE)
    outside = split.loc[(split["part"] == "val") & (split["fold"] != "tune"), "image_id"]
    for one in trained:
        path = workspace.predictions(one, *PLACE, "val")
        changed = pd.read_parquet(path)
        changed.loc[changed["image_id"].isin(outside), "probability"] = 0.5
        files.write_parquet(path, changed)

    second = cards.read_card(workspace, ensemble.create(workspace, trained, *PLACE, method="log-loss"))

    assert second["members"] == first["members"]
    assert second["calibration"] == first["calibration"]


def test_a_stale_prediction_of_a_member_is_made_anew(workspace, trained):
    name = ensemble.create(workspace, trained, *PLACE, method="equal")
    path = workspace.predictions(trained[0], *PLACE, "test")
    before = pd.read_parquet(path)
    files.write_parquet(path, before.assign(probability=0.5, weights_sha256="0" * 64))

    predict(workspace, name, studies.DATASET, split=studies.SPLIT, part="test")

    pd.testing.assert_frame_equal(pd.read_parquet(path), before)


def test_a_changed_member_is_refused(workspace, trained):
    name = ensemble.create(workspace, trained, *PLACE, method="equal")
    path = workspace.checkpoint(trained[0]) / cards.CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"weights_sha256": "0" * 64}))

    with pytest.raises(InputError, match=f"the member '{trained[0]}' as the ensemble '{name}' fused it, found other"):
        predict(workspace, name, studies.DATASET, split=studies.SPLIT, part="test")


def test_a_member_that_is_gone_is_refused(workspace, trained):
    name = ensemble.create(workspace, trained, *PLACE, method="equal")
    (workspace.checkpoint(trained[1]) / cards.CARD).unlink()

    with pytest.raises(InputError, match=f"Expected a checkpoint, found none named '{trained[1]}'"):
        predict(workspace, name, studies.DATASET, split=studies.SPLIT, part="test")


def test_members_that_do_not_fit_together_are_refused(workspace, trained):
    name = ensemble.create(workspace, trained, *PLACE, method="equal")
    split_store.create(workspace, studies.DATASET, "balanced", "balanced")
    other = engine.train(workspace, TrainConfig.from_dict(studies.OPTIONS | {"split": "balanced"}))

    for ids, sentence in (
        (trained[:1], "two or more different checkpoints"),
        ([trained[0]] * 2, "two or more different checkpoints"),
        ([trained[0], name], "found the ensemble"),
        ([trained[0], other], "which learnt from tiny/balanced; leave it out"),
        ([trained[0], "nothing"], "found none named 'nothing'"),
    ):
        with pytest.raises(InputError, match=sentence):
            members.chosen(workspace, ids, *PLACE)


def test_members_that_learnt_other_labels_are_refused(workspace, trained):
    path = workspace.checkpoint(trained[1]) / cards.CARD
    path.write_text(json.dumps(json.loads(path.read_text()) | {"labels": "readers"}))

    with pytest.raises(InputError, match="learnt from the same films and labels"):
        members.chosen(workspace, trained, *PLACE)


def test_an_ensemble_cannot_be_loaded_as_a_network(workspace, trained):
    name = ensemble.create(workspace, trained, *PLACE, method="equal")

    with pytest.raises(InputError, match="name one of its members"):
        checkpoint.load(workspace, name)


def test_members_without_weight_are_named_and_an_ensemble_of_one_is_called_so():
    named = [
        {"title": title, "checkpoint_id": f"x-{title}-12345678", "weight": weight}
        for title, weight in (("A", 0.0), ("B", 0.999), ("C", 0.001))
    ]

    assert ensemble._unheard(named) == [
        "The ensemble gives A (12345678) and C (12345678) no weight: it is B (12345678) alone; tune fits best without."
    ]
    assert ensemble._unheard([dict(member, weight=1 / 3) for member in named]) == []


def test_a_member_that_is_certain_does_not_break_the_logit():
    certain = np.array([[0.0, 0.0], [1.0, 1.0]])

    assert np.isfinite(members.fused_logits(certain, [0.5, 0.5])).all()


def test_the_same_members_fused_again_are_the_same_ensemble(workspace, trained):
    assert ensemble.create(workspace, trained, *PLACE, method="equal") == ensemble.create(
        workspace, trained, *PLACE, method="equal"
    )


def test_ensembles_of_other_members_with_the_same_weights_have_other_names(workspace, trained):
    third = engine.train(workspace, TrainConfig.from_dict(studies.OPTIONS | {"seed": 3}))

    names = {
        ensemble.create(workspace, pair, *PLACE, method="equal")
        for pair in (trained, [trained[0], third], [third, trained[0]])
    }

    assert len(names) == 3
