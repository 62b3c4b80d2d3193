"""The members of an ensemble: named on its card by the hash of their weights, and held to it. Free of torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from core.base.errors import InputError
from core.evaluation import fusion
from core.models import cards, registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.base.paths import Workspace

EDGE = 1e-12  # fused probabilities keep so far off 0 and 1 that their logit is a number


def chosen(workspace: Workspace, checkpoint_ids: Sequence[str], dataset: str, split: str) -> list[dict[str, Any]]:
    """Return the cards of checkpoints that can be fused.

    Raises:
        InputError: If there are fewer than two, one is named twice or is an ensemble itself, or
            they did not learn from this split as it is now, with the same labels.
    """
    if len(checkpoint_ids) < 2 or len(set(checkpoint_ids)) < len(checkpoint_ids):
        found_instead = " ".join(checkpoint_ids) or "none"
        msg = f"Expected two or more different checkpoints, found {found_instead}; choose at least two."
        raise InputError(msg, field="checkpoints")
    found = [cards.read_card(workspace, checkpoint_id) for checkpoint_id in checkpoint_ids]
    for card in found:
        name = card["checkpoint_id"]
        if card["model"] == registry.ENSEMBLE:
            msg = f"Expected classifiers as members, found the ensemble {name!r}; name its members instead."
            raise InputError(msg, field="checkpoints")
        if (card["dataset"], card["split"]) != (dataset, split):
            msg = (
                f"Expected members that learnt from {dataset}/{split}, found {name!r}, which learnt from "
                f"{card['dataset']}/{card['split']}; leave it out."
            )
            raise InputError(msg, field="checkpoints")
        if (card["split_sha256"], card["labels"]) != (found[0]["split_sha256"], found[0]["labels"]):
            msg = (
                f"Expected members that learnt from the same films and labels, found {found[0]['checkpoint_id']!r} and "
                f"{name!r} with different ones; train one of them again."
            )
            raise InputError(msg, field="checkpoints")
    return found


def of(workspace: Workspace, card: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cards of an ensemble's members, in its order.

    Raises:
        InputError: If one of them is gone or is no longer the one that was fused.
    """
    found = []
    for member in card["members"]:
        now = cards.read_card(workspace, member["checkpoint_id"])
        if now["weights_sha256"] != member["weights_sha256"]:
            msg = (
                f"Expected the member {member['checkpoint_id']!r} as the ensemble {card['checkpoint_id']!r} fused it, "
                f"found other weights; make the ensemble again."
            )
            raise InputError(msg)
        found.append(now)
    return found


def fused_logits(probabilities: np.ndarray, weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the logits `(N,)` of the weighted mean of members' calibrated probabilities `(N, M)`."""
    mean = fusion.fuse(probabilities, np.asarray(weights, dtype=np.float64))
    logits: np.ndarray = special.logit(np.clip(mean, EDGE, 1 - EDGE))
    return logits
