"""What the page Uncertainty asks and reads: whose films, what tune chose, the bench of signals, the cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from app import resources, state
from app.plain import plain
from core.models import cards
from core.triage import cases, decision
from core.triage.bench import Bench
from core.triage.decision import Chosen, Policy
from core.triage.evidence import Evidence
from core.triage.pictures import TUNE

PARTS = ("test", TUNE)  # of val only the fold tune: the other is read once, for the limit on missed cases
LINKED = ("train", "val", "test")  # parts whose single cases a link may open
BUDGET = 20  # percent of the films that may be unsure, at first
ROWS = 200  # cases a page
GALLERY = 12


@dataclass(frozen=True)
class Question:
    """Whose films are looked at, and what counts as right."""

    checkpoint_id: str
    dataset: str
    split: str
    part: str
    """One of `PARTS`."""
    truth: str


@dataclass(frozen=True)
class Studied:
    """A checkpoint's signals: what tune chose, and the films that are looked at."""

    key: tuple[Any, ...]
    """Of what is cached about them."""
    tune: Evidence
    shown: Evidence
    chosen: Chosen
    bench: Bench
    """Of the films that are looked at."""


def follow_address() -> None:
    """Take over what the page's address asks for, if it is another than the page was drawn for last."""
    asked = {name: str(st.query_params[name]) for name in st.query_params}
    if not {"checkpoint", "case"} & set(asked):  # from the navigation, not by a link
        state.CASE_ALONE.set(False)
        return
    if asked == state.ADDRESS.get():
        return
    state.ADDRESS.set(asked)
    part = asked.get("part", "test")
    if asked.get("checkpoint") in cards.checkpoint_ids(resources.workspace()):
        st.session_state["uncertainty.checkpoint"] = asked["checkpoint"]
    elif "checkpoint" in asked:
        st.warning(f"The checkpoint {plain(asked['checkpoint'])} is not here any more; another is shown.")
    st.session_state["uncertainty.part"] = TUNE if part in ("val", TUNE) else "test"
    state.CASE_ALONE.set("case" in asked)
    known = part if part in LINKED else "val" if part == TUNE else "test"
    state.CASE.set((asked["case"], known) if "case" in asked else None)


def keep_address(question: Question) -> None:
    """Let the page's address name what it shows, so that it can be kept and sent."""
    case = state.CASE.get()
    address = {
        "checkpoint": question.checkpoint_id,
        "dataset": question.dataset,
        "split": question.split,
        "part": predicted_part(question) if case is None else case[1],
    }
    if case is not None:
        address["case"] = case[0]
    if address != {name: st.query_params[name] for name in st.query_params}:
        st.query_params.from_dict(address)
    state.ADDRESS.set(address)


def choose_question(*, alone: bool) -> Question | None:
    """Draw the choice of checkpoint, part and reference standard; None, with the next step said, without a checkpoint.

    Args:
        alone: Whether a single case is all that is shown, whose part is given.
    """
    found = {card["checkpoint_id"]: card for card in resources.checkpoint_cards()}
    if not found:
        st.info("No checkpoint yet. Train one on the Training page, or run `python -m core demo`.")
        return None
    left, middle, right = st.columns([3, 1, 1])
    checkpoint = left.selectbox(
        "Checkpoint",
        list(found),
        format_func=lambda name: cards.short_name(found[name]),
        key="uncertainty.checkpoint",
        persist_state="session",
    )
    address = state.ADDRESS.get()
    card = found[checkpoint]
    linked = address.get("checkpoint") == checkpoint
    dataset, split = (address.get(name, card[name]) if linked else card[name] for name in ("dataset", "split"))
    part = st.session_state.get("uncertainty.part", "test")
    if not alone:
        part = middle.selectbox(
            "Part",
            PARTS,
            key="uncertainty.part",
            persist_state="session",
            help="Tune chooses, test is only measured. The other fold of val, certify, is never read here.",
        )
    truth = right.selectbox(
        "Reference standard",
        resources.truth_names(dataset) if dataset in resources.dataset_names() else ["report"],
        key="uncertainty.truth",
        persist_state="session",
        help="Where the labels come from that count as right.",
    )
    return Question(checkpoint, dataset, split, part, truth)


def predicted_part(question: Question) -> str:
    """Return the part whose predictions hold the films."""
    return "val" if question.part == TUNE else question.part


def read(question: Question) -> Studied:
    """Return what is known of a checkpoint's films, computed again only when a file has changed.

    Raises:
        InputError: If predictions are missing or stale, or nothing can be chosen on tune.
    """
    tune, chosen, key = choice(question, draws=1000)
    if question.part == TUNE:
        return Studied(key, tune, tune, chosen, chosen.bench)
    shown, own = of_part(question, question.part)
    key = (*key, *own)
    return Studied(key, tune, shown, chosen, _measured(key, chosen, shown))


def choice(question: Question, *, draws: int) -> tuple[Evidence, Chosen, tuple[Any, ...]]:
    """Return the films of tune, what they chose, and the key under which that is cached.

    Args:
        question: Whose films.
        draws: Of the patients, for the bench's intervals; 0 is quick.

    Raises:
        InputError: As `read`.
    """
    val, key = of_part(question, "val")
    tune, key = _tune(key, val), (*key, draws)
    return tune, _chosen(key, tune, draws), key


def of_part(question: Question, part: str) -> tuple[Evidence, tuple[Any, ...]]:
    """Return the films of a part of train, val or test, and the key under which they are cached.

    Raises:
        InputError: If predictions are missing or stale.
    """
    return resources.evidence(question.checkpoint_id, question.dataset, question.split, part, question.truth)


@st.cache_resource(max_entries=6, show_spinner=False)
def _tune(key: tuple[Any, ...], _val: Evidence) -> Evidence:
    return _val.fold("tune")


@st.cache_resource(max_entries=12, show_spinner="Measuring the signals on tune…")
def _chosen(key: tuple[Any, ...], _tune: Evidence, _draws: int) -> Chosen:
    return decision.choose(_tune, draws=_draws)


@st.cache_resource(max_entries=6, show_spinner="Measuring the signals…")
def _measured(key: tuple[Any, ...], _chosen: Chosen, _shown: Evidence) -> Bench:
    return _chosen.measured_on(_shown)


def budget() -> float:
    """Return the share of the films that may be unsure, as the slider stands."""
    return float(st.session_state.get("uncertainty.budget", BUDGET)) / 100


@st.cache_resource(max_entries=6, show_spinner="Sorting the films…")
def sorted_cases(key: tuple[Any, ...], share: float, _chosen: Chosen, _shown: Evidence) -> tuple[Policy, pd.DataFrame]:
    """Return the policy that a budget stands for and the films as cases under it; nobody may change them.

    Args:
        key: Of the films, and of what tune chose.
        share: Of them that may be unsure, in [0, 1].
        _chosen: What tune chose.
        _shown: The films.
    """
    found = decision.by_budget(_chosen, _shown, share=share)
    return found, cases.cases(_shown, found)


def show_all(part: str) -> None:
    """Leave the single case that a link opened for all films of its part."""
    state.CASE_ALONE.set(False)
    st.session_state["uncertainty.part"] = TUNE if part == "val" else "test"
