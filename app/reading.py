"""What the page Review does: who reads, which case is open, what the desk's messages change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from app import resources, state, worklist
from app.plain import plain
from core.base.errors import InputError, PleuraScopeError
from core.review import counterfactual, practice, progress, rights, saving, words
from core.review.answer import Answer
from core.review.read_store import FIRST, WITH_MODEL, Read
from core.review.reading_list import PRACTICE, ReadingList
from core.review.saving import Given
from core.triage import chosen_films
from core.triage.worklists import Worklist

DESK = "review.desk"
PRACTICE_PARTS = ("val", "test")  # where a round takes its films: worklists are seldom made of val
HEAT, MORE, COUNTERFACTUAL = "heat_map", "more", "counterfactual"


def draw_name() -> str | None:
    """Return the reader's name, or draw the question for it; asked once a session."""
    known = state.READER.get()
    if known is not None:
        return known
    with st.form("review.name", width=480, enter_to_submit=True):
        typed = st.text_input("Your name", key="review.name.text", max_chars=rights.LONGEST)
        st.caption("It stands beside every answer you save. Nobody checks it: on this machine names are self-declared.")
        if st.form_submit_button("Go on", type="primary"):
            try:
                state.READER.set(rights.checked_reader(typed))
                state.LEFT.set(False)
            except InputError as error:
                st.error(plain(error))
            else:
                st.rerun()
    return None


def begin_practice(reader: str) -> None:
    """Make the reader's next practice round and open its first case.

    Raises:
        InputError: If there are no predicted phantoms to practise on.
    """
    found = resources.worklists().all()
    rounds = practice.rounds(found, reader)
    for one in rounds[:1]:  # a round that was left goes on
        reading = worklist.read(one).reading
        waiting = to_do(reading, reader, after=None)
        if waiting:
            open_case(reading, waiting[0])
            return
    reasons = []
    lists = [one for one in found if one.purpose != PRACTICE and not chosen_films.is_whole(one.split, one.part)]
    for lender in lists:
        for part in PRACTICE_PARTS:
            try:
                of_part = worklist.read(replace(lender, part=part, films=None)).reading
                taken = waiting_films(lender.dataset)
                truths = resources.truth_table(lender.dataset)
                made = practice.begin(of_part, truths, reader, len(rounds) + 1, taken=taken)
            except InputError as error:
                reasons.append(str(error))
                continue
            reading = worklist.read(resources.worklists().save(made)).reading
            open_case(reading, reading.order(reader)[0])
            return
    msg = (
        reasons[0]
        if reasons
        else "Expected a worklist of phantoms to practise on, found none yet; the overview shows how far the study is."
    )
    raise InputError(msg)


def waiting_films(dataset: str) -> set[str]:
    """Return the films of a data set that stand in worklists other than practice rounds."""
    lists = [one for one in resources.worklists().all() if one.purpose != PRACTICE and one.dataset == dataset]
    return {name for one in lists for name in _listed(one)}


def kept_from(reader: str, dataset: str) -> set[str]:
    """Return the films of a data set whose labels a reader must not be told yet: of every list, and practice rounds."""
    found: set[str] = set()
    for one in resources.worklists().all():
        reading = _readable(one) if one.dataset == dataset else None
        if reading is not None:
            found |= progress.kept_from(reading, resources.reads().of_worklist(one.name), reader)
    return found


def waiting_pixels(reader: str, films: pd.DataFrame) -> set[str]:
    """Return which of some films, of any data set, a reader must not be told of yet: hashes of their pixels.

    Args:
        reader: The reader's name.
        films: With `sha256`.
    """
    wanted = set(films["sha256"].dropna())
    found: set[str] = set()
    for dataset in {one.dataset for one in resources.worklists().all()} & set(resources.dataset_names()):
        known = resources.radiographs(dataset)
        same = known[known["sha256"].isin(wanted)]
        if not same.empty:
            found |= set(same.loc[same["image_id"].isin(kept_from(reader, dataset)), "sha256"])
    return found


def _listed(one: Worklist) -> Sequence[str]:
    reading = _readable(one)
    return () if reading is None else reading.listed


def _readable(one: Worklist) -> ReadingList | None:
    """Return a worklist's films; None where its predictions are gone, since nobody can read it."""
    try:
        return worklist.read(one).reading
    except InputError:
        return None


def chosen_list(reader: str) -> Worklist | None:
    """Return the worklist whose case is open: that of the address, else that of the session, else the newest.

    Another's practice round is nobody else's.

    Raises:
        InputError: If the address names a worklist that this reader does not have.
    """
    every = resources.worklists().all()
    found = {one.name: one for one in every if one.purpose != PRACTICE or reader in one.readers}
    opened = state.OPEN_CASE.get()
    asked = st.query_params.get("worklist")
    if asked is not None and asked not in found:
        names = ", ".join(one.name for one in every if one.purpose != PRACTICE) or "none yet"
        msg = f"Expected the name of a worklist in the address, found {asked[:80]!r}; there is {names}."
        raise InputError(msg)
    for name in (asked, None if opened is None else opened[0]):
        if name in found:
            return found[name]
    return next((one for one in found.values() if one.purpose != PRACTICE), None)


