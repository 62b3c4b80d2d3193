"""The fingerprint test: does a classifier that learnt from synthetic images answer to their texture?

Negative films are sent there and back, which leaves the disease out and puts the generators' texture in. A
classifier trained with synthetic positives that learnt the texture in the place of the disease gives them a higher
probability than one trained without; one that saw both classes made has nothing to learn from texture.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.data import radiographs, split_store
from core.data.pixel_cache import PixelCache
from core.data.synthetic import A_TO_B
from core.evaluation import by_patient
from core.evaluation.realism_report import Arm
from core.evaluation.report import Measure
from core.models import cards, registry
from core.synthesis import own_classifier, parents, there_and_back
from core.training.config import ExecutionOptions, SyntheticOptions

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.synthetic import SyntheticCard
    from core.synthesis.generators import Generators

NONE, POSITIVES, BOTH = "none", "positives", "both"
NO_FILM = "no negative film of val's fold tune whose patient the generator did not see"
NO_ARM = "no classifier with the same options learnt without synthetic images"
NEITHER = (*SyntheticOptions.model_fields, *ExecutionOptions.model_fields)  # options in which arms may differ


@dataclass(frozen=True)
class _Shifts:
    """What there and back does to a classifier's probability, film by film."""

    card: dict[str, Any]
    values: np.ndarray  # (N,)
    patients: np.ndarray  # (N,)


def arms(workspace: Workspace, made: SyntheticCard, generators: Generators) -> list[Arm]:
    """Return the arms of the test; empty where no classifier learnt from these images.

    Of the classifiers that learnt from the set the newest of each kind counts, `positives` and `both`, and for each
    the newest that learnt with the same options without synthetic images. The films are those with "No Finding" only
    of val's fold tune, of patients that the generator did not see.

    Args:
        workspace: Where the checkpoints and films lie.
        made: The synthetic data set.
        generators: Those that made it.
    """
    found = _chosen(workspace, made)
    if not found:
        return []
    read: dict[str, _Shifts] = {}
    pictures: dict[str, tuple[pd.DataFrame, np.ndarray, np.ndarray]] = {}
    for pair in found.values():
        for card in pair:
            if card is not None and card["checkpoint_id"] not in read:
                if card["split"] not in pictures:
                    pictures[card["split"]] = _pictures(workspace, made, card, generators)
                read[card["checkpoint_id"]] = _shifts(workspace, card, *pictures[card["split"]])
    first = next((without for _, without in found.values() if without is not None), None)
    told = [] if first is None else [_arm(NONE, read[first["checkpoint_id"]], read[first["checkpoint_id"]])]
    for name, (own, without) in found.items():
        told.append(_arm(name, read[own["checkpoint_id"]], None if without is None else read[without["checkpoint_id"]]))
    return told


def _arm(name: str, own: _Shifts, without: _Shifts | None) -> Arm:
    synthetic = own.card.get("synthetic", {})
    if name == NONE:
        against = Measure(value=None, reason="this is the arm that the others are held against")
    elif without is None:
        against = Measure(value=None, reason=NO_ARM)
    else:
        against = by_patient.mean(own.values - without.values, own.patients, lacking=NO_FILM)
    return Arm(
        name=name,
        checkpoint_id=own.card["checkpoint_id"],
        synthetic_films=int(synthetic.get("positives", 0)) + int(synthetic.get("negatives", 0)),
        shift=by_patient.mean(own.values, own.patients, lacking=NO_FILM),
        shift_against_none=against,
    )


def _chosen(workspace: Workspace, made: SyntheticCard) -> dict[str, tuple[dict[str, Any], dict[str, Any] | None]]:
    """Return by arm the newest classifier that learnt from the set, and its counterpart; one that has it goes first."""
    known = [
        card
        for card in (cards.read_card(workspace, name) for name in cards.checkpoint_ids(workspace))
        if card["model"] != registry.ENSEMBLE and card["dataset"] == made.dataset and _is_as_learnt(workspace, card)
    ]
    without: dict[str, dict[str, Any]] = {}
    for card in known:
        if "synthetic" not in card:
            without.setdefault(_options(workspace, card), card)
    found: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {}
    for arm in (POSITIVES, BOTH):
        own = [card for card in known if _learnt_from(card, made) and card["synthetic"]["classes"] == arm]
        pairs = [(card, without.get(_options(workspace, card))) for card in own]
        if pairs:
            found[arm] = next((pair for pair in pairs if pair[1] is not None), pairs[0])
    return found


def _learnt_from(card: dict[str, Any], made: SyntheticCard) -> bool:
    learnt = card.get("synthetic", {})
    return made.name in str(learnt.get("name", "")).split(",") and learnt["generator_sha256"] == made.generator_sha256


def _is_as_learnt(workspace: Workspace, card: dict[str, Any]) -> bool:
    """Tell whether the split a classifier learnt from is still the same, so that its val is known."""
    if card["split"] not in split_store.split_names(workspace, card["dataset"]):
        return False
    made = split_store.certificate(workspace, card["dataset"], card["split"])
    return bool(made["table_sha256"] == card["split_sha256"])


def _options(workspace: Workspace, card: dict[str, Any]) -> str:
    config = cards.read_config(workspace, card["checkpoint_id"])
    return json.dumps({name: value for name, value in config.items() if name not in NEITHER}, sort_keys=True)


def _pictures(
    workspace: Workspace, made: SyntheticCard, card: dict[str, Any], generators: Generators
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the negative films of the classifier's fold tune, their pixels, and these there and back."""
    split = split_store.load(workspace, made.dataset, card["split"])
    tune = split.loc[(split["part"] == "val") & (split["fold"] == "tune").fillna(False), "image_id"]
    table = radiographs.load(workspace, made.dataset)
    kept = table["image_id"].isin(tune) & ~table["patient_id"].isin(made.patients)
    alike = table["source"].isin([kind for kind, count in made.parent_kinds.items() if count])
    rows = table[kept & alike & (parents.domains(table) == "A").fillna(False)].reset_index(drop=True)
    cache = PixelCache.ensure(workspace, rows, size=made.image_size)
    films = cache.read(cache.rows_of(rows["image_id"]))
    return rows, films, there_and_back.reconstructed(generators, films, A_TO_B)


def _shifts(
    workspace: Workspace, card: dict[str, Any], rows: pd.DataFrame, films: np.ndarray, back: np.ndarray
) -> _Shifts:
    reader = own_classifier.load(workspace, card["checkpoint_id"])
    before, after = (reader.read(pixels).probabilities for pixels in (films, back))
    return _Shifts(card, after - before, rows["patient_id"].to_numpy(object))
