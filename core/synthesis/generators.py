"""The generators of a trained CycleGAN, read back from their checkpoint, ready to translate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from core.data import synthetic
from core.models import cards, checkpoint
from core.synthesis import networks

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.base.paths import Workspace


@dataclass(frozen=True)
class Generators:
    """Two generators at rest: A (No Finding) to B (pneumothorax), and B to A."""

    checkpoint_id: str
    a_to_b: nn.Module
    b_to_a: nn.Module
    size: int  # side of the images in pixels
    card: dict[str, Any]

    def to(self, device: torch.device) -> Generators:
        """Move the generators to a device and return them."""
        networks.placed(self.a_to_b, device)
        networks.placed(self.b_to_a, device)
        return self

    def there(self, images: Tensor, direction: str) -> Tensor:
        """Return images `(B, 1, S, S)` in [-1, 1] translated, without gradients.

        Args:
            images: Films as `grey.to_unit` gives them, on the generators' device.
            direction: `synthetic.A_TO_B` or `synthetic.B_TO_A`.
        """
        return self._translated(images, direction)

    def back(self, images: Tensor, direction: str) -> Tensor:
        """Return images `(B, 1, S, S)` repainted by the other generator than that of a direction.

        Of a translation it makes the reconstruction; of the film itself, what should be the film.
        """
        return self._translated(images, synthetic.B_TO_A if direction == synthetic.A_TO_B else synthetic.A_TO_B)

    def _translated(self, images: Tensor, direction: str) -> Tensor:
        if direction not in synthetic.DIRECTIONS:
            msg = f"Expected a direction of {', '.join(synthetic.DIRECTIONS)}, got {direction!r}"
            raise ValueError(msg)
        with torch.inference_mode():
            made: Tensor = (self.a_to_b if direction == synthetic.A_TO_B else self.b_to_a)(images)
        return made


def load(workspace: Workspace, checkpoint_id: str) -> Generators:
    """Read a CycleGAN's checkpoint; its generators are on the CPU.

    Raises:
        InputError: If there is no such checkpoint, it is no CycleGAN's, or its weights are not those its card names.
    """
    card = cards.read_card(workspace, checkpoint_id, task=cards.TRANSLATION)
    config = cards.read_config(workspace, checkpoint_id)
    both = networks.Translators(width=config["width"], blocks=config["blocks"], upsampling=config["upsampling"])
    both.load_state_dict(checkpoint.read_weights(workspace, card))
    return of(both, checkpoint_id=checkpoint_id, size=card["input"]["size"], card=card)


def of(both: networks.Translators, *, checkpoint_id: str, size: int, card: dict[str, Any]) -> Generators:
    """Return the two networks as generators at rest, where they lie."""
    both.eval()
    return Generators(checkpoint_id, both.a_to_b, both.b_to_a, size, card)
