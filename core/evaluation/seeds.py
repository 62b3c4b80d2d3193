"""Whether a weighted sum of classifiers' measures differs from nothing, for other patients and for other seeds.

Both make it vary: other patients would be measured, and other seeds would be learnt with. The two
variances add up, and the critical value is the mean of theirs, weighted by them, which is on the
safe side: seeds that happen to agree do not make a verdict.

References:
    Cochran, Cox, "Experimental Designs", Wiley, 1950: the mean of two critical values, as the SAS/STAT
    User's Guide gives it (the TTEST procedure, option COCHRAN).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from core.evaluation.delong import LEVEL
from core.evaluation.differences import NOISE
from core.evaluation.report import Measure

NOTHING_VARIES = "no interval: nothing varies"
LEAST_P = 1e-12  # a smaller one is told as this
PRECISION = 1 + 1e-9  # of a p value


@dataclass(frozen=True, kw_only=True)
class Varying:
    """A variance that is known from so many degrees of freedom."""

    variance: float
    freedom: float


class Tested(Measure):
    """A value with the p value of its being nothing."""

    p: float | None = None


def of_seeds(values: np.ndarray) -> Varying:
    """Return how the mean over seeds would vary with other ones.

    Args:
        values: Of each seed, shape `(K,)`, two or more.

    Examples:
        >>> of_seeds(np.array([0.25, 0.75]))
        Varying(variance=0.0625, freedom=1)
    """
    variance = float(np.var(values, ddof=1)) / values.size
    return Varying(variance=variance if variance > NOISE else 0.0, freedom=values.size - 1)


def tested(value: float, by_patient: Varying, by_seed: Varying, *, low: float = -1.0, high: float = 1.0) -> Tested:
    """Return a value with its 95 % interval and the two-sided p value of its being 0.

    Args:
        value: What was found.
        by_patient: How it would vary with other patients.
        by_seed: How it would vary with other seeds.
        low: Least value that the interval may hold.
        high: Largest one.
    """
    variance = by_patient.variance + by_seed.variance
    if variance <= 0:
        return Tested(value=value, reason=NOTHING_VARIES)
    error = float(np.sqrt(variance))

    def critical(p: float) -> float:
        """Return how many standard errors have the two-sided probability `p`."""
        both = (by_patient, by_seed)
        return -sum(float(special.stdtrit(one.freedom, p / 2)) * one.variance / variance for one in both)

    half = critical(1 - LEVEL) * error
    p = _largest(lambda p: critical(p) > abs(value) / error)
    return Tested(value=value, low=max(value - half, low), high=min(value + half, high), p=p)


def _largest(is_below: Callable[[float], bool]) -> float:
    """Return the p value up to which something holds; a larger p has a smaller critical value."""
    low, high = LEAST_P, 1.0
    while high / low > PRECISION:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if is_below(middle) else (low, middle)
    return high
