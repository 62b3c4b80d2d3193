"""Predictions tables on disk, and the question whether one still speaks of what is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base import files
from core.base.errors import InputError
from core.data import radiographs, split_store

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace


def load(workspace: Workspace, card: dict[str, Any], dataset: str, split: str, part: str) -> pd.DataFrame:
    """Read a checkpoint's predictions for one part, and refuse stale ones.

    Args:
        workspace: Where they lie.
        card: The checkpoint's card.
        dataset: Name of the data set.
        split: Name of the split.
        part: Name of the part.

    Raises:
        InputError: If there are none, or they were made with other weights, of other films than
            the part holds now, or of other pixels.
    """
    checkpoint_id = card["checkpoint_id"]
    path = workspace.predictions(checkpoint_id, dataset, split, part)
    films, now = radiographs.load(workspace, dataset), split_store.load(workspace, dataset, split)
    reason = "none"
    if path.exists():
        table = files.read_parquet(path)
        stale = _stale(table, card, films, now, part)
        if stale is None:
            return table
        reason = stale
    msg = (
        f"Expected predictions of {checkpoint_id} for {dataset}/{split}, part {part}, as it is now, found {reason}; "
        f"run `python -m core predict {checkpoint_id} --dataset {dataset} --split {split} --part {part}` first."
    )
    raise InputError(msg)


def _stale(
    table: pd.DataFrame, card: dict[str, Any], films: pd.DataFrame, split: pd.DataFrame, part: str
) -> str | None:
    """Say in what predictions differ from what they would be made of now, or None."""
    if not {"image_id", "weights_sha256", "image_sha256"} <= set(table):
        return "a table without the hashes of weights and pixels"
    if set(table["weights_sha256"]) - {card["weights_sha256"]}:
        return "those of other weights"
    own = set(split.loc[split["part"] == part, "image_id"])
    if own != set(table["image_id"]):
        return "those of other films, since the split was made anew"
    now = table["image_id"].map(films.set_index("image_id")["sha256"])
    if (now != table["image_sha256"]).any():
        return "those of other pixels, since the data set was indexed anew"
    return None
