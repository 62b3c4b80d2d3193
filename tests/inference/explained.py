"""Two tiny classifiers of phantoms and their ensemble, made once and copied for each test that explains them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.base.paths import Workspace
from core.inference import ensemble
from core.training import engine
from core.training.config import TrainConfig
from tests.running import environment
from tests.training import studies

PLACE = (studies.DATASET, studies.SPLIT)


@contextmanager
def entered(folder: Path) -> Iterator[Workspace]:
    """Make a folder's workspace the one in use, and "cnn" the tiny classifier, for what a session makes once."""
    with pytest.MonkeyPatch.context() as patch:
        studies.use_tiny_classifier(patch)
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        yield Workspace()


def train_two(workspace: Workspace, folder: Path, *, epochs: int, **films: object) -> list[str]:
    """Write films, and train two classifiers of different sizes on them."""
    studies.make(workspace, folder, positive_every=3, hard=True, **films)
    options = studies.OPTIONS | {"epochs": epochs}
    return [
        engine.train(workspace, TrainConfig.from_dict(options | {"seed": seed, "image_size": size}))
        for seed, size in ((1, 32), (2, 48))
    ]


def make(folder: Path) -> list[str]:
    """Train two classifiers of different sizes, fuse them, and return the three names."""
    with entered(folder) as workspace:
        trained = train_two(workspace, folder, epochs=1, source="phantom", patients=60)
        return [*trained, ensemble.create(workspace, trained, *PLACE, method="equal")]


def copied(made: Path, workspace: Workspace) -> None:
    """Copy what `make` made into a test's own workspace."""
    shutil.copytree(made / "workspace", workspace.root, dirs_exist_ok=True)
    shutil.copytree(made / "checkpoints", workspace.checkpoints, dirs_exist_ok=True)
