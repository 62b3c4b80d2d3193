"""The three zones, and the threshold on a signal by which a film below the cut becomes unsure."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.base.statistics import clustered_proportion

SUSPECTED, UNSURE, NOT_SUSPECTED = "suspected", "unsure", "not suspected"


def zones(probabilities: np.ndarray, values: np.ndarray, *, cut: float, threshold: float | None) -> np.ndarray:
    """Return the zone of each film.

    Args:
        probabilities: Calibrated probability of the finding, shape `(N,)`, in [0, 1].
        values: The signal that orders the unsure cases, shape `(N,)`, higher is more reason for a
            human; a film without a value (NaN) is never left out of sight.
        cut: The operating point; a film at or above it is suspected.
        threshold: A film below the cut with a value at or above it is unsure; None makes all of them so.

    Returns:
        Zone by name, shape `(N,)`.

    Examples:
        >>> zones(np.array([0.9, 0.2, 0.2, 0.2]), np.array([0, 5, 1, np.nan]), cut=0.5, threshold=4).tolist()
        ['suspected', 'unsure', 'not suspected', 'unsure']
    """
    values = np.asarray(values, dtype=float)
    wanted = np.isnan(values) | (values >= (-np.inf if threshold is None else threshold))
    return np.where(np.asarray(probabilities) >= cut, SUSPECTED, np.where(wanted, UNSURE, NOT_SUSPECTED))


def within_budget(
    probabilities: np.ndarray,
    values: np.ndarray,
    *,
    cut: float,
    share: float,
) -> float | None:
    """Return the lowest threshold that keeps the unsure films within a budget.

    The films without a value are unsure at any threshold, so they use the budget up first; what
    is left goes to the largest values. Films of one value become unsure together or not at all.

    Args:
        probabilities: Calibrated probability of the finding, shape `(N,)`, in [0, 1].
        values: The signal that orders the unsure cases, shape `(N,)`; NaN is missing.
        cut: The operating point.
        share: How many films may be unsure, as a share of all N, in [0, 1].

    Returns:
        The threshold for `zones`; None where all films below the cut fit, or none of them has a
        value. Only films without a value can exceed the budget: then no other film is unsure.

    Raises:
        InputError: If the share is not in [0, 1].

    Examples:
        >>> within_budget(np.full(4, 0.1), np.array([1.0, 2.0, 3.0, 3.0]), cut=0.5, share=0.5)
        3.0
    """
    if not 0 <= share <= 1:
        msg = f"Expected a budget as a share of the films from 0 to 1, found {share}; give another."
        raise InputError(msg, field="budget")
    below = np.asarray(values, dtype=float)[np.asarray(probabilities) < cut]
    budget = int(share * len(probabilities) + 1e-9)
    known = np.sort(below[~np.isnan(below)])
    if below.size <= budget or not known.size:
        return None
    steps, first = np.unique(known, return_index=True)
    fits = known.size - first <= budget - (below.size - known.size)
    return float(steps[fits][0]) if fits.any() else above(known)


def above(values: np.ndarray) -> float:
    """Return the next number above all of some values, shape `(N,)`: the threshold at which none of them is unsure."""
    return float(np.nextafter(np.max(values), np.inf))


def curve(
    probabilities: np.ndarray,
    values: np.ndarray,
    labels: np.ndarray,
    patients: np.ndarray,
    *,
    cut: float,
    points: int = 200,
) -> pd.DataFrame:
    """Return what a policy costs and misses, from every film below the cut unsure to none of them.

    Args:
        probabilities: Calibrated probability of the finding, shape `(N,)`, in [0, 1].
        values: The signal that orders the unsure cases, shape `(N,)`; a film without one (NaN) is
            unsure at any threshold.
        labels: Reference standard, shape `(N,)`, 1, 0 or NaN; films without a label count as read or
            not, and are left out of the misses.
        patients: The patient of each film, shape `(N,)`.
        cut: The operating point.
        points: At most so many rows; the steps between them hold about equally many films.

    Returns:
        A row a threshold, rising, the last above all values: `threshold`, `unsure_share` and
        `read_share` (unsure or suspected) of all films; `missed` (positive films not suspected),
        `missed_share` of all positive films with its 95 % interval by patient (`low`, `high`), and
        `false_omission`, the share of positives among the labelled films not suspected. NaN where
        nothing is divided.
    """
    probabilities, values, labels = (np.asarray(array, dtype=float) for array in (probabilities, values, labels))
    _, patient = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    below = (probabilities < cut) & ~np.isnan(values)
    thresholds = _spread(values[below], points)
    always = float(np.sum((probabilities < cut) & np.isnan(values)))
    out = {kind: _below(values[below & chosen], thresholds) for kind, chosen in _kinds(labels).items()}
    unsure = always + below.sum() - out["any"]
    positive = labels == 1
    share = {}
    for threshold, missed in zip(thresholds, out["positive"], strict=True):
        if missed not in share:  # the same number is the same films: the third zone only grows
            share[missed] = clustered_proportion((below & (values < threshold))[positive], patient[positive])
    intervals = [share[missed] or (np.nan, np.nan, np.nan) for missed in out["positive"]]
    missed_share, low, high = np.array(intervals, dtype=float).reshape(-1, 3).T
    films = max(len(values), 1)
    labelled = out["labelled"].astype(float)
    return pd.DataFrame(
        {
            "threshold": thresholds,
            "unsure_share": unsure / films,
            "read_share": (unsure + np.sum(probabilities >= cut)) / films,
            "missed": out["positive"],
            "missed_share": missed_share,
            "low": low,
            "high": high,
            "false_omission": np.divide(
                out["positive"], labelled, out=np.full(labelled.size, np.nan), where=labelled > 0
            ),
        }
    )


def _kinds(labels: np.ndarray) -> dict[str, np.ndarray]:
    return {"any": np.ones(labels.size, bool), "labelled": ~np.isnan(labels), "positive": labels == 1}


def _below(values: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Count the values below each threshold."""
    return np.searchsorted(np.sort(values), thresholds, side="left")


def _spread(values: np.ndarray, points: int) -> np.ndarray:
    """Return thresholds from the lowest value to above the highest; any one will do where there is no value."""
    if not values.size:
        return np.zeros(1)
    inside = np.quantile(values, np.linspace(0, 1, max(points - 1, 1)), method="inverted_cdf")
    return np.append(np.unique(inside), above(values))
