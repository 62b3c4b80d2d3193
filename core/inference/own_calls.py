"""What a classifier calls, and so which side of the evidence its heat map shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evaluation import calibration, operating_point, points_in_force
from core.models import cards

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.base.paths import Workspace


@dataclass(frozen=True)
class OwnCalls:
    """A classifier's calls of N films at a cut."""

    probabilities: np.ndarray  # (N,) calibrated
    cut: float | None  # None if there is none: none could be chosen when it was trained
    signs: np.ndarray  # (N,) +1 called positive, -1 not; +1 for all without a cut


def own_calls(card: Mapping[str, Any], logits: np.ndarray, *, cut: float | None) -> OwnCalls:
    """Return a classifier's own calls.

    Args:
        card: The checkpoint's card, for its calibration.
        logits: `(N,)`.
        cut: The probability from which on a film is called positive, in [0, 1]; None without one.
    """
    probabilities = calibration.probabilities(card, logits)
    if cut is None:
        return OwnCalls(probabilities, None, np.ones(len(probabilities)))
    return OwnCalls(probabilities, cut, np.where(probabilities >= cut, 1.0, -1.0))


def at_training(card: Mapping[str, Any], logits: np.ndarray) -> OwnCalls:
    """Return a classifier's own calls at the point on its card, for what is kept and must not change with the cut.

    Signals in tables order open worklists, which keep the point they began with.

    Args:
        card: The checkpoint's card.
        logits: `(N,)`.
    """
    point = operating_point.of_card(card)
    return own_calls(card, logits, cut=None if point is None else point.value)


def cuts(workspace: Workspace, card: Mapping[str, Any], *, cut: float | None = None) -> dict[str, float | None]:
    """Return the cut of each classifier that a checkpoint's heat maps are of: itself, or an ensemble's members.

    Args:
        workspace: Where the checkpoints and the points in force are.
        card: The checkpoint's card.
        cut: Its own, such as that of a worklist; None: the one in force. Members always have theirs.

    Raises:
        InputError: If a member is gone, or the database cannot be read.
    """
    members = card.get("members")
    if members is None:
        return {card["checkpoint_id"]: _in_force(workspace, card) if cut is None else cut}
    names = [member["checkpoint_id"] for member in members]
    return {name: _in_force(workspace, cards.read_card(workspace, name)) for name in names}


def _in_force(workspace: Workspace, card: Mapping[str, Any]) -> float | None:
    point = points_in_force.in_force(workspace, card)
    return None if point is None else point.value
