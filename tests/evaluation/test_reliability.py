"""Reliability against scikit-learn and slow definitions, and right calls worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from core.base.statistics import clustered_proportion
from core.evaluation.reliability import reliability, right_calls

PAIRS = st.lists(st.tuples(st.floats(0, 1) | st.sampled_from([0.2, 0.5]), st.integers(0, 1)), min_size=1, max_size=60)


def films(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probabilities = generator.random(count)
    labels = (generator.random(count) < probabilities**2).astype(float)
    return probabilities, labels, np.arange(count) // 2


def slow_adaptive(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """The weighted gaps of bins that hold equally many, films of one probability sharing their labels."""
    known: dict[float, list[float]] = {}
    for probability, label in zip(probabilities, labels, strict=True):
        known.setdefault(probability, []).append(label)
    pairs = [(one, sum(own) / len(own)) for one, own in sorted(known.items()) for _ in own]
    total, count = 0.0, min(bins, len(pairs))
    start = 0
    for number in range(count):
        end = start + len(pairs) // count + (number < len(pairs) % count)
        own = pairs[start:end]
        gap = sum(label for _, label in own) / len(own) - sum(one for one, _ in own) / len(own)
        total += len(own) / len(pairs) * abs(gap)
        start = end
    return total


def test_the_bins_are_those_of_scikit_learn_and_so_is_the_brier():
    probabilities, labels, patients = films(500)

    found = reliability(probabilities, labels, patients)

    share, mean = calibration_curve(labels, probabilities, n_bins=10)
    np.testing.assert_allclose([one.share.value for one in found.bins], share)
    np.testing.assert_allclose([one.probability for one in found.bins], mean)
    assert found.brier == pytest.approx(brier_score_loss(labels, probabilities))


def test_the_errors_are_the_weighted_gaps():
    probabilities, labels, patients = films(403, seed=1)

    found = reliability(probabilities, labels, patients)

    slow = 0.0
    for low in np.arange(10) / 10:
        here = [at for at in range(403) if low <= probabilities[at] < low + 0.1]
        slow += abs(sum(labels[here]) - sum(probabilities[here])) / 403
    assert found.ece == pytest.approx(slow)
    assert found.adaptive_ece == pytest.approx(slow_adaptive(probabilities, labels))


def test_the_intervals_know_that_films_come_by_patient():
    probabilities, labels, patients = films(80)

    found = reliability(probabilities, labels, patients)

    first = probabilities < 0.1
    assert found.bins[0].share == clustered_proportion(labels[first] == 1, patients[first])


def test_no_films_have_no_reliability():
    assert reliability(np.array([]), np.array([]), np.array([])) is None


@given(PAIRS)
def test_errors_lie_between_0_and_1_and_every_film_is_in_one_bin(pairs):
    probabilities, labels = np.array(pairs, float).T

    found = reliability(probabilities, labels, np.arange(len(pairs)))

    assert 0 <= found.ece <= 1 + 1e-12
    assert 0 <= found.adaptive_ece <= 1 + 1e-12
    assert sum(one.films for one in found.bins) == len(pairs)
    assert found.adaptive_ece == pytest.approx(slow_adaptive(probabilities, labels))


@given(PAIRS, st.randoms())
def test_the_order_of_the_rows_decides_nothing(pairs, random):
    shuffled = list(pairs)
    random.shuffle(shuffled)

    one, other = (reliability(*np.array(given_, float).T, np.zeros(len(pairs), int)) for given_ in (pairs, shuffled))

    assert one.ece == pytest.approx(other.ece)
    assert one.adaptive_ece == pytest.approx(other.adaptive_ece)
    assert [each.films for each in one.bins] == [each.films for each in other.bins]


def test_right_calls_are_held_against_the_probability_of_the_call_at_the_cut_in_force():
    probabilities = np.array([0.35, 0.32, 0.9, 0.05, 0.15])  # called: yes, yes, yes, no, no
    labels = np.array([1, 0, 1, 0, 1])

    found = right_calls(probabilities, labels, np.arange(5), cut=0.3)

    assert [one.films for one in found] == [2, 1, 2]
    assert [one.probability for one in found] == pytest.approx([0.335, 0.85, 0.925])
    assert [one.share.value for one in found] == [0.5, 0.0, 1.0]


def test_at_a_cut_of_a_half_the_probability_of_the_call_is_the_larger_one():
    probabilities, labels, patients = films(300, seed=2)

    found = right_calls(probabilities, labels, patients, cut=0.5)

    larger = np.maximum(probabilities, 1 - probabilities)
    assert sum(one.films for one in found) == 300
    assert sum(one.films * one.probability for one in found) == pytest.approx(larger.sum())
    assert min(one.probability for one in found) >= 0.5
