from __future__ import annotations

import pytest

from core.models import cards
from core.training import engine
from core.training.config import TrainConfig
from tests.training import studies


def test_the_cnn_goes_on_to_the_same_weights_after_a_stop(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path, patients=16)
    config = TrainConfig.from_dict(studies.OPTIONS | {"epochs": 2, "save_every_steps": 1})
    unbroken = engine.train(workspace, config)
    digest = cards.read_card(workspace, unbroken)["weights_sha256"]
    with monkeypatch.context() as patch:
        studies.die_at_step(patch, 3)
        with pytest.raises(studies.PowerCut):
            engine.train(workspace, config)

    again = engine.train(workspace, config)

    assert cards.read_card(workspace, again)["weights_sha256"] == digest
    assert again == unbroken
