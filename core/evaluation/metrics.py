"""Measures of a classifier's probabilities against a reference standard, for one or many weightings of the patients.

Every measure takes weights of shape `(D, P)`: how often each of P patients counts in each of D
draws. Ones give the plain value; a bootstrap gives the interval (`core.evaluation.intervals`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.evaluation.films import Films
from core.evaluation.reliability import BINS

__all__ = [
    "AT_PREVALENCE",
    "AT_THRESHOLD",
    "ERRORS",
    "RANKING",
    "Films",
    "Steps",
    "at_threshold",
    "auroc",
    "errors",
    "predictive_values",
    "ranking",
    "ranking_of",
    "steps",
]

FIXED = 0.95  # the sensitivity or specificity at which the other is read off the ROC curve
FALSE_SHARE = 0.1  # up to which 1 - specificity `partial_auroc_90` is taken
ROUNDING = 1e-9  # of a number of films, within which shares count as reached

RANKING = (
    *("auroc", "average_precision", "partial_auroc_90"),
    *("sensitivity_at_specificity_95", "specificity_at_sensitivity_95"),
)
ERRORS = ("brier", "log_loss", "ece")
AT_THRESHOLD = ("sensitivity", "specificity", "ppv", "npv", "f1", "mcc")
AT_PREVALENCE = ("ppv_at_prevalence", "npv_at_prevalence")


def auroc(labels: np.ndarray, probabilities: np.ndarray) -> float | None:
    """Return the area under the ROC curve, or None when there is one class only.

    Args:
        labels: Reference standard, shape `(N,)`, 0 or 1.
        probabilities: Probabilities, logits or anything else that rises with them, shape `(N,)`.

    Examples:
        >>> auroc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
        0.75
    """
    labels = np.asarray(labels)
    films = Films(labels.astype(float), np.asarray(probabilities, dtype=float), np.zeros(labels.size, dtype=np.int64))
    value = float(ranking(films, np.ones((1, 1)))["auroc"][0])
    return None if np.isnan(value) else value


@dataclass(frozen=True)
class Steps:
    """The ROC curve of each draw where it matters: at the U distinct probabilities of positive films, falling.

    There the sensitivity steps up. Positives and negatives are added up between these steps only.
    """

    gained: np.ndarray
    """Weight of the positives at each step, shape `(U, D)`."""
    found: np.ndarray
    """Weight of the positives at or above it, shape `(U, D)`."""
    false_above: np.ndarray
    """Weight of the negatives above it, shape `(U, D)`."""
    false_from: np.ndarray
    """Weight of the negatives at or above it, shape `(U, D)`."""
    negatives: np.ndarray
    """Weight of all negatives, shape `(D,)`."""

    @property
    def positives(self) -> np.ndarray:
        """Weight of all positives, shape `(D,)`."""
        return self.found[-1]

    @property
    def both(self) -> np.ndarray:
        """Whether both classes have weight, shape `(D,)`."""
        return (self.positives > 0) & (self.negatives > 0)

    def sensitivities(self, specificities: np.ndarray) -> np.ndarray:
        """Return the highest sensitivity with at least each specificity `(G,)`, shape `(D, G)`; NaN as in `ranking`."""
        allowed = (1 - np.asarray(specificities)) * self.negatives[:, None] + ROUNDING
        rows = zip(self.false_from.T, allowed, strict=True)
        at = np.array([np.searchsorted(false, most, side="right") for false, most in rows])
        found = np.concatenate([np.zeros((len(self.negatives), 1)), self.found.T], axis=1)
        share = _over(np.take_along_axis(found, at, axis=1), self.positives[:, None])
        return np.where(self.both[:, None], share, np.nan)


def steps(films: Films, weights: np.ndarray) -> Steps | None:
    """Return the steps of the ROC curves, or None if there is one class only.

    Args:
        films: The labelled predictions.
        weights: How often each patient counts, shape `(D, P)`.
    """
    if films.placed is None:
        return None
    of_positives, of_negatives = films.placed
    whole = np.ascontiguousarray(weights.T[: films.patient_count], dtype=np.float32)  # counts below 2**24 are exact
    gained = (of_positives @ whole).astype(float)
    false = np.cumsum((of_negatives @ whole).astype(float), axis=0)
    return Steps(gained, np.cumsum(gained, axis=0), false[:-1:2], false[1::2], false[-1])


def ranking(films: Films, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the measures that depend on the order of the probabilities only.

    Args:
        films: The labelled predictions.
        weights: How often each patient counts, shape `(D, P)`.

    Returns:
        For each name of `RANKING` the values, shape `(D,)`; NaN where a class has no weight.
        `partial_auroc_90` is the area over specificities from 0.9 to 1, on McClish's scale, on
        which 0.5 is guessing and 1 perfect.

    References:
        McClish, "Analyzing a Portion of the ROC Curve", Medical Decision Making 9(3), 1989.
    """
    found = steps(films, weights)
    return ranking_of(found) if found is not None else {name: np.full(len(weights), np.nan) for name in RANKING}


