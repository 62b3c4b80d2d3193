"""Whether probabilities can be taken at their word: reliability in bins, and the calibration errors.

References:
    Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 2:
    the expected calibration error over bins of equal width.
    Nixon, Dusenberry, Zhang, Jerfel, Tran, "Measuring Calibration in Deep Learning", CVPR
    Workshops 2019: bins that hold equally many, the adaptive one.
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
    """Of them for which it came true, 95 % by patient."""


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

    The errors are of the probability of the finding, not of that of the call. Films of one
    probability share their labels evenly before they are dealt to bins of equally many, so the
    order of the rows decides nothing.

    Args:
        probabilities: Predicted, shape `(N,)`, in [0, 1].
        labels: Reference standard, shape `(N,)`, 0 or 1.
        patients: The patient of each film, shape `(N,)`.
        bins: How many.

    Returns:
        None if there are no films.

    Examples:
        >>> found = reliability(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 0, 1, 0]), np.arange(4))
        >>> [one.films for one in found.bins], round(found.ece, 3), round(found.brier, 3)
        ([2, 2], 0.25, 0.21)
    """
    probabilities, labels = np.asarray(probabilities, dtype=float), np.asarray(labels, dtype=float)
    films = probabilities.size
    if not films:
        return None
    found = binned(probabilities, labels == 1, patients, bins=bins)
    order = np.argsort(probabilities, kind="stable")
    gaps = (_shared(probabilities, labels) - probabilities)[order]
    return Reliability(
        bins=found,
        ece=sum(one.films * abs(one.share.value - one.probability) for one in found) / films,
        adaptive_ece=sum(abs(float(own.sum())) for own in np.array_split(gaps, min(bins, films))) / films,
        brier=float(np.mean((probabilities - labels) ** 2)),
    )


def right_calls(
    probabilities: np.ndarray, labels: np.ndarray, patients: np.ndarray, *, cut: float, bins: int = BINS
) -> list[Bin]:
    """Hold the probability of the call against how often the call is right.

    The probability of the call is that of the finding at or above the cut, and 1 less it below. At
    a cut of 0.5 that is the larger of the two; at another cut it can lie below 0.5.

    Args:
        probabilities: Calibrated, shape `(N,)`, in [0, 1].
        labels: Reference standard, shape `(N,)`, 0 or 1.
        patients: The patient of each film, shape `(N,)`.
        cut: The operating point.
        bins: How many, of equal width from 0 to 1.

    Returns:
        From low to high, without the empty ones.
    """
    probabilities = np.asarray(probabilities, dtype=float)
    called = probabilities >= cut
    right = called == (np.asarray(labels) == 1)
    return binned(np.where(called, probabilities, 1 - probabilities), right, patients, bins=bins)


def binned(probabilities: np.ndarray, true: np.ndarray, patients: np.ndarray, *, bins: int = BINS) -> list[Bin]:
    """Return the films in bins of equal width from 0 to 1, the last with both its ends; empty ones are left out.

    Args:
        probabilities: Shape `(N,)`, in [0, 1].
        true: Whether what was predicted came true, shape `(N,)`.
        patients: The patient of each film, shape `(N,)`.
        bins: How many.
    """
    patients = np.asarray(patients)
    number = np.minimum((probabilities * bins).astype(int), bins - 1)
    found = []
    for at in np.unique(number):
        here = number == at
        share = clustered_proportion(true[here], patients[here])
        if share is not None:
            found.append(Bin(int(here.sum()), float(probabilities[here].mean()), share))
    return found


def _shared(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean label of the films with the same probability `(N,)`."""
    _, group = np.unique(probabilities, return_inverse=True)
    shared: np.ndarray = (np.bincount(group, weights=labels) / np.bincount(group))[group]
    return shared
