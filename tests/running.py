"""Commands as a person runs them, in a workspace of the test's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from core.base.paths import ROOT


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
        "PLEURASCOPE_AUDIT_KEY_FILE": str(folder / "keys" / "audit.key"),
    }
