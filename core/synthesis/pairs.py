"""What a CycleGAN learns from: the films of a domain split, those of either domain in an endless stream of batches."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base.errors import InputError
from core.data import radiographs, split_store
from core.data.pixel_cache import PixelCache
from core.synthesis import grey
from core.synthesis.cyclegan import DOMAINS
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

KIND = "domain"  # of the split
MEANING = {"A": "without finding (domain A)", "B": "with a pneumothorax (domain B)"}
# The heart stands left, and grey values are what is translated: films are moved a little, and nothing else.
RANGES = AugmentationRanges(
    rotation_degrees=3, shift_share=0.03, scale_share=0.05, brightness=0, contrast=0, noise=0, quality_share=0
)


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The films of both domains; `table` holds the split's rows, joined with the radiographs' columns."""

    table: pd.DataFrame
    certificate: dict[str, Any]
    pixels: PixelCache
    left_out: int  # synthetic images of the split

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
        InputError: If the data set or split does not exist, the split is of another kind, leaks or is out of date,
            the data set is a table only, or a domain has no film to learn from.
    """
    dataset, split = config.data.dataset, config.data.split
    radiographs.require_images(radiographs.load(workspace, dataset), dataset)
    certificate = split_store.require_sound(workspace, dataset, split)
    if certificate["kind"] != KIND:
        msg = (
            f"Expected a split of kind {KIND!r}, found {split!r} of kind {certificate['kind']!r}; make one with "
            f"`split {dataset} --kind {KIND}`."
        )
        raise InputError(msg, field="split")
    parts = split_store.load(workspace, dataset, split)[["image_id", "part", "domain"]]
    table = parts.merge(radiographs.load(workspace, dataset), on="image_id", validate="one_to_one")
    made = table["source"] == "synthetic"  # a generator that learns from made images learns their faults
    table = table[~made].reset_index(drop=True)
    for domain in DOMAINS:
        if not ((table["part"] == "train") & (table["domain"] == domain)).any():
            msg = (
                f"Expected films of both domains in train of split {split!r}, found none {MEANING[domain]} that is not "
                "synthetic; make the split of a data set that has some."
            )
            raise InputError(msg, field="split")
    pixels = PixelCache.ensure(workspace, table, size=config.networks.image_size)
    return Pairs(table=table, certificate=certificate, pixels=pixels, left_out=int(made.sum()))


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
