"""Earlier translations that a discriminator sees again, so that it does not forget what the generators once did.

References:
    Shrivastava et al. (2017), Learning from simulated and unsupervised images through adversarial
    training, arXiv 1612.07828, section 2.3; Zhu et al. (2017), arXiv 1703.10593, section 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


class ImagePool:
    """Up to `capacity` images; it fills with the first it is shown."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.images: list[Tensor] = []  # each (1, S, S)

    def exchanged(self, made: Tensor, generator: np.random.Generator) -> Tensor:
        """Return what a discriminator is to see in the place of new images, `(B, 1, S, S)`.

        Once the pool is full, each image is by even chance itself, or an earlier one whose place it takes.

        Args:
            made: New images `(B, 1, S, S)`, without gradients.
            generator: Where chance comes from.
        """
        if not self.capacity:
            return made
        shown = []
        for image in made:
            place = int(generator.integers(self.capacity))
            earlier = generator.random() < 0.5
            if len(self.images) < self.capacity:
                self.images.append(image.clone())
                shown.append(image)
            elif earlier:
                shown.append(self.images[place])
                self.images[place] = image.clone()
            else:
                shown.append(image)
        return torch.stack(shown)

    def state(self) -> Tensor | None:
        """Return the images `(N, 1, S, S)`, for the saved state; None while there are none."""
        return torch.stack(self.images) if self.images else None

    def restore(self, state: Tensor | None, device: torch.device) -> None:
        """Take up the images of a saved state."""
        self.images = [] if state is None else list(state.to(device))
