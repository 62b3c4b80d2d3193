"""The decision curve: what calling films positive gains, with misses and false alarms weighed by the threshold."""

from __future__ import annotations

import numpy as np


def net_benefit(
    labels: np.ndarray, probabilities: np.ndarray, thresholds: np.ndarray, *, prevalence: float | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the net benefit of calling positive from each threshold on, and of calling every film positive.

    In true positives a film: their share, less that of the false positives weighed by the odds of
    the threshold. Somebody who acts from a probability of 0.1 on takes 9 false alarms for one
    that is found. Calling no film positive has 0.

    Args:
        labels: Reference standard, shape `(N,)`, 1 for the finding and 0 without.
        probabilities: Calibrated probability of the finding, shape `(N,)`, in [0, 1].
        thresholds: On the probability, shape `(T,)`, from 0 to below 1.
        prevalence: To which the films are weighed, in [0, 1]; None takes theirs.

    Returns:
        The net benefit of the model and of calling every film positive, shape `(T,)` each.

    Raises:
        ValueError: If there are no films, a threshold or the prevalence is out of range, or a class
            that the prevalence speaks of has no film.

    References:
        Vickers, Elkin, "Decision Curve Analysis: A Novel Method for Evaluating Prediction Models",
        Medical Decision Making 26(6), 2006, pages 565-574.

    Examples:
        >>> labels, probabilities = np.array([1, 0, 1, 0]), np.array([0.9, 0.6, 0.4, 0.1])
        >>> model, all_positive = net_benefit(labels, probabilities, np.array([0.2, 0.5]))
        >>> model.round(4).tolist(), all_positive.round(4).tolist()
        ([0.4375, 0.0], [0.375, 0.0])
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=float)
    thresholds = np.asarray(thresholds, dtype=float)
    if not labels.size:
        msg = "Expected films, got none"
        raise ValueError(msg)
    found, false = (_share_from(probabilities[labels == label], thresholds) for label in (1, 0))
    share = float((labels == 1).mean()) if prevalence is None else prevalence
    return weighed(found, false, thresholds, prevalence=share)


def weighed(
    found: np.ndarray, false: np.ndarray, thresholds: np.ndarray, *, prevalence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the net benefit, as `net_benefit` does, of what is known of each threshold.

    Args:
        found: Sensitivity at each threshold, shape `(T,)`; NaN if there are no positives.
        false: 1 - specificity at each threshold, shape `(T,)`; NaN if there are no negatives.
        thresholds: On the probability, shape `(T,)`, from 0 to below 1.
        prevalence: Share of the films with the finding, in [0, 1].

    Raises:
        ValueError: As `net_benefit` does.
    """
    if not 0 <= prevalence <= 1:
        msg = f"Expected a prevalence in [0, 1], got {prevalence}"
        raise ValueError(msg)
    if thresholds.size and not (thresholds.min() >= 0 and thresholds.max() < 1):
        msg = f"Expected thresholds from 0 to below 1, got {thresholds.min()} to {thresholds.max()}"
        raise ValueError(msg)
    for share, of in ((prevalence, found), (1 - prevalence, false)):
        if share > 0 and np.isnan(of).any():
            msg = f"Expected films of both classes for a prevalence of {prevalence}, got one class only"
            raise ValueError(msg)
    odds = thresholds / (1 - thresholds)
    hits, alarms = (np.nan_to_num(of) * share for of, share in ((found, prevalence), (false, 1 - prevalence)))
    return hits - alarms * odds, prevalence - (1 - prevalence) * odds


def _share_from(probabilities: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Return which share of the probabilities lies at or above each threshold; NaN if there are none."""
    if not probabilities.size:
        return np.full(thresholds.shape, np.nan)
    below = np.searchsorted(np.sort(probabilities), thresholds, side="left")
    return 1 - below / probabilities.size
