"""The films of a split by domain, from which a CycleGAN may learn; free of torch, so that bad input is told at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.base.errors import InputError
from core.data import radiographs, split_store

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace

DOMAINS = ("A", "B")
KIND = "domain"  # of the split


@dataclass(frozen=True, kw_only=True)
class Domains:
    """The films of a sound split by domain."""

    table: pd.DataFrame
    """Rows of the radiographs table with the split's `part` and `domain`, without synthetic images."""
    certificate: dict[str, Any]
    left_out: int
    """Synthetic images of the split: a generator that learns from made images learns their faults."""


def films(workspace: Workspace, dataset: str, split: str) -> Domains:
    """Return the films of both domains.

    Args:
        workspace: Where they lie.
        dataset: Name of the data set.
        split: Name of the split.

    Raises:
        InputError: If the data set or split does not exist, the split is of another kind, leaks or is out of date,
            the data set is a table only, or a domain has no film to learn from; `field` is then the split.
    """
    table = radiographs.load(workspace, dataset)
    radiographs.require_images(table, dataset)
    certificate = split_store.require_sound(workspace, dataset, split)
    if certificate["kind"] != KIND:
        msg = (
            f"Expected a split of kind {KIND!r}, found {split!r} of kind {certificate['kind']!r}; make one with "
            f"`split {dataset} --kind {KIND}`."
        )
        raise InputError(msg, field="split")
    parts = split_store.load(workspace, dataset, split)[["image_id", "part", "domain"]]
    table = parts.merge(table, on="image_id", validate="one_to_one")
    made = table["source"] == "synthetic"
    table = table[~made].reset_index(drop=True)
    counts = {domain: int(((table["part"] == "train") & (table["domain"] == domain)).sum()) for domain in DOMAINS}
    if not all(counts.values()):
        msg = (
            f"Expected films without finding (A) and with a pneumothorax (B) in train of split {split!r}, found "
            f"{counts['A']} and {counts['B']} that are not synthetic; make the split of a data set that has both."
        )
        raise InputError(msg, field="split")
    return Domains(table=table, certificate=certificate, left_out=int(made.sum()))
