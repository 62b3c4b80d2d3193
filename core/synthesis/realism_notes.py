"""What a reader of a realism report should know besides its numbers, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base.errors import InputError
from core.data import split_store
from core.models import cards

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace


def learnt_by(workspace: Workspace, card: dict[str, Any], measured: dict[str, pd.DataFrame]) -> list[str]:
    """Say of how many measured patients a classifier learnt: films it learnt from look like themselves to it.

    Args:
        workspace: Where its split lies.
        card: The classifier's.
        measured: Rows by what they are called.
    """
    try:
        split = split_store.load(workspace, card["dataset"], card["split"])
        as_learnt = split_store.certificate(workspace, card["dataset"], card["split"])["table_sha256"]
    except InputError:  # gone: then nobody knows
        as_learnt = None
    if as_learnt != card["split_sha256"]:
        return ["The split that the classifier learnt from is gone or made anew: it may have learnt from these films."]
    train = set(split.loc[split["part"] == "train", "patient_id"])
    counts = {name: int(rows["patient_id"].isin(train).sum()) for name, rows in measured.items()}
    if not any(counts.values()):
        return []
    told = " and ".join(f"{counts[name]} of {len(rows)} {name}" for name, rows in measured.items())
    return [
        f"The classifier in whose features this is measured learnt from patients of {told}: it knows these films "
        "better than images, which widens the distances."
    ]


def of_origin(workspace: Workspace, checkpoint_id: str) -> list[str]:
    """Say on whom origin was measured, and what its probabilities in the passports are worth."""
    card = cards.read_card(workspace, checkpoint_id, task=cards.ORIGIN)
    counts, tune = card["parts"]["measured"], card["metrics"]["tune"]
    return [
        f"Origin was measured on {counts['images']} images of {counts['image_patients']} patients and "
        f"{counts['films']} films of {counts['film_patients']}; the best epoch was chosen on {tune['images']} images "
        f"and {tune['films']} films of the fold tune.",
        "The passports' probability of being real is, for images of train, from a classifier that learnt from them.",
        *card["notes"],
    ]
