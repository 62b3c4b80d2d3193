"""What many tests share: an empty workspace, and small tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base.paths import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty workspace; commands and pages started by the test find it too."""
    monkeypatch.setenv("PLEURASCOPE_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("PLEURASCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("PLEURASCOPE_DEVICE", "cpu")
    monkeypatch.delenv("PLEURASCOPE_DATABASE_URL", raising=False)
    monkeypatch.delenv("PLEURASCOPE_JOB_DIR", raising=False)
    return Workspace()
