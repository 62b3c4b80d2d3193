from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from core.evaluation.curves import precision_recall, roc, thinned


def predicted(seed: int, films: int = 500, *, steps: int = 10_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, films)
    return labels, np.round(np.clip(0.3 * labels + 0.7 * rng.random(films), 0, 1) * steps) / steps


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.sampled_from([5, 10_000]))
def test_both_curves_agree_with_scikit_learn(seed, steps):
    labels, probabilities = predicted(seed, steps=steps)

    ours, pr = roc(labels, probabilities), precision_recall(labels, probabilities)

    false, true, thresholds = sk.roc_curve(labels, probabilities, drop_intermediate=False)
    assert ours.x == pytest.approx(false)
    assert ours.y == pytest.approx(true)
    assert ours.thresholds[1:] == pytest.approx(thresholds[1:])
    precision, recall, _ = sk.precision_recall_curve(labels, probabilities)
    assert pr.x[::-1] == pytest.approx(recall[:-1])
    assert pr.y[::-1] == pytest.approx(precision[:-1])


def test_thinning_keeps_real_points_both_ends_and_the_area():
    exact = roc(*predicted(0, 5000))

    thin = thinned(exact)

    assert len(thin.x) <= 200
    assert set(zip(*thin, strict=True)) <= set(zip(*exact, strict=True))
    assert (thin.x[0], thin.y[0], thin.x[-1], thin.y[-1]) == (0, 0, 1, 1)
    assert np.trapezoid(thin.y, thin.x) == pytest.approx(np.trapezoid(exact.y, exact.x), abs=0.005)


def test_a_short_curve_is_left_as_it_is():
    exact = roc(*predicted(0, 50))

    assert thinned(exact) is exact


@pytest.mark.parametrize("curve", [roc, precision_recall])
def test_one_class_is_refused(curve):
    with pytest.raises(ValueError, match="both classes, got 3 positive and 0 negative"):
        curve(np.ones(3), np.array([0.1, 0.5, 0.9]))
