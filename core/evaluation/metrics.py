"""Measures of a classifier's probabilities against a reference standard, for one or many weightings of the patients.

Every measure takes weights of shape `(D, P)`: how often each of P patients counts in each of D
draws. Ones give the plain value; a bootstrap gives the interval (`core.evaluation.intervals`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPECIFICITY = 0.95  # at which `sensitivity_at_specificity_95` is read off the ROC curve

RANKING = ("auroc", "average_precision", "sensitivity_at_specificity_95")
ERRORS = ("brier", "log_loss")
AT_THRESHOLD = ("sensitivity", "specificity", "ppv", "npv", "f1")


@dataclass(frozen=True)
class Films:
    """Labelled predictions of one part, prepared for weighting by patient."""

    labels: np.ndarray
    """Reference standard, shape `(N,)`, 1 for the finding and 0 without."""
    probabilities: np.ndarray
    """Predicted probability of the finding, shape `(N,)`, in [0, 1]."""
    patients: np.ndarray
    """Number of each film's patient, shape `(N,)`, from 0 to P - 1, in the order of their ids."""

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray, patient_ids: np.ndarray) -> Films:
        """Prepare films given the ids of their patients, shape `(N,)`."""
        _, patients = np.unique(np.asarray(patient_ids, dtype=str), return_inverse=True)
        return cls(np.asarray(labels, dtype=float), np.asarray(probabilities, dtype=float), patients)

    @property
    def patient_count(self) -> int:
        """How many patients there are."""
        return int(self.patients.max()) + 1 if self.patients.size else 0

    def only(self, kept: np.ndarray) -> Films:
        """Return the films of a mask, shape `(N,)`; patients keep their numbers, so their weights still fit."""
        return Films(self.labels[kept], self.probabilities[kept], self.patients[kept])


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


def ranking(films: Films, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the measures that depend on the order of the probabilities only.

    Only thresholds at the probability of a positive film matter: there the sensitivity steps up.
    So the positives, which are few, are summed over, and the negatives once accumulated.

    Args:
        films: The labelled predictions.
        weights: How often each patient counts, shape `(D, P)`.

    Returns:
        For each name of `RANKING` the values, shape `(D,)`; NaN where a class has no weight.
    """
    order = np.argsort(-films.probabilities, kind="stable")
    positive = films.labels[order] == 1
    values = -films.probabilities[order]  # ascending
    if not positive.any() or positive.all():
        return {name: np.full(len(weights), np.nan) for name in RANKING}
    patients = films.patients[order]
    steps, first = np.unique(values[positive], return_index=True)  # U distinct values among the positives
    whole = weights.astype(np.float32)  # counts below 2**24 are exact
    gained = np.add.reduceat(whole[:, patients[positive]], first, axis=1).astype(float)  # (D, U)
    false = np.zeros((len(weights), int((~positive).sum()) + 1), np.float32)
    np.cumsum(whole[:, patients[~positive]], axis=1, out=false[:, 1:])
    false_above, false_from = (
        false[:, np.searchsorted(values[~positive], steps, side=side)].astype(float) for side in ("left", "right")
    )  # (D, U): negatives above, and at or above, each step
    found = np.cumsum(gained, axis=1)
    positives, negatives = found[:, -1], false[:, -1].astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(gained > 0, found / (found + false_from), 0.0)
        area = (gained * (negatives[:, None] - (false_above + false_from) / 2)).sum(axis=1) / (positives * negatives)
        average_precision = (gained * precision).sum(axis=1) / positives
        allowed = false_from <= (1 - SPECIFICITY) * negatives[:, None] + 1e-9
        reached = np.where(allowed, found, 0.0).max(axis=1) / positives
    both = (positives > 0) & (negatives > 0)
    return {
        "auroc": np.where(both, area, np.nan),
        "average_precision": np.where(both, average_precision, np.nan),
        "sensitivity_at_specificity_95": np.where(both, reached, np.nan),
    }


def errors(films: Films, weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return the measures of how far the probabilities are from the labels.

    Args:
        films: The labelled predictions.
        weights: How often each patient counts, shape `(D, P)`.

    Returns:
        For each name of `ERRORS` the values, shape `(D,)`; `log_loss` in nats, its probabilities
        kept off 0 and 1 by the spacing of float64.
    """
    tiny = np.finfo(float).eps
    inside = np.clip(films.probabilities, tiny, 1 - tiny)
    squared = (films.probabilities - films.labels) ** 2
    surprise = -np.log(np.where(films.labels == 1, inside, 1 - inside))
    total, brier, log_loss = _sums(films, weights, np.ones(films.labels.size), squared, surprise)
    return {"brier": _over(brier, total), "log_loss": _over(log_loss, total)}


def at_threshold(films: Films, weights: np.ndarray, threshold: float) -> dict[str, np.ndarray]:
    """Return the measures of calling a film positive when its probability is at or above a threshold.

    Args:
        films: The labelled predictions.
        weights: How often each patient counts, shape `(D, P)`.
        threshold: On the probability, in [0, 1].

    Returns:
        For each name of `AT_THRESHOLD` the values, shape `(D,)`; NaN where nothing is divided.
    """
    called = films.probabilities >= threshold
    ill = films.labels == 1
    true_positive, false_positive, false_negative, true_negative = _sums(
        films, weights, called & ill, called & ~ill, ~called & ill, ~called & ~ill
    )
    return {
        "sensitivity": _over(true_positive, true_positive + false_negative),
        "specificity": _over(true_negative, true_negative + false_positive),
        "ppv": _over(true_positive, true_positive + false_positive),
        "npv": _over(true_negative, true_negative + false_negative),
        "f1": _over(2 * true_positive, 2 * true_positive + false_positive + false_negative),
    }


def _sums(films: Films, weights: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
    """Return the weighted sum of each array of values `(N,)` over the films, shape `(D,)` each."""
    count = weights.shape[1]
    by_patient = [np.bincount(films.patients, weights=value, minlength=count) for value in values]
    return list((weights @ np.column_stack(by_patient)).T)


def _over(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
