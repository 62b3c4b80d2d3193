"""Operating points on a page: one reader proposes, another activates; what is in force, what waits, what was before."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import streamlit as st

from app import operating_points_words as words
from app import reading, resources, state
from app.plain import plain
from app.state import Key
from core.base.errors import PleuraScopeError
from core.evaluation import operating_point
from core.models import cards
from core.review import proposal_store, proposals, rights
from core.review.proposal_store import CARD, History, Proposal
from core.review.tune_figures import TUNE

OPEN: Key[str | None] = Key("operating_points.open", None)  # the key of the proposal whose form is open
SAID: Key[tuple[bool, str] | None] = Key("operating_points.said", None)  # whether the last step was done, and the words
NAME, REASON = "operating_points.name", "operating_points.reason"
PLACE = ("dataset", "split", "part", "fold", "truth")
ONLY_TUNE = "Chosen on tune only: test is measured, never chosen from."
NOBODY = "Say who you are first: a proposal carries its reader's name."
KEPT = "Open worklists keep the point they began with; new ones, figures and heat maps take the one in force."


def draw(card: Mapping[str, Any], *, place: Mapping[str, str], threshold: float, figures: Mapping[str, Any]) -> None:
    """Draw the button that proposes a threshold, its form once it is pressed, and the history below.

    Args:
        card: The checkpoint's card.
        place: Where the threshold was looked at: `dataset`, `split`, `part`, `fold`, `truth`.
        threshold: On the calibrated probability, in [0, 1].
        figures: What it achieves there, by name; None where it does not exist.
    """
    refused = _refused(place)
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        if refused is not None:
            st.caption(refused)
        st.button(
            "Propose as operating point",
            key="operating_points.propose",
            type="primary",
            disabled=refused is not None or OPEN.get() is not None,
            on_click=_open,
        )
    key = OPEN.get()
    if key is not None and refused is None:
        _draw_form(card, place, threshold, figures, key)
    draw_history(card)


def draw_history(card: Mapping[str, Any]) -> None:
    """Draw the point in force, the proposals that wait with what this reader may do, and all there were."""
    _draw_said()
    try:
        ledger = resources.reads().ledger
        found = proposal_store.history(ledger.engine, card)
    except PleuraScopeError as error:
        st.warning(plain(error))
        return
    st.subheader("Operating points")
    st.html(f'<p class="ps-lead">{escape(words.in_force_words(found.in_force), quote=False)}</p>')
    st.caption(KEPT)
    reader = state.READER.get()
    for one in found.waiting:
        _draw_waiting(card, found, one, reader)
    if _may_go_back(card, found):
        _draw_going_back(card, reader)
    if reader is None:
        st.caption("To propose, activate or decline, say who you are.")
        reading.draw_name()
    if found.proposals:
        st.dataframe(
            words.history_table(found),
            hide_index=True,
            height="content",
            key="operating_points.history",
            column_config={"Cut": st.column_config.NumberColumn(format="%.3f", width="small")},
        )


def _refused(place: Mapping[str, str]) -> str | None:
    """Say why nothing can be proposed here, or None."""
    if place["part"] != "val" or place["fold"] != TUNE:
        return ONLY_TUNE
    reader = state.READER.get()
    if reader is None:
        return NOBODY
    return None if rights.may(reader, rights.PROPOSE) else f"{reader} may not propose an operating point."


def _open() -> None:
    OPEN.set(secrets.token_hex(16))  # of this form: a double click files one proposal
    SAID.set(None)


def _draw_form(
    card: Mapping[str, Any], place: Mapping[str, str], threshold: float, figures: Mapping[str, Any], key: str
) -> None:
    with st.container(horizontal=True, horizontal_alignment="right"), st.form("operating_points.form", width=520):
        st.markdown(f"**Propose {threshold:.3f}** for {cards.short_name(dict(card))}")
        st.caption(f"On tune of {place['dataset']}, against {place['truth']}: {words.figures_words(figures)}.")
        st.text_input("Name", key=NAME, max_chars=proposals.LONGEST_NAME, placeholder="night shift")
        st.text_area("Reason", key=REASON, max_chars=proposals.LONGEST_REASON, height=90)
        st.caption("It counts once a reader of another name has activated it.")
        with st.container(horizontal=True, horizontal_alignment="right"):
            st.form_submit_button("Cancel", key="operating_points.cancel", on_click=OPEN.set, args=(None,))
            st.form_submit_button(
                "Propose",
                key="operating_points.file",
                type="primary",
                on_click=_propose,
                args=(card, {name: place[name] for name in PLACE}, threshold, dict(figures), key),
            )


def _propose(
    card: Mapping[str, Any], place: dict[str, str], threshold: float, figures: dict[str, Any], key: str
) -> None:
    given = proposals.Given(
        key=key,
        reader=state.READER.get() or "",
        name=st.session_state[NAME],
        reason=st.session_state[REASON],
        threshold=threshold,
        figures=figures,
        **place,
    )

    def step() -> str:
        filed = proposals.propose(resources.workspace(), resources.reads().ledger, card, given)
        OPEN.set(None)
        return f'"{filed.name}" ({filed.threshold:.3f}) is proposed. It counts once another reader has activated it.'

    _do(step)


def _draw_waiting(card: Mapping[str, Any], found: History, one: Proposal, reader: str | None) -> None:
    """Draw one proposal that waits, with what this reader may do; what is done goes by what was on the screen."""
    key = secrets.token_hex(16)
    with st.container(border=True, key=f"operating_points.waiting.{one.proposal_id}"):
        st.html(
            f"<p><b>{escape(one.name)}, {one.threshold:.3f}</b>: proposed by {escape(one.proposed_by)} on "
            f"{proposal_store.when(one.created_at)}. {escape(one.reason)}</p>"
        )
        st.caption(f"Measured on {words.measured_on(one)}: {words.figures_words(one.figures)}.")
        if reader is None:
            return
        own = rights.same_reader(reader, one.proposed_by)
        with st.container(horizontal=True, vertical_alignment="center"):
            if own:
                st.button(
                    "Withdraw",
                    key=f"operating_points.withdraw.{one.proposal_id}",
                    disabled=not rights.may(reader, rights.PROPOSE),
                    on_click=_withdraw,
                    args=(card, one, key),
                )
                st.caption("A reader of another name activates it.")
                return
            may = rights.may(reader, rights.ACTIVATE)
            st.button(
                "Activate",
                key=f"operating_points.activate.{one.proposal_id}",
                type="primary",
                disabled=not may,
                on_click=_activate,
                args=(card, one, found.known, key),
            )
            with st.popover("Decline", disabled=not may):
                st.text_input("Reason", key=_why_key(one), max_chars=proposals.LONGEST_REASON)
                st.button(
                    "Decline",
                    key=f"operating_points.decline.{one.proposal_id}",
                    on_click=_decline,
                    args=(card, one, key),
                )


def _draw_going_back(card: Mapping[str, Any], reader: str | None) -> None:
    st.button(
        "Propose the point chosen at training",
        key="operating_points.back",
        disabled=reader is None or not rights.may(reader, rights.PROPOSE),
        on_click=_go_back,
        args=(card, secrets.token_hex(16)),
        help="Back to the point on the checkpoint's card; it too counts once another reader has activated it.",
    )


def _may_go_back(card: Mapping[str, Any], found: History) -> bool:
    """Tell whether there is a point on the card, another counts, and nobody has proposed to go back yet."""
    there = operating_point.of_card(card) is not None and found.known is not None
    return there and not any(one.origin == CARD for one in [*found.waiting, *_standing(found)])


def _standing(found: History) -> list[Proposal]:
    """Return the proposal in force, if one is."""
    return [one for one in found.proposals if one.decision and one.decision.decision_id == found.known]


def _activate(card: Mapping[str, Any], one: Proposal, known: int | None, key: str) -> None:
    def step() -> str:
        ledger, reader = resources.reads().ledger, state.READER.get() or ""
        proposals.activate(ledger, card, one.proposal_id, key=key, reader=reader, known=known)
        return f'"{one.name}" ({one.threshold:.3f}) is in force. {KEPT}'

    _do(step)


def _decline(card: Mapping[str, Any], one: Proposal, key: str) -> None:
    def step() -> str:
        reason, reader = st.session_state[_why_key(one)], state.READER.get() or ""
        proposals.decline(resources.reads().ledger, card, one.proposal_id, key=key, reader=reader, reason=reason)
        return f'"{one.name}" is declined.'

    _do(step)


def _withdraw(card: Mapping[str, Any], one: Proposal, key: str) -> None:
    def step() -> str:
        reader = state.READER.get() or ""
        proposals.withdraw(resources.reads().ledger, card, one.proposal_id, key=key, reader=reader)
        return f'"{one.name}" is withdrawn.'

    _do(step)


def _go_back(card: Mapping[str, Any], key: str) -> None:
    def step() -> str:
        reader = state.READER.get() or ""
        reason = "Back to the point chosen at training."
        proposals.propose_card(resources.reads().ledger, card, key=key, reader=reader, reason=reason)
        return "The point chosen at training is proposed. It counts once another reader has activated it."

    _do(step)


def _do(step: Callable[[], str]) -> None:
    """Do one step and keep its words, or why it was refused, for the run that follows."""
    try:
        SAID.set((True, step()))
    except PleuraScopeError as error:
        SAID.set((False, str(error)))


def _draw_said() -> None:
    said = SAID.get()
    if said is not None:
        (st.info if said[0] else st.error)(plain(said[1]))  # no green near a film


def _why_key(one: Proposal) -> str:
    return f"operating_points.why.{one.proposal_id}"
