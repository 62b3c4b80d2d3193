"""How long a training will take here: from a speed that was measured on this machine, never guessed.

A short probe (`core.training.probe`, run as `python -m core train --job FILE --estimate`)
measures a configuration's speed once and keeps it in `workspace/cache/speed/`; pages read it
without torch.
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

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from core.base.paths import Workspace
    from core.training.config import TrainConfig

GRACE_S = 15.0  # what a started probe gets to take its lock
START_S = 15.0  # loading the libraries and reading the films, before the first step
DECIDES = ("model", "vit_size", "image_size", "batch_size", "head_only", "compile", "processes")


@dataclass(frozen=True, kw_only=True)
class Speed:
    """What the probe measured."""

    learnt_per_s: float  # films a second in training
    read_per_s: float  # films a second with the weights at rest, as in measuring
    device: str
    measured_at: str  # ISO 8601


def known(workspace: Workspace, config: TrainConfig) -> Speed | None:
    """Return the speed measured here for such a configuration, or None."""
    path = _path(workspace, config)
    return Speed(**files.read_json(path)) if path.exists() else None


def keep(workspace: Workspace, config: TrainConfig, speed: Speed) -> None:
    """Keep a measured speed."""
    files.write_json(_path(workspace, config), asdict(speed))


def films(split: pd.DataFrame) -> dict[str, int]:
    """Count the films of a split's table that a training learns (`train`) and reads (`tune`, `test`)."""
    return {
        "train": int((split["part"] == "train").sum()),
        "tune": int((split["fold"] == "tune").sum()),
        "test": int((split["part"] == "test").sum()),
    }


def seconds(speed: Speed, config: TrainConfig, counts: dict[str, int]) -> float:
    """Return how long a training will take, in seconds, if it goes through all its epochs.

    Args:
        speed: What was measured here.
        config: The training.
        counts: What `films` gave: `tune` is read after each epoch, all are read once at the end.
    """
    once = sum(counts.values()) / speed.read_per_s
    if config.architecture.head_only:
        return START_S + 2 * once  # the films are read for their features, and at the end
    an_epoch = counts["train"] / speed.learnt_per_s + counts["tune"] / speed.read_per_s
    return START_S + config.optimisation.epochs * an_epoch + once


def begin_measuring(workspace: Workspace, config: TrainConfig) -> bool:
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


def _lock(workspace: Workspace) -> filelock.FileLock:
    _folder(workspace).mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(_folder(workspace) / ".lock")


def _starting_mark(workspace: Workspace) -> Path:
    return _folder(workspace) / ".starting"


def _folder(workspace: Workspace) -> Path:
    return workspace.cache / "speed"


def _path(workspace: Workspace, config: TrainConfig) -> Path:
    options = config.to_dict()
    machine = (platform.node(), os.cpu_count(), read_settings().device)
    asked = repr([machine, *(options[name] for name in DECIDES)])
    return _folder(workspace) / f"{hashlib.sha256(asked.encode()).hexdigest()[:16]}.json"
