from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from core.evaluation.operating_point import RULES, choose, named_points

many = settings(deadline=None, max_examples=20)


def predicted(seed: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, 200)
    return labels, np.round(np.clip(0.3 * labels + 0.7 * rng.random(200), 0, 1) * steps) / steps


@many
@given(st.integers(0, 1000), st.sampled_from([4, 1000]), st.sampled_from(sorted(RULES)))
def test_what_it_promises_is_what_calling_at_or_above_it_gives(seed, steps, rule):
    labels, probabilities = predicted(seed, steps)

    point = choose(labels, probabilities, rule=rule)

    called = probabilities >= point.threshold
    assert point.sensitivity == pytest.approx(called[labels == 1].mean())
    assert point.specificity == pytest.approx((~called)[labels == 0].mean())


@many
@given(st.integers(0, 1000), st.sampled_from([4, 1000]))
def test_each_rule_is_the_best_point_of_the_roc_curve_in_its_sense(seed, steps):
    labels, probabilities = predicted(seed, steps)

    points = named_points(labels, probabilities)

    false, true, _ = roc_curve(labels, probabilities, drop_intermediate=False)  # the oracle
    youden = points["youden"]
    assert youden.sensitivity + youden.specificity == pytest.approx((true - false)[1:].max() + 1)
    assert points["sensitivity-95"].specificity == pytest.approx(1 - false[true >= 0.95 - 1e-12].min())
    assert points["specificity-95"].sensitivity == pytest.approx(true[false <= 0.05 + 1e-12].max())


def test_a_specificity_that_no_film_reaches_lies_just_above_all_of_them():
    point = choose(np.array([0, 1, 1]), np.array([0.9, 0.9, 0.2]), rule="specificity-95")

    assert 0.9 < point.threshold < 0.9 + 1e-9
    assert (point.sensitivity, point.specificity) == (0, 1)


def test_one_class_is_refused_or_gives_no_points():
    with pytest.raises(ValueError, match="both classes, got 3 positive and 0 negative"):
        choose(np.ones(3), np.array([0.1, 0.5, 0.9]))
    assert named_points(np.ones(3), np.array([0.1, 0.5, 0.9])) == {}


def test_an_unknown_rule_lists_the_choices():
    with pytest.raises(ValueError, match="among youden, sensitivity-95, specificity-95, got 'best'"):
        choose(np.array([0, 1]), np.array([0.1, 0.9]), rule="best")
