"""Measures by patient: their values, the intervals they share with the reports, and the reasons for none."""

import numpy as np
import pytest

from core.base.statistics import clustered_proportion
from core.evaluation import by_patient, delong, measures
from core.evaluation.measures import ALIKE, FEW, FEW_IN_ALL
from core.evaluation.metrics import Films


def test_a_mean_has_the_interval_of_its_patients():
    rng = np.random.default_rng(0)
    levels = rng.normal(1, 1, 400)

    alone = by_patient.mean(levels, np.arange(400), lacking="none")
    clustered = by_patient.mean(np.repeat(levels[:40], 10), np.repeat(np.arange(40), 10), lacking="none")

    assert alone.value == pytest.approx(levels.mean())
    half = 1.96 * levels.std() / 20
    assert (alone.low, alone.high) == pytest.approx((alone.value - half, alone.value + half), abs=0.02)
    assert clustered.high - clustered.low > 2.5 * (alone.high - alone.low)  # 400 films, but 40 patients


@pytest.mark.parametrize(
    ("values", "patients", "value", "reason"),
    [([], [], None, "no film"), ([1.0, 2.0], [0, 1], 1.5, FEW_IN_ALL), ([1.0] * 9, range(9), 1.0, ALIKE)],
)
def test_a_mean_without_an_interval_says_why(values, patients, value, reason):
    found = by_patient.mean(np.array(values), np.array(patients), lacking="no film")

    assert (found.value, found.low, found.reason) == (value, None, reason)


def test_a_share_is_the_clustered_proportion():
    hits, patients = np.array([1, 0, 1, 1, 0]), np.array([0, 0, 1, 2, 3])

    found = measures.share(hits, patients, "none")

    assert (found.value, found.low, found.high) == tuple(clustered_proportion(hits, patients))
    assert measures.share(hits[:0], patients[:0], "none").reason == "none"


def test_an_auroc_is_clustered_delong():
    rng = np.random.default_rng(0)
    labels, patients = np.repeat([0, 1], 30), np.tile(np.arange(20), 3)
    values = labels + rng.normal(0, 1, 60)

    found = by_patient.auroc(labels, values, patients.astype(str), lacking="none")

    expected = delong.auroc_interval(Films(labels.astype(float), values, patients))
    assert (found.value, found.low, found.high) == pytest.approx(tuple(expected))
    assert by_patient.auroc(labels[:30], values[:30], patients[:30], lacking="one side").reason == "one side"
    few = np.repeat([0, 1], 30)
    assert by_patient.auroc(labels, values, few, lacking="none").reason == FEW
