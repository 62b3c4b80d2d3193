from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from core.base import files, progress
from core.base.errors import Cancelled, InputError, PleuraScopeError
from core.data import radiographs, split_store
from core.inference import predict
from core.models import cards, checkpoint, pretrained
from core.models.pretrained import Origin
from core.training import engine, loop
from core.training.config import TrainConfig
from tests.training import studies


def config(**options) -> TrainConfig:
    return TrainConfig.from_dict(studies.OPTIONS | options)


def weights_hash(workspace, checkpoint_id: str) -> str:
    return cards.read_card(workspace, checkpoint_id)["weights_sha256"]


@pytest.fixture(autouse=True)
def _tiny_classifier(monkeypatch) -> None:
    studies.use_tiny_classifier(monkeypatch)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict:
    """The card, history and folder listing of one training run that was never stopped."""
    from core.base.paths import Settings, Workspace

    folder = tmp_path_factory.mktemp("unbroken")
    workspace = Workspace(Settings(workspace=folder / "workspace", checkpoints=folder / "checkpoints", device="cpu"))
    studies.make(workspace, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PLEURASCOPE_DEVICE", "cpu")
        patch.delenv("PLEURASCOPE_JOB_DIR", raising=False)
        studies.use_tiny_classifier(patch)
        checkpoint_id = engine.train(workspace, config())
    return {
        "id": checkpoint_id,
        "card": cards.read_card(workspace, checkpoint_id),
        "history": cards.read_history(workspace, checkpoint_id),
        "files": {path.name for path in workspace.checkpoint(checkpoint_id).iterdir()},
        "features": np.load(workspace.checkpoint(checkpoint_id) / cards.TRAIN_FEATURES),
        "states": sorted(path.name for path in workspace.root.glob("runs/*/*.state")),
    }


def test_a_checkpoint_is_complete_and_its_states_are_gone(unbroken):
    assert unbroken["files"] == set(cards.ALL_FILES)
    assert unbroken["states"] == []
    assert unbroken["features"].shape == (24, 8)


def test_the_history_has_a_row_an_epoch(unbroken):
    history = unbroken["history"]

    assert history["epoch"].tolist() == [1, 2, 3]
    assert history[["train_loss", "tune_loss", "tune_auroc", "seconds", "images_per_s"]].notna().all(axis=None)
    assert history["tune_auroc"].between(0, 1).all()
    best = unbroken["card"]["training"]["best_epoch"]
    assert history["tune_auroc"].iloc[best - 1] == history["tune_auroc"].max()


def test_the_card_says_what_was_learnt_from_and_what_came_of_it(unbroken):
    card = unbroken["card"]

    assert card["kinds"] == {"real": 24}
    assert card["input"]["size"] == 32
    assert card["parts"]["train"] == {"films": 24, "patients": 12, "positive_films": 12, "positive_patients": 6}
    calibration = card["calibration"]
    assert (calibration["method"], calibration["prevalence"], calibration["films"]) == ("platt", 0.5, 8)
    assert calibration["a"] >= 0.01
    efficiency = card["efficiency"]
    assert 0 < efficiency["gflops"] < 0.01
    assert efficiency["peak_memory_mb"] > 100
    assert efficiency["auroc_per_minute"] > 0
    assert efficiency["wall_s"] == card["training_s"]
    assert len(card["films_sha256"]) == 64
    assert set(card["operating_points"]) == {"youden", "sensitivity-95", "specificity-95"}
    assert set(card["metrics"]) == {"val", "test"}
    assert card["metrics"]["val"]["fold"] == "tune"
    assert [card["metrics"][part]["films"] for part in ("val", "test")] == [8, 8]
    assert len(set(card["patients_sha256"].values())) == 3
    assert (card["labels"], card["seed"], card["training"]["device"]) == ("report", 1, "cpu")


def test_a_run_that_was_cancelled_loses_no_step_and_ends_as_one_that_was_not(
    workspace, tmp_path, monkeypatch, unbroken
):
    studies.make(workspace, tmp_path)
    job = tmp_path / "job"
    job.mkdir()
    monkeypatch.setenv(progress.JOB_DIR, str(job))
    monkeypatch.setattr(progress, "WRITE_EVERY_S", -1)  # look for a stop after every batch
    with monkeypatch.context() as patch:
        learnt = studies.steps_learnt(patch)
        check = progress.check_stop
        patch.setattr(progress, "check_stop", lambda: ((job / "stop").touch() if len(learnt) == 5 else None, check()))
        with pytest.raises(Cancelled):
            engine.train(workspace, config())
    assert learnt[-1] == (2, 1)  # of three batches an epoch
    (job / "stop").unlink()
    assert cards.checkpoint_ids(workspace) == []

    learnt = studies.steps_learnt(monkeypatch)
    checkpoint_id = engine.train(workspace, config())

    assert learnt[0] == (2, 2)
    assert_same_run(workspace, checkpoint_id, unbroken)
    rows = [json.loads(line) for line in (job / "history.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3]


@pytest.mark.parametrize("step", range(2, 10))
def test_a_run_that_was_killed_repeats_at_most_the_configured_steps_and_ends_as_one_that_was_not(
    workspace, tmp_path, monkeypatch, unbroken, step
):
    studies.make(workspace, tmp_path)
    options = config(save_every_steps=2)
    monkeypatch.setattr(TrainConfig, "fingerprint", lambda _config: "same")
    with monkeypatch.context() as patch:
        studies.die_at_step(patch, step)
        with pytest.raises(studies.PowerCut):
            engine.train(workspace, options)

    learnt = studies.steps_learnt(monkeypatch)
    checkpoint_id = engine.train(workspace, options)

    assert 9 - (step - 1) <= len(learnt) <= 9 - (step - 1) + 2
    assert_same_run(workspace, checkpoint_id, unbroken)


def assert_same_run(workspace, checkpoint_id: str, unbroken: dict) -> None:
    assert weights_hash(workspace, checkpoint_id) == unbroken["card"]["weights_sha256"]
    pd.testing.assert_frame_equal(
        cards.read_history(workspace, checkpoint_id).drop(columns=["seconds", "images_per_s"]),
        unbroken["history"].drop(columns=["seconds", "images_per_s"]),
    )


def test_a_state_of_other_films_is_not_taken_up(workspace, tmp_path, monkeypatch):
    split = studies.make(workspace, tmp_path)
    with monkeypatch.context() as patch:
        studies.die_at_step(patch, 3)
        with pytest.raises(studies.PowerCut):
            engine.train(workspace, config(epochs=1, save_every_steps=1))
    smaller = split[split["image_id"] != split.loc[split["part"] == "train", "image_id"].iloc[0]]
    split_store.save(workspace, studies.DATASET, studies.SPLIT, smaller, kind="patient", seed=0)

    checkpoint_id = engine.train(workspace, config(epochs=1, save_every_steps=1))

    assert cards.read_card(workspace, checkpoint_id)["parts"]["train"]["films"] == 23


def test_with_one_class_on_tune_the_lowest_log_loss_is_best_and_the_card_says_so(workspace, tmp_path):
    split = studies.make(workspace, tmp_path)
    split = split[~((split["fold"] == "tune") & (split["label"] == 1))]
    split_store.save(workspace, studies.DATASET, studies.SPLIT, split, kind="patient", seed=0)

    checkpoint_id = engine.train(workspace, config(epochs=2))

    card, history = cards.read_card(workspace, checkpoint_id), cards.read_history(workspace, checkpoint_id)
    assert history["tune_auroc"].isna().all()
    assert card["training"]["best_by"] == "log-loss"
    assert card["training"]["best_epoch"] == history["epoch"][history["tune_loss"].idxmin()]
    assert card["operating_points"] == {}
    assert card["metrics"]["val"]["auroc"]["value"] is None
    assert card["notes"][0].startswith("The fold tune held one class only")
    assert card["notes"][1] == "Not calibrated: the fold tune holds one class."
    assert (card["calibration"]["a"], card["calibration"]["b"]) == (1.0, 0.0)


def test_a_tune_fold_with_hardly_any_patient_who_is_ill_is_told(workspace, tmp_path, unbroken):
    split = studies.make(workspace, tmp_path)
    ill = split.loc[(split["fold"] == "tune") & (split["label"] == 1), "patient_id"].unique()
    split = split[~split["patient_id"].isin(ill[1:])]
    split_store.save(workspace, studies.DATASET, studies.SPLIT, split, kind="patient", seed=0)

    notes = cards.read_card(workspace, engine.train(workspace, config(epochs=1)))["notes"]

    assert notes[0].startswith("The fold tune holds 1 patient with a pneumothorax: best epoch, calibration")


def test_patience_ends_training_early(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    areas = iter([0.6, 0.9, 0.7, 0.8, 0.95])
    monkeypatch.setattr(loop._Run, "_found", lambda _run: {"tune_loss": 0.5, "tune_auroc": next(areas)})

    checkpoint_id = engine.train(workspace, config(epochs=5, patience=2))

    assert cards.read_history(workspace, checkpoint_id)["epoch"].tolist() == [1, 2, 3, 4]
    assert cards.read_card(workspace, checkpoint_id)["training"]["best_epoch"] == 2


def test_a_loss_that_is_no_number_stops_and_says_where(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    monkeypatch.setattr(studies.Tiny, "loss", lambda model, batch: model(batch.images).sum() * torch.nan)

    with pytest.raises(PleuraScopeError, match="The loss of batch 1 in epoch 1 is no finite number, before any epoch"):
        engine.train(workspace, config())

    assert cards.checkpoint_ids(workspace) == []


def test_a_later_loss_that_is_no_number_keeps_the_best_weights_before_it(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    learnt = studies.steps_learnt(monkeypatch)
    loss = studies.Tiny.loss
    monkeypatch.setattr(
        studies.Tiny, "loss", lambda model, batch: loss(model, batch) * (torch.inf if learnt[-1] == (2, 1) else 1)
    )

    with pytest.raises(PleuraScopeError, match=r"batch 2 in epoch 2 .* the best weights before, of epoch 1, are kept"):
        engine.train(workspace, config())

    (checkpoint_id,) = cards.checkpoint_ids(workspace)
    card = cards.read_card(workspace, checkpoint_id)
    assert len(cards.read_history(workspace, checkpoint_id)) == 1
    assert card["training"]["stopped"] == "The loss of batch 2 in epoch 2 is no finite number"
    assert card["notes"][0].startswith("Training ended before its time")
    assert all(tensor.isfinite().all() for tensor in checkpoint.load(workspace, checkpoint_id).classifier.parameters())


def test_out_of_memory_halves_the_batch_keeps_its_effect_and_goes_on(workspace, tmp_path, monkeypatch, unbroken):
    studies.make(workspace, tmp_path)
    loss, sizes = studies.Tiny.loss, []

    def greedy(model, batch):
        sizes.append(len(batch.rows))
        if len(batch.rows) > 3:
            raise torch.OutOfMemoryError
        return loss(model, batch)

    monkeypatch.setattr(studies.Tiny, "loss", greedy)

    checkpoint_id = engine.train(workspace, config())

    card, history = cards.read_card(workspace, checkpoint_id), cards.read_history(workspace, checkpoint_id)
    assert sizes[:6] == [8, 4, 2, 2, 2, 2]
    assert card["training"]["batch_parts"] == 4
    assert any(note.startswith("Memory ran out") for note in card["notes"])
    # Not the same: normalisation sees fewer films at once.
    assert history["train_loss"].to_numpy() == pytest.approx(unbroken["history"]["train_loss"].to_numpy(), rel=0.3)


def test_memory_that_does_not_hold_one_film_is_told(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)

    def greedy(_model, _batch):
        msg = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 99 bytes"
        raise RuntimeError(msg)

    monkeypatch.setattr(studies.Tiny, "loss", greedy)

    with pytest.raises(PleuraScopeError, match="Memory ran out; train again with a smaller batch size"):
        engine.train(workspace, config())


def test_another_error_is_not_taken_for_want_of_memory(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)

    def broken(_model, _batch):
        msg = "mat1 and mat2 shapes cannot be multiplied"
        raise RuntimeError(msg)

    monkeypatch.setattr(studies.Tiny, "loss", broken)

    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        engine.train(workspace, config())


def test_a_full_disk_leaves_the_state_before_and_no_checkpoint(workspace, tmp_path, monkeypatch, unbroken):
    studies.make(workspace, tmp_path)
    write_bytes = Path.write_bytes

    def full_later(path, content):
        if "last.state" in path.name and len(learnt) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(path, content)

    with monkeypatch.context() as patch:
        learnt = studies.steps_learnt(patch)
        patch.setattr(Path, "write_bytes", full_later)
        with pytest.raises(OSError, match="No space left on device"):
            engine.train(workspace, config(save_every_steps=2))
    assert cards.checkpoint_ids(workspace) == []

    learnt = studies.steps_learnt(monkeypatch)
    checkpoint_id = engine.train(workspace, config(save_every_steps=2))

    assert learnt[0] == (2, 1)
    assert weights_hash(workspace, checkpoint_id) == unbroken["card"]["weights_sha256"]


def test_what_a_kill_left_half_written_is_cleared_away(workspace, tmp_path):
    studies.make(workspace, tmp_path)
    folder = workspace.root / "runs" / config(epochs=1).fingerprint()
    folder.mkdir(parents=True)
    (folder / ".last.state.x.part").write_bytes(b"half")

    engine.train(workspace, config(epochs=1))

    assert not list(folder.glob(".*.part"))


def test_the_average_of_the_weights_is_what_is_measured_and_kept(workspace, tmp_path):
    studies.make(workspace, tmp_path)

    plain = engine.train(workspace, config(epochs=1))
    averaged = engine.train(workspace, config(epochs=1, ema_decay=0.5))

    one, other = (checkpoint.load(workspace, name).classifier.state_dict() for name in (plain, averaged))
    assert any(not torch.equal(one[name], other[name]) for name in one)
    assert cards.read_history(workspace, averaged)["train_loss"].equals(
        cards.read_history(workspace, plain)["train_loss"]
    )


def test_an_averaged_run_that_was_killed_ends_as_one_that_was_not(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    options = config(ema_decay=0.9, save_every_steps=1)
    digest = weights_hash(workspace, engine.train(workspace, options))
    with monkeypatch.context() as patch:
        studies.die_at_step(patch, 6)
        with pytest.raises(studies.PowerCut):
            engine.train(workspace, options)

    assert weights_hash(workspace, engine.train(workspace, options)) == digest


def started(workspace, seed: int = 1) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return studies.Tiny(0.5).state_dict()


def test_a_frozen_backbone_keeps_its_weights_and_its_normalisation(workspace, tmp_path):
    studies.make(workspace, tmp_path)

    kept = engine.train(workspace, config(epochs=2, frozen_epochs=2))

    weights = checkpoint.load(workspace, kept).classifier.state_dict()
    first = started(workspace)
    assert all(torch.equal(weights[name], first[name]) for name in first if name.startswith("trunk."))
    assert not torch.equal(weights["head.1.weight"], first["head.1.weight"])


def test_a_backbone_thaws_after_its_frozen_epochs(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    areas = iter([0.6, 0.9])
    monkeypatch.setattr(loop._Run, "_found", lambda _run: {"tune_loss": 0.5, "tune_auroc": next(areas)})

    kept = engine.train(workspace, config(epochs=2, frozen_epochs=1))

    weights = checkpoint.load(workspace, kept).classifier.state_dict()
    assert not torch.equal(weights["trunk.0.weight"], started(workspace)["trunk.0.weight"])


def test_a_head_alone_learns_on_features_computed_once(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    seen = []
    features = studies.Tiny.features
    monkeypatch.setattr(
        studies.Tiny, "features", lambda model, images: (seen.append(len(images)), features(model, images))[1]
    )

    origin = Origin(kind="file", sentence="started from what it was built with")
    monkeypatch.setattr(pretrained, "apply", lambda *_given: origin)

    kept = engine.train(workspace, config(epochs=20, head_only=True, weights="auto"))

    films = 24 + 8 + 8  # train, tune, test
    # once to learn from, once to be measured at the end, one film to count operations
    assert sum(seen) == (24 + 8) + films + 1
    weights, first = checkpoint.load(workspace, kept).classifier.state_dict(), started(workspace)
    assert all(torch.equal(weights[name], first[name]) for name in first if name.startswith("trunk."))
    assert not torch.equal(weights["head.1.weight"], first["head.1.weight"])
    assert len(cards.read_history(workspace, kept)) == 20


def test_a_head_alone_without_starting_weights_is_refused(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    monkeypatch.setattr(pretrained, "apply", lambda *_given: Origin(kind="scratch", sentence="trained from scratch"))

    with pytest.raises(InputError, match="Expected starting weights for a head alone, found none") as error:
        engine.train(workspace, config(head_only=True, weights="auto"))

    assert error.value.field == "head_only"


def test_balanced_training_is_calibrated_to_the_natural_prevalence(workspace, tmp_path):
    studies.make(workspace, tmp_path, patients=600, positive_every=6, hard=True)
    split_store.create(workspace, studies.DATASET, "balanced", "balanced")

    kept = engine.train(workspace, config(split="balanced", epochs=6, batch_size=16))

    card = cards.read_card(workspace, kept)
    natural = radiographs.load(workspace, studies.DATASET)["label"].mean()
    tune = card["parts"]["val"]
    assert tune["positive_films"] / tune["films"] == pytest.approx(0.5)
    assert natural == pytest.approx(1 / 6)
    assert card["calibration"]["prevalence"] == pytest.approx(natural)
    predict.predict(workspace, kept, studies.DATASET, split="patient", part="test")
    table = files.read_parquet(workspace.predictions(kept, studies.DATASET, "patient", "test"))
    label = table["label"].astype(float)
    raw = 1 / (1 + np.exp(-table["logit"]))
    assert table["probability"].mean() == pytest.approx(label.mean(), abs=0.06)
    assert raw.mean() > label.mean() + 0.1  # what balanced training alone would say
    for half in (
        table["probability"] < table["probability"].median(),
        table["probability"] >= table["probability"].median(),
    ):
        assert table.loc[half, "probability"].mean() == pytest.approx(label[half].mean(), abs=0.1)


def test_a_leaky_split_is_refused_and_its_patients_are_named(workspace, tmp_path):
    split = studies.make(workspace, tmp_path)
    leaky = split.assign(part=np.where(split["image_id"] == "000_0.png", "train", split["part"]))
    leaky.loc[split["image_id"] == "000_1.png", ["part", "fold"]] = ["test", None]
    split_store.save(workspace, studies.DATASET, studies.SPLIT, leaky, kind="patient", seed=0)

    with pytest.raises(InputError, match="p000"):
        engine.train(workspace, config())


def test_a_table_without_images_is_refused(workspace, tmp_path):
    split = studies.make(workspace, tmp_path)
    table = radiographs.load(workspace, studies.DATASET).assign(path=None)
    files.write_parquet(workspace.radiographs(studies.DATASET), table)
    split_store.save(workspace, studies.DATASET, studies.SPLIT, split, kind="patient", seed=0)

    with pytest.raises(InputError, match="found that 'tiny' is a table only; index it with --images"):
        engine.train(workspace, config())


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (lambda split: (split["part"] != "train") | (split["label"] == 0), "found 0 with and 12 without, in split"),
        (lambda split: split["fold"] != "tune", "found none with a label in split 'patient'"),
    ],
)
def test_a_split_that_cannot_be_learnt_from_is_refused(workspace, tmp_path, rows, sentence):
    split = studies.make(workspace, tmp_path)
    split_store.save(workspace, studies.DATASET, studies.SPLIT, split[rows(split)], kind="patient", seed=0)

    with pytest.raises(InputError, match=sentence):
        engine.train(workspace, config())


def test_a_synthetic_film_outside_train_is_refused(workspace, tmp_path):
    split = studies.make(workspace, tmp_path)
    table = radiographs.load(workspace, studies.DATASET)
    test_film = split.loc[split["part"] == "test", "image_id"].iloc[0]
    table.loc[table["image_id"] == test_film, "source"] = "synthetic"
    files.write_parquet(workspace.radiographs(studies.DATASET), table)
    split_store.save(workspace, studies.DATASET, studies.SPLIT, split, kind="patient", seed=0)

    with pytest.raises(
        InputError, match=f"synthetic films in the train part only, found 1 elsewhere, .* '{test_film}'"
    ):
        engine.train(workspace, config())


def test_unknown_labels_name_the_sources_there_are(workspace, tmp_path):
    studies.make(workspace, tmp_path)

    with pytest.raises(InputError, match="found none named 'readers'; choose from report"):
        engine.train(workspace, config(labels="readers"))


def test_two_processes_do_not_train_the_same_at_once(workspace, tmp_path):
    studies.make(workspace, tmp_path)
    import filelock

    folder = workspace.root / "runs" / config().fingerprint()
    with filelock.FileLock(folder / ".lock"), pytest.raises(InputError, match="another process that trains the same"):
        engine.train(workspace, config())
