"""Predictions tables on disk, and the question whether one still speaks of what is here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base import files
from core.base.errors import InputError
from core.data import radiographs, split_store

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace


SIGNALS, FEATURES, PASSES = ".signals.parquet", ".features.npy", ".passes.npy"  # beside a table, row by row


def load(workspace: Workspace, card: dict[str, Any], dataset: str, split: str | None, part: str | None) -> pd.DataFrame:
    """Read a checkpoint's predictions, and refuse stale ones.

    Args:
        workspace: Where they lie.
        card: The checkpoint's card.
        dataset: Name of the data set.
        split: Name of the split; None for all of the data set.
        part: Name of the part; None for all of the split.

    Raises:
        InputError: If there are none, or they were made with other weights, of other films than
            the part holds now, or of other pixels.
    """
    checkpoint_id = card["checkpoint_id"]
    table, reason = _found(workspace, card, dataset, split, part)
    if table is not None:
        return table
    place = "" if split is None else f" --split {split} --part {part or 'all'}"
    msg = (
        f"Expected predictions of {checkpoint_id} for {dataset}/{split or 'all'}, part {part or 'all'}, as it is now, "
        f"found {reason}; run `python -m core predict {checkpoint_id} --dataset {dataset}{place}` first."
    )
    raise InputError(msg)


def fresh(
    workspace: Workspace, card: dict[str, Any], dataset: str, split: str | None, part: str | None
) -> pd.DataFrame | None:
    """Read a checkpoint's predictions as `load` does, or return None where there are none or stale ones."""
    return _found(workspace, card, dataset, split, part)[0]


def _found(
    workspace: Workspace, card: dict[str, Any], dataset: str, split: str | None, part: str | None
) -> tuple[pd.DataFrame | None, str]:
    """Return the predictions, or None and what was found instead."""
    path = workspace.predictions(card["checkpoint_id"], dataset, split, part)
    films = radiographs.load(workspace, dataset)
    now = films if split is None else split_store.load(workspace, dataset, split)
    own = set(now["image_id"] if part is None else now.loc[now["part"] == part, "image_id"])
    if not path.exists():
        return None, "none"
    table = files.read_parquet(path)
    stale = _stale(table, card, films, own)
    return (table, "") if stale is None else (None, stale)


def _stale(table: pd.DataFrame, card: dict[str, Any], films: pd.DataFrame, own: set[str]) -> str | None:
    """Say in what predictions differ from what they would be made of now, or None."""
    if not {"image_id", "weights_sha256", "image_sha256"} <= set(table):
        return "a table without the hashes of weights and pixels"
    if set(table["weights_sha256"]) - {card["weights_sha256"]}:
        return "those of other weights"
    if own != set(table["image_id"]):
        return "those of other films, since the split was made anew"
    now = table["image_id"].map(films.set_index("image_id")["sha256"])
    if (now != table["image_sha256"]).any():
        return "those of other pixels, since the data set was indexed anew"
    return None
