"""What a CycleGAN is to make small.

References:
    Mao et al. (2017), Least squares generative adversarial networks, arXiv 1611.04076.
    Zhu et al. (2017), arXiv 1703.10593, sections 3 to 5: the adversarial, cycle and identity losses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from core.synthesis.config import AdversarialOptions


def judged_as(judged: Tensor, wanted: float) -> Tensor:
    """Return how far a discriminator's values are from the wanted one: their mean squared distance, a scalar.

    Examples:
        >>> judged_as(torch.tensor([1.0, 0.0, 0.5]), 1.0)
        tensor(0.4167)
    """
    return (_full(judged) - wanted).square().mean()


def distance(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean absolute difference of two batches of images, a scalar."""
    return functional.l1_loss(_full(one), _full(other))


def discriminator(real: Tensor, made: Tensor) -> Tensor:
    """Return half the distance of a discriminator's values from 1 for films and 0 for made images, a scalar."""
    return 0.5 * (judged_as(real, 1.0) + judged_as(made, 0.0))


@dataclass(frozen=True)
class GeneratorLosses:
    """The parts of the generators' loss, both directions added up, before they are weighted; scalars."""

    adversarial: Tensor
    cycle: Tensor
    identity: Tensor

    def total(self, options: AdversarialOptions) -> Tensor:
        """Return the weighted sum, of which the generators learn."""
        return self.adversarial + options.cycle_weight * self.cycle + options.identity_weight * self.identity


def none_like(images: Tensor) -> Tensor:
    """Return a loss of zero where the images lie, for a part that does not count."""
    return torch.zeros((), device=images.device)


def _full(values: Tensor) -> Tensor:
    """Return values in single precision at least: a mean over half-precision squares would be off."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
