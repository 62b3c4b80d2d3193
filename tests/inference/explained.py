"""Two tiny classifiers of phantoms and their ensemble, made once and copied for each test that explains them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.base.paths import Workspace
from core.inference import ensemble
from core.training import engine
from core.training.config import TrainConfig
from tests.running import environment
from tests.training import studies

PLACE = (studies.DATASET, studies.SPLIT)


def make(folder: Path) -> list[str]:
    """Train two classifiers of different sizes, fuse them, and return the three names."""
    with pytest.MonkeyPatch.context() as patch:
        studies.use_tiny_classifier(patch)
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        workspace = Workspace()
        studies.make(workspace, folder, source="phantom", patients=60, positive_every=3, hard=True)
        options = studies.OPTIONS | {"epochs": 1}
        trained = [
            engine.train(workspace, TrainConfig.from_dict(options | {"seed": seed, "image_size": size}))
            for seed, size in ((1, 32), (2, 48))
        ]
        return [*trained, ensemble.create(workspace, trained, *PLACE, method="equal")]


def copied(made: Path, workspace: Workspace) -> None:
    """Copy what `make` made into a test's own workspace."""
    shutil.copytree(made / "workspace", workspace.root, dirs_exist_ok=True)
    shutil.copytree(made / "checkpoints", workspace.checkpoints, dirs_exist_ok=True)
