"""Test-time augmentation: the same film a little turned, moved and resized, in the same eight ways for every film.

A classifier that answers to the finding should hardly notice. Exposure is not varied: every
classifier evens it out first.

References:
    Wang et al., "Aleatoric uncertainty estimation with test-time augmentation for medical image
    segmentation with convolutional neural networks", Neurocomputing 338, 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from core.vision import augmentation
from core.vision.augmentation import Changes

if TYPE_CHECKING:
    from core.vision.transforms import InputSpec

DEGREES, SHIFT, ZOOM = 4.0, 0.03, 0.04  # well inside what training changes; a share of the side; a share of the size
COUNT = 8


def changed(pixels: np.ndarray | torch.Tensor, spec: InputSpec, device: torch.device) -> list[torch.Tensor]:
    """Return films `(B, H, H)` of uint8 changed in each of the eight ways, each `(B, 1, H, H)`, normalised."""
    found = []
    for number in range(COUNT):
        changes = _change(number, len(pixels))
        if isinstance(pixels, torch.Tensor) or device.type != "cpu":
            images = augmentation.augment_on_device(torch.as_tensor(pixels).to(device), changes, spec)
        else:
            images = augmentation.augment(pixels, changes, spec)
        found.append(images)
    return found


def _change(number: int, count: int) -> Changes:
    """Return one of the changes for each of so many films."""
    sign = 1.0 if number % 2 else -1.0
    kind = number // 2
    angle = np.deg2rad(DEGREES * sign * (kind == 0))
    scale = 1 / (1 + ZOOM * sign * (kind == 1))
    cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
    shift = [SHIFT * sign * (kind == 2), SHIFT * sign * (kind == 3)]
    none = np.zeros(count)
    return Changes(
        degrees=np.full(count, np.rad2deg(angle)),
        matrices=np.tile(np.array([[cosine, -sine], [sine, cosine]]), (count, 1, 1)),
        shifts=np.tile(shift, (count, 1)),
        contrast=np.ones(count),
        brightness=none,
        blur=none,
        noise=none,
        noise_place=none,
        teaches_quality=np.zeros(count, bool),
    )
