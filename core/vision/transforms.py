"""From stored grey values to what a classifier sees, in the same way in training and later."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional


@dataclass(frozen=True, kw_only=True)
class InputSpec:
    """What a classifier expects of its input; it travels on the checkpoint's card.

    `mean` and `std` are those of the training pixels, scaled to [0, 1].
    """

    size: int  # pixels, square
    mean: float
    std: float

    def __post_init__(self) -> None:
        if self.size < 1 or not self.std > 0:
            msg = f"Expected a size of at least 1 px and a standard deviation above 0, got {self.size} and {self.std}"
            raise ValueError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the card."""
        return asdict(self)


def measure(pixels: np.ndarray) -> InputSpec:
    """Return the spec for training pixels `(N, H, H)` in uint8.

    Films of one even grey have no spread; they get a standard deviation of one grey level.

    Examples:
        >>> measure(np.array([[[0, 255], [255, 0]]], dtype=np.uint8))
        InputSpec(size=2, mean=0.5, std=0.5)
    """
    counts = np.bincount(pixels.ravel(), minlength=256)
    values = np.arange(256) / 255
    mean = float(counts @ values / counts.sum())
    std = float(np.sqrt(counts @ (values - mean) ** 2 / counts.sum()))
    return InputSpec(size=pixels.shape[-1], mean=mean, std=max(std, 1 / 255))


def normalise(pixels: np.ndarray, spec: InputSpec) -> torch.Tensor:
    """Return uint8 images `(B, H, W)` as float32 `(B, 1, H, W)` with the training pixels' mean 0 and spread 1."""
    table = ((np.arange(256) / 255 - spec.mean) / spec.std).astype(np.float32)
    return torch.from_numpy(table[pixels]).unsqueeze(1)  # (B, 1, H, W)


def even_exposure(images: torch.Tensor) -> torch.Tensor:
    """Return images `(B, 1, H, W)` each with mean 0 and spread 1.

    Films differ more in exposure and contrast than by a small pneumothorax; a network that is
    spared the difference learns the sign from a few hundred films in far fewer epochs.
    """
    return functional.instance_norm(images)
