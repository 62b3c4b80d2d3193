"""What many tests share: an empty workspace, and a tiny study with everything in it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.base.paths import Workspace
from tests.running import core, environment

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as `python -m core` has it, before torch is loaded


@pytest.fixture(autouse=True)
def _own_main() -> Iterator[None]:
    """Put `__main__` back after a page was driven: Streamlit replaces it, and spawned processes would run the page."""
    own = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = own


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
    core(folder, "phantom", str(data), "--patients", "100", "--size", "64")
    csv, images = str(data / "Data_Entry_2017_v2020.csv"), str(data / "images")
    core(folder, "index", "nih", "--csv", csv, "--images", images, "--name", "phantoms")
    core(folder, "split", "phantoms", "--kind", "patient", "--name", "patient")
    core(folder, "split", "phantoms", "--kind", "domain", "--name", "domain")
    options = ("--image-size", "32", "--epochs", "2", "--batch-size", "16")
    place = ("--dataset", "phantoms", "--split", "patient")
    checkpoint = core(folder, "train", "cnn", *place, *options)["checkpoint_id"]
    core(folder, "predict", checkpoint, *place, "--part", "val", "test")
    core(folder, "evaluate", checkpoint, *place, "--part", "test")
    return folder


@pytest.fixture(scope="session")
def made_to_explain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Two tiny classifiers of phantoms and their ensemble, made once: the folder, and the three names."""
    from tests.inference import explained  # torch: only for the tests that ask

    folder = tmp_path_factory.mktemp("explained")
    return folder, explained.make(folder)


@pytest.fixture
def trio(made_to_explain: tuple[Path, list[str]], workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two tiny classifiers of phantoms, of different sizes, then their ensemble, in the test's workspace."""
    from tests.inference import explained
    from tests.training import studies

    studies.use_tiny_classifier(monkeypatch)
    explained.copied(made_to_explain[0], workspace)
    return made_to_explain[1]


def _entered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PLEURASCOPE_DATABASE_URL", raising=False)
    monkeypatch.delenv("PLEURASCOPE_JOB_DIR", raising=False)
    return Workspace()
