"""Features in the place of pixels: what the backbone says of each film once, so that a head can learn from it often."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.models import forward
from core.vision import loader

if TYPE_CHECKING:
    from core.models.contract import Classifier
    from core.vision.loader import Films

BATCH = 64  # films at once


class Features:
    """Where films come from whose backbone was run before."""

    def __init__(self, features: np.ndarray) -> None:
        self.features = torch.from_numpy(features.astype(np.float32))  # (N, F)

    def read(self, positions: np.ndarray) -> torch.Tensor:
        """Return the features of the films at these positions `(B, F)`."""
        return self.features[torch.from_numpy(positions)]


def as_features(classifier: Classifier, films: Films, device: torch.device) -> Films:
    """Return films with the backbone's answer to each in the place of its pixels.

    Args:
        classifier: The classifier, on the device.
        films: The films, with pixels.
        device: Where to compute.
    """
    batches = loader.plain_batches(films, batch_size=BATCH, device=device)
    return with_features(films, forward.run(classifier, batches).features)


def with_features(films: Films, features: np.ndarray) -> Films:
    """Return films with features `(N, F)` in the place of their pixels."""
    return replace(films, pixels=Features(features), positions=np.arange(len(films)), spec=None)
