"""Our training against a bare loop and against the usual one: films a second, side by side in one run.

All three train the simple CNN (ResNet-18) with AdamW on batches of 32. The bare loop is fed
ready-made tensors from memory and does nothing but learn; the usual one opens, changes and
normalises each PNG film by film, as `benchmarks.loader` has it. Ours does all that a training does:
random changes, schedule, clipping, checks, progress and the saved state.

    python -m benchmarks.training [--quick] [--device cuda]

On a GPU: 224 px, in bfloat16, and the figures are also written to `benchmarks/training-<gpu>.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `python -m core` has it

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks.loader import OneByOne, write_films
from core.base.paths import ROOT
from core.models import registry
from core.models.contract import Classifier
from core.training import distributed, loop
from core.training.config import TrainConfig
from core.training.learner import Learner, parameter_groups
from core.training.run_folder import RunFolder
from core.vision import loader, transforms
from core.vision.loader import Batch, Films, Recipe
from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec

BATCH, TUNE = 32, 64  # films
BAR = 0.9  # of the bare loop


class InMemory:
    """Decoded films, as the pixel cache gives them."""

    def __init__(self, films: np.ndarray) -> None:
        self.films = films

    def read(self, positions: np.ndarray) -> np.ndarray:
        """Return the films at these positions `(B, H, H)`."""
        return self.films[positions]


def noise_films(count: int, size: int) -> Films:
    """Return films of noise."""
    pixels = np.random.default_rng(0).integers(256, size=(count, size, size), dtype=np.uint8)
    spec = InputSpec(size=size, mean=0.5, std=0.25)
    return Films(pixels=InMemory(pixels), positions=np.arange(count), labels=np.arange(count) % 2, spec=spec)


def classifier(size: int, *, drop_rate: float = 0.5) -> Classifier:
    """Return the simple CNN as every run begins with it."""
    torch.manual_seed(0)
    return registry.create_classifier("cnn", image_size=size, drop_rate=drop_rate)


def ours(films: Films, size: int, batch_size: int) -> float:
    """Return films a second that `loop.fit` learns in an epoch."""
    options = {"dataset": "noise", "split": "none", "image_size": size, "batch_size": batch_size, "epochs": 1}
    config = TrainConfig.from_dict(options)
    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(Path(folder), "benchmark")
        tune = noise_films(TUNE, size)
        fitted = loop.fit(classifier(size), films, tune, config=config, folder=run, fabric=distributed.alone())
    return float(fitted.history[0]["images_per_s"] or 0)


def bare(batches: list[Batch], size: int, device: torch.device) -> float:
    """Return films a second of the shortest loop that learns, fed ready-made tensors."""
    model = classifier(size).to(device).train()
    optimizer = optimizer_of(model)
    began = time.perf_counter()
    for batch in batches:
        step(
            model,
            optimizer,
            Batch(*(one.to(device) for one in (batch.images, batch.labels, batch.weights)), batch.rows),
        )
    if device.type == "cuda":
        torch.cuda.synchronize()
    return sum(len(batch.rows) for batch in batches) / (time.perf_counter() - began)


def optimizer_of(model: Classifier) -> torch.optim.Optimizer:
    """Return the optimiser that all three have."""
    return torch.optim.AdamW(parameter_groups(model, 0.05), lr=1e-3, fused=True)


def step(model: Classifier, optimizer: torch.optim.Optimizer, batch: Batch) -> None:
    """Learn from one batch."""
    device = batch.images.device.type
    halves = device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    optimizer.zero_grad()
    with torch.autocast(device, dtype=torch.bfloat16, enabled=halves):
        loss = model.loss(batch)
    loss.backward()
    optimizer.step()


def usual(paths: list[Path], size: int, batch_size: int, device: torch.device) -> float:
    """Return films a second of the same loop, fed film by film from PNG files."""
    images = DataLoader(OneByOne(paths, size=size), batch_size=batch_size, shuffle=True, num_workers=0)
    began = time.perf_counter()
    batches = [Batch(one, torch.ones(len(one)), torch.ones(len(one)), np.arange(len(one))) for one in images]
    loading = time.perf_counter() - began
    return len(paths) / (loading + len(paths) / bare(batches, size, device))


def is_right(size: int, device: torch.device) -> bool:
    """Tell whether a step of ours, with nothing changed at random, leaves the weights that the bare loop leaves."""
    films, never = noise_films(BATCH, size), 1e-9  # dropped
    still = AugmentationRanges(rotation_degrees=0, shift_share=0, scale_share=0, brightness=0, contrast=0, noise=0)
    config = TrainConfig.from_dict(
        {"dataset": "noise", "split": "none", "image_size": size, "epochs": 1, "warmup_share": 0, "clip_norm": 1e9}
    )
    learner = Learner.of(classifier(size, drop_rate=never), config, distributed.alone())
    learner.begin_epoch(frozen=False)
    recipe = Recipe(batch_size=BATCH, ranges=still, seed=0)
    batch = next(loader.training_batches(films, recipe, epoch=1, device=device))
    learner.step(batch, epoch=1, number=0, in_epoch=1)

    plain = transforms.normalise(films.pixels.read(batch.rows), films.spec).to(device)
    other = classifier(size, drop_rate=never).to(device).train()
    step(other, optimizer_of(other), Batch(plain, batch.labels, batch.weights, batch.rows))
    pairs = zip(learner.classifier.parameters(), other.parameters(), strict=True)
    # Where a gradient is all but zero, the first step of AdamW goes by its sign.
    alike = [torch.isclose(one, two, atol=1e-5).float().mean().item() for one, two in pairs]
    return bool(np.mean(alike) > 0.99)


def main() -> int:
    """Measure, print, and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="end within 60 s")
    options.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    chosen = options.parse_args()
    os.environ["PLEURASCOPE_DEVICE"] = chosen.device
    device = torch.device(chosen.device)
    on_gpu = chosen.device == "cuda"
    size, batch_size = (224, 256) if on_gpu else (64, BATCH)
    rounds, count = (2, 256) if chosen.quick else (5, 1024)
    count = count * 16 if on_gpu else count
    films = noise_films(count, size)
    recipe = Recipe(batch_size=batch_size, ranges=AugmentationRanges(), seed=0)
    ready = list(loader.training_batches(films, recipe, epoch=1, device=torch.device("cpu")))
    with tempfile.TemporaryDirectory() as folder:
        paths = write_films(Path(folder), 64 if chosen.quick else 256)
        bare(ready[:4], size, device)  # warms up
        found = [
            (ours(films, size, batch_size), bare(ready, size, device), usual(paths, size, batch_size, device))
            for _ in range(rounds)
        ]
    lines = report(np.array(found), device, size=size, batch_size=batch_size, count=count)
    print("\n".join(lines))
    if on_gpu:
        name = torch.cuda.get_device_name().replace(" ", "-")
        (ROOT / "benchmarks" / f"training-{name}.md").write_text("\n".join([f"# Training on {name}", "", *lines, ""]))
    if not is_right(size, device):
        print("WRONG: a step of ours is no step of the bare loop")
        return 1
    return 0


def report(found: np.ndarray, device: torch.device, *, size: int, batch_size: int, count: int) -> list[str]:
    """Return the figures as lines; ratios are medians over the rounds `(R, 3)`."""
    ours_per_s, bare_per_s, usual_per_s = np.median(found, axis=0)
    to_bare, to_usual = np.median(found[:, 0] / found[:, 1]), np.median(found[:, 0] / found[:, 2])
    where = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    return [
        f"simple CNN at {size} px, batches of {batch_size}, {count} films, {where}, medians of {len(found)} rounds",
        f"bare loop from memory:   {bare_per_s:8.0f} films/s",
        f"ours:                    {ours_per_s:8.0f} films/s, {to_bare:.2f} of the bare loop (bar: {BAR})",
        f"usual way, film by film: {usual_per_s:8.0f} films/s, ours is {to_usual:.1f} times as fast",
        f"an epoch of 112,120 films: {112_120 / ours_per_s:.1f} s",
    ]


if __name__ == "__main__":
    sys.exit(main())
