"""The threshold above which a film is called positive, chosen on the `tune` fold by a named rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation.curves import roc
from core.evaluation.report import Threshold

IN_FORCE = "youden"  # which of the card's operating points counts
RULES = {
    "youden": "Largest sum of sensitivity and specificity",
    "sensitivity-95": "Highest threshold with a sensitivity of at least 95 %",
    "specificity-95": "Lowest threshold with a specificity of at least 95 %",
}


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """A threshold on the predicted probability, and what it achieves where it was chosen."""

    rule: str
    threshold: float
    sensitivity: float
    specificity: float


def choose(labels: np.ndarray, probabilities: np.ndarray, *, rule: str = "youden") -> OperatingPoint:
    """Choose the threshold that a rule asks for; a film is positive at or above it.

    Ties go to the higher threshold, the more specific one. Only probabilities that occur are
    candidates, and, for a specificity that none of them reaches, the next number above them all.

    Args:
        labels: Reference standard, shape `(N,)`, 1 for the finding and 0 without.
        probabilities: Predicted probability of the finding, shape `(N,)`, in [0, 1].
        rule: A key of `RULES`.

    Raises:
        ValueError: If the labels hold one class only, or there is no such rule.

    References:
        Youden, "Index for rating diagnostic tests", Cancer 3(1), 1950.

    Examples:
        >>> labels = np.array([0, 0, 0, 1, 1])
        >>> probabilities = np.array([0.1, 0.3, 0.6, 0.5, 0.9])
        >>> choose(labels, probabilities)
        OperatingPoint(rule='youden', threshold=0.5, sensitivity=1.0, specificity=0.6666666666666667)
    """
    if rule not in RULES:
        msg = f"Expected a rule among {', '.join(RULES)}, got {rule!r}"
        raise ValueError(msg)
    curve = roc(labels, probabilities)
    sensitivity, specificity = curve.y, 1 - curve.x
    if rule == "youden":
        at = 1 + int(np.argmax((sensitivity + specificity)[1:]))
    elif rule == "sensitivity-95":
        at = int(np.argmax(sensitivity >= 0.95 - 1e-12))
    else:
        at = int(np.flatnonzero(specificity >= 0.95 - 1e-12)[-1])
    threshold = curve.thresholds[at] if at else np.nextafter(curve.thresholds[1], np.inf)
    return OperatingPoint(
        rule=rule, threshold=float(threshold), sensitivity=float(sensitivity[at]), specificity=float(specificity[at])
    )


def named_points(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, OperatingPoint]:
    """Return the operating point of every rule by its name; none if there is one class only."""
    labels = np.asarray(labels)
    if not (labels == 1).any() or not (labels == 0).any():
        return {}
    return {rule: choose(labels, probabilities, rule=rule) for rule in RULES}


def of_card(card: Mapping[str, Any]) -> Threshold | None:
    """Return the operating point in force, kept on a checkpoint's card from its `tune` fold; None if it has none."""
    point = card["operating_points"].get(IN_FORCE)
    if point is None:
        return None
    tune = card["parts"]["val"]  # of val the card counts the fold `tune` only
    return Threshold(
        value=point["threshold"],
        rule=IN_FORCE,
        checkpoint_id=card["checkpoint_id"],
        dataset=card["dataset"],
        split=card["split"],
        fold="tune",
        films=tune["films"],
        positive_films=tune["positive_films"],
    )
