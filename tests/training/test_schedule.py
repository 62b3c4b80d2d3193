from __future__ import annotations

import pytest

from core.training import schedule


def test_the_learning_rate_rises_then_falls_to_almost_nothing():
    rates = [schedule.learning_rate_share(step, 100, 0.1) for step in range(100)]

    assert rates[:10] == pytest.approx([share / 10 for share in range(1, 11)])
    assert rates[10] == 1
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.001


@pytest.mark.parametrize(("steps", "warmup_share"), [(1, 0.0), (1, 0.9), (2, 0.99), (3, 0.5)])
def test_short_trainings_have_a_learning_rate_too(steps, warmup_share):
    assert all(0 < schedule.learning_rate_share(step, steps, warmup_share) <= 1 for step in range(steps))
