"""One step of a CycleGAN's learning: both generators, both discriminators, their pools and the average.

What shares a network goes through it together: a generator takes the films it translates and
those it should leave alone in one batch, a discriminator films and made images. No layer mixes
the images of a batch, so losses and gradients are those of the plain schedule, in which each
loss has a pass of its own. All that is random follows from the seed and the step.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.base.errors import PleuraScopeError
from core.synthesis import losses, networks
from core.synthesis.domains import DOMAINS
from core.synthesis.losses import GeneratorLosses
from core.synthesis.networks import Judges, Translators
from core.synthesis.pool import ImagePool
from core.training.learner import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lightning_fabric import Fabric
    from torch import Tensor

    from core.synthesis.config import CycleGanConfig

BETAS = (0.5, 0.999)  # of Adam
LOSSES = ("generator_loss", "discriminator_loss", "adversarial_loss", "cycle_loss", "identity_loss")
POOL = 2  # the stream of random numbers; 0 and 1 are those of the domains


class CycleGan:
    """A CycleGAN that learns, on the device of a Fabric."""

    def __init__(self, config: CycleGanConfig, fabric: Fabric) -> None:
        self.options, self.fabric = config.learning, fabric
        self.steps = config.learning.steps
        shape = config.networks
        torch.manual_seed(self.options.seed)
        self.generators = Translators(width=shape.width, blocks=shape.blocks, upsampling=shape.upsampling)
        self.judges = Judges(width=shape.width)
        for network in (self.generators, self.judges):
            networks.draw_weights(network)
            networks.placed(network, fabric.device)
        self.average = copy.deepcopy(self.generators).requires_grad_(requires_grad=False)
        rate = self.options.learning_rate
        self.paint = torch.optim.Adam(self.generators.parameters(), lr=rate, betas=BETAS, fused=True)
        self.judge = torch.optim.Adam(self.judges.parameters(), lr=rate, betas=BETAS, fused=True)
        self.pools = {domain: ImagePool(self.options.pool_size) for domain in DOMAINS}

    @property
    def kept(self) -> Translators:
        """The generators that are looked at and kept: the average of their weights, where one is made."""
        return self.average if self.options.ema_decay else self.generators

    def update(self, batches: Sequence[tuple[Tensor, Tensor]], *, step: int) -> Tensor:
        """Move all weights once, and return the losses `LOSSES` `(5,)`, means over the batches, not waited for.

        Args:
            batches: Films of A and of B `(B, 1, S, S)` in [-1, 1]; their gradients are added up.
            step: Number of the first batch, from 0.

        Raises:
            PleuraScopeError: If memory runs out.
        """
        share = learning_rate_share(step, self.steps, self.options.decay_share)
        for optimizer in (self.paint, self.judge):
            optimizer.param_groups[0]["lr"] = self.options.learning_rate * share
            optimizer.zero_grad()
        found = torch.zeros(len(LOSSES), device=self.fabric.device)
        try:
            for number, (of_a, of_b) in enumerate(batches):
                found += self.gradients(of_a, of_b, step=step + number, share=1 / len(batches))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            msg = "Memory ran out; train again with a smaller batch size (and accumulate more), width or image size."
            raise PleuraScopeError(msg) from error
        self.paint.step()
        self.judge.step()
        self._average_in(step // self.options.accumulate)
        return found

    def gradients(self, of_a: Tensor, of_b: Tensor, *, step: int, share: float = 1.0) -> Tensor:
        """Add a batch's gradients to those there are, times `share`, and return its losses `(5,)` times `share`."""
        painted, made_a, made_b = self._painted(of_a, of_b)
        total = painted.total(self.options)
        self.fabric.backward(total * share)
        judged = self._judged(of_a, of_b, made_a, made_b, step)
        self.fabric.backward(judged * share)
        parts = (total, judged, painted.adversarial, painted.cycle, painted.identity)
        return torch.stack([part.detach() for part in parts]) * share

    def _painted(self, of_a: Tensor, of_b: Tensor) -> tuple[GeneratorLosses, Tensor, Tensor]:
        """Return the generators' losses, and what they made for each domain."""
        counts, options = (len(of_a), len(of_b)), self.options
        a_to_b, b_to_a = self.generators.a_to_b, self.generators.b_to_a
        nothing = losses.none_like(of_a)
        cycle = identity = nothing
        with self.fabric.autocast():
            if options.identity_weight:
                made_b, same_b = a_to_b(torch.cat([of_a, of_b])).split(counts)
                made_a, same_a = b_to_a(torch.cat([of_b, of_a])).split(counts[::-1])
                identity = losses.distance(same_b, of_b) + losses.distance(same_a, of_a)
            else:
                made_b, made_a = a_to_b(of_a), b_to_a(of_b)
            if options.cycle_weight:
                cycle = losses.distance(b_to_a(made_b), of_a) + losses.distance(a_to_b(made_a), of_b)
            self.judges.requires_grad_(requires_grad=False)  # they judge here, and do not learn
            adversarial = losses.judged_as(self.judges.b(made_b), 1.0) + losses.judged_as(self.judges.a(made_a), 1.0)
            self.judges.requires_grad_(requires_grad=True)
        return GeneratorLosses(adversarial, cycle, identity), made_a.detach().to(of_a), made_b.detach().to(of_b)

    def _judged(self, of_a: Tensor, of_b: Tensor, made_a: Tensor, made_b: Tensor, step: int) -> Tensor:
        """Return the discriminators' loss on films and on made images, new and from the pools."""
        chance = np.random.default_rng([self.options.seed, POOL, step])
        pairs = (("A", self.judges.a, of_a, made_a), ("B", self.judges.b, of_b, made_b))
        loss = losses.none_like(of_a)
        with self.fabric.autocast():
            for domain, judge, real, made in pairs:
                shown = self.pools[domain].exchanged(made, chance)
                of_real, of_made = judge(torch.cat([real, shown])).split((len(real), len(shown)))
                loss = loss + losses.discriminator(of_real, of_made)
        return loss

    def _average_in(self, updates: int) -> None:
        """Let the average follow the weights: closely at first, so that it forgets the weights that were drawn."""
        if not self.options.ema_decay:
            return
        decay = min(self.options.ema_decay, (1 + updates) / (10 + updates))
        with torch.no_grad():
            pairs = zip(self.average.parameters(), self.generators.parameters(), strict=True)
            for average, weight in pairs:
                average.lerp_(weight, 1 - decay)

    def state(self) -> dict[str, Any]:
        """Return all that learning goes on from."""
        return {
            "generators": self.generators.state_dict(),
            "judges": self.judges.state_dict(),
            "average": self.average.state_dict(),
            "paint": self.paint.state_dict(),
            "judge": self.judge.state_dict(),
            "pools": {domain: pool.state() for domain, pool in self.pools.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        for name in ("generators", "judges", "average", "paint", "judge"):
            getattr(self, name).load_state_dict(state[name])
        for domain, pool in self.pools.items():
            pool.restore(state["pools"][domain], self.fabric.device)


def learning_rate_share(step: int, steps: int, decay_share: float) -> float:
    """Return the share of the learning rate at a step: 1, then down along a line that is above 0 at the last step.

    Args:
        step: Number of the step, from 0.
        steps: Steps in all.
        decay_share: Share of the steps, at the end, in which it falls, in [0, 1].

    Examples:
        >>> [learning_rate_share(step, 6, 0.5) for step in range(6)]
        [1.0, 1.0, 1.0, 0.75, 0.5, 0.25]
    """
    falling = round(steps * decay_share)
    return min(1.0, (steps - step) / (falling + 1))
