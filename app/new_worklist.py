"""How a worklist comes to be: the commands that make the first one, and the form that copies one for other readers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import panels, resources
from app.plain import plain
from core.base.errors import InputError
from core.review import copied_list, rights
from core.triage.worklists import Worklist, right_to_make

MADE = "worklist.made"  # session key: the list that this session made last
NAME = "first-list"  # of a worklist that the page proposes


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


def draw_form(worklist: Worklist, reader: str) -> None:
    """Draw in the sidebar the form that makes a worklist of the same films for others, for those who may make one.

    Args:
        worklist: The list whose model, cut, policy and films it takes over.
        reader: Who makes it.
    """
    if not rights.may(reader, right_to_make(worklist)):
        return
    made = st.session_state.get(MADE)
    with st.sidebar:
        if made is not None:
            st.success(f"The worklist {made} is made. Its readers find it here, and at `/review?worklist={made}`.")
    with st.sidebar, st.expander("A list for other readers", key="worklist.new"), st.form("worklist.new.form"):
        name = st.text_input("Name", f"{worklist.name}-study", key=f"worklist.new.name.{worklist.name}")
        names = st.text_area(
            "Readers, one a line",
            key="worklist.new.readers",
            height=90,
            help="Two or more read every case, hidden from each other; none: anybody, and one is enough.",
        )
        blinded = st.toggle("Blinded", key="worklist.new.blinded", help="No zone, no order by need, no file name.")
        if st.form_submit_button("Make the list"):
            try:
                copy = copied_list.copied(
                    resources.workspace(),
                    worklist,
                    name=name,
                    readers=names.splitlines(),
                    blinded=blinded,
                    by=reader,
                )
                saved = resources.worklists().save(copy)
            except InputError as error:
                st.error(plain(error))
            else:
                st.session_state[MADE] = saved.name
                st.rerun()


def _can_triage(card: Mapping[str, Any]) -> bool:
    known = card["dataset"] in resources.dataset_names() and card["split"] in resources.split_names(card["dataset"])
    return known and resources.card_cut(card) is not None


def _lacking(card: Mapping[str, Any]) -> list[str]:
    """Return the parts whose predictions `triage` would miss."""
    place = resources.workspace()
    where = (card["checkpoint_id"], card["dataset"], card["split"])
    return [part for part in ("val", "test") if not place.predictions(*where, part).exists()]
