from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from core.evaluation.intervals import bootstrap, patient_weights, percentile_band, percentile_interval
from core.evaluation.metrics import Films, at_threshold, ranking


def clustered(patients: int, *, seed: int = 0) -> Films:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), rng.integers(1, 5, patients))
    labels = (rng.random(patients) < 0.3)[patient] & (rng.random(patient.size) < 0.8)
    ids = np.char.zfill(patient.astype(str), 8)
    return Films.of(labels, np.clip(0.3 * labels + 0.7 * rng.random(patient.size), 0, 1), ids)


def test_agrees_with_drawing_the_films_of_the_patients_one_by_one():
    films = clustered(40)

    fast = bootstrap(
        lambda weights: ranking(films, weights) | at_threshold(films, weights, 0.5), 40, 100, draws=50, seed=3
    )

    rng = np.random.default_rng(3)
    drawn = rng.integers(40, size=(50, 40))  # the same draws, film by film
    rows = [np.concatenate([np.flatnonzero(films.patients == p) for p in draw]) for draw in drawn]
    slow = {
        "auroc": [roc_auc_score(films.labels[r], films.probabilities[r]) for r in rows],
        "average_precision": [average_precision_score(films.labels[r], films.probabilities[r]) for r in rows],
        "specificity": [np.mean(films.probabilities[r][films.labels[r] == 0] < 0.5) for r in rows],
    }
    for name, values in slow.items():
        assert fast[name] == pytest.approx(values, abs=1e-9)


def test_blocks_change_nothing(monkeypatch):
    whole = np.concatenate(list(patient_weights(30, 100, draws=20, seed=1)))

    monkeypatch.setattr("core.evaluation.intervals.BLOCK_VALUES", 700)
    blocks = list(patient_weights(30, 100, draws=20, seed=1))

    assert len(blocks) == 3
    assert np.array_equal(np.concatenate(blocks), whole)
    assert (whole.sum(axis=1) == 30).all()


def test_is_wider_than_one_that_takes_the_films_for_independent():
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(60), 8)
    labels = np.repeat(rng.random(60) < 0.5, 8)  # the films of a patient are much alike
    probabilities = np.clip(0.3 * labels + np.repeat(0.6 * rng.random(60), 8) + 0.1 * rng.random(480), 0, 1)

    def width(patients: np.ndarray) -> float:
        films = Films.of(labels, probabilities, patients)
        drawn = bootstrap(lambda weights: ranking(films, weights), films.patient_count, 480, draws=400, seed=0)
        low, high = percentile_interval(drawn["auroc"])
        return high - low

    assert width(patient) > 2 * width(np.arange(480))


def test_draws_without_the_measure_are_left_out_and_too_many_of_them_leave_no_interval():
    assert percentile_interval(np.array([np.nan, 1.0, 2.0, 3.0])) == pytest.approx((1.05, 2.95))
    assert percentile_interval(np.array([np.nan, np.nan, np.nan, 3.0])) is None
    assert percentile_interval(np.empty(0)) is None


def test_limits_of_a_curve_are_those_of_each_of_its_places():
    drawn = np.random.default_rng(0).random((200, 3))
    drawn[:50] = np.nan

    low, high = percentile_band(drawn)

    expected = [percentile_interval(drawn[:, place]) for place in range(3)]
    assert np.column_stack([low, high]) == pytest.approx(np.array(expected))
    assert percentile_band(np.full((4, 3), np.nan)) is None


def test_draws_of_a_hundred_thousand_films_are_quick():
    films = clustered(40_000)

    began = time.monotonic()
    bootstrap(lambda weights: ranking(films, weights), films.patient_count, films.labels.size, draws=100, seed=0)

    assert films.labels.size > 90_000
    assert time.monotonic() - began < 10  # 0.2 s on two quiet cores
