"""Measures how fast a configuration trains and reads on this machine, on films of noise, within seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.models import forward, registry
from core.training import distributed
from core.training.estimate import Speed
from core.training.learner import Learner
from core.vision import loader
from core.vision.loader import Batch, Films, Recipe
from core.vision.transforms import InputSpec

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from core.models.contract import Classifier
    from core.training.config import TrainConfig

MEASURED_S = 3.0  # of each kind of work, after one batch that warms up
BATCHES = 4  # different ones, gone through again and again


class _Noise:
    """Films of noise."""

    def __init__(self, count: int, size: int) -> None:
        self.films = np.random.default_rng(0).integers(256, size=(count, size, size), dtype=np.uint8)

    def read(self, positions: np.ndarray) -> np.ndarray:
        return self.films[positions]


def measure(config: TrainConfig) -> Speed:
    """Train and read films of noise for some seconds and return the speed; nothing is kept.

    A head alone learns on features in no time: what it costs is reading each film once. Several
    processes are taken to be as many times as fast, which they are at best.
    """
    fabric = distributed.alone()
    options = config.architecture
    torch.manual_seed(0)
    classifier = registry.create_classifier(
        options.model, image_size=options.image_size, drop_rate=options.drop_rate, vit_size=options.vit_size
    )
    films = _films(classifier, config)
    learner = Learner.of(classifier, config, fabric)
    learnt = 0.0 if options.head_only else _rate(_learning(learner, films, config), fabric)
    read = _rate(_reading(learner, films, config), fabric)
    processes = config.execution.processes
    return Speed(
        learnt_per_s=processes * (read if options.head_only else learnt),
        read_per_s=read,
        device=str(fabric.device),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _films(classifier: Classifier, config: TrainConfig) -> Films:
    count = BATCHES * config.optimisation.batch_size
    further = len(classifier.further_columns)
    return Films(
        pixels=_Noise(count, config.architecture.image_size),
        positions=np.arange(count),
        labels=np.arange(count) % 2,
        targets=np.full((count, further), 0.5) if further else None,
        spec=InputSpec(size=config.architecture.image_size, mean=0.5, std=0.25),
    )


def _learning(learner: Learner, films: Films, config: TrainConfig) -> Callable[[], int]:
    recipe = Recipe(batch_size=config.optimisation.batch_size, ranges=config.augmentation, seed=0)
    learner.begin_epoch(frozen=False)

    batches = _again(lambda: loader.training_batches(films, recipe, epoch=1, device=learner.fabric.device))

    def step() -> int:
        batch = next(batches)
        learner.step(batch, epoch=1, number=0, in_epoch=BATCHES)
        return len(batch.rows)

    return step


def _reading(learner: Learner, films: Films, config: TrainConfig) -> Callable[[], int]:
    size = 2 * config.optimisation.batch_size
    batches = _again(lambda: loader.plain_batches(films, batch_size=size, device=learner.fabric.device))

    def read() -> int:
        batch = next(batches)
        forward.run(learner.classifier, [batch])
        return len(batch.rows)

    return read


def _again(epoch: Callable[[], Iterator[Batch]]) -> Iterator[Batch]:
    """Yield the batches of an epoch, again and again."""
    while True:
        yield from epoch()


def _rate(work: Callable[[], int], fabric: Fabric) -> float:
    """Return how many films a second some work does, once it is warm."""
    work()
    _wait(fabric)
    films, began = 0, time.perf_counter()
    while time.perf_counter() - began < MEASURED_S:
        films += work()
    _wait(fabric)
    return films / (time.perf_counter() - began)


def _wait(fabric: Fabric) -> None:
    if fabric.device.type == "cuda":
        torch.cuda.synchronize()
