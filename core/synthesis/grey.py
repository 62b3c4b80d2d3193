"""From stored grey values to what a generator takes, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from core.vision import transforms
from core.vision.transforms import InputSpec

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


def spec(size: int) -> InputSpec:
    """Return what a generator expects: a square film of this side, black -1 and white 1."""
    return InputSpec(size=size, mean=0.5, std=0.5)


def to_unit(pixels: np.ndarray) -> Tensor:
    """Return films `(B, S, S)` in uint8 as float32 `(B, 1, S, S)` in [-1, 1], on the CPU."""
    return transforms.normalise(pixels, spec(pixels.shape[-1]))


def to_pixels(images: Tensor) -> np.ndarray:
    """Return images `(B, 1, S, S)` in [-1, 1] as uint8 `(B, S, S)`: rounded; what lies outside is clipped."""
    grey = (images.detach().float().squeeze(1) + 1) * 127.5
    return grey.round().clamp(0, 255).to(device="cpu", dtype=torch.uint8).numpy()
