"""Batches of films for training and prediction, made whole from decoded pixels.

The order of an epoch and the changes of a batch depend only on the seed, the epoch and the
batch's number: training that goes on after a stop sees what it would have seen, and processes
that share a batch see their parts of the same one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np
import torch

from core.data import quality
from core.vision import augmentation, transforms
from core.vision.augmentation import Changes
from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec

T = TypeVar("T")

ORDER, CHANGES = 0, 1  # the two streams of random numbers
GPU_SHARE = 0.5  # of a GPU's free memory that the films of a part may take
CHUNK = 1024  # films brought to a GPU at once


class Pixels(Protocol):
    """Where films come from: the pixel cache, a GPU's memory, an array in a test; or features computed before."""

    def read(self, positions: np.ndarray) -> np.ndarray | torch.Tensor:
        """Return the films at these positions as uint8 `(B, H, H)`, or features `(B, F)`."""


@dataclass(frozen=True)
class Batch:
    """B films as a classifier takes them."""

    images: torch.Tensor  # (B, 1, H, W) float32, normalised; or features (B, F)
    labels: torch.Tensor  # (B,) float32, 1 pneumothorax, 0 none
    weights: torch.Tensor  # (B,) float32, how much each film counts in the loss
    rows: np.ndarray  # (B,) where the films stand in the loader's own order
    targets: torch.Tensor | None = None  # (B, K) float32 in [0, 1], NaN where unknown: what else is learnt


