"""What a threshold achieves on the fold `tune`, and whether one may be chosen there at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base.errors import InputError
from core.data import split_store
from core.data import truth as truths
from core.evaluation import prediction_store, seen

if TYPE_CHECKING:
    from core.base.paths import Workspace

TUNE = "tune"


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A threshold on the labelled films of tune."""

    films: int
    positive_films: int
    split_sha256: str
    """Of the split's table."""
    figures: dict[str, float | None]
    """Counts by reference standard and call, sensitivity and specificity; None where a class is lacking."""


def check_place(
    workspace: Workspace, card: Mapping[str, Any], *, dataset: str, split: str, part: str, fold: str | None
) -> None:
    """Refuse films that nothing may be chosen on.

    Args:
        workspace: Where the splits are.
        card: The checkpoint's card.
        dataset: Of the films.
        split: Of the films.
        part: Of the films: only `val`.
        fold: Of the films: only `tune`.

    Raises:
        InputError: If they are not the fold `tune` of val, or the checkpoint may have learnt from some of them.
    """
    if part != "val" or fold != TUNE:
        found = part if part != "val" or fold is None else f"the fold {fold}"
        msg = f"Expected a threshold chosen on the fold tune of val, found {found}; nothing is chosen there, use tune."
        raise InputError(msg)
    if seen.may_have_learnt(workspace, card, dataset, split):
        msg = (
            f"Expected the split {card['split']} of {card['dataset']} as the checkpoint learnt from it, found {split} "
            "as it is now, whose tune may hold films it learnt from; choose on its own split or on another data set."
        )
        raise InputError(msg)


def measured(
    workspace: Workspace, card: Mapping[str, Any], *, dataset: str, split: str, truth: str, threshold: float
) -> Measured:
    """Measure a threshold on the labelled films of tune; a film is positive at or above it.

    Args:
        workspace: Where the predictions are.
        card: The checkpoint's card.
        dataset: Of the films.
        split: Of the films.
        truth: Source of the labels.
        threshold: On the calibrated probability, in [0, 1].

    Raises:
        InputError: If predictions are missing or stale, or no film has a label of this source.
    """
    table = prediction_store.load(workspace, dict(card), dataset, split, "val")
    films = split_store.load(workspace, dataset, split)
    tune = table[table["image_id"].isin(films.loc[films["fold"] == TUNE, "image_id"])]
    label = tune["image_id"].map(truths.labels(workspace, dataset, truth))
    known = label.notna().to_numpy()
    if not known.any():
        msg = f"Expected films in tune of {dataset}/{split} with a label of {truth}, found none; choose other labels."
        raise InputError(msg)
    positive = label[known].to_numpy(np.float64) == 1
    called = tune["probability"].to_numpy(np.float64)[known] >= threshold
    true, false = int((called & positive).sum()), int((called & ~positive).sum())
    with_finding, without = int(positive.sum()), int((~positive).sum())
    return Measured(
        films=int(known.sum()),
        positive_films=with_finding,
        split_sha256=str(split_store.certificate(workspace, dataset, split)["table_sha256"]),
        figures={
            "true_positive": true,
            "false_positive": false,
            "false_negative": with_finding - true,
            "true_negative": without - false,
            "sensitivity": true / with_finding if with_finding else None,
            "specificity": (without - false) / without if without else None,
        },
    )
