"""The ROC and the precision-recall curve, exact and thinned for the screen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SCREEN_POINTS = 200


class Curve(NamedTuple):
    """A curve over thresholds from high to low."""

    x: np.ndarray
    """ROC: 1 - specificity; precision-recall: sensitivity. Shape `(T,)`, in [0, 1], rising."""
    y: np.ndarray
    """ROC: sensitivity; precision-recall: PPV. Shape `(T,)`, in [0, 1]."""
    thresholds: np.ndarray
    """Probability at or above which a film is called positive, shape `(T,)`; infinite at the start of the ROC."""


def roc(labels: np.ndarray, probabilities: np.ndarray) -> Curve:
    """Return the exact ROC curve, one point a distinct probability after the origin.

    Args:
        labels: Reference standard, shape `(N,)`, 0 or 1, both there.
        probabilities: Predicted probability, shape `(N,)`.

    Raises:
        ValueError: If there is one class only.
    """
    found, false, thresholds = _cumulated(labels, probabilities)
    return Curve(
        np.concatenate([[0.0], false / false[-1]]),
        np.concatenate([[0.0], found / found[-1]]),
        np.concatenate([[np.inf], thresholds]),
    )


def precision_recall(labels: np.ndarray, probabilities: np.ndarray) -> Curve:
    """Return the exact precision-recall curve, one point a distinct probability.

    Args:
        labels: Reference standard, shape `(N,)`, 0 or 1, both there.
        probabilities: Predicted probability, shape `(N,)`.

    Raises:
        ValueError: If there is one class only.
    """
    found, false, thresholds = _cumulated(labels, probabilities)
    return Curve(found / found[-1], found / (found + false), thresholds)


def thinned(curve: Curve, *, points: int = SCREEN_POINTS) -> Curve:
    """Keep at most so many points of a curve, evenly along its length, both ends among them.

    Args:
        curve: The exact curve.
        points: At least 2.
    """
    if len(curve.x) <= points:
        return curve
    length = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y)))])
    kept = np.searchsorted(length, np.linspace(0, length[-1], points - 1))
    kept = np.unique(np.append(kept, len(length) - 1))
    return Curve(curve.x[kept], curve.y[kept], curve.thresholds[kept])


def _cumulated(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return true and false positives at or above each distinct probability, from high to low, and these."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    positives, negatives = int((labels == 1).sum()), int((labels == 0).sum())
    if not positives or not negatives:
        msg = f"Expected both classes, got {positives} positive and {negatives} negative"
        raise ValueError(msg)
    order = np.argsort(-probabilities, kind="stable")
    last = np.append(np.flatnonzero(np.diff(probabilities[order])), labels.size - 1)  # of each distinct value
    found = np.cumsum(labels[order] == 1)[last]
    return found.astype(float), (last + 1 - found).astype(float), probabilities[order][last]
