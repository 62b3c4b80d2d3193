"""Cohen's and Fleiss' kappa and Gwet's AC1, with intervals by drawing patients again.

All three compare how often readers agree with how often they would by chance, and differ in what
they take chance to be: for Cohen each reader answers with frequencies of their own, for Fleiss all
with the common ones, and for Gwet only the share of hard cases is answered by chance. Where nearly
all films are without the finding, the kappas fall although readers agree; AC1 does not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.evaluation.evaluate import MIN_PATIENTS
from core.evaluation.intervals import bootstrap, percentile_interval
from core.evaluation.report import Measure

DRAWS = 2000
SEED = 0
ONE_ANSWER = "all answers are one and the same"


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """How far readers agree beyond chance, by two ideas of chance."""

    kappa: Measure
    """Cohen's of two readers, Fleiss' of any number."""
    ac1: Measure


def cohen(joint: np.ndarray, *, quadratic: bool = False) -> np.ndarray:
    """Return Cohen's kappa of joint counts; NaN where both readers give one and the same answer throughout.

    Args:
        joint: Units by the first reader's category (rows) and the second's (columns), shape `(..., K, K)`.
        quadratic: Whether a disagreement weighs as the square of its distance, as for grades; else all weigh alike.

    Returns:
        Shape `(...)`, at most 1.

    References:
        Cohen, "A Coefficient of Agreement for Nominal Scales", Educational and Psychological
        Measurement 20(1), 1960; "Weighted kappa", Psychological Bulletin 70(4), 1968.

    Examples:
        >>> float(cohen(np.array([[20, 5], [10, 15]])))
        0.4
    """
    joint = np.asarray(joint, dtype=float)
    category = np.arange(joint.shape[-1])
    apart = (category[:, None] - category[None, :]) ** 2
    weight = apart if quadratic else apart > 0
    total = joint.sum(axis=(-2, -1))
    chance = joint.sum(axis=-1)[..., :, None] * joint.sum(axis=-2)[..., None, :]
    return 1 - _over((joint * weight).sum(axis=(-2, -1)) * total, (chance * weight).sum(axis=(-2, -1)))


def fleiss(agreeing: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return Fleiss' kappa; NaN where all answers are one and the same.

    Args:
        agreeing: Mean share of the pairs of readers of a unit who agree, shape `(...)`.
        shares: Share of each category among all answers, shape `(..., K)`.

    References:
        Fleiss, "Measuring Nominal Scale Agreement Among Many Raters", Psychological Bulletin 76(5), 1971.
    """
    chance = (shares**2).sum(axis=-1)
    return _over(agreeing - chance, 1 - chance)


def ac1(agreeing: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return Gwet's AC1.

    Chance agreement is the sum of share times (1 - share) over the K categories that could be
    answered, whether anybody did or not, divided by K - 1.

    Args:
        agreeing: As for `fleiss`.
        shares: As for `fleiss`.

    References:
        Gwet, "Computing inter-rater reliability and its variance in the presence of high agreement",
        British Journal of Mathematical and Statistical Psychology 61(1), 2008: the multiple-rater AC1.
    """
    chance = (shares * (1 - shares)).sum(axis=-1) / (shares.shape[-1] - 1)
    return _over(agreeing - chance, 1 - chance)


def of_pair(
    first: np.ndarray, second: np.ndarray, patients: np.ndarray, *, categories: int, quadratic: bool = False
) -> Coefficients:
    """Return how far two readers agree.

    Args:
        first: Number of the category that the first reader answered, shape `(N,)`, from 0.
        second: The same of the second reader.
        patients: The patient of each unit, shape `(N,)`.
        categories: How many categories could be answered, K.
        quadratic: Whether kappa weighs distances, as for grades; AC1 never does.
    """
    joint = np.eye(categories**2)[np.asarray(first, dtype=int) * categories + np.asarray(second, dtype=int)]

    def measure(sums: np.ndarray) -> dict[str, np.ndarray]:
        counts = sums.reshape(-1, categories, categories)
        total = counts.sum(axis=(-2, -1))
        agreeing = _over(np.trace(counts, axis1=-2, axis2=-1), total)
        shares = _over(counts.sum(axis=-1) + counts.sum(axis=-2), 2 * total[:, None])
        return {"kappa": cohen(counts, quadratic=quadratic), "ac1": ac1(agreeing, shares)}

    return _measured(measure, joint, patients)


def of_readers(counts: np.ndarray, patients: np.ndarray) -> Coefficients:
    """Return how far some readers agree, who need not be the same for every unit.

    Args:
        counts: How many readers gave each category, shape `(N, K)`; every row sums to the same number, at least 2.
        patients: The patient of each unit, shape `(N,)`.
    """
    counts = np.asarray(counts, dtype=float)
    readers = counts.sum(axis=1, keepdims=True)
    agreeing = (counts * (counts - 1)).sum(axis=1, keepdims=True) / (readers * (readers - 1))
    told = np.hstack([np.ones_like(readers), agreeing, counts / readers])

    def measure(sums: np.ndarray) -> dict[str, np.ndarray]:
        means = _over(sums[:, 1:], sums[:, :1])
        agreed, shares = means[:, 0], means[:, 1:]
        return {"kappa": fleiss(agreed, shares), "ac1": ac1(agreed, shares)}

    return _measured(measure, told, patients)


def _measured(
    measure: Callable[[np.ndarray], dict[str, np.ndarray]], told: np.ndarray, patients: np.ndarray
) -> Coefficients:
    """Measure sums over units, and over draws of their patients.

    Args:
        measure: Takes sums `(D, S)`, returns values `(D,)` by name.
        told: What each unit adds to the sums, shape `(N, S)`.
        patients: The patient of each unit, shape `(N,)`.
    """
    if not len(told):
        none = Measure(value=None, reason="nothing that all of them could read")
        return Coefficients(kappa=none, ac1=none)
    known, number = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    sums = np.zeros((known.size, told.shape[1]))
    np.add.at(sums, number, told)
    values = measure(sums.sum(axis=0, keepdims=True))
    drawn = bootstrap(lambda weights: measure(weights @ sums), known.size, len(told), draws=DRAWS, seed=SEED)
    return Coefficients(
        **{name: _measure(float(values[name][0]), drawn[name], patients=known.size) for name in ("kappa", "ac1")}
    )


def _measure(value: float, drawn: np.ndarray, *, patients: int) -> Measure:
    if np.isnan(value):
        return Measure(value=None, reason=ONE_ANSWER)
    if patients < MIN_PATIENTS:
        return Measure(value=value, reason=f"no interval: fewer than {MIN_PATIENTS} patients")
    interval = percentile_interval(drawn)
    if interval is None or interval[0] == interval[1]:  # a bootstrap cannot see what it never draws
        return Measure(value=value, reason="no interval: too few patients to see it vary")
    return Measure(value=value, low=interval[0], high=interval[1])


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide where there is something to divide by, up to rounding; NaN elsewhere."""
    part, whole = np.broadcast_arrays(part, whole)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=np.abs(whole) > 1e-12)