def ranking_of(curves: Steps) -> dict[str, np.ndarray]:
    """Return what `ranking` does, of steps that are at hand."""
    positives, negatives = curves.positives, curves.negatives
    width = curves.false_from - curves.false_above
    with np.errstate(invalid="ignore", divide="ignore"):
        area = (curves.gained * (negatives - (curves.false_above + curves.false_from) / 2)).sum(axis=0)
        precision = np.where(curves.gained > 0, curves.found / (curves.found + curves.false_from), 0.0)
        enough = np.argmax(curves.found >= FIXED * positives - ROUNDING, axis=0)
        false = np.take_along_axis(curves.false_from, enough[None], axis=0)[0]
        values = {
            "auroc": area / (positives * negatives),
            "average_precision": (curves.gained * precision).sum(axis=0) / positives,
            "partial_auroc_90": _partial(curves, width),
            "sensitivity_at_specificity_95": curves.sensitivities(np.array([FIXED]))[:, 0],
            "specificity_at_sensitivity_95": 1 - false / negatives,
        }
    return {name: np.where(curves.both, values[name], np.nan) for name in RANKING}


def _partial(curves: Steps, width: np.ndarray) -> np.ndarray:
    """Return the partial AUROC `(D,)`, given the weight of the negatives tied with each step `(U, D)`."""
    most = FALSE_SHARE * curves.negatives
    last = int((curves.false_above < most).sum(axis=0).max(initial=0))  # steps beyond it add nothing in any draw
    gained, above, width = curves.gained[:last], curves.false_above[:last], width[:last]
    rising = np.clip(most - above, 0, width)  # how much of a slanting step, made by ties, lies within
    within = np.maximum(most - above - width, 0) + np.where(width > 0, rising**2 / (2 * width), 0.0)
    low = (gained * within).sum(axis=0) / (curves.positives * curves.negatives)
    guessing = FALSE_SHARE**2 / 2
    return (1 + (low - guessing) / (FALSE_SHARE - guessing)) / 2


