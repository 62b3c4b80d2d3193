"""How long a training of any kind will take here: from a speed that was measured on this machine, never guessed.

A short probe (`core.training.probe` or `core.synthesis.probe`, run as
`python -m core train --job FILE --estimate`) measures a configuration's speed once and keeps it in
`workspace/cache/speed/`; pages read it without torch. What a training asks for is told from its
options: one with `steps` counts in steps, one without an `image_size` takes that of its synthetic images.
"""

from __future__ import annotations

import hashlib
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import filelock

from core.base import files, processes
from core.base.paths import read_settings
from core.data import split_store, synthetic
from core.training.config import TrainConfig

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from core.base.config import Config
    from core.base.paths import Workspace

GRACE_S = 15.0  # what a started probe gets to take its lock
START_S = 15.0  # loading the libraries and reading the films, before the first step
DECIDES = ("model", "vit_size", "image_size", "batch_size", "head_only", "compile", "processes")
CYCLEGAN_DECIDES = ("model", "image_size", "width", "blocks", "upsampling", "batch_size")


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What the probe measured."""

    learnt_per_s: float  # films a second in training; of a CycleGAN those of both domains
    read_per_s: float  # films a second with the weights at rest, as in measuring
    device: str
    measured_at: str  # ISO 8601


def known(workspace: Workspace, config: Config) -> Speed | None:
    """Return the speed measured here for such a training, or None.

    Raises:
        InputError: If it learns from synthetic images that are not there.
    """
    path = _path(workspace, config)
    return Speed(**files.read_json(path)) if path.exists() else None


def keep(workspace: Workspace, config: Config, speed: Speed) -> None:
    """Keep a measured speed."""
    files.write_json(_path(workspace, config), asdict(speed))


def films(split: pd.DataFrame) -> dict[str, int]:
    """Count the films of a split's table that a training learns (`train`) and reads (`tune`, `test`)."""
    return {
        "train": int((split["part"] == "train").sum()),
        "tune": int((split["fold"] == "tune").sum()),
        "test": int((split["part"] == "test").sum()),
    }


def counts(workspace: Workspace, config: Config) -> dict[str, int]:
    """Count what a training of any kind learns (`train`) and reads (`tune`, `test`).

    Raises:
        InputError: If its split or its synthetic images are not there.
    """
    options = config.to_dict()
    if _has_own_films(options):
        return films(split_store.load(workspace, options["dataset"], options["split"]))
    images = synthetic.card(workspace, options["synthetic"]).images
    return {"train": 2 * images.get("train", 0), "tune": images.get("val", 0), "test": images.get("val", 0)}


def as_measured(workspace: Workspace, config: Config) -> Config:
    """Return the training whose speed is that of this one: of a real-vs-synthetic classifier the simple CNN's.

    Raises:
        InputError: If its synthetic images are not there.
    """
    options = config.to_dict()
    if _has_own_films(options):
        return config
    card = synthetic.card(workspace, options["synthetic"])
    alike = {name: options[name] for name in ("epochs", "batch_size", "learning_rate", "seed")}
    place = {"dataset": options["dataset"] or card.dataset, "split": options["split"] or card.split}
    return TrainConfig.from_dict(alike | place | {"model": "cnn", "image_size": card.image_size, "weights": "none"})


def decides(workspace: Workspace, config: Config) -> tuple[object, ...]:
    """Return the options on which the speed of a training depends.

    Raises:
        InputError: If it learns from synthetic images that are not there.
    """
    options = as_measured(workspace, config).to_dict()
    return tuple(options[name] for name in (CYCLEGAN_DECIDES if "steps" in options else DECIDES))


def seconds(speed: Speed, config: Config, counts: dict[str, int]) -> float:
    """Return how long a training will take, in seconds, if it goes through all its epochs or steps.

    Args:
        speed: What was measured here.
        config: The training.
        counts: What `films` or `counts` gave: `tune` is read after each epoch, all are read once at the end.
    """
    options = config.to_dict()
    if "steps" in options:
        return START_S + options["steps"] * 2 * options["batch_size"] / speed.learnt_per_s
    once = sum(counts.values()) / speed.read_per_s
    if options.get("head_only"):
        return START_S + 2 * once  # the films are read for their features, and at the end
    an_epoch = counts["train"] / speed.learnt_per_s + counts["tune"] / speed.read_per_s
    return START_S + options["epochs"] * an_epoch + once


def begin_measuring(workspace: Workspace, config: Config) -> bool:
    """Start the probe of a configuration in a process of its own; False if one is at work already."""
    if is_measuring(workspace):
        return False
    options = _folder(workspace) / "asked.json"
    files.write_json(options, config.to_dict())
    _starting_mark(workspace).touch()
    words = ["-m", "core", "train", "--job", str(options), "--estimate"]
    processes.start_detached(words, log=_folder(workspace) / "probe.log")
    return True


def is_measuring(workspace: Workspace) -> bool:
    """Tell whether a probe is at work in this workspace, or about to be."""
    mark = _starting_mark(workspace)
    if mark.exists() and time.time() - mark.stat().st_mtime < GRACE_S:
        return True  # the one that was just started has not taken its lock yet
    try:
        with _lock(workspace).acquire(timeout=0):
            return False
    except filelock.Timeout:
        return True


@contextmanager
def measuring(workspace: Workspace) -> Iterator[None]:
    """Hold the place of the one probe, waiting for another to end."""
    with _lock(workspace):
        _starting_mark(workspace).unlink(missing_ok=True)
        yield


def _has_own_films(options: dict[str, object]) -> bool:
    """Tell a classifier of films or a CycleGAN from a classifier of what a synthetic data set holds."""
    return "image_size" in options


def _lock(workspace: Workspace) -> filelock.FileLock:
    _folder(workspace).mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(_folder(workspace) / ".lock")


def _starting_mark(workspace: Workspace) -> Path:
    return _folder(workspace) / ".starting"


def _folder(workspace: Workspace) -> Path:
    return workspace.cache / "speed"


def _path(workspace: Workspace, config: Config) -> Path:
    machine = (platform.node(), os.cpu_count(), read_settings().device)
    asked = repr([machine, *decides(workspace, config)])
    return _folder(workspace) / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"
