"""What the worklist page reads, filters and says: the listing of a worklist, its sentences, its sidebar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import panels, resources
from core.base.errors import InputError
from core.models import cards
from core.triage import cases, decision, reasons, signals, words
from core.triage.cases import Counts
from core.triage.decision import Policy
from core.triage.evidence import Evidence
from core.triage.policy import SUSPECTED, UNSURE
from core.triage.worklists import Worklist

ALL = "all to read"
SEGMENTS = {ALL: "All to read", SUSPECTED: "Suspected", UNSURE: "Unsure"}
FILMS_A_PAGE = (25, 50, 100, 200)
FILTERS = {"first_reason": "First reason", "view": "View", "sex": "Sex", "source": "Kind of image"}
UNSHOWN = ["label", "random_check", "listed", "mask_path", "lung_path"]  # a page cannot tell what it does not have
NAME = "first-list"  # of a worklist that the page proposes


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A worklist with its cases, computed once for all sessions; nobody may change it."""

    worklist: Worklist
    policy: Policy
    card: Mapping[str, Any]
    films: pd.DataFrame
    """The listed films in their order, without what must not be told."""
    counts: Counts
    choices: Mapping[str, list[str]]
    """What each column of `FILTERS` holds."""


def command(card: Mapping[str, Any] | None, *, name: str = NAME) -> str:
    """Return the command that makes a worklist with a checkpoint, or with one to be filled in."""
    checkpoint, dataset, split = ("CHECKPOINT", "DATASET", "SPLIT")
    if card is not None:
        checkpoint, dataset, split = card["checkpoint_id"], card["dataset"], card["split"]
    return panels.triage_command(checkpoint, dataset, split, name=name)


def first_commands() -> str:
    """Return what makes a first worklist here, one command a line: the predictions that lack, then `triage`."""
    able = [card for card in resources.checkpoint_cards() if _can_triage(card)]
    if not able:
        return command(None)
    lacking = {card["checkpoint_id"]: _lacking(card) for card in able}
    card = min(able, key=lambda one: len(lacking[one["checkpoint_id"]]))  # of equals the first, the newest
    place = f"--dataset {card['dataset']} --split {card['split']}"
    lines = [f"python -m core predict {card['checkpoint_id']} {place} --part {part}" for part in _lacking(card)]
    return "\n".join([*lines, command(card)])


def read(worklist: Worklist) -> Listing:
    """Return a worklist's cases, computed again only when a file that they come from has changed.

    Raises:
        InputError: If they cannot be computed: the checkpoint is gone or another, the predictions
            are missing or stale, or the worklist was saved by another version.
    """
    place = resources.workspace()
    if worklist.checkpoint_id not in cards.checkpoint_ids(place):
        msg = (
            f"Expected the checkpoint {worklist.checkpoint_id} of this worklist, found it gone; put its folder back, "
            f"or make another worklist: `{_remake(worklist)}`."
        )
        raise InputError(msg)
    card = cards.read_card(place, worklist.checkpoint_id)
    if card["weights_sha256"] != worklist.weights_sha256:
        msg = (
            f"Expected the checkpoint {worklist.checkpoint_id} as it was when this worklist was made, found other "
            f"weights; make another worklist: `{_remake(worklist)}`."
        )
        raise InputError(msg)
    found, key = resources.evidence(
        worklist.checkpoint_id, worklist.dataset, worklist.split, worklist.part, worklist.truth
    )
    return _listing((*key, place.database_url, worklist.name, worklist.created_at), worklist, found)


@st.cache_resource(max_entries=4, show_spinner="Sorting the films…")
def _listing(key: tuple[Any, ...], _worklist: Worklist, _found: Evidence) -> Listing:
    try:
        policy = Policy.from_dict(_worklist.policy)
        table = cases.cases(_found, policy)
    except (KeyError, TypeError):  # the fields of a policy have changed since
        msg = (
            f"Expected the policy of this version, found that the worklist {_worklist.name!r} was saved by another "
            f"one; make it again: `{_remake(_worklist)}`."
        )
        raise InputError(msg) from None
    films = table[table["listed"]].drop(columns=UNSHOWN, errors="ignore").reset_index(drop=True)
    choices = {name: sorted(films[name].dropna().astype(str).unique()) for name in FILTERS}
    choices["first_reason"].sort(key=list(reasons.TITLES).index)
    return Listing(
        worklist=_worklist, policy=policy, card=_found.card, films=films, counts=cases.counts(table), choices=choices
    )


def lead_sentence(counts: Counts) -> str:
    """Say how many films are to be read, and in which zones they stand.

    Examples:
        >>> lead_sentence(Counts(films=99, suspected=12, unsure=26, not_suspected=61, random_checks=3))
        '38 to read: 12 suspected, 26 unsure.'
    """
    listed = counts.suspected + counts.unsure
    if not listed:
        return "Nothing to read."
    return f"{listed:,} to read: {counts.suspected:,} suspected, {counts.unsure:,} unsure."


def foot_sentence(listing: Listing) -> str:
    """Say what the list leaves out, and what is promised about it."""
    count, worklist = listing.counts.not_suspected, listing.worklist
    films = "1 film is" if count == 1 else f"{count:,} films are"
    scope = {name: getattr(worklist, name) for name in ("dataset", "truth", "checkpoint_id", "weights_sha256")}
    return (
        f"{films} not suspected and not listed; this is not a negative report: the model looks for pneumothorax only. "
        f"{words.limit(listing.policy, scope)} Random checks: none read yet."
    )


