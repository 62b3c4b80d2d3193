"""What the page Intake and the worklists made there read, cached: by the times of the files it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import resources
from core.base.errors import InputError
from core.data import frontal, intake
from core.evaluation import prediction_store
from core.models import cards, registry
from core.triage import cases, chosen_films, intake_list
from core.triage import evidence as evidence_of
from core.triage.decision import Policy
from core.triage.evidence import Evidence


def films(reader: str) -> pd.DataFrame:
    """Return the films that a reader took in, newest first."""
    path = resources.workspace().radiographs(intake.DATASET)
    return _films(str(path), path.stat().st_mtime_ns if path.exists() else 0, reader)


@st.cache_data(max_entries=32, show_spinner=False)
def _films(path: str, modified_ns: int, reader: str) -> pd.DataFrame:
    return intake.received(resources.workspace(), reader)


def doubts(film: Mapping[str, Any]) -> tuple[str, ...]:
    """Return why a film that was taken in anyway seems to be no frontal chest radiograph."""
    return _doubts(str(film["sha256"]), dict(film)) if film["taken_anyway"] == 1 else ()


@st.cache_data(max_entries=1000, show_spinner=False)
def _doubts(sha256: str, _film: dict[str, Any]) -> tuple[str, ...]:
    pixels = resources.film_pixels(_film)
    return () if pixels is None else frontal.doubts(pixels)


def classifiers() -> list[dict[str, Any]]:
    """Return the cards of the classifiers that learnt all their weights: ensembles first, then the newest."""
    place = resources.workspace()
    whole = [card for card in resources.checkpoint_cards() if cards.is_whole(place, card)]
    return sorted(whole, key=lambda card: card["model"] != registry.ENSEMBLE)


def other_kind(card: dict[str, Any], rows: pd.DataFrame) -> dict[str, str]:
    """Return the films that a checkpoint may not speak of, by image id, each with the reason in one sentence."""
    found: dict[str, str] = {}
    for _, same in rows.groupby("source"):
        try:
            cards.refuse_other_kinds(card, same)
        except InputError as error:
            found |= dict.fromkeys(same["image_id"], str(error))
    return found


def lacking(card: dict[str, Any], image_ids: Sequence[str]) -> list[str]:
    """Return the films of which a checkpoint's predictions are missing or no longer hold."""
    key = (*_times(card, intake.DATASET), card["weights_sha256"])
    known = _holding(key, card)
    return [name for name in image_ids if name not in known]


@st.cache_data(max_entries=16, show_spinner=False)
def _holding(key: tuple[Any, ...], _card: dict[str, Any]) -> frozenset[str]:
    found = chosen_films.holding(resources.workspace(), _card, intake.DATASET)
    return frozenset() if found is None else frozenset(found.table["image_id"])


def policy(card: dict[str, Any]) -> Policy:
    """Return by which rule films taken in are unsure, as the checkpoint's own val chose it.

    Raises:
        InputError: If predictions of val are missing or stale, nothing can be chosen there, or there is no cut.
    """
    val, key = resources.evidence(card["checkpoint_id"], card["dataset"], card["split"], "val", card["labels"])
    return _policy(key, val)


@st.cache_resource(max_entries=8, show_spinner="Measuring the signals on tune…")
def _policy(key: tuple[Any, ...], _val: Evidence) -> Policy:
    return intake_list.policy(_val)


def answers(card: dict[str, Any], image_ids: Sequence[str], policy: Policy) -> pd.DataFrame:
    """Return the cases of films whose predictions are there, as `cases.cases` gives them, by `image_id`.

    Raises:
        InputError: If predictions are missing.
    """
    names = tuple(sorted(image_ids))
    found, _ = evidence(card["checkpoint_id"], intake.DATASET, names, "report", cut=policy.cut)
    return cases.cases(found, policy).set_index("image_id", drop=False)


def evidence(
    checkpoint_id: str, dataset: str, films: tuple[str, ...] | None, truth: str, *, cut: float
) -> tuple[Evidence, tuple[Any, ...]]:
    """Return what is known of films of a data set without a split, read again only when a file has changed.

    Args:
        checkpoint_id: Whose predictions.
        dataset: Name of the data set.
        films: Image ids; None: all.
        truth: Source of the labels.
        cut: From which probability on a film is suspected.

    Returns:
        The films, which nobody may change, and the key of what can be cached about them.

    Raises:
        InputError: If the checkpoint is gone, or predictions are missing or stale.
    """
    card = cards.read_card(resources.workspace(), checkpoint_id)
    key = (*_times(card, dataset), films, truth, cut)
    return _evidence(key, card, dataset, films, truth, cut), key


@st.cache_resource(max_entries=16, show_spinner=False)
def _evidence(
    key: tuple[Any, ...],
    _card: dict[str, Any],
    _dataset: str,
    _films: tuple[str, ...] | None,
    _truth: str,
    _cut: float,
) -> Evidence:
    place = resources.workspace()
    return evidence_of.load(place, _card, _dataset, None, None, truth=_truth, cut=_cut, films=_films)


def _times(card: dict[str, Any], dataset: str) -> tuple[Any, ...]:
    place = resources.workspace()
    table = place.predictions(card["checkpoint_id"], dataset)
    sources = [
        *(place.checkpoint(card["checkpoint_id"]) / cards.CARD, place.radiographs(dataset)),
        *(table, table.with_suffix(prediction_store.SIGNALS)),
        *(place.truth(name) for name in sorted({dataset, card["dataset"]})),
    ]
    times = [path.stat().st_mtime_ns if path.exists() else 0 for path in sources]
    return str(place.root), str(place.checkpoints), card["checkpoint_id"], dataset, *times
