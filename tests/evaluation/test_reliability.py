from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from core.evaluation.reliability import reliability


def films(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probabilities = generator.random(count)
    labels = (generator.random(count) < probabilities**2).astype(float)
    return probabilities, labels, np.arange(count) // 2


def test_the_bins_are_those_of_scikit_learn_and_so_is_the_brier():
    probabilities, labels, patients = films(500)

    found = reliability(probabilities, labels, patients)

    share, mean = calibration_curve(labels, probabilities, n_bins=10)
    np.testing.assert_allclose([one.share.value for one in found.bins], share)
    np.testing.assert_allclose([one.probability for one in found.bins], mean)
    assert found.brier == pytest.approx(brier_score_loss(labels, probabilities))


def test_the_errors_are_the_weighted_gaps():
    probabilities, labels, patients = films(400, seed=1)

    found = reliability(probabilities, labels, patients)

    slow = 0.0
    for low in np.arange(10) / 10:
        here = [at for at in range(400) if low <= probabilities[at] < low + 0.1]
        slow += abs(sum(labels[here]) - sum(probabilities[here])) / 400
    order = np.argsort(probabilities)
    adaptive = sum(abs(labels[rows].sum() - probabilities[rows].sum()) for rows in order.reshape(10, 40)) / 400
    assert found.ece == pytest.approx(slow)
    assert found.adaptive_ece == pytest.approx(adaptive)


def test_no_films_have_no_reliability():
    assert reliability(np.array([]), np.array([]), np.array([])) is None


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=60))
def test_errors_lie_between_0_and_1_and_every_film_is_in_one_bin(pairs):
    probabilities, labels = np.array(pairs, float).T

    found = reliability(probabilities, labels, np.arange(len(pairs)))

    assert 0 <= found.ece <= 1
    assert 0 <= found.adaptive_ece <= 1
    assert sum(one.films for one in found.bins) == len(pairs)
