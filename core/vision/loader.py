"""Batches of films for training and prediction, made whole from decoded pixels.

The order of an epoch and the changes of a batch depend only on the seed, the epoch and the
batch's number: training that goes on after a stop sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
import torch

from core.vision import augmentation, transforms
from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec

T = TypeVar("T")

ORDER, CHANGES = 0, 1  # the two streams of random numbers


class Pixels(Protocol):
    """Where films come from: the pixel cache, or an array in a test."""

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Return the films at these positions as uint8 `(B, H, H)`."""


@dataclass(frozen=True)
class Batch:
    """B films as a classifier takes them."""

    images: torch.Tensor  # (B, 1, H, W) float32, normalised
    labels: torch.Tensor  # (B,) float32, 1 pneumothorax, 0 none
    weights: torch.Tensor  # (B,) float32, how much each film counts in the loss
    rows: np.ndarray  # (B,) where the films stand in the loader's own order


@dataclass(frozen=True, kw_only=True)
class Films:
    """The films of one part: where their pixels are, and what is known of each.

    `positions` are those of the pixel source; `labels` and `weights` go with them.
    """

    pixels: Pixels
    positions: np.ndarray  # (N,)
    labels: np.ndarray  # (N,) 0 or 1
    weights: np.ndarray | None = None  # (N,) None: each counts 1
    spec: InputSpec

    def __len__(self) -> int:
        return len(self.positions)


def training_batches(
    films: Films, *, batch_size: int, ranges: AugmentationRanges, seed: int, epoch: int, device: torch.device
) -> Iterator[Batch]:
    """Yield one epoch of shuffled, augmented batches.

    The films are dealt into batches of nearly equal size, `batch_size` at most, so that no
    epoch ends on a batch too small for batch normalisation.
    """
    order = np.random.default_rng([seed, ORDER, epoch]).permutation(len(films))
    dealt = np.array_split(order, batches_in(len(films), batch_size))

    def make(number: int) -> Batch:
        rows = dealt[number]
        pixels = films.pixels.read(films.positions[rows])
        changes = augmentation.draw(ranges, len(rows), np.random.default_rng([seed, CHANGES, epoch, number]))
        if device.type == "cpu":
            return _batch(augmentation.augment(pixels, changes, films.spec), rows, films, device)
        there = torch.from_numpy(pixels).to(device)
        return _batch(augmentation.augment_on_device(there, changes, films.spec), rows, films, device)

    return _made(make, len(dealt), device)


def plain_batches(films: Films, *, batch_size: int, device: torch.device) -> Iterator[Batch]:
    """Yield the films once, in their order and unchanged."""

    def make(number: int) -> Batch:
        rows = np.arange(number * batch_size, min((number + 1) * batch_size, len(films)))
        images = transforms.normalise(films.pixels.read(films.positions[rows]), films.spec)
        return _batch(images, rows, films, device)

    return _made(make, batches_in(len(films), batch_size), device)


def batches_in(films: int, batch_size: int) -> int:
    """Return how many batches an epoch has.

    Examples:
        >>> batches_in(65, 32)
        3
    """
    return -(-films // batch_size)


def _batch(images: torch.Tensor, rows: np.ndarray, films: Films, device: torch.device) -> Batch:
    weights = np.ones(len(rows)) if films.weights is None else films.weights[rows]
    return Batch(
        images=images.to(device),
        labels=torch.as_tensor(films.labels[rows], dtype=torch.float32, device=device),
        weights=torch.as_tensor(weights, dtype=torch.float32, device=device),
        rows=rows,
    )


def _made(make: Callable[[int], T], count: int, device: torch.device) -> Iterator[T]:
    """Yield `make(0)`, `make(1)`, ...; for a GPU a thread makes the next one meanwhile; its errors come out here."""
    if device.type == "cpu" or not count:  # the network keeps the cores busy; a thread would only take from it
        yield from map(make, range(count))
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="loader") as pool:
        upcoming = pool.submit(make, 0)
        for number in range(count):
            batch = upcoming.result()
            if number + 1 < count:
                upcoming = pool.submit(make, number + 1)
            yield batch
