"""What many tests share: an empty workspace, and a tiny study with everything in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.base.paths import ROOT, Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace; commands and pages started by the test find it too."""
    return _entered(tmp_path, monkeypatch)


@pytest.fixture
def study(tmp_path: Path, made_study: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace of the test's own with phantoms, two splits, a CNN, its predictions and its report."""
    shutil.copytree(made_study, tmp_path, dirs_exist_ok=True)
    return _entered(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def made_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny study, made once by the commands themselves."""
    folder = tmp_path_factory.mktemp("study")
    data = tmp_path_factory.mktemp("phantoms")
    core(folder, "phantom", str(data), "--patients", "40", "--size", "64")
    csv, images = str(data / "Data_Entry_2017_v2020.csv"), str(data / "images")
    core(folder, "index", "nih", "--csv", csv, "--images", images, "--name", "phantoms")
    core(folder, "split", "phantoms", "--kind", "patient", "--name", "patient")
    core(folder, "split", "phantoms", "--kind", "domain", "--name", "domain")
    options = ("--image-size", "32", "--epochs", "2", "--batch-size", "16")
    place = ("--dataset", "phantoms", "--split", "patient")
    checkpoint = core(folder, "train", "cnn", *place, *options)["checkpoint_id"]
    core(folder, "predict", checkpoint, *place, "--part", "test")
    core(folder, "evaluate", checkpoint, *place, "--part", "test")
    return folder


def core(folder: Path, *words: str) -> dict:
    """Run a command in a study's workspace and return what its --json says."""
    done = subprocess.run(
        [sys.executable, "-m", "core", *words, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment(folder),
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def environment(folder: Path) -> dict[str, str]:
    """Return the settings that put a workspace and its checkpoints into a folder."""
    return {
        "PLEURASCOPE_WORKSPACE": str(folder / "workspace"),
        "PLEURASCOPE_CHECKPOINTS": str(folder / "checkpoints"),
        "PLEURASCOPE_DEVICE": "cpu",
    }


def _entered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PLEURASCOPE_DATABASE_URL", raising=False)
    monkeypatch.delenv("PLEURASCOPE_JOB_DIR", raising=False)
    return Workspace()
