"""What a training run learns from, with other labels of the films of train."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.base.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from core.training.material import Material


def of_known_truth(found: Material, known: pd.Series) -> Material:
    """Return what is learnt from without the films of train that a source of labels does not speak of.

    Args:
        found: What is learnt from.
        known: Labels of the source by `image_id`.

    Raises:
        InputError: If it speaks of none.
    """
    table = found.table
    keep = (table["part"] != "train") | table["image_id"].map(known).notna()
    if not (keep & (table["part"] == "train")).any():
        msg = "Expected films of train whose truth is known, found none; choose another source with --truth."
        raise InputError(msg, field="truth")
    return _kept(found, table, keep.to_numpy(bool))


def with_labels(found: Material, labels: np.ndarray) -> Material:
    """Return what is learnt from with other labels of the films of train.

    Args:
        found: What is learnt from.
        labels: 0, 1, or NaN for a film that is left out, `(N,)` in the order of the films of train.
    """
    train = (found.table["part"] == "train").to_numpy(bool)
    table = found.table.astype({"label": "float64"})
    table.loc[train, "label"] = labels
    return _kept(found, table, table["label"].notna().to_numpy(bool))


def _kept(found: Material, table: pd.DataFrame, keep: np.ndarray) -> Material:
    targets = None if found.targets is None else replace(found.targets, values=found.targets.values[keep])
    return replace(found, table=table[keep].reset_index(drop=True), targets=targets)
