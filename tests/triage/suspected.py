"""The made-up study of the worklist page with predictions of val too, so that labels can be suspected and sent."""

from __future__ import annotations

import pandas as pd

from core.base import files
from core.base.paths import Workspace
from tests.app import listed

FOLDS = ["tune", "tune", "tune", "certify", "certify", "certify"]


def make(workspace: Workspace, **about) -> None:
    """Write what `listed.make` does, and the same films again as val, each under its name with a `v` before it."""
    listed.make(workspace, **about)
    place = (listed.CHECKPOINT, "made", "patient")
    split = pd.read_parquet(workspace.split("made", "patient"))
    other = {name: f"v{name}" for name in split["image_id"]}
    folds = (FOLDS * len(split))[: len(split)]
    for path in (workspace.radiographs("made"), workspace.truth("made"), workspace.split("made", "patient")):
        table = pd.read_parquet(path)
        twin = table.assign(image_id=table["image_id"].map(other))
        twin = twin.assign(part="val", fold=folds) if "part" in twin else twin
        files.write_parquet(path, pd.concat([table, twin], ignore_index=True))
    val = pd.read_parquet(workspace.predictions(*place, "test"))
    files.write_parquet(workspace.predictions(*place, "val"), val.assign(image_id=val["image_id"].map(other)))
    certificate = {"kind": "patient", "table_sha256": "of the split"}
    files.write_json(workspace.split("made", "patient").with_suffix(".json"), certificate)
    card = listed.CARD | {"split_sha256": "of the split"}
    files.write_json(workspace.checkpoint(listed.CHECKPOINT) / "card.json", card)
