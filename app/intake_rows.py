"""The films on the page Intake: a row each, with what is known of it and what a classifier says, if it may."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import streamlit as st

from app import intake_map, intake_resources, intake_words, reading, resources, worklist_rows
from app.intake_state import PICKED, pick
from app.plain import plain
from core.base.errors import InputError
from core.data import intake
from core.evaluation import first_cases
from core.models import cards
from core.triage import evidence, reasons
from core.triage.decision import Policy
from core.triage.policy import SUSPECTED

A_PAGE = 10
PICTURE = 128  # pixels
WIDTHS = (0.4, 1.4, 2.2, 4.6)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a classifier says of the films of one page."""

    card: dict[str, Any]
    cut: float | None = None
    policy: Policy | None = None
    """None where it is not known which films are unsure."""
    cases: pd.DataFrame | None = None
    """By image id, with `probability` and, with a policy, what `cases.cases` adds."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Why nothing is said of a film, by image id."""


def choose_classifier() -> dict[str, Any] | None:
    """Draw the choice of a classifier; None, with the way to one said, where there is none."""
    found = {card["checkpoint_id"]: card for card in intake_resources.classifiers()}
    if not found:
        st.info("No classifier yet, so the model says nothing of these films. The page Training makes one.")
        return None
    chosen = st.selectbox(
        "Classifier",
        list(found),
        format_func=lambda name: cards.short_name(found[name]),
        key="intake.classifier",
        persist_state="session",
        width=420,
    )
    return found[chosen]


def told(card: dict[str, Any], films: pd.DataFrame, reader: str) -> Told:
    """Return what a classifier says of films, computed now where it has not been; says above the rows why it cannot.

    Args:
        card: The classifier's card.
        films: Rows of the reader's films.
        reader: Who looks at them: films that wait for this reader's own answer are kept silent.
    """
    refused = intake_resources.other_kind(card, films)
    if refused:
        st.warning(intake_words.other_kind(card, len(refused), len(films)))
        with st.expander("How to train on real films"):
            st.code(intake_words.TRAIN, language="bash", wrap_lines=True)
    kept = films["sha256"].isin(reading.waiting_pixels(reader, films))  # the same film may stand elsewhere
    silent = dict.fromkeys(refused, intake_words.OTHER_KIND)
    silent |= dict.fromkeys(films.loc[kept, "image_id"], intake_words.WAITS)
    open_to = [name for name in films["image_id"] if name not in silent]
    if not open_to:
        return Told(card=card, silent=silent)
    try:
        point = evidence.in_force(resources.workspace(), card)
        compute(card, open_to)
    except InputError as error:
        st.warning(plain(error))
        return Told(card=card, silent=silent)
    cut = point.threshold.value
    try:
        policy = intake_resources.policy(card)
        answers = intake_resources.answers(card, open_to, policy)
    except InputError as error:
        st.warning(f"Which films are unsure is not known. {plain(error)}")
        return Told(card=card, cut=cut, cases=_probabilities(card, open_to, cut=cut), silent=silent)
    st.caption(f"{intake_words.rule(card, point, policy)} {intake_words.learnt(card)}")
    return Told(card=card, cut=cut, policy=policy, cases=answers, silent=silent)


def _probabilities(card: Mapping[str, Any], image_ids: Sequence[str], *, cut: float) -> pd.DataFrame | None:
    """Return the probabilities alone; None where the films or the classifier are gone by now, which was just said."""
    names = tuple(sorted(image_ids))
    try:
        found, _ = intake_resources.evidence(card["checkpoint_id"], intake.DATASET, names, "report", cut=cut)
    except InputError:
        return None
    return found.films.set_index("image_id", drop=False)


def compute(card: dict[str, Any], image_ids: Sequence[str]) -> None:
    """Let a classifier look at films that it has not seen yet.

    Raises:
        InputError: If it may not, or something of it is gone.
    """
    lacking = intake_resources.lacking(card, image_ids)
    if not lacking:
        return
    with st.spinner(f"The classifier looks at {intake_words.films(len(lacking))}; the first time it is loaded too…"):
        from core.inference import intake_films  # torch: seconds, so only where there is something to compute

        began = time.monotonic()
        count = intake_films.ensure(resources.workspace(), card["checkpoint_id"], lacking)
    if count:
        took = (time.monotonic() - began) / count
        st.caption(f"Looked at {intake_words.films(count)} now, {took:.1f} s a film.")


def draw(films: pd.DataFrame, said: Told | None) -> None:
    """Draw films as rows.

    Args:
        films: Rows of the reader's films.
        said: What a classifier says of them; None where there is none.
    """
    for film in films.to_dict("records"):
        name = film["image_id"]
        with st.container(key=f"intake-row-{name}", gap="xsmall"):
            st.divider()
            tick, picture, facts, answer = st.columns(WIDTHS, vertical_alignment="top")
            widget = f"intake.pick.{name}"
            with tick:
                st.checkbox(
                    f"Send film {name[:9]} to a worklist",
                    value=name in PICKED.get(),
                    key=widget,
                    on_change=pick,
                    args=(name, widget),
                    disabled=said is not None and said.silent.get(name) == intake_words.OTHER_KIND,
                    label_visibility="collapsed",
                )
            with picture:
                _draw_picture(film)
            with facts:
                _draw_facts(film)
            with answer:
                _draw_answer(film, said)


def _draw_picture(film: Mapping[str, Any]) -> None:
    content = resources.thumbnail(film, size=2 * PICTURE)
    if content is None:
        st.caption("The image cannot be read any more.")
    else:
        st.image(content, width=PICTURE, alt=f"Film {film['image_id'][:9]}")


def _draw_facts(film: Mapping[str, Any]) -> None:
    st.markdown(f"**{film['image_id'][:9]}**  \n{intake_words.person(film)}")
    st.caption(intake_words.taken_at(film))
    for sentence in intake_words.warnings(film):
        st.caption(f":material/warning: {sentence}")


def _draw_answer(film: Mapping[str, Any], said: Told | None) -> None:
    """Draw doubts of the picture first, then what the classifier says, or why it says nothing."""
    doubts = intake_resources.doubts(film)
    if film["taken_anyway"] == 1:
        why = "; ".join(doubts) or "so it was found when it was taken in"
        st.warning(f"Does not look like a frontal chest radiograph: {why}. What is said below may mean nothing.")
    if said is None:
        return
    name = film["image_id"]
    if name in said.silent:
        st.caption(said.silent[name])
        return
    if said.cases is None or name not in said.cases.index:
        st.caption("No probability: see above.")
        return
    case = said.cases.loc[name].to_dict()
    probability = first_cases.two_digits(case["probability"], cut=said.cut)
    shown = _zone(case, said)
    st.html(f'<div class="ps-intake-zone">{shown}, probability {probability}, cut {said.cut:.2f}</div>')
    if said.policy is not None:
        st.markdown("\n".join(f"- {reason.sentence}" for reason in reasons.of(case, said.policy)))
    intake_map.draw(said.card, case, cut=case_cut(said))


def case_cut(said: Told) -> float:
    """Return the cut of films that have answers."""
    assert said.cut is not None  # noqa: S101 (answers are only given with one)
    return said.cut


def _zone(case: Mapping[str, Any], said: Told) -> str:
    if said.policy is not None:
        return worklist_rows.zone(case["zone"])
    return worklist_rows.zone(SUSPECTED) if case["probability"] >= case_cut(said) else "<b>below the cut</b>"
