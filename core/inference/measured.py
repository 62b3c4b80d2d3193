"""One pass over films that gathers all a classifier can tell of them: each is decoded once, the backbone runs once.

Only test-time augmentation looks at a film again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.base import progress
from core.data import lung_field, quality
from core.evaluation import map_measures
from core.inference import heat_maps, mc_dropout, own_calls, small_changes
from core.vision import loader

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from core.models.checkpoint import Checkpoint
    from core.models.contract import Classifier
    from core.vision.loader import Batch, Films

BATCH = 64  # radiographs
COMPARED = ("grad-cam++", "eigen-cam")  # with Grad-CAM; HiResCAM equals it where pooling follows the grid
TOLD, MEASURED = "told", "measured"  # where a quality grade comes from
LUNG_SIDE = 64  # pixels at which a heat map and a lung field are compared


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a classifier tells of N films, in their order; NaN where it cannot."""

    logits: np.ndarray  # (N,) float64
    features: np.ndarray  # (N, F) float16, pooled
    further: np.ndarray  # (N, K) in [0, 1], the columns the classifier names
    passes: np.ndarray | None  # (N, T) logits with dropout
    augmented: np.ndarray | None  # (N, 8) logits of the film a little changed
    quality: np.ndarray | None  # (N, 6) measured on the pixels, the columns of `quality`; None if it is told
    agreement: np.ndarray  # (N,) of heat maps by three methods, in [-1, 1]
    lung_share: np.ndarray  # (N,) of the heat map, in [0, 1]
    lung_area: np.ndarray  # (N,) share of the film that the lung field takes
    lung_from: list[str | None]  # N of TRUTH, MEASURED or None


def measure(
    found: Checkpoint, films: Films, rows: pd.DataFrame, *, device: torch.device, passes: int, augmentations: bool
) -> Measured:
    """Gather what a classifier tells of films.

    The heat map that is looked at here is the evidence for the classifier's own call: for
    pneumothorax where the probability reaches the cut, against it elsewhere.

    Args:
        found: The checkpoint.
        films: The films, for the loader.
        rows: Their rows of the radiographs table, in the same order.
        device: Where to compute.
        passes: Passes with dropout, from 2 to 1000; 0 for none.
        augmentations: Whether the films are also looked at a little changed.

    Raises:
        InputError: If there are to be passes and no dropout acts, or their number is out of range.
        Cancelled: If a stop was asked for.
    """
    classifier = found.classifier.to(device).eval()
    if passes:
        mc_dropout.refuse_without_dropout(classifier)
    parts = [
        _batch(found, classifier, films, rows, batch, device=device, passes=passes, augmentations=augmentations)
        for batch in _tracked(films, device)
    ]

    def together(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    return Measured(
        passes=together("passes") if passes else None,
        augmented=together("augmented") if augmentations else None,
        quality=None if tells_quality(found) else together("quality"),
        lung_from=[place for part in parts for place in part.lung_from],
        **{name: together(name) for name in ("logits", "features", "further", "agreement", "lung_share", "lung_area")},
    )


def tells_quality(found: Checkpoint) -> bool:
    """Tell whether a classifier has learnt to grade the quality of a film."""
    return quality.GRADE in found.card.get("told_besides", {}).get("val", {})


def _batch(
    found: Checkpoint,
    classifier: Classifier,
    films: Films,
    rows: pd.DataFrame,
    batch: Batch,
    *,
    device: torch.device,
    passes: int,
    augmentations: bool,
) -> Measured:
    own = rows.iloc[batch.rows]
    pixels = films.pixels.read(films.positions[batch.rows])
    grey = pixels.cpu().numpy() if isinstance(pixels, torch.Tensor) else pixels
    seen = heat_maps.see(classifier, batch.images)
    logits = seen.logits.double().cpu().numpy()
    with torch.inference_mode():
        further = classifier.further(seen.features).float().cpu().numpy()
        spread = augmented = None
        if passes:
            keys = own["sha256"].astype(str).tolist()
            said = mc_dropout.logits_of_passes(classifier, seen.features, keys=keys, passes=passes)
            spread = said.double().cpu().numpy().T
        if augmentations:
            changed = small_changes.changed(pixels, found.spec, device)
            augmented = np.column_stack([classifier(images).double().cpu().numpy() for images in changed])
    signs = own_calls.at_training(found.card, logits).signs
    maps = heat_maps.heat_maps(seen, signs=signs)
    others = [heat_maps.heat_maps(seen, method, signs=signs) for method in COMPARED]
    paths = own["lung_path"] if "lung_path" in own else [None] * len(own)
    lungs = lung_field.of_films(paths, grey, size=LUNG_SIDE)
    return Measured(
        logits=logits,
        features=seen.features.half().cpu().numpy(),
        further=further,
        passes=spread,
        augmented=augmented,
        quality=None if tells_quality(found) else quality.measure(grey),
        agreement=map_measures.agreement([maps, *others]),
        lung_share=map_measures.lung_share(maps, lungs.masks),
        lung_area=np.where(lungs.masks.any(axis=(1, 2)), lungs.masks.mean(axis=(1, 2)), np.nan),
        lung_from=lungs.places,
    )


def _tracked(films: Films, device: torch.device) -> Iterator[Batch]:
    batches = loader.plain_batches(films, batch_size=BATCH, device=device)
    return progress.track(batches, "Predicting", total=len(films), unit="films", weight=BATCH)
