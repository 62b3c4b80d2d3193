from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import torch

from core.base import files, progress
from core.base.errors import Cancelled, InputError, PleuraScopeError
from core.data import radiographs, split_store
from core.models import cards
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
    assert card["calibration"] == {"a": 1.0, "b": 0.0, "method": "none", "prevalence": 0.5}
    assert set(card["operating_points"]) == {"youden", "sensitivity-95", "specificity-95"}
    assert set(card["metrics"]) == {"val", "test"}
    assert card["metrics"]["val"]["fold"] == "tune"
    assert [card["metrics"][part]["films"] for part in ("val", "test")] == [8, 8]
    assert len(set(card["patients_sha256"].values())) == 3
    assert (card["labels"], card["seed"], card["training"]["device"]) == ("report", 1, "cpu")


@pytest.mark.parametrize("how", ["stop request", "exception"])
def test_a_run_that_was_stopped_ends_with_the_weights_of_one_that_was_not(
    workspace, tmp_path, monkeypatch, unbroken, how
):
    studies.make(workspace, tmp_path)
    job = tmp_path / "job"
    if how == "stop request":
        job.mkdir()
        monkeypatch.setenv(progress.JOB_DIR, str(job))
        record = progress.record

        def stop_after_two_epochs(row) -> None:
            record(row)
            if row["epoch"] == 2:
                (job / "stop").touch()

        monkeypatch.setattr(progress, "record", stop_after_two_epochs)
        with pytest.raises(Cancelled):
            engine.train(workspace, config())
        (job / "stop").unlink()
        monkeypatch.setattr(progress, "record", record)
    else:
        measure = loop._measure

        def fail_in_third_epoch(*arguments):
            if len(seen) == 2:
                msg = "power cut"
                raise RuntimeError(msg)
            seen.append(arguments)
            return measure(*arguments)

        seen: list = []
        with monkeypatch.context() as patch:
            patch.setattr(loop, "_measure", fail_in_third_epoch)
            with pytest.raises(RuntimeError, match="power cut"):
                engine.train(workspace, config())
    assert cards.checkpoint_ids(workspace) == []

    learnt = []
    monkeypatch.setattr(loop._Learner, "learn", _counted(loop._Learner.learn, learnt))
    checkpoint_id = engine.train(workspace, config())

    assert learnt == [3]
    assert weights_hash(workspace, checkpoint_id) == unbroken["card"]["weights_sha256"]
    pd.testing.assert_frame_equal(
        cards.read_history(workspace, checkpoint_id).drop(columns=["seconds", "images_per_s"]),
        unbroken["history"].drop(columns=["seconds", "images_per_s"]),
    )
    if how == "stop request":
        rows = [json.loads(line) for line in (job / "history.jsonl").read_text().splitlines()]
        assert [row["epoch"] for row in rows] == [1, 2, 3]


def _counted(learn, epochs: list):
    def counted(self, epoch: int) -> float:
        epochs.append(epoch)
        return learn(self, epoch)

    return counted


def test_a_state_of_other_films_is_not_taken_up(workspace, tmp_path, monkeypatch):
    split = studies.make(workspace, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "_measure", _interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.train(workspace, config(epochs=1))
    smaller = split[split["image_id"] != split.loc[split["part"] == "train", "image_id"].iloc[0]]
    split_store.save(workspace, studies.DATASET, studies.SPLIT, smaller, kind="patient", seed=0)

    checkpoint_id = engine.train(workspace, config(epochs=1))

    assert cards.read_card(workspace, checkpoint_id)["parts"]["train"]["films"] == 23


def _interrupt(*_arguments):
    raise KeyboardInterrupt


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


def test_patience_ends_training_early(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    areas = iter([0.6, 0.9, 0.7, 0.8, 0.95])
    monkeypatch.setattr(loop, "_measure", lambda *_arguments: (0.5, next(areas)))

    checkpoint_id = engine.train(workspace, config(epochs=5, patience=2))

    assert cards.read_history(workspace, checkpoint_id)["epoch"].tolist() == [1, 2, 3, 4]
    assert cards.read_card(workspace, checkpoint_id)["training"]["best_epoch"] == 2


def test_a_loss_that_is_no_number_stops_and_says_where(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    monkeypatch.setattr(studies.Tiny, "loss", lambda model, batch: model(batch.images).sum() * torch.nan)

    with pytest.raises(PleuraScopeError, match="The loss of batch 1 in epoch 1 is no finite number"):
        engine.train(workspace, config())

    assert cards.checkpoint_ids(workspace) == []


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
        (lambda split: (split["part"] != "train") | (split["label"] == 0), "found 0 with and 12 without in the train"),
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

    with pytest.raises(InputError, match=f"synthetic films in the train part only, found 1 elsewhere .* '{test_film}'"):
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