def chosen_case(reading: ReadingList, reader: str) -> str | None:
    """Return the image id of the open case: that of the address, else the reader's next one; None: all are read.

    Raises:
        InputError: If the address names a case that the list does not have.
    """
    opened = state.OPEN_CASE.get()
    asked = st.query_params.get("case")
    if asked is not None and st.query_params.get("worklist", reading.worklist.name) == reading.worklist.name:
        image_id = reading.image_of(asked)
    elif opened is not None and opened[0] == reading.worklist.name:
        image_id = reading.image_of(opened[1])
    else:
        waiting = to_do(reading, reader, after=None)
        if not waiting:
            return None
        image_id = waiting[0]
    open_case(reading, image_id)
    return image_id


def open_case(reading: ReadingList, image_id: str) -> None:
    """Make a case the open one, in the session and in the address."""
    name = reading.names[image_id]
    state.OPEN_CASE.set((reading.worklist.name, name))
    st.query_params.from_dict({"worklist": reading.worklist.name, "case": name})


def to_do(reading: ReadingList, reader: str, *, after: str | None, count: int = 1) -> list[str]:
    """Return the next cases that wait for the reader, from the one after a case on."""
    states = progress.states(resources.reads().of_worklist(reading.worklist.name), reader, reading)
    return progress.next_to_do(states, after, count=count)


def on_message(reading: ReadingList, reader: str) -> None:
    """Do what the desk asks for; the callback of the viewer."""
    message = st.session_state[DESK].message
    opened = state.OPEN_CASE.get()
    if not message or opened is None or opened[0] != reading.worklist.name:  # of a desk that is no longer there
        return
    name, value = message["name"], message["value"]
    image_id = reading.image_of(str(value["case"])) if name in ("save", "open") else None
    if name == "save" and image_id is not None:
        _save(reading, reader, image_id, value)
    elif name == "step":
        _step(reading, reader, int(value["by"]))
    elif name == "open" and image_id is not None:
        open_case(reading, image_id)
    elif name == "ask":
        state.ASKED.set(state.ASKED.get() | {(str(value["case"]), str(value["what"]))})
    elif name == "missing":
        sha256 = str(value["sha256"])
        state.LACKING.set(state.LACKING.get() | {sha256: state.LACKING.get().get(sha256, 0) + 1})
    elif name == "finish":
        _close(reading)


def asked(what: str, case: str) -> bool:
    """Tell whether the reader asked for something of the model on a case."""
    return (case, what) in state.ASKED.get()


def _save(reading: ReadingList, reader: str, image_id: str, value: dict[str, Any]) -> None:
    key = str(value["key"])
    try:
        read = saving.save(
            resources.reads(),
            reading,
            Given(
                key=key,
                reader=reader,
                image_id=image_id,
                image_sha256=str(value["sha256"]),
                stage=WITH_MODEL if value["stage"] != FIRST else FIRST,
                expected=value["expected"],
                answer=Answer.from_dict(value["answer"]),
                seconds=float(value["seconds"]),
                role=value.get("role"),
                heat_map=bool(value.get("heat_map")),
                more=asked(MORE, reading.names[image_id]),
                counterfactual=_looked_at(reading, image_id, told=bool(value.get("counterfactual"))),
            ),
        )
    except PleuraScopeError as error:
        state.REFUSED.set({"key": key, "sentence": str(error)})
        return
    state.REFUSED.set(None)
    state.SAVED.set(_told(reading, read))
    if read.stage == WITH_MODEL and reading.worklist.purpose != PRACTICE:
        _go_on(reading, reader, image_id)


def _looked_at(reading: ReadingList, image_id: str, *, told: bool) -> dict[str, str] | None:
    """Return the counterfactual that was shown: what was sent was seen, also where the browser forgot to tell."""
    if not told and not asked(COUNTERFACTUAL, reading.names[image_id]):
        return None
    found = counterfactual.of_film(resources.workspace(), reading.worklist.dataset, reading.row(image_id))
    return None if found is None else found.seen


def _told(reading: ReadingList, read: Read) -> dict[str, str]:
    return {
        "key": read.key,
        "at": time.strftime("%H:%M:%S", time.localtime(read.created_at)),
        "words": words.answer(read.answer),
        "sentence": words.report(read.answer, source=str(reading.row(read.image_id)["source"])),
        "case": reading.names[read.image_id],
        "worklist": reading.worklist.name,
    }


def _go_on(reading: ReadingList, reader: str, image_id: str) -> None:
    waiting = to_do(reading, reader, after=image_id)
    if waiting:
        open_case(reading, waiting[0])
    else:
        _close(reading)


def _close(reading: ReadingList) -> None:
    """Let no case be open; the page opens the next one that waits, or says that none does."""
    state.OPEN_CASE.set(None)
    st.query_params.from_dict({"worklist": reading.worklist.name})


def _step(reading: ReadingList, reader: str, by: int) -> None:
    opened = state.OPEN_CASE.get()
    assert opened is not None  # noqa: S101 (`on_message` has looked)
    order = reading.order(reader)
    at = order.index(reading.image_of(opened[1])) + by
    if 0 <= at < len(order):
        open_case(reading, order[at])
    elif by > 0:
        _close(reading)