@dataclass(frozen=True, kw_only=True)
class Films:
    """The films of one part: where their pixels are, and what is known of each.

    `positions` are those of the pixel source; the other arrays go with them.
    """

    pixels: Pixels
    positions: np.ndarray  # (N,)
    labels: np.ndarray  # (N,) 0 or 1
    weights: np.ndarray | None = None  # (N,) None: each counts 1
    chances: np.ndarray | None = None  # (N,) of being drawn, sum 1; None: an epoch shows each once
    targets: np.ndarray | None = None  # (N, K) in [0, 1], the columns of `quality` first; None: only labels are learnt
    spec: InputSpec | None  # None: `pixels` gives features

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How the films of a part are made into the batches of training."""

    batch_size: int
    ranges: AugmentationRanges
    seed: int
    label_smoothing: float = 0.0


def training_batches(
    films: Films,
    recipe: Recipe,
    *,
    epoch: int,
    device: torch.device,
    start: int = 0,
    process: int = 0,
    processes: int = 1,
) -> Iterator[Batch]:
    """Yield the shuffled, changed batches of one epoch, from number `start` on.

    The films are dealt into batches of nearly equal size, `batch_size` at most, so that no
    epoch ends on a batch too small for batch normalisation. Of several processes each gets its
    share of every batch.
    """
    generator = np.random.default_rng([recipe.seed, ORDER, epoch])
    if films.chances is None:
        order = generator.permutation(len(films))
    else:
        order = generator.choice(len(films), size=len(films), p=films.chances)
    dealt = np.array_split(order, batches_in(len(films), recipe.batch_size))

    def make(number: int) -> Batch:
        rows = dealt[number]
        chance = np.random.default_rng([recipe.seed, CHANGES, epoch, number])
        changes = augmentation.draw(recipe.ranges, len(rows), chance, quality_too=films.targets is not None)
        own = np.arange(len(rows))[process::processes]
        return _changed(films, rows[own], changes.of(own), recipe.label_smoothing, device)

    return _made(make, range(start, len(dealt)), device)


def plain_batches(films: Films, *, batch_size: int, device: torch.device) -> Iterator[Batch]:
    """Yield the films once, in their order and unchanged."""

    def make(number: int) -> Batch:
        rows = np.arange(number * batch_size, min((number + 1) * batch_size, len(films)))
        pixels = films.pixels.read(films.positions[rows])
        if films.spec is None:
            images = torch.as_tensor(pixels)
        elif isinstance(pixels, torch.Tensor):
            images = (pixels.unsqueeze(1).float() / 255 - films.spec.mean) / films.spec.std
        else:
            images = transforms.normalise(pixels, films.spec)
        return _batch(images, rows, films, device)

    return _made(make, range(batches_in(len(films), batch_size)), device)


def batches_in(films: int, batch_size: int) -> int:
    """Return how many batches an epoch has.

    Examples:
        >>> batches_in(65, 32)
        3
    """
    return -(-films // batch_size)


def part_of(batch: Batch, part: int, parts: int) -> Batch:
    """Return one of several nearly equal parts of a batch, for a device that cannot hold it whole."""
    own = slice(part, None, parts)
    targets = None if batch.targets is None else batch.targets[own]
    return Batch(batch.images[own], batch.labels[own], batch.weights[own], batch.rows[own], targets)


class Resident:
    """Films held where the network computes, so that no epoch waits for their pixels."""

    def __init__(self, films: torch.Tensor) -> None:
        self.films = films  # (N, H, H) uint8

    def read(self, positions: np.ndarray) -> torch.Tensor:
        """Return the films at these positions `(B, H, H)`."""
        return self.films[torch.from_numpy(positions).to(self.films.device)]


def resident(films: Films, device: torch.device) -> Films:
    """Return the films held on a GPU, where they fit into half of its free memory; else as they are."""
    if device.type != "cuda" or films.spec is None or not len(films):
        return films
    free, _ = torch.cuda.mem_get_info(device)
    if len(films) * films.spec.size**2 > GPU_SHARE * free:
        return films
    return held_on(films, device)


def held_on(films: Films, device: torch.device) -> Films:
    """Return the films with their pixels on a device."""
    chunks = np.array_split(films.positions, batches_in(len(films), CHUNK))
    there = torch.cat([torch.as_tensor(films.pixels.read(chunk)).to(device) for chunk in chunks])
    return replace(films, pixels=Resident(there), positions=np.arange(len(films)))


def _changed(films: Films, rows: np.ndarray, changes: Changes, smoothing: float, device: torch.device) -> Batch:
    pixels = films.pixels.read(films.positions[rows])
    if films.spec is None:
        return _batch(torch.as_tensor(pixels), rows, films, device, smoothing=smoothing)
    if isinstance(pixels, torch.Tensor) or device.type != "cpu":
        images = augmentation.augment_on_device(torch.as_tensor(pixels).to(device), changes, films.spec)
    else:
        images = augmentation.augment(pixels, changes, films.spec)
    return _batch(images, rows, films, device, smoothing=smoothing, changes=changes)


def _batch(
    images: torch.Tensor,
    rows: np.ndarray,
    films: Films,
    device: torch.device,
    *,
    smoothing: float = 0.0,
    changes: Changes | None = None,
) -> Batch:
    weights = np.ones(len(rows)) if films.weights is None else films.weights[rows]
    labels = films.labels[rows] * (1 - smoothing) + smoothing / 2
    targets = None if films.targets is None else _targets(films.targets[rows], changes)

    def there(values: np.ndarray) -> torch.Tensor:
        return torch.as_tensor(values, dtype=torch.float32, device=device)

    return Batch(
        images=images.to(device),
        labels=there(labels),
        weights=there(weights),
        rows=rows,
        targets=None if targets is None else there(targets),
    )


def _targets(targets: np.ndarray, changes: Changes | None) -> np.ndarray:
    """Return what is to be learnt of films `(B, K)` after their changes: a spoilt film earns a lower grade.

    Of a film whose quality was changed at random it is not known any more.
    """
    if changes is None:
        return targets
    grades = len(quality.COLUMNS)
    spoilt = quality.after(
        targets[:, :grades],
        brightness=changes.brightness,
        contrast=changes.contrast,
        blur=changes.blur,
        noise=changes.noise,
        degrees=changes.degrees,
        shift=np.abs(changes.shifts).max(axis=1),
    )
    spoilt[~changes.teaches_quality] = np.nan
    return np.concatenate([spoilt, targets[:, grades:]], axis=1)


def _made(make: Callable[[int], T], numbers: range, device: torch.device) -> Iterator[T]:
    """Yield what is made of each number; for a GPU a thread makes the next one meanwhile; its errors come out here."""
    if device.type == "cpu" or not numbers:  # the network keeps the cores busy; a thread would only take from it
        yield from map(make, numbers)
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="loader") as pool:
        upcoming = pool.submit(make, numbers[0])
        for number in numbers:
            batch = upcoming.result()
            if number != numbers[-1]:
                upcoming = pool.submit(make, number + numbers.step)
            yield batch
