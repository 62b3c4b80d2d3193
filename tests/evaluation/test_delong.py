"""Clustered DeLong, held against the slow definition over all pairs, and against the bootstrap."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.evaluation.delong import auroc_interval, covariance, freedom
from core.evaluation.intervals import bootstrap
from core.evaluation.metrics import Films, ranking

many = settings(deadline=None, max_examples=25)
seeds, ties = st.integers(0, 10_000), st.sampled_from([None, 4, 15])


def predicted(seed: int, *, films: int = 60, patients: int = 25, steps: int | None = None) -> tuple[Films, np.ndarray]:
    """Random films whose patients own both classes, and three classifiers that agree to some extent."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, films)
    patient = rng.integers(0, patients, films)
    labels[:4], patient[:4] = (0, 1, 0, 1), (0, 1, 2, 3)
    shared = rng.random(patients)[patient]
    values = np.clip(0.2 * labels + 0.4 * shared + 0.4 * rng.random((3, films)), 0, 1)
    if steps:
        values = np.round(values * steps) / steps
    return Films.of(labels, values[0], np.char.zfill(patient.astype(str), 3)), values


def placed(labels: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return DeLong's components by their definition: the share of the other class below or above, ties half."""
    positives, negatives = values[labels == 1], values[labels == 0]
    won = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    return won.mean(axis=1), won.mean(axis=0)


def plain(labels: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return DeLong's covariance of classifiers `(K, N)` on independent films."""
    of_positives, of_negatives = (np.array(own) for own in zip(*(placed(labels, row) for row in values), strict=True))
    return np.cov(of_positives) / of_positives.shape[1] + np.cov(of_negatives) / of_negatives.shape[1]


def clustered(films: Films, values: np.ndarray) -> np.ndarray:
    """Return Obuchowski's covariance of classifiers `(K, N)`, patient by patient."""
    positive = films.labels == 1
    m, n = positive.sum(), (~positive).sum()
    patients = np.unique(films.patients)
    sums = []
    for row in values:
        above, below = placed(films.labels, row)
        area = above.mean()
        sums.append(
            [
                [
                    sum(above[films.patients[positive] == patient] - area),
                    sum(below[films.patients[~positive] == patient] - area),
                ]
                for patient in patients
            ]
        )
    sums = np.array(sums)  # (K, P, 2)
    owners = [np.unique(films.patients[own]).size for own in (positive, ~positive)]
    found = np.zeros((len(values), len(values)))
    for r in range(len(values)):
        for s in range(len(values)):
            s10 = owners[0] / ((owners[0] - 1) * m) * sum(sums[r, :, 0] * sums[s, :, 0])
            s01 = owners[1] / ((owners[1] - 1) * n) * sum(sums[r, :, 1] * sums[s, :, 1])
            s11 = (
                patients.size / (patients.size - 1) * sum(sums[r, :, 0] * sums[s, :, 1] + sums[s, :, 0] * sums[r, :, 1])
            )
            found[r, s] = s10 / m + s01 / n + s11 / (m * n)
    return found


@many
@given(seeds, ties)
def test_one_film_a_patient_is_plain_delong(seed, steps):
    films, values = predicted(seed, steps=steps)
    alone = Films.of(films.labels, films.probabilities, np.arange(films.labels.size).astype(str))

    aurocs, found = covariance(alone, values)

    assert aurocs == pytest.approx([roc_auc_score(films.labels, row) for row in values], abs=1e-12)
    assert found == pytest.approx(plain(films.labels, values), abs=1e-12)


@many
@given(seeds, ties)
def test_films_that_come_by_patient_are_as_obuchowski_has_them(seed, steps):
    films, values = predicted(seed, steps=steps)

    aurocs, found = covariance(films, values)

    assert aurocs == pytest.approx([roc_auc_score(films.labels, row) for row in values], abs=1e-12)
    assert found == pytest.approx(clustered(films, values), abs=1e-12)
    assert np.linalg.eigvalsh(found).min() > -1e-6


@many
@given(seeds)
def test_order_of_films_and_a_monotone_change_matter_not(seed):
    films, values = predicted(seed)
    turned = films.only(np.arange(films.labels.size)[::-1])

    found = covariance(films, values)[1]

    assert covariance(turned, np.exp(5 * values[:, ::-1]))[1] == pytest.approx(found, abs=1e-12)


def test_films_that_stand_there_twice_tell_nothing_new():
    films, _ = predicted(1)
    twice = films.only(np.repeat(np.arange(films.labels.size), 2))

    assert auroc_interval(twice) == pytest.approx(auroc_interval(films), abs=1e-12)


def test_agrees_with_the_bootstrap_of_the_patients():
    films, _ = predicted(5, films=900, patients=300)
    count = films.patient_count
    drawn = bootstrap(lambda weights: ranking(films, weights), count, films.labels.size, draws=3000, seed=0)["auroc"]

    found = auroc_interval(films)

    error = covariance(films, films.probabilities[None])[1][0, 0] ** 0.5
    assert error == pytest.approx(drawn.std(), rel=0.06)  # 3,000 draws know a deviation to within 1.3 %
    assert (found.low, found.high) == pytest.approx(
        tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.25 * error
    )  # of which the logit is a part


def test_differs_from_taking_films_for_independent_where_patients_are_alike():
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(60), 8)
    labels = np.repeat(rng.random(60) < 0.5, 8)
    values = 0.3 * labels + np.repeat(0.6 * rng.random(60), 8) + 0.1 * rng.random(480)

    found, alone = (auroc_interval(Films.of(labels, values, ids)) for ids in (patient, np.arange(480)))

    assert found.high - found.low > 2 * (alone.high - alone.low)


def test_where_nothing_varies_or_a_class_has_one_patient_there_is_no_interval():
    ids = np.array(["a", "b", "c", "d"])

    assert auroc_interval(Films.of(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]), ids)) is None
    assert auroc_interval(Films.of(np.array([0, 0, 1, 1]), np.full(4, 0.5), ids)) is None
    assert auroc_interval(Films.of(np.ones(4), np.array([0.1, 0.2, 0.8, 0.9]), ids)) is None
    one = Films.of(np.array([0, 0, 1, 1]), np.array([0.1, 0.8, 0.2, 0.9]), np.array(["a", "b", "c", "c"]))
    assert freedom(one) == 0
    assert auroc_interval(one) is None
    with pytest.raises(ValueError, match="two or more patients of either class, got 1 with and 2 without"):
        covariance(one, one.probabilities[None])


def test_probabilities_of_other_films_are_refused():
    films, values = predicted(0)

    with pytest.raises(ValueError, match=r"shape \(K, 60\), got \(3, 59\)"):
        covariance(films, values[:, 1:])


def test_an_interval_lies_within_0_and_1_and_grows_with_its_level():
    films = Films.of(
        np.array([0, 0, 0, 0, 1, 1, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.5, 0.8, 0.9]), np.arange(7).astype(str)
    )

    wide, narrow = auroc_interval(films), auroc_interval(films, level=0.5)

    assert 0 < wide.low < narrow.low < narrow.value < narrow.high < wide.high < 1
