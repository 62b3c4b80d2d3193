"""The loop of a CycleGAN's training: steps, what is looked at in between, and the state from which it goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.base import progress
from core.base.errors import Cancelled, PleuraScopeError
from core.synthesis import generators, pairs, samples
from core.synthesis.cyclegan import LOSSES, CycleGan
from core.synthesis.domains import DOMAINS
from core.vision import loader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_fabric import Fabric
    from torch import Tensor

    from core.synthesis.config import CycleGanConfig
    from core.synthesis.following import Following
    from core.synthesis.generators import Generators
    from core.synthesis.pairs import Pairs
    from core.synthesis.samples import Samples
    from core.training.run_folder import RunFolder

Row = dict[str, float | int | str | None]


@dataclass
class Place:
    """Where in the training a run stands, and what it has seen since the last row of the history."""

    step: int = 0  # batches that are learnt
    batches: int = 0  # of them since the last row
    films: int = 0
    losses: list[float] = field(default_factory=lambda: [0.0] * len(LOSSES))  # summed over those batches
    seconds: float = 0.0
    history: list[Row] = field(default_factory=list)


class Run:
    """A training under way."""

    def __init__(
        self,
        found: Pairs,
        config: CycleGanConfig,
        *,
        folder: RunFolder,
        fabric: Fabric,
        following: Following,
        shown: Samples,
    ) -> None:
        self.config, self.folder, self.device = config, folder, fabric.device
        self.gan = CycleGan(config, fabric)
        of_a, of_b = (loader.resident(found.films("train", domain), fabric.device) for domain in DOMAINS)
        self.films = (of_a, of_b)
        self.following, self.shown = following, shown
        self.place = Place()
        self.saved = 0  # the step at which the state was saved
        self.unchecked: tuple[Tensor, int] | None = None  # the last losses, and their step

    @property
    def steps(self) -> int:
        """Batches to learn in all."""
        return self.config.learning.steps

    def take_up(self) -> None:
        """Go on where a run of the same options and films stopped, if there is one."""
        state = self.folder.read()
        if state is None:
            samples.clear(self.folder.path)
            return
        self.gan.restore(state["gan"])
        self.place = Place(**state["place"])
        self.saved = self.place.step

    def learn(self) -> None:
        """Go through what is left of the steps.

        Raises:
            Cancelled: If a stop was asked for; what is done is kept and the next call goes on.
            PleuraScopeError: If a loss is no finite number, or memory runs out.
        """
        batches = self._batches()
        every = self.config.following.sample_every_steps
        while (looked := self.place.step - self.place.batches) < self.steps:  # the step of the last row
            end = min((looked // every + 1) * every, self.steps)
            if self.place.step < end:  # a run may have been stopped between a stretch and the look after it
                self._stretch(batches, end)
            self._look()

    def generators(self) -> Generators:
        """Return the generators that are looked at and kept."""
        size = self.config.networks.image_size
        return generators.of(self.gan.kept, checkpoint_id="", size=size, card={})

    def _stretch(self, batches: Iterator[tuple[Tensor, Tensor]], end: int) -> None:
        """Learn until this many batches are learnt, saving the state from time to time."""
        place, every = self.place, self.config.following.save_every_steps
        losses = torch.zeros(len(LOSSES), device=self.device)
        losses_before, seconds_before, began = np.array(place.losses), place.seconds, time.monotonic()

        def note() -> None:
            self._check()
            place.losses = (losses_before + losses.double().cpu().numpy()).tolist()
            place.seconds = seconds_before + time.monotonic() - began

        work = progress.track(
            self._updates(batches, end),
            f"Step {end:,} of {self.steps:,}",
            total=self.steps,
            unit="steps",
            start=place.step,
            weight=self.config.learning.accumulate,
        )
        try:
            for some in work:
                found = self.gan.update(some, step=place.step)
                self._check()  # those of the step before: a GPU has this one to do meanwhile
                self.unchecked = (found, place.step)
                losses += found * len(some)
                place.step += len(some)
                place.batches += len(some)
                place.films += sum(len(of_a) + len(of_b) for of_a, of_b in some)
                if place.step - self.saved >= every:
                    note()
                    self._save()
        except Cancelled:
            note()
            self._save()
            raise
        note()

    def _updates(self, batches: Iterator[tuple[Tensor, Tensor]], end: int) -> Iterator[list[tuple[Tensor, Tensor]]]:
        """Yield the batches of one move of the weights after the other, whole ones, until `end` is reached."""
        while self.place.step < end:
            some = min(self.config.learning.accumulate, self.steps - self.place.step)
            yield [next(batches) for _ in range(some)]

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        learning = self.config.learning
        return pairs.streams(
            self.films,
            batch_size=learning.batch_size,
            seed=learning.seed,
            start=self.place.step,
            device=self.device,
        )

    def _look(self) -> None:
        """Translate the films that are looked at, measure, note it all, and keep the state."""
        place, began = self.place, time.monotonic()
        current = self.generators()
        samples.keep(self.folder.path, self.shown, self.shown.draw(current, self.device), step=place.step)
        measured = self.following.measure(current, self.device)
        means = np.array(place.losses) / place.batches
        row: Row = {
            "step": place.step,
            **{name: float(value) for name, value in zip(LOSSES, means, strict=True)},
            "learning_rate": float(self.gan.paint.param_groups[0]["lr"]),
            "seconds": place.seconds + time.monotonic() - began,
            "images_per_s": place.films / place.seconds,
            **measured,
        }
        place.history.append(row)
        self.place = Place(step=place.step, history=place.history)
        self._save()
        progress.record(row)

    def _save(self) -> None:
        """Keep the state, if it was looked at and is good."""
        self._check()
        self.folder.write({"gan": self.gan.state(), "place": vars(self.place)})
        self.saved = self.place.step

    def _check(self) -> None:
        """Look at the last losses.

        Raises:
            PleuraScopeError: If one of them is no finite number.
        """
        if self.unchecked is None:
            return
        losses, step = self.unchecked
        if not bool(torch.isfinite(losses).all()):
            msg = f"The losses of step {step + 1:,} are no finite numbers; train again with a lower learning rate."
            raise PleuraScopeError(msg)
        self.unchecked = None
