"""A training killed again and again by the system ends with the weights of one that nobody touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from core.base.paths import ROOT
from tests.running import core, environment
from tests.training import studies

OPTIONS = ("--image-size", "32", "--epochs", "6", "--batch-size", "8", "--weights", "none", "--save-every-steps", "1")
PLACE = ("--dataset", studies.DATASET, "--split", studies.SPLIT)


def weights(folder) -> str:
    return core(folder, "train", "cnn", *PLACE, *OPTIONS)["card"]["weights_sha256"]


@pytest.mark.slow
def test_a_training_that_is_killed_at_random_moments_ends_as_one_that_is_not(workspace, tmp_path):
    studies.make(workspace, tmp_path, patients=40)
    untouched = weights(tmp_path)
    for folder in workspace.checkpoints.iterdir():  # so that the second run has to make it anew
        folder.rename(tmp_path / folder.name)
    command = [sys.executable, "-m", "core", "train", "cnn", *PLACE, *OPTIONS]
    states = workspace.root / "runs"
    killed = 0

    for wait in np.random.default_rng(0).uniform(0.05, 1.5, 6):
        began = len(list(states.rglob("last.state")))
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment(tmp_path), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while process.poll() is None and not list(states.rglob("last.state")) and time.monotonic() < deadline:
            time.sleep(0.01)  # until it learns
        time.sleep(wait if not began else 8 + wait)
        if process.poll() is None:
            process.kill()
            killed += 1
        process.wait()

    assert killed >= 2
    assert weights(tmp_path) == untouched
    assert not list(states.rglob("*.part"))
