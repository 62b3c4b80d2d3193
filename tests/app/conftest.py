"""What tests of the training form and page share: twenty tiny films with one split, and no process started."""

from __future__ import annotations

import pytest
from PIL import Image

from core.data import indexing, split_store
from core.data.formats import nih
from core.jobs import worker
from core.training import estimate


@pytest.fixture
def films(workspace, tmp_path, monkeypatch):
    """A data set with one split, and one without; jobs are filed and not run, speeds are not measured."""
    csv = tmp_path / "table.csv"
    rows = [f"{number}.png,{'Pneumothorax' if number % 2 else 'No Finding'},{number}" for number in range(20)]
    csv.write_text("\n".join(["Image Index,Finding Labels,Patient ID", *rows]))
    (tmp_path / "images").mkdir()
    for number in range(20):
        Image.new("L", (32, 32), 10 * number).save(tmp_path / "images" / f"{number}.png")
    for name in ("films", "alone"):
        indexing.index(workspace, name, nih.read(csv), images=tmp_path / "images", csv=csv)
    split_store.create(workspace, "films", "patient", "patient")
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)
    monkeypatch.setattr(estimate, "begin_measuring", lambda _workspace, _config: True)
    return workspace
