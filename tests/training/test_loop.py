from __future__ import annotations

import pytest

from core.models import cards
from core.training import engine, loop
from core.training.config import TrainConfig
from tests.training import studies


def test_the_learning_rate_rises_then_falls_to_almost_nothing():
    rates = [loop.learning_rate_share(step, 100, 0.1) for step in range(100)]

    assert rates[:10] == pytest.approx([share / 10 for share in range(1, 11)])
    assert rates[10] == 1
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.001


@pytest.mark.parametrize(("steps", "warmup_share"), [(1, 0.0), (1, 0.9), (2, 0.99), (3, 0.5)])
def test_short_trainings_have_a_learning_rate_too(steps, warmup_share):
    assert all(0 < loop.learning_rate_share(step, steps, warmup_share) <= 1 for step in range(steps))


def test_the_cnn_goes_on_to_the_same_weights_after_a_stop(workspace, tmp_path, monkeypatch):
    studies.make(workspace, tmp_path, patients=16)
    config = TrainConfig.from_dict(studies.OPTIONS | {"epochs": 2})
    unbroken = engine.train(workspace, config)
    digest = cards.read_card(workspace, unbroken)["weights_sha256"]
    measured = []

    def fail_in_second_epoch(*arguments):
        measured.append(arguments)
        if len(measured) == 2:
            raise KeyboardInterrupt
        return measure(*arguments)

    measure = loop._measure
    with monkeypatch.context() as patch:
        patch.setattr(loop, "_measure", fail_in_second_epoch)
        with pytest.raises(KeyboardInterrupt):
            engine.train(workspace, config)

    again = engine.train(workspace, config)

    assert cards.read_card(workspace, again)["weights_sha256"] == digest
    assert again == unbroken
