"""A tiny data set with a domain split, on which a CycleGAN can be trained within seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from core.base.paths import Settings, Workspace
from core.data import indexing, split_store
from core.synthesis.config import CycleGanConfig
from core.synthesis.own_classifier import Read
from tests.training import studies

DATASET, SPLIT = studies.DATASET, "domain"
OPTIONS = {
    "dataset": DATASET,
    "split": SPLIT,
    "image_size": 32,
    "width": 4,
    "blocks": 6,
    "steps": 6,
    "batch_size": 2,
    "pool_size": 3,
    "sample_every_steps": 3,
    "save_every_steps": 2,
    "seed": 1,
}


def make(workspace, folder: Path, *, patients: int = 40, **films) -> pd.DataFrame:
    """Write films, index them and split them by domain; return the split's table."""
    rows = studies.write_films(folder / "films", patients=patients, **films)
    indexing.index(workspace, DATASET, rows, images=folder / "films")
    split_store.create(workspace, DATASET, SPLIT, "domain")
    return split_store.load(workspace, DATASET, SPLIT)


def made_once(folder: Path) -> Path:
    """Make the data set in a workspace that several tests copy, and return its folder."""
    settings = Settings(workspace=folder / "workspace", checkpoints=folder / "checkpoints")
    make(Workspace(settings), folder)
    return folder / "workspace"


def copied(made: Path, workspace: Workspace) -> Workspace:
    """Return a test's own workspace, with what `made_once` made."""
    shutil.copytree(made, workspace.root)
    return workspace


def config(**options) -> CycleGanConfig:
    """Return the options of a training that takes a second or two."""
    return CycleGanConfig.from_dict(OPTIONS | options)


class Reader:
    """In the place of a classifier of our own: its features are the means of a film's quarters."""

    def read(self, pixels: np.ndarray) -> Read:
        """Return four features a film, and even chances."""
        count, side = len(pixels), pixels.shape[-1] // 2
        quarters = pixels.reshape(count, 2, side, 2, side).mean(axis=(2, 4)) / 255
        return Read(quarters.reshape(count, 4).astype(np.float32), np.full(count, 0.5))


def has_a_reader(monkeypatch) -> None:
    """Let there be a classifier named "reader" for all films."""
    from core.synthesis import own_classifier

    monkeypatch.setattr(own_classifier, "choose", lambda *_arguments: ("reader", None))
    monkeypatch.setattr(own_classifier, "load", lambda *_arguments: Reader())