def errors(films: Films, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the measures of how far the probabilities are from the labels.

    Args:
        films: The labelled predictions.
        weights: How often each patient counts, shape `(D, P)`.

    Returns:
        For each name of `ERRORS` the values, shape `(D,)`; `log_loss` in nats, its probabilities
        kept off 0 and 1 by the spacing of float64; `ece` over bins of equal width, as in
        `core.evaluation.reliability`.
    """
    tiny = np.finfo(float).eps
    inside = np.clip(films.probabilities, tiny, 1 - tiny)
    squared = (films.probabilities - films.labels) ** 2
    surprise = -np.log(np.where(films.labels == 1, inside, 1 - inside))
    number = np.minimum((films.probabilities * BINS).astype(int), BINS - 1)
    gaps = [np.where(number == at, films.labels - films.probabilities, 0.0) for at in range(BINS)]
    total, brier, log_loss, *off = _sums(films, weights, np.ones(films.labels.size), squared, surprise, *gaps)
    return {
        "brier": _over(brier, total),
        "log_loss": _over(log_loss, total),
        "ece": _over(np.abs(off).sum(axis=0), total),
    }


def at_threshold(
    films: Films, weights: np.ndarray, threshold: float, *, prevalence: float | None = None
) -> dict[str, np.ndarray]:
    """Return the measures of calling a film positive when its probability is at or above a threshold.

    Args:
        films: The labelled predictions.
        weights: How often each patient counts, shape `(D, P)`.
        threshold: On the probability, in [0, 1].
        prevalence: At which PPV and NPV are told besides, in (0, 1); None leaves them out.

    Returns:
        For each name of `AT_THRESHOLD`, and with a prevalence of `AT_PREVALENCE`, the values, shape
        `(D,)`; NaN where nothing is divided.

    References:
        Matthews, "Comparison of the predicted and observed secondary structure of T4 phage
        lysozyme", Biochimica et Biophysica Acta 405(2), 1975: `mcc`.
    """
    called = films.probabilities >= threshold
    ill = films.labels == 1
    true_positive, false_positive, false_negative, true_negative = _sums(
        films, weights, called & ill, called & ~ill, ~called & ill, ~called & ~ill
    )
    positive, negative = true_positive + false_negative, true_negative + false_positive
    alarms, silent = true_positive + false_positive, true_negative + false_negative
    sensitivity, specificity = _over(true_positive, positive), _over(true_negative, negative)
    margins = np.sqrt(positive * negative * alarms * silent)
    found = {
        "sensitivity": sensitivity,
        "specificity": specificity,
        "ppv": _over(true_positive, alarms),
        "npv": _over(true_negative, silent),
        "f1": _over(2 * true_positive, 2 * true_positive + false_positive + false_negative),
        "mcc": _over(true_positive * true_negative - false_positive * false_negative, margins),
    }
    if prevalence is not None:
        ppv, npv = predictive_values(sensitivity, specificity, prevalence)
        found |= {"ppv_at_prevalence": ppv, "npv_at_prevalence": npv}
    return found


def predictive_values(
    sensitivity: np.ndarray, specificity: np.ndarray, prevalence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return PPV and NPV where the finding is as frequent as said, by Bayes' rule.

    Args:
        sensitivity: Shape `(D,)`, in [0, 1] or NaN.
        specificity: Shape `(D,)`, in [0, 1] or NaN.
        prevalence: Share of films with the finding, in (0, 1).

    Returns:
        Both of shape `(D,)`; NaN where one of the given two is, or no film would be called so.

    Raises:
        ValueError: If the prevalence is out of range.

    Examples:
        >>> ppv, npv = predictive_values(np.array([0.9]), np.array([0.9]), 0.1)
        >>> ppv.round(3).tolist(), npv.round(3).tolist()
        ([0.5], [0.988])
    """
    if not 0 < prevalence < 1:
        msg = f"Expected a prevalence in (0, 1), got {prevalence}"
        raise ValueError(msg)
    sensitivity, specificity = np.asarray(sensitivity, dtype=float), np.asarray(specificity, dtype=float)
    found, missed = sensitivity * prevalence, (1 - sensitivity) * prevalence
    right, false = specificity * (1 - prevalence), (1 - specificity) * (1 - prevalence)
    return _over(found, found + false), _over(right, right + missed)


def _sums(films: Films, weights: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
    """Return the weighted sum of each array of values `(N,)` over the films, shape `(D,)` each."""
    count = weights.shape[1]
    by_patient = [np.bincount(films.patients, weights=value, minlength=count) for value in values]
    return list((weights @ np.column_stack(by_patient)).T)


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
