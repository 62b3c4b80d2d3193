"""Where a classifier looks, on average, on films and on synthetic images; and where translations change films."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from core.data.pixel_cache import fit_square
from core.evaluation.realism_report import Maps
from core.inference import heat_maps
from core.inference.trust import LEAST_GRID
from core.vision import transforms

if TYPE_CHECKING:
    from core.synthesis.own_classifier import OwnClassifier

BATCH = 32  # images
LARGEST_CHANGE_MAP = 64  # cells of a side


def maps(reader: OwnClassifier | None, films: np.ndarray, images: np.ndarray, *, reason: str | None) -> Maps:
    """Return the mean heat maps (Grad-CAM, for a pneumothorax) over films and over images.

    Each film's map is scaled to its own largest place first, so that none counts more; one that is zero stays so.

    Args:
        reader: The classifier; None gives null with the reason.
        films: `(N, S, S)` uint8.
        images: `(M, S, S)` uint8.
        reason: Why there is no classifier.
    """
    checkpoint_id = None if reader is None else reader.checkpoint_id
    if reader is None or not len(films) or not len(images):
        why = reason if reader is None else "there are no films or no images"
        return Maps(checkpoint_id=checkpoint_id, reason=why, real=None, synthetic=None, difference=None)
    height, width = _maps(reader, films[:1]).shape[1:]
    if min(height, width) < LEAST_GRID:
        why = (
            f"the classifier's grid is {height} x {width} at {reader.found.spec.size} px, so coarse that a map says "
            "nothing of places; train one on larger films"
        )
        return Maps(checkpoint_id=checkpoint_id, reason=why, real=None, synthetic=None, difference=None)
    real, synthetic = (_mean(reader, pixels) for pixels in (films, images))
    return Maps(
        checkpoint_id=checkpoint_id,
        reason=None,
        real=real.tolist(),
        synthetic=synthetic.tolist(),
        difference=(synthetic - real).tolist(),
    )


def change_map(parents: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Return the mean absolute change of films by their translation, shares of the grey range.

    Args:
        parents: `(N, S, S)` uint8, at least one.
        images: Their translations, `(N, S, S)` uint8.

    Returns:
        A grid of at most 64 x 64.
    """
    total = np.zeros(parents.shape[1:])
    for parent, image in zip(parents, images, strict=True):
        total += cv2.absdiff(parent, image)
    mean = total / len(parents) / 255
    side = min(LARGEST_CHANGE_MAP, len(mean))
    return np.asarray(cv2.resize(mean, (side, side), interpolation=cv2.INTER_AREA))


def _mean(reader: OwnClassifier, pixels: np.ndarray) -> np.ndarray:
    total: np.ndarray | float = 0.0
    for start in range(0, len(pixels), BATCH):
        found = _maps(reader, pixels[start : start + BATCH])
        largest = found.max(axis=(1, 2), keepdims=True)
        total = total + np.divide(found, largest, out=np.zeros_like(found), where=largest > 0).sum(axis=0, dtype=float)
    return np.asarray(total) / len(pixels)


def _maps(reader: OwnClassifier, pixels: np.ndarray) -> np.ndarray:
    """Return heat maps `(B, h, w)` of images `(B, S, S)` uint8."""
    spec = reader.found.spec
    own = np.stack([fit_square(image, size=spec.size) for image in pixels])
    seen = heat_maps.see(reader.found.classifier, transforms.normalise(own, spec))
    return heat_maps.heat_maps(seen, signs=np.ones(len(own)))
