"""Two processes that share every batch learn what one alone learns, but for normalisation over half a batch."""

from __future__ import annotations

import pytest

from core.base import progress
from core.base.errors import Cancelled, InputError
from core.models import cards
from core.training import engine
from core.training.config import TrainConfig
from tests.training import studies

# A transformer has no batch normalisation: what the processes learn together is what one learns alone.
OPTIONS = studies.OPTIONS | {"model": "vit", "weights": "none", "epochs": 2, "learning_rate": 3e-4, "drop_rate": 1e-6}


def test_two_processes_give_the_metric_of_one(workspace, tmp_path):
    studies.make(workspace, tmp_path)
    alone = engine.train(workspace, TrainConfig.from_dict(OPTIONS))

    together = engine.train(workspace, TrainConfig.from_dict(OPTIONS | {"processes": 2}))

    one, two = (cards.read_history(workspace, name) for name in (alone, together))
    assert two["epoch"].tolist() == [1, 2]
    assert two["train_loss"].to_numpy() == pytest.approx(one["train_loss"].to_numpy(), rel=0.02)
    assert two["tune_loss"].to_numpy() == pytest.approx(one["tune_loss"].to_numpy(), rel=0.02)
    assert two["tune_auroc"].to_numpy() == pytest.approx(one["tune_auroc"].to_numpy(), abs=0.1)
    areas = [cards.read_card(workspace, name)["metrics"]["test"]["auroc"]["value"] for name in (alone, together)]
    assert areas[1] == pytest.approx(areas[0], abs=0.1)
    assert cards.read_card(workspace, together)["training"]["processes"] == 2


def test_a_stop_request_ends_all_processes_and_is_told_as_one(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path)
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "stop").touch()
    monkeypatch.setenv(progress.JOB_DIR, str(tmp_path / "job"))
    monkeypatch.setattr(progress, "announce", lambda *_words, **_numbers: None)

    with pytest.raises(Cancelled):
        engine.train(workspace, TrainConfig.from_dict(OPTIONS | {"processes": 2}))

    assert cards.checkpoint_ids(workspace) == []


def test_more_processes_than_a_batch_has_films_for_are_refused(workspace, tmp_path):
    studies.make(workspace, tmp_path)

    with pytest.raises(InputError, match="at least two films of a batch for each process") as error:
        engine.train(workspace, TrainConfig.from_dict(OPTIONS | {"processes": 5}))

    assert error.value.field == "processes"
