"""A CycleGAN's training killed again and again by the system ends with the weights of one that nobody touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from core.base.paths import ROOT
from tests.running import core, environment
from tests.synthesis import domains

OPTIONS = (
    *("--image-size", "32", "--width", "4", "--blocks", "6", "--steps", "40", "--batch-size", "2", "--pool-size", "5"),
    *("--sample-every-steps", "7", "--save-every-steps", "1"),
)
WORDS = ("train", "cyclegan", "--dataset", domains.DATASET, "--split", domains.SPLIT, *OPTIONS)


@pytest.mark.slow
def test_a_training_that_is_killed_at_random_moments_ends_as_one_that_is_not(workspace, tmp_path):
    domains.make(workspace, tmp_path)
    untouched = core(tmp_path, *WORDS)["card"]["weights_sha256"]
    for folder in workspace.checkpoints.iterdir():  # so that the second run has to make it anew
        folder.rename(tmp_path / folder.name)
    command = [sys.executable, "-m", "core", *WORDS]
    runs = workspace.root / "runs"
    killed = 0

    for wait in np.random.default_rng(0).uniform(0.05, 1.5, 5):
        before = {path: path.stat().st_mtime_ns for path in runs.rglob("last.state")}
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment(tmp_path), stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:  # until it learns
            if any(path.stat().st_mtime_ns != before.get(path) for path in runs.rglob("last.state")):
                break
            time.sleep(0.01)
        time.sleep(wait)
        if process.poll() is None:
            process.kill()
            killed += 1
        process.wait()

    assert killed >= 2
    ended = core(tmp_path, *WORDS)["card"]
    assert ended["weights_sha256"] == untouched
    assert ended["last"]["step"] == 40
    assert not list(runs.rglob("*.part"))
