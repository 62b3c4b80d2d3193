"""The one interval that tables and reports share: that of a proportion of films, which come by patient."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """A value with the limits of its interval."""

    value: float
    low: float
    high: float


def clustered_proportion(hits: np.ndarray, patients: np.ndarray, *, level: float = 0.95) -> Interval | None:
    """Return the share of films that are hits, with an interval that knows that films come by patient.

    Wilson's interval, with the number of films replaced by the effective one: films divided by
    the design effect, which is the variance of the share between patients over that of as many
    independent films. At 0 or 1 the design effect cannot be seen, and each patient counts once.

    Args:
        hits: Whether each film is a hit, shape `(N,)`.
        patients: The patient of each film, shape `(N,)`.
        level: Coverage of the interval, in (0, 1).

    Returns:
        The share and its limits, in [0, 1]; None if there are no films.

    References:
        Franco, Little, Louis, Slud, "Comparative Study of Confidence Intervals for Proportions
        in Complex Sample Surveys", Journal of Survey Statistics and Methodology 7(3), 2019.

    Examples:
        >>> alone = clustered_proportion(np.array([1, 0, 0, 0]), np.array(["a", "b", "c", "d"]))
        >>> f"{alone.value:.2f} {alone.low:.3f} {alone.high:.3f}"
        '0.25 0.046 0.699'
    """
    films = len(hits)
    if not films:
        return None
    _, cluster = np.unique(np.asarray(patients), return_inverse=True)
    sizes = np.bincount(cluster)
    share = float(np.mean(hits))
    count = len(sizes)
    effective = float(count)
    if 0 < share < 1 and count > 1:
        residuals = np.bincount(cluster, weights=np.asarray(hits, dtype=float)) - share * sizes
        variance = count / (count - 1) * float(residuals @ residuals) / films**2
        if variance > 0:
            alone = share * (1 - share) / (films - 1)  # the variance if each film were a patient of its own
            effective = min(films * alone / variance, float(films))
    low, high = wilson(np.array(share), np.array(effective), level=level)
    return Interval(share, float(low), float(high))


def wilson(shares: np.ndarray, counts: np.ndarray, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the limits of Wilson's interval of each share, never beyond 0, 1 or the share itself.

    Args:
        shares: Each in [0, 1]; NaN gives NaN.
        counts: Of the same shape: how many independent films each share is worth.
        level: Coverage of the interval, in (0, 1).

    References:
        Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", Journal of the
        American Statistical Association 22(158), 1927.
    """
    z = NormalDist().inv_cdf(0.5 + level / 2)
    centre = (shares + z**2 / (2 * counts)) / (1 + z**2 / counts)
    half = z / (1 + z**2 / counts) * np.sqrt(shares * (1 - shares) / counts + z**2 / (4 * counts**2))
    return np.maximum(0.0, np.minimum(shares, centre - half)), np.minimum(1.0, np.maximum(shares, centre + half))
