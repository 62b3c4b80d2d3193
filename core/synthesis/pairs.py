"""What a CycleGAN learns from: the films of a domain split, those of either domain in an endless stream of batches."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from core.data.pixel_cache import PixelCache
from core.synthesis import domains, grey
from core.synthesis.domains import DOMAINS, Domains
from core.vision import loader
from core.vision.loader import Films, Recipe
from core.vision.ranges import AugmentationRanges

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    import torch
    from torch import Tensor

    from core.base.paths import Workspace
    from core.synthesis.config import CycleGanConfig

# The heart stands left, and grey values are what is translated: films are moved a little, and nothing else.
RANGES = AugmentationRanges(
    rotation_degrees=3, shift_share=0.03, scale_share=0.05, brightness=0, contrast=0, noise=0, quality_share=0
)


@dataclass(frozen=True, kw_only=True)
class Pairs(Domains):
    """The films of both domains, with their pixels."""

    pixels: PixelCache

    def rows(self, part: str, domain: str | None = None) -> pd.DataFrame:
        """Return the rows of a part, of one domain or of both."""
        wanted = self.table["part"] == part
        return self.table[wanted if domain is None else wanted & (self.table["domain"] == domain)]

    def films(self, part: str, domain: str) -> Films:
        """Return the films of a part and domain for the loader."""
        rows = self.rows(part, domain)
        return Films(
            pixels=self.pixels,
            positions=self.pixels.rows_of(rows["image_id"]),
            labels=np.full(len(rows), float(domain == "B")),
            spec=grey.spec(self.pixels.size),
        )

    def identity(self) -> str:
        """Return the SHA-256 of all that decides what is learnt here: images, parts, domains."""
        columns = self.table[["image_id", "sha256", "part", "domain"]].astype("str")
        return hashlib.sha256(columns.to_csv(index=False).encode()).hexdigest()


def prepare(workspace: Workspace, config: CycleGanConfig) -> Pairs:
    """Gather what a CycleGAN learns from, and decode the films that are not decoded yet.

    Raises:
        InputError: If the films cannot be learnt from; `domains.films` says when.
    """
    found = domains.films(workspace, config.data.dataset, config.data.split)
    pixels = PixelCache.ensure(workspace, found.table, size=config.networks.image_size)
    return Pairs(**vars(found), pixels=pixels)


def stream(
    films: Films, *, batch_size: int, seed: int, domain: str, start: int, device: torch.device
) -> Iterator[Tensor]:
    """Yield batches of films `(B, 1, S, S)` without end, from number `start` on, gone through in ever new order.

    The batches are nearly equal in size, `batch_size` at most, and follow from the seed and their numbers alone.

    Args:
        films: The films of one domain.
        batch_size: Films of a batch.
        seed: Of the training.
        domain: "A" or "B"; either has an order of its own.
        start: Number of the first batch, from 0.
        device: Where the batches are to lie.
    """
    own = int(np.random.SeedSequence([seed, DOMAINS.index(domain)]).generate_state(1)[0])
    recipe = Recipe(batch_size=batch_size, ranges=RANGES, seed=own)
    in_epoch = loader.batches_in(len(films), batch_size)
    for epoch in count(start // in_epoch):
        first = start % in_epoch if epoch == start // in_epoch else 0
        for batch in loader.training_batches(films, recipe, epoch=epoch, device=device, start=first):
            yield batch.images


def streams(
    films: tuple[Films, Films], *, batch_size: int, seed: int, start: int, device: torch.device
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield batches of A with batches of B without end, from number `start` on; see `stream`."""
    of_a, of_b = (
        stream(one, batch_size=batch_size, seed=seed, domain=domain, start=start, device=device)
        for one, domain in zip(films, DOMAINS, strict=True)
    )
    return zip(of_a, of_b, strict=False)  # neither ends
