"""What an interval promises, over many simulated studies: 95 % hold the truth, and 5 % of true nulls are rejected."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from core.base.statistics import clustered_proportion
from core.evaluation.aligned import Aligned
from core.evaluation.delong import auroc_interval
from core.evaluation.differences import auroc_differences, call_differences, metric_differences
from core.evaluation.metrics import Films

STUDIES, PATIENTS = 1000, 200
AUROC, SENSITIVITY = 0.85, 0.95
SHIFT = np.sqrt(2) * stats.norm.ppf(AUROC)  # between the classes, in standard deviations
PATIENT = np.repeat(np.arange(PATIENTS), 2)  # two films each


def correlated(rng: np.random.Generator, count: int = 1) -> np.ndarray:
    """Return standard normal values `(count, N)` that correlate by 0.5 between the films of a patient."""
    shared = rng.standard_normal((count, PATIENTS))[:, PATIENT]
    return np.sqrt(0.5) * (shared + rng.standard_normal((count, PATIENT.size)))


def labelled(rng: np.random.Generator, *, mixed: bool = False) -> np.ndarray:
    """Return labels of films, of which 30 % are positive; `mixed` patients may own both kinds."""
    ill = (rng.random(PATIENTS) < 0.3)[PATIENT]
    return (ill ^ (rng.random(PATIENT.size) < 0.15) if mixed else ill).astype(float)


def two_classifiers(rng: np.random.Generator) -> Aligned:
    """Return two equally good classifiers on the same films; what they see is half the same."""
    labels = labelled(rng)
    shared, *own = correlated(rng, 3)
    values = {name: np.sqrt(0.5) * (shared + noise) + SHIFT * labels for name, noise in zip("ab", own, strict=True)}
    probabilities = {name: special.expit(value - 1.5) for name, value in values.items()}
    return Aligned(pd.DataFrame({"label": labels}), probabilities, PATIENT, 0)


@pytest.mark.parametrize("mixed", [False, True])
def test_clustered_delong_covers(mixed):
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(STUDIES):
        labels = labelled(rng, mixed=mixed)
        found = auroc_interval(Films(labels, correlated(rng)[0] + SHIFT * labels, PATIENT))
        covered += found.low <= AUROC <= found.high

    assert 0.93 <= covered / STUDIES <= 0.97


def test_clustered_wilson_covers():
    rng = np.random.default_rng(1)
    found = [clustered_proportion(correlated(rng)[0] < stats.norm.ppf(SENSITIVITY), PATIENT) for _ in range(STUDIES)]

    assert 0.93 <= np.mean([one.low <= SENSITIVITY <= one.high for one in found]) <= 0.97


def test_paired_delong_covers_no_difference_and_rejects_5_percent():
    rng = np.random.default_rng(2)
    found = [auroc_differences(two_classifiers(rng))[0] for _ in range(STUDIES)]

    assert 0.93 <= np.mean([one.low <= 0 <= one.high for one in found]) <= 0.97
    assert 0.03 <= np.mean([one.p_value < 0.05 for one in found]) <= 0.07


@pytest.mark.slow
def test_permutation_of_the_calls_rejects_5_percent():
    rng = np.random.default_rng(3)
    found = [call_differences(two_classifiers(rng), {"a": 0.4, "b": 0.4}, draws=999) for _ in range(STUDIES)]

    for own in zip(*found, strict=True):
        assert 0.03 <= np.mean([one.p_value < 0.05 for one in own]) <= 0.07
        assert 0.93 <= np.mean([one.low is None or one.low <= 0 <= one.high for one in own]) <= 0.97


@pytest.mark.slow
def test_paired_bootstrap_rejects_5_percent():
    rng = np.random.default_rng(4)
    names = ("average_precision", "brier")
    found = [metric_differences(two_classifiers(rng), names=names, draws=400) for _ in range(STUDIES)]

    for own in zip(*found, strict=True):
        assert 0.03 <= np.mean([one.p_value < 0.05 for one in own]) <= 0.07
        assert 0.93 <= np.mean([one.low <= 0 <= one.high for one in own]) <= 0.97
