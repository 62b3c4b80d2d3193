"""Films sent to the other domain and back again: they keep their content and take on the generators' texture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.base import progress
from core.data.synthetic import A_TO_B, B_TO_A
from core.synthesis import grey
from core.vision import device as devices

if TYPE_CHECKING:
    from core.synthesis.generators import Generators

BATCH = 16  # films
OTHER = {A_TO_B: B_TO_A, B_TO_A: A_TO_B}


def reconstructed(generators: Generators, pixels: np.ndarray, direction: str) -> np.ndarray:
    """Return films `(N, S, S)` uint8 sent there by one generator and back by the other, as 8 bits again.

    Args:
        generators: Both; they move to the device that the settings name.
        pixels: Films of the domain from which the direction starts, `(N, S, S)` uint8.
        direction: The first way.

    Raises:
        Cancelled: If a stop was asked for.
    """
    device = devices.chosen()
    both = generators.to(device)
    found = np.empty_like(pixels)
    starts = range(0, len(pixels), BATCH)
    for start in progress.track(starts, "Sending films there and back", total=len(pixels), unit="films", weight=BATCH):
        films = grey.to_unit(pixels[start : start + BATCH]).to(device)
        found[start : start + BATCH] = grey.to_pixels(both.back(both.there(films, direction), direction))
    return found
