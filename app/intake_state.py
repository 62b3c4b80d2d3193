"""What the page Intake keeps for this session: ids and receipts, never a film."""

from __future__ import annotations

import streamlit as st

from app.state import Key
from core.data.intake import Received

OWNER: Key[str | None] = Key("intake.owner", None)  # the reader whose receipts and choices these are
TAKING: Key[bool] = Key("intake.taking", False)  # whether the chosen files are being taken in
RECEIPTS: Key[dict[str, Received]] = Key("intake.receipts", {})  # what became of a file, by Streamlit's id of it
REFUSED: Key[str | None] = Key("intake.refused", None)  # why no file could be taken in at all
ROUND: Key[int] = Key("intake.round", 0)  # of the file choosers: another number is an empty one
PICKED: Key[frozenset[str]] = Key("intake.picked", frozenset())  # image ids that go to a worklist
MADE: Key[str | None] = Key("intake.made", None)  # the worklist made last


def belongs_to(reader: str) -> None:
    """Forget another reader's files, receipts and choices."""
    if OWNER.get() != reader:
        put_away()
        PICKED.set(frozenset())
        MADE.set(None)
        OWNER.set(reader)


def put_away() -> None:
    """Forget the files that were chosen and what became of them; what was taken in stays."""
    TAKING.set(False)
    REFUSED.set(None)
    RECEIPTS.set({})
    ROUND.set(ROUND.get() + 1)


def pick(image_id: str, widget: str) -> None:
    """Take over a film's tick box: the callback of the widget of that key."""
    chosen = PICKED.get()
    PICKED.set(chosen | {image_id} if st.session_state[widget] else chosen - {image_id})
