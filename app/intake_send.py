"""The foot of the page Intake: films that were ticked go to a worklist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from app import intake_resources, intake_rows, intake_words, navigation, resources
from app.intake_state import MADE, PICKED
from app.plain import plain
from core.base.errors import InputError
from core.review import intake


def draw(card: dict[str, Any], films: pd.DataFrame, reader: str) -> None:
    """Draw the form that sends the ticked films to a worklist.

    Args:
        card: Of the classifier that is chosen.
        films: The reader's films.
        reader: Who sends them.
    """
    st.subheader("Send to worklist")
    ticked = [name for name in films["image_id"] if name in PICKED.get()]
    refused = intake_resources.other_kind(card, films)  # ticked for another classifier
    chosen = [name for name in ticked if name not in refused]
    if MADE.get() is not None:
        _draw_made(str(MADE.get()))
    if not chosen:
        st.caption("Tick films above; they then go to a worklist, for you or for other readers.")
        return
    if len(chosen) < len(ticked):
        st.caption(f"{intake_words.films(len(ticked) - len(chosen))} stay out: {intake_words.NO_LIST}")
    with st.form("intake.send", border=False):
        left, right = st.columns(2)
        name = left.text_input("Name of the worklist", f"intake-{datetime.now():%Y%m%d}", key="intake.send.name")
        readers = right.text_input(
            "Readers, by commas",
            key="intake.send.readers",
            help="Two or more read every film, hidden from each other; none: anybody, and one is enough.",
        )
        blinded = st.toggle(
            "Blinded",
            key="intake.send.blinded",
            help="Its readers see no zone, no order by need and no film's id before their first answer.",
        )
        st.caption(intake_words.SEND)
        if st.form_submit_button(f"Send {intake_words.films(len(chosen))}", type="primary"):
            _send(card, chosen, name=name, readers=readers.split(","), blinded=blinded, reader=reader)


def _send(
    card: dict[str, Any], chosen: list[str], *, name: str, readers: list[str], blinded: bool, reader: str
) -> None:
    try:
        intake_rows.compute(card, chosen)
        made = intake.send(
            resources.worklists(),
            resources.workspace(),
            card,
            chosen,
            name=name,
            readers=readers,
            blinded=blinded,
            by=reader,
        )
    except InputError as error:
        st.error(plain(error))
        return
    MADE.set(made.name)
    st.rerun()


def _draw_made(name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.success(f"The worklist {plain(name)} is made. Its readers find it on the page Worklist.")
        if st.button("Open it", key="intake.open"):
            navigation.open_review(worklist=name)
