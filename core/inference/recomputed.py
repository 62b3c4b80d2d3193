"""What a checkpoint says of one film alone, straight from its pixels, without the pixel cache or any table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.pixel_cache import fit_square
from core.data.pixels import sha256_of_pixels
from core.evaluation import calibration, uncertainty
from core.inference import heat_maps, mc_dropout
from core.models import checkpoint, members, registry
from core.vision import device as devices
from core.vision import transforms

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.base.paths import Workspace
    from core.evaluation.uncertainty import Spread
    from core.models.checkpoint import Checkpoint


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a checkpoint says of one film."""

    logit: float
    probability: float
    """Calibrated."""
    spread: Spread | None
    """Of one film; None without passes, or where one member counts alone."""


def said(
    workspace: Workspace,
    card: dict[str, Any],
    film: np.ndarray,
    *,
    passes: int,
    batch: int = 1,
    load: Callable[[Workspace, str], Checkpoint] = checkpoint.load,
) -> Said:
    """Compute what a checkpoint says of a film.

    Args:
        workspace: Where the checkpoints lie.
        card: The checkpoint's card; an ensemble's members are computed one by one.
        film: Decoded pixels `(H, W)`.
        passes: Passes with dropout, 0 for none; an ensemble has its members instead.
        batch: How often the film is put into one forward: a batch of another size is summed in another order, which
            can move a probability by some 1e-6.
        load: Reads a checkpoint; who replays many films hands over one that remembers.

    Raises:
        InputError: If a checkpoint is gone, or its weights are not those that its card names.
    """
    if card["model"] != registry.ENSEMBLE:
        return _of_one(load(workspace, card["checkpoint_id"]), film, passes=passes, batch=batch)
    own = [
        _of_one(load(workspace, one["checkpoint_id"]), film, passes=0, batch=batch)
        for one in members.of(workspace, card)
    ]
    weights = np.array([member["weight"] for member in card["members"]])
    probabilities = np.array([[one.probability for one in own]])  # (1, M)
    logit = members.fused_logits(probabilities, weights)
    spread = None
    if (weights > 0).sum() > 1:
        each = np.column_stack([members.fused_logits(column[:, None], [1.0]) for column in probabilities.T])
        spread = uncertainty.spread(calibration.probabilities(card, each), weights=weights / weights.sum())
    return Said(logit=float(logit[0]), probability=float(calibration.probabilities(card, logit)[0]), spread=spread)


def _of_one(found: Checkpoint, film: np.ndarray, *, passes: int, batch: int) -> Said:
    classifier = found.classifier.to(devices.chosen()).eval()
    pictures = np.repeat(fit_square(film, size=found.spec.size)[None], batch, axis=0)
    seen = heat_maps.see(classifier, transforms.normalise(pictures, found.spec))
    logit = seen.logits[:1].double().cpu().numpy()
    spread = None
    if passes:
        keys = [sha256_of_pixels(film)]
        drawn = mc_dropout.logits_of_passes(classifier, seen.features[:1], keys=keys, passes=passes)
        spread = uncertainty.spread(calibration.probabilities(found.card, drawn.double().cpu().numpy().T))
    return Said(
        logit=float(logit[0]), probability=float(calibration.probabilities(found.card, logit)[0]), spread=spread
    )