def policy_line(policy: Policy) -> str:
    """Say by what rule films below the cut are unsure.

    Examples:
        >>> about = {"combination": None, "cut": 0.4, "threshold": 0.9, "budget": 0.2}
        >>> policy_line(Policy(kind="budget", signal="cut_distance", **about))
        'Unsure: at most 20 % of the films, by "Near the cut".'
    """
    by = f'by "{signals.title(policy.signal)}"'
    if policy.kind == decision.BUDGET or policy.certificate is None:
        return f"Unsure: at most {100 * (policy.budget or 0):.3g} % of the films, {by}."
    limit = f"{100 * policy.certificate.max_missed:.3g} % missed ({100 * policy.certificate.confidence:.3g} %)"
    if not policy.certificate.certified:
        return f"Unsure: every film below the cut, since a limit of {limit} is not certified; ordered {by}."
    return f"Unsure: as few films as a limit of {limit} allows, {by}."


def choose_worklist(found: Sequence[Worklist]) -> Worklist:
    """Draw the choice of a worklist in the sidebar, the newest at first."""
    by_name = {worklist.name: worklist for worklist in found}
    with st.sidebar:
        return by_name[st.selectbox("Worklist", list(by_name), key="worklist.name", persist_state="session")]


def draw_about(listing: Listing) -> None:
    """Draw in the sidebar what a worklist is made of: model, films, cut, policy."""
    worklist = listing.worklist
    made = datetime.fromtimestamp(worklist.created_at).astimezone()
    about = {
        "Model": cards.short_name(dict(listing.card)),
        "Films": f"{worklist.dataset}, split {worklist.split}, part {worklist.part}",
        "Cut": f"{worklist.cut:.2f}, {worklist.cut_from}",
        "Policy": policy_line(listing.policy),
        "Made": f"{made:%Y-%m-%d %H:%M}, {worklist.created_by}",
    }
    with st.sidebar:
        for title, text in about.items():
            st.caption(f"**{title}**  \n{text}")


def choose_films(listing: Listing) -> tuple[dict[str, list[str]], bool, int]:
    """Draw the filters and the order in the sidebar.

    Returns:
        What is chosen by column, whether the most uncertain come first, and films a page.
    """
    name = listing.worklist.name
    chosen = {}
    with st.sidebar:
        st.subheader("Films shown")
        for column, title in FILTERS.items():
            if len(listing.choices[column]) > 1:
                chosen[column] = st.multiselect(
                    title,
                    listing.choices[column],
                    format_func=lambda value: reasons.TITLES.get(value, value),
                    key=f"worklist.{name}.{column}",
                    persist_state="session",
                )
        uncertain = st.toggle(
            "Most uncertain first",
            key="worklist.uncertain",
            persist_state="session",
            help="For research: a suspected film may then stand below an unsure one.",
        )
        size = st.selectbox("Films a page", FILMS_A_PAGE, key="worklist.size", persist_state="session")
    return chosen, uncertain, size


def filtered(
    films: pd.DataFrame, *, segment: str, chosen: Mapping[str, Sequence[str]], uncertain: bool
) -> pd.DataFrame:
    """Return the films of a segment that fit every filter; an empty choice lets all through.

    Args:
        films: Of a listing.
        segment: A key of `SEGMENTS`.
        chosen: Values by column.
        uncertain: Order them by the policy's signal alone, those without it on top.

    Examples:
        >>> films = pd.DataFrame({"zone": ["suspected", "unsure", "unsure"], "value": [0.1, 0.2, float("nan")]})
        >>> filtered(films, segment="unsure", chosen={"zone": []}, uncertain=True).index.to_list()
        [2, 1]
    """
    kept = np.ones(len(films), bool) if segment == ALL else (films["zone"] == segment).to_numpy()
    for column, values in chosen.items():
        if values:
            kept = kept & films[column].isin(list(values)).to_numpy()
    left = films[kept]
    return left.sort_values("value", ascending=False, na_position="first", kind="stable") if uncertain else left


def shown_sentence(first: int, last: int, *, shown: int, chosen: Mapping[str, Sequence[str]], uncertain: bool) -> str:
    """Say which films are in sight and how they were chosen, since the sidebar that decides it is closed.

    Examples:
        >>> shown_sentence(1, 25, shown=38, chosen={"view": ["AP"], "sex": []}, uncertain=True)
        '1 to 25 of 38 films, filtered by view; research order: most uncertain first'
    """
    by = [FILTERS[column].lower() for column, values in chosen.items() if values]
    said = f"{first:,} to {last:,} of {shown:,} films" if shown else "No films"
    said += f", filtered by {', '.join(by)}" if by else ""
    return f"{said}; research order: most uncertain first" if uncertain else said


def _remake(worklist: Worklist) -> str:
    return panels.triage_command("CHECKPOINT", worklist.dataset, worklist.split, part=worklist.part)


def _can_triage(card: Mapping[str, Any]) -> bool:
    known = card["dataset"] in resources.dataset_names() and card["split"] in resources.split_names(card["dataset"])
    return known and resources.card_cut(card) is not None


def _lacking(card: Mapping[str, Any]) -> list[str]:
    """Return the parts whose predictions `triage` would miss."""
    place = resources.workspace()
    where = (card["checkpoint_id"], card["dataset"], card["split"])
    return [part for part in ("val", "test") if not place.predictions(*where, part).exists()]
