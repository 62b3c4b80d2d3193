"""Films of the tiny data set, taken in through the door as files from elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from core.base.paths import Workspace
from core.data import intake, radiographs
from tests.training import studies


def phantoms(workspace: Workspace, numbers: range, *, by: str = "Ada") -> list[str]:
    """Take in films of the tiny data set, and return their ids in the order given."""
    paths = radiographs.load(workspace, studies.DATASET)["path"].iloc[list(numbers)]
    return _taken(workspace, [Path(path).read_bytes() for path in paths], by)


def real(workspace: Workspace, folder: Path, *, number: int = 0, by: str = "Ada") -> str:
    """Take in a film without the mark of phantoms, and return its id."""
    source = Path(radiographs.load(workspace, studies.DATASET)["path"].iloc[number])
    copy = folder / "plain.png"
    with Image.open(source) as film:
        Image.fromarray(255 - np.asarray(film)).save(copy)
    return _taken(workspace, [copy.read_bytes()], by)[0]


def _taken(workspace: Workspace, contents: list[bytes], by: str) -> list[str]:
    # These films are too small and noisy to look like chests.
    found = [str(one.image_id) for one in intake.receive(workspace, contents, by=by, anyway=True)]
    assert "None" not in found
    return found
