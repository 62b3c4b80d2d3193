"""Ours against the usual way of feeding a network: films a second of one core, same augmentations.

The usual way opens each PNG with PIL for every epoch, resizes it, flips, rotates and jitters
it, makes a tensor and normalises it, film by film, in a DataLoader with no extra process. Ours
decodes once into the pixel cache (timed apart) and changes whole batches.

    python -m benchmarks.loader [--quick]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from core.base.paths import Settings, Workspace
from core.data import pixels
from core.data.pixel_cache import PixelCache
from core.vision import loader
from core.vision.loader import Films, Recipe
from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec

SIZE, BATCH, SIDE = 224, 32, 1024
ROUNDS = 5  # in turns, so that other work on the machine meets both ways
SPEC = InputSpec(size=SIZE, mean=0.5, std=0.25)
# flip, rotation by 10 degrees, jitter of brightness and contrast: what the usual way does
SAME = AugmentationRanges(
    rotation_degrees=10, shift_share=0, scale_share=0, brightness=0.1, contrast=0.2, noise=0, horizontal_flip=True
)


class OneByOne(Dataset[torch.Tensor]):
    """The usual way."""

    def __init__(self, paths: list[Path], *, size: int = SIZE) -> None:
        self.paths = paths
        self.change = transforms.Compose(
            [
                transforms.Resize((size, size)),
                transforms.RandomHorizontalFlip(),
                transforms.RandomRotation(10),
                transforms.ColorJitter(brightness=0.1, contrast=0.2),
                transforms.ToTensor(),
                transforms.Normalize([SPEC.mean], [SPEC.std]),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> torch.Tensor:
        with Image.open(self.paths[number]) as image:
            return self.change(image.convert("L"))


def write_films(folder: Path, count: int) -> list[Path]:
    """Write films of a gradient, a blurred pattern and noise."""
    generator = np.random.default_rng(0)
    paths = []
    for number in range(count):
        pattern = cv2.resize(generator.normal(0, 40, (16, 16)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        film = np.linspace(40, 200, SIDE)[:, None] + pattern + generator.normal(0, 3, (SIDE, SIDE))
        paths.append(folder / f"{number:04d}.png")
        Image.fromarray(film.clip(0, 255).astype(np.uint8)).save(paths[-1], compress_level=6)
    return paths


def radiographs(paths: list[Path]) -> pd.DataFrame:
    """Return the table the pixel cache asks for."""
    return pd.DataFrame(
        {
            "image_id": [path.name for path in paths],
            "path": [str(path) for path in paths],
            "sha256": [pixels.sha256_of_pixels(pixels.read_pixels(path)) for path in paths],
        }
    )


def films_per_s(run: Callable[[], int], *, seconds: float) -> float:
    """Return how many films a second of processor time `run` gives."""
    films, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        films += run()
    return films / (time.process_time() - began)


def main() -> int:
    """Measure, print, and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="end within 60 s")
    quick = options.parse_args().quick
    seconds, count = (1.0, 48) if quick else (5.0, 256)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        return measure(Path(folder), count=count, seconds=seconds)


def measure(folder: Path, *, count: int, seconds: float) -> int:
    """Measure on `count` films in `folder`."""
    paths = write_films(folder, count)
    table = radiographs(paths)
    began = time.process_time()
    workspace = Workspace(Settings(workspace=folder / "workspace"))
    cache = PixelCache.ensure(workspace, table, size=SIZE)
    decoding = count / (time.process_time() - began)
    films = Films(pixels=cache, positions=np.arange(count), labels=np.zeros(count), spec=SPEC)
    epochs = iter(range(1_000_000))

    def ours() -> int:
        recipe = Recipe(batch_size=BATCH, ranges=SAME, seed=0)
        batches = loader.training_batches(films, recipe, epoch=next(epochs), device=torch.device("cpu"))
        return sum(len(batch.rows) for batch in batches)

    one_by_one = DataLoader(OneByOne(paths), batch_size=BATCH, shuffle=True, num_workers=0)

    def usual() -> int:
        return sum(len(images) for images in one_by_one)

    films_per_s(ours, seconds=0.1)  # the first run also maps the cache
    rounds = [(films_per_s(ours, seconds=seconds), films_per_s(usual, seconds=seconds)) for _ in range(ROUNDS)]
    ours_per_s, usual_per_s = np.median(rounds, axis=0)
    ratio = np.median([own / other for own, other in rounds])
    print(f"one core, {SIDE} px PNGs to {SIZE} px, batches of {BATCH}, {count} films, {os.uname().machine}")
    print(f"usual way, film by film: {usual_per_s:8.0f} films/s")
    print(f"ours, whole batches:     {ours_per_s:8.0f} films/s, {ratio:.0f} times as many (bar: 50)")
    print(f"decoding into the cache: {decoding:8.0f} films/s, once; all later epochs find the pixels there")
    return check(films, next(iter(one_by_one)))


def check(films: Films, usual: torch.Tensor) -> int:
    """Return 1 if the two ways do not give alike tensors."""
    still = AugmentationRanges(rotation_degrees=0, shift_share=0, scale_share=0, brightness=0, contrast=0, noise=0)
    cpu = torch.device("cpu")

    def first(ranges: AugmentationRanges) -> loader.Batch:
        recipe = Recipe(batch_size=BATCH, ranges=ranges, seed=0)
        return next(iter(loader.training_batches(films, recipe, epoch=0, device=cpu)))

    plain, changed = first(still), first(SAME)
    expected = (films.pixels.read(plain.rows) / 255 - SPEC.mean) / SPEC.std
    problems = [
        problem
        for problem, is_there in {
            "shapes or types differ": usual.shape[1:] != changed.images.shape[1:]
            or usual.dtype != changed.images.dtype,
            "unchanged films are not the cached pixels": np.abs(plain.images[:, 0].numpy() - expected).max() > 1e-5,
            "changed films are the unchanged ones": bool(torch.equal(plain.images, changed.images)),
            "means differ": abs(float(usual.mean() - changed.images.mean())) > 0.15,
            "spreads differ": abs(float(usual.std() / changed.images.std()) - 1) > 0.15,
        }.items()
        if is_there
    ]
    for problem in problems:
        print(f"WRONG: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
