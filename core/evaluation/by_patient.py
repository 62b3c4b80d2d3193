"""A mean and an AUROC as reports tell them: with the interval that knows patients, or why there is none."""

from __future__ import annotations

import numpy as np

from core.evaluation import measures
from core.evaluation.intervals import DRAWS, bootstrap, percentile_interval
from core.evaluation.measures import ALIKE, FEW_IN_ALL, LACKING, MIN_PATIENTS
from core.evaluation.metrics import Films
from core.evaluation.report import Measure


def mean(values: np.ndarray, patients: np.ndarray, *, lacking: str, draws: int = DRAWS, seed: int = 0) -> Measure:
    """Return the mean over films with its interval by drawing their patients again.

    Args:
        values: Of each film, `(N,)`, finite.
        patients: Of each film, `(N,)`.
        lacking: Why there is none, where there is no film.
        draws: How often the patients are drawn.
        seed: Of the draws.
    """
    if not values.size:
        return Measure(value=None, reason=lacking)
    own = np.unique(np.asarray(patients).astype(str), return_inverse=True)[1]
    sums, films = np.bincount(own, values), np.bincount(own).astype(float)
    if len(sums) < MIN_PATIENTS:
        return Measure(value=float(values.mean()), reason=FEW_IN_ALL)
    drawn = bootstrap(
        lambda weights: {"mean": (weights @ sums) / (weights @ films)}, len(sums), values.size, draws=draws, seed=seed
    )
    return drawn_measure(float(values.mean()), drawn["mean"])


def drawn_measure(value: float, drawn: np.ndarray) -> Measure:
    """Return a value with the interval of its draws `(D,)`, which holds the value itself, or why there is none."""
    interval = percentile_interval(drawn)
    if interval is None:
        return Measure(value=value, reason=LACKING)
    if interval[0] == interval[1]:
        return Measure(value=value, reason=ALIKE)
    return Measure(value=value, low=min(interval[0], value), high=max(interval[1], value))


def auroc(labels: np.ndarray, probabilities: np.ndarray, patients: np.ndarray, *, lacking: str) -> Measure:
    """Return the AUROC with the interval of clustered DeLong.

    Args:
        labels: 0 or 1, `(N,)`.
        probabilities: Or anything that rises with them, `(N,)`.
        patients: Of each film, `(N,)`.
        lacking: Why there is none, where there is one class only.
    """
    numbers = np.unique(np.asarray(patients).astype(str), return_inverse=True)[1]
    films = Films(np.asarray(labels, float), np.asarray(probabilities, float), numbers)
    return measures.auroc(films, lacking if len(np.unique(films.labels)) < 2 else None)
