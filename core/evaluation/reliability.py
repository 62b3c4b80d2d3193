"""Whether probabilities can be taken at their word: reliability in bins, and the calibration errors.

References:
    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 2:
    the expected calibration error over bins of equal width.
    Nixon et al., "Measuring Calibration in Deep Learning", CVPR Workshops 2019: bins that hold
    equally many, the adaptive one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.statistics import Interval, clustered_proportion

BINS = 10


@dataclass(frozen=True)
class Bin:
    """Films whose probabilities lie close together."""

    films: int
    probability: float
    """Mean predicted, in [0, 1]."""
    share: Interval
    """Of them with the finding, 95 % by patient."""


@dataclass(frozen=True)
class Reliability:
    """How far probabilities are off."""

    bins: list[Bin]
    """Of equal width, from low to high; empty ones are left out."""
    ece: float
    """Expected calibration error over bins of equal width, in [0, 1]."""
    adaptive_ece: float
    """The same over bins of equally many films, in [0, 1]."""
    brier: float
    """Mean squared error, in [0, 1]."""


def reliability(
    probabilities: np.ndarray, labels: np.ndarray, patients: np.ndarray, *, bins: int = BINS
) -> Reliability | None:
    """Hold predicted probabilities against how often the finding is there.

    Args:
        probabilities: Predicted, shape `(N,)`, in [0, 1].
        labels: Reference standard, shape `(N,)`, 0 or 1.
        patients: The patient of each film, shape `(N,)`.
        bins: How many.

    Returns:
        None if there are no films.
    """
    probabilities, labels, patients = np.asarray(probabilities, float), np.asarray(labels, float), np.asarray(patients)
    if not probabilities.size:
        return None
    number = np.minimum((probabilities * bins).astype(int), bins - 1)
    found = []
    for at in range(bins):
        here = number == at
        share = clustered_proportion(labels[here] == 1, patients[here])
        if share is not None:
            found.append(Bin(int(here.sum()), float(probabilities[here].mean()), share))
    alike = np.array_split(np.argsort(probabilities, kind="stable"), min(bins, probabilities.size))
    return Reliability(
        bins=found,
        ece=sum(one.films * abs(one.share.value - one.probability) for one in found) / probabilities.size,
        adaptive_ece=sum(rows.size * abs(labels[rows].mean() - probabilities[rows].mean()) for rows in alike)
        / probabilities.size,
        brier=float(np.mean((probabilities - labels) ** 2)),
    )
