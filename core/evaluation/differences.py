"""Whether two classifiers differ on the same films: paired differences with intervals and p-values by patient.

Among more than two classifiers each p-value is also given after Holm's step-down, within one metric
over all pairs.

References:
    Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
    Statistics 6(2), 1979.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy import special

from core.evaluation import delong, metrics
from core.evaluation.aligned import Aligned
from core.evaluation.delong import LEVEL
from core.evaluation.intervals import DRAWS, bootstrap, percentile_interval
from core.evaluation.measures import FEW, FEW_IN_ALL, LACKING, MIN_PATIENTS, NEED_NO_CLASS, NO_THRESHOLD
from core.evaluation.report import Measure

DELONG = "paired clustered DeLong"
BOOTSTRAP = "paired bootstrap of the patients"
PERMUTATION = "permutation of the two by patient"
DRAWN = (*metrics.RANKING[1:], *NEED_NO_CLASS)
NOISE = 1e-12  # of a variance, below which a difference of two is rounding


class Difference(Measure):
    """How much larger a metric is for one classifier than for another on the same films."""

    first: str
    second: str
    metric: str
    method: str
    p_value: float | None = None
    """Two-sided; None where there is no test, with the reason."""
    p_holm: float | None = None
    """After Holm's step-down over all pairs of classifiers."""


def auroc_differences(aligned: Aligned) -> list[Difference]:
    """Compare the AUROCs of all pairs by paired clustered DeLong, on Student's t (`delong.freedom`).

    Raises:
        ValueError: If there are no two classifiers.

    References:
        `core.evaluation.delong`.
    """
    pairs = _pairs(aligned)
    films = aligned.of(pairs[0][0])
    lacking = _lacking(films.labels)
    names = list(aligned.probabilities)
    if lacking is not None or _few(aligned, (0, 1)):
        areas = {name: metrics.auroc(films.labels, aligned.probabilities[name]) for name in names}
        return [_untested(pair, "auroc", DELONG, areas, lacking or FEW) for pair in pairs]
    aurocs, covariance = delong.covariance(films, np.array(list(aligned.probabilities.values())))
    freedom = delong.freedom(films)
    found = []
    for first, second in pairs:
        a, b = names.index(first), names.index(second)
        value, alone = float(aurocs[a] - aurocs[b]), covariance[a, a] + covariance[b, b]
        variance = float(alone - 2 * covariance[a, b])
        if variance <= NOISE * alone:
            reason = "no interval: no film tells them apart" if value == 0 else "no interval: nothing varies"
            found.append(_difference((first, second), "auroc", DELONG, value=value, reason=reason))
            continue
        error = np.sqrt(variance)
        half = float(special.stdtrit(freedom, 0.5 + LEVEL / 2) * error)
        p_value = float(2 * special.stdtr(freedom, -abs(value) / error))
        limits = _around(value, half)
        found.append(_difference((first, second), "auroc", DELONG, value=value, **limits, p_value=p_value))
    return corrected(found)


def metric_differences(
    aligned: Aligned, *, names: Sequence[str] = DRAWN, draws: int = DRAWS, seed: int = 0
) -> list[Difference]:
    """Compare measures of the ranking and of the error in the same draws of the patients for all classifiers.

    The p-value goes with the percentile interval: twice the share of draws in which the difference
    is not on the side on which it was found, those with no difference on either side counted with
    both, and the observed one counted as a draw.

    Args:
        aligned: Two or more classifiers.
        names: Of `metrics.RANKING` and `metrics.ERRORS`.
        draws: How often the patients are drawn.
        seed: Of the draws.

    Raises:
        ValueError: If there are no two classifiers.

    References:
        Davison, Hinkley, "Bootstrap Methods and their Application", Cambridge University Press,
        1997, chapter 4: tests by bootstrap.
    """
    pairs = _pairs(aligned)
    films = {name: aligned.of(name) for name in aligned.probabilities}

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        own = [metrics.ranking(one, weights) | metrics.errors(one, weights) for one in films.values()]
        return {name: np.column_stack([values[name] for values in own]) for name in names}

    patients = int(aligned.patients.max()) + 1
    values = {name: value[0] for name, value in measure(np.ones((1, patients))).items()}
    drawn = bootstrap(measure, patients, aligned.patients.size * len(films), draws=draws, seed=seed)
    lacking = _lacking(aligned.films["label"].to_numpy())
    found = []
    for name in names:
        need = () if name in NEED_NO_CLASS else (0, 1)
        reason = (lacking if need else None) or (FEW if _few(aligned, need) else None)
        reason = reason or (FEW_IN_ALL if patients < MIN_PATIENTS else None)
        own = []
        for pair in pairs:
            if reason:
                own.append(_untested(pair, name, BOOTSTRAP, dict(zip(films, values[name], strict=True)), reason))
                continue
            first, second = (list(films).index(classifier) for classifier in pair)
            value, draw = (table[..., first] - table[..., second] for table in (values[name], drawn[name]))
            own.append(_difference(pair, name, BOOTSTRAP, **_bootstrapped(value, draw)))
        found += corrected(own)
    return found


