"""What a classifier calls, and so which side of the evidence its heat map shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evaluation import calibration, operating_point

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class OwnCalls:
    """A classifier's calls of N films at the operating point in force."""

    probabilities: np.ndarray  # (N,) calibrated
    cut: float | None  # None if none could be chosen when it was trained
    signs: np.ndarray  # (N,) +1 called positive, -1 not; +1 for all without a cut


def own_calls(card: Mapping[str, Any], logits: np.ndarray) -> OwnCalls:
    """Return a classifier's own calls.

    Args:
        card: The checkpoint's card: its calibration and operating points.
        logits: `(N,)`.
    """
    probabilities = calibration.probabilities(card, logits)
    point = operating_point.of_card(card)
    if point is None:
        return OwnCalls(probabilities, None, np.ones(len(probabilities)))
    return OwnCalls(probabilities, point.value, np.where(probabilities >= point.value, 1.0, -1.0))
