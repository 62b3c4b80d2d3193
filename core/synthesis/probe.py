"""Measures how fast a CycleGAN learns on this machine, on films of noise, within seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import torch

from core.synthesis.cyclegan import CycleGan
from core.training import distributed

if TYPE_CHECKING:
    from core.synthesis.config import CycleGanConfig

MEASURED_S = 4.0  # after one step that warms up
FEWEST = 2  # steps measured, however long they take


def measure(config: CycleGanConfig) -> float:
    """Return how many steps a second are learnt; nothing is kept. What is looked at in between is not counted."""
    fabric = distributed.alone()
    gan = CycleGan(config, fabric)
    side, batch = config.networks.image_size, config.learning.batch_size
    chance = torch.Generator().manual_seed(0)
    noise = torch.rand(2, batch, 1, side, side, generator=chance).to(fabric.device) * 2 - 1

    def learn() -> None:
        gan.update([(noise[0], noise[1])], step=0)
        if fabric.device.type == "cuda":
            torch.cuda.synchronize()

    learn()
    steps, began = 0, time.perf_counter()
    while steps < FEWEST or time.perf_counter() - began < MEASURED_S:
        learn()
        steps += 1
    return steps / (time.perf_counter() - began)