def call_differences(
    aligned: Aligned, thresholds: Mapping[str, float | None], *, draws: int = 2000, seed: int = 0
) -> list[Difference]:
    """Compare sensitivity and specificity, each classifier at its own operating point.

    If two classifiers do not differ, their calls of a patient's films could as well be the other
    way round. So the calls of whole patients are swapped at random; the p-value is the share of
    draws with a larger difference and half of those with an equal one, the observed one counted
    as a draw: the mid-p, as with few patients many draws are equal and the plain share would hardly
    ever be small. The interval comes from how the difference varies between patients.

    Args:
        aligned: Two or more classifiers.
        thresholds: The operating point of each; None leaves its differences null.
        draws: How often patients are swapped.
        seed: Of the draws.

    Raises:
        ValueError: If there are no two classifiers.

    References:
        Ernst, "Permutation Methods: A Basis for Exact Inference", Statistical Science 19(4), 2004.
        Fagerland, Lydersen, Laake, "The McNemar test for binary matched-pairs data: mid-p and
        asymptotic are better than exact conditional", BMC Medical Research Methodology 13:91, 2013.
    """
    rng = np.random.default_rng(seed)
    labels = aligned.films["label"].to_numpy()
    calls = {
        name: None if cut is None else aligned.probabilities[name] >= cut
        for name, cut in ((name, thresholds.get(name)) for name in aligned.probabilities)
    }
    found = []
    for metric, label in (("sensitivity", 1), ("specificity", 0)):
        own = labels == label
        _, patients = np.unique(aligned.patients[own], return_inverse=True)
        pairs = []
        for pair in _pairs(aligned):
            first, second = (calls[name] for name in pair)
            if first is None or second is None:
                pairs.append(_difference(pair, metric, PERMUTATION, value=None, reason=NO_THRESHOLD))
            elif not own.any():
                reason = "no positive film" if label else "no negative film"
                pairs.append(_difference(pair, metric, PERMUTATION, value=None, reason=reason))
            else:
                right = (first[own] == label).astype(float) - (second[own] == label)
                test = _swapped(right, patients, rng, draws=draws)
                pairs.append(_difference(pair, metric, PERMUTATION, value=float(right.mean()), **test))
        found += corrected(pairs)
    return found


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """Return the differences of one metric with their p-values after Holm; those without one stay without."""
    adjusted = iter(holm([one.p_value for one in differences if one.p_value is not None]))
    return [one if one.p_value is None else one.model_copy(update={"p_holm": next(adjusted)}) for one in differences]


def holm(p_values: Iterable[float]) -> list[float]:
    """Return p-values after Holm's step-down, in the order given.

    Examples:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    given = np.array(list(p_values))
    order = np.argsort(given, kind="stable")
    stepped = np.maximum.accumulate(given[order] * np.arange(given.size, 0, -1))
    adjusted = np.empty(given.size)
    adjusted[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in adjusted]


def _bootstrapped(value: np.ndarray, drawn: np.ndarray) -> dict[str, Any]:
    """Return a difference, its interval and p-value, from the value and those of the draws `(D,)`."""
    there, interval = drawn[~np.isnan(drawn)], percentile_interval(drawn)
    if interval is None:
        return {"value": float(value), "reason": LACKING}
    if interval[0] == interval[1]:
        return {"value": float(value), "reason": "no interval: the draws do not vary"}
    fewer = min(int((there <= 0).sum()), int((there >= 0).sum()))
    p_value = min(1.0, 2 * (fewer + 1) / (there.size + 1))
    return {"value": float(value), "low": interval[0], "high": interval[1], "p_value": p_value}


def _swapped(right: np.ndarray, patients: np.ndarray, rng: np.random.Generator, *, draws: int) -> dict[str, Any]:
    """Return interval and p-value of a mean difference.

    Args:
        right: Whether the first is right less whether the second is, of each film of a class, shape `(N,)`.
        patients: Number of each film's patient, shape `(N,)`, without gaps.
        rng: Of the draws.
        draws: How often the patients are swapped.
    """
    by_patient, sizes = np.bincount(patients, right), np.bincount(patients)
    count, value = sizes.size, float(right.mean())
    if count < MIN_PATIENTS:
        return {"reason": FEW}
    if not right.any():
        return {"p_value": 1.0, "reason": "no interval: their calls never differ"}
    drawn = np.zeros(draws)
    for size, often in zip(*np.unique(np.abs(by_patient[by_patient != 0]), return_counts=True), strict=True):
        drawn += size * (2 * rng.binomial(often, 0.5, size=draws) - often)  # patients of one size together
    beyond = np.abs(drawn) - abs(by_patient.sum())  # whole numbers, exact as floats
    p_value = (int((beyond > 0).sum()) + (int((beyond == 0).sum()) + 1) / 2) / (draws + 1)
    residuals = by_patient - value * sizes
    error = np.sqrt(count / (count - 1) * float(residuals @ residuals)) / right.size
    half = float(special.stdtrit(count - 1, 0.5 + LEVEL / 2) * error)
    return {**_around(value, half), "p_value": p_value}


def _around(value: float, half: float) -> dict[str, float]:
    return {"low": max(value - half, -1.0), "high": min(value + half, 1.0)}


def _difference(pair: tuple[str, str], metric: str, method: str, **found: Any) -> Difference:  # noqa: ANN401 (its fields)
    return Difference(first=pair[0], second=pair[1], metric=metric, method=method, **found)


def _untested(
    pair: tuple[str, str], metric: str, method: str, values: Mapping[str, float | None], reason: str
) -> Difference:
    first, second = values[pair[0]], values[pair[1]]
    value = None if first is None or second is None or np.isnan(first - second) else float(first - second)
    return _difference(pair, metric, method, value=value, reason=reason)


def _pairs(aligned: Aligned) -> list[tuple[str, str]]:
    pairs = list(combinations(aligned.probabilities, 2))
    if not pairs:
        msg = f"Expected two or more classifiers to compare, got {len(aligned.probabilities)}"
        raise ValueError(msg)
    return pairs


def _lacking(labels: np.ndarray) -> str | None:
    return "no positive film" if not (labels == 1).any() else "no negative film" if (labels == 1).all() else None


def _few(aligned: Aligned, classes: Iterable[int]) -> bool:
    labels = aligned.films["label"].to_numpy()
    return any(np.unique(aligned.patients[labels == label]).size < MIN_PATIENTS for label in classes)
