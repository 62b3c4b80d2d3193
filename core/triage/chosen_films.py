"""Films that were chosen one by one: a worklist of just these, and their predictions where no split holds them.

A table over a part of a split speaks of all its films or counts as stale. In a data set that has no split and may
grow each row stands for itself: it holds as long as the weights and the film's pixels are what they were, whatever
else the data set has come to hold.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.base import files
from core.base.errors import InputError
from core.base.paths import checked_name
from core.data import radiographs
from core.triage.worklists import Worklist

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace
    from core.evaluation.points_in_force import InForce
    from core.triage.decision import Policy

BUDGET = 0.2  # share of the films that would be unsure, as in the worklists that the pages propose
OPEN, BLINDED = "open", "blinded"
ALL = "all"  # the split and the part of a worklist whose data set has no split
HASHES = ("weights_sha256", "image_sha256")


def is_whole(split: str | None, part: str | None) -> bool:
    """Tell whether a worklist's split and part stand for all films of its data set."""
    return split == ALL and part == ALL


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Predictions of a data set without a split, as far as they hold."""

    table: pd.DataFrame
    """The rows that hold, each under its place in the whole table, shape `(N,)` of `(M,)`."""
    every: tuple[str, ...]
    """Image ids of the whole table in its order, shape `(M,)`."""


def holding(workspace: Workspace, card: dict[str, Any], dataset: str) -> Holding | None:
    """Return the predictions of a data set that still hold; None where there is no table, or one without hashes.

    Args:
        workspace: Where they lie.
        card: The checkpoint's card.
        dataset: Name of the data set.
    """
    path = workspace.predictions(card["checkpoint_id"], dataset)
    if not path.exists():
        return None
    table = files.read_parquet(path)
    if not set(HASHES) <= set(table):
        return None
    now = table["image_id"].map(radiographs.load(workspace, dataset).set_index("image_id")["sha256"])
    holds = (table["weights_sha256"] == card["weights_sha256"]) & (table["image_sha256"] == now)
    return Holding(table=table[holds], every=tuple(table["image_id"]))


def predictions(
    workspace: Workspace, card: dict[str, Any], dataset: str, films: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the predictions of some films of a data set, and the image ids of the whole table in its order.

    Args:
        workspace: Where they lie.
        card: The checkpoint's card.
        dataset: Name of the data set.
        films: Image ids.

    Raises:
        InputError: If those of a film are missing, or were made with other weights or of other pixels.
    """
    held = holding(workspace, card, dataset)
    found = None if held is None else held.table[held.table["image_id"].isin(set(films))].reset_index(drop=True)
    lacking = len(set(films)) - (0 if found is None else len(found))
    if held is None or found is None or lacking:
        msg = (
            f"Expected predictions of {card['checkpoint_id']} for {len(set(films)):,} films of {dataset} as they are "
            f"now, found that {lacking:,} lack them; choose this classifier on the page Intake, or run `python -m core "
            f"predict {card['checkpoint_id']} --dataset {dataset}`."
        )
        raise InputError(msg)
    return found, held.every


def worklist(
    card: dict[str, Any],
    point: InForce,
    policy: Policy,
    films: Sequence[str],
    *,
    place: tuple[str, str, str],
    truth: str,
    name: str,
    read_mode: str,
    readers: Sequence[str],
    created_by: str,
) -> Worklist:
    """Return a worklist of just these films; `Worklists.save` keeps it.

    Args:
        card: The checkpoint's card.
        point: Its operating point in force, which becomes the list's cut.
        policy: By which the films stand in zones.
        films: Image ids.
        place: Data set, split and part.
        truth: Source of the labels.
        name: Of the worklist.
        read_mode: `OPEN` or `BLINDED`.
        readers: Who all read it, hidden from each other; none: anybody.
        created_by: Who makes it.

    Raises:
        InputError: If the name cannot stand in a file name.
    """
    dataset, split, part = place
    return Worklist(
        name=checked_name(name.strip(), "worklist"),
        checkpoint_id=card["checkpoint_id"],
        weights_sha256=card["weights_sha256"],
        dataset=dataset,
        split=split,
        part=part,
        truth=truth,
        policy=policy.to_dict(),
        cut=point.threshold.value,
        cut_from=point.said,
        read_mode=read_mode,
        readers=tuple(readers),
        created_at=time.time(),
        created_by=created_by,
        films=tuple(sorted(set(films))),
    )
