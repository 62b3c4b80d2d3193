"""The "is it real?" round: two pictures side by side, one of them generated; the truth comes after the answer."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from app import account, reading, resources, state, who
from app.plain import plain
from core.base.errors import InputError, PleuraScopeError
from core.base.paths import Workspace
from core.data import synthetic as synthetic_of
from core.data import thumbnails
from core.data.synthetic import A_TO_B, SyntheticCard
from core.review import origin_reads, origin_results, origin_store, rights
from core.review.origin_reads import Pair, Picture, Pool
from core.review.origin_store import SIDES, OriginRead
from core.store import audit_key

SIDE = 320  # pixels of each picture on the page
UNTOLD = (
    f"{thumbnails.MARKS['synthetic']}?"  # drawn into both pictures before the answer: neither leaves the page unmarked
)
WANTED = {A_TO_B: "a pneumothorax", synthetic_of.B_TO_A: "no pneumothorax"}
SEEN = (
    "The generator learnt from these patients: no pair can be made of others, so these translations may look more "
    "real than those of new films would."
)
METHOD = (
    f"Share right: 50 % is chance, 95 % interval (Wilson's) by the patient of the translated film. From "
    f"{origin_results.MINIMUM} answers on it is put into words. All together counts readers as if they were alike. "
    "Who has browsed these translations before has seen them. Without a login names are self-declared."
)


def draw(synthetic: str) -> None:
    """Draw the round for one synthetic data set: what was found so far, and the reader's next pair.

    Args:
        synthetic: Name of the data set.
    """
    try:
        card = synthetic_of.card(resources.workspace(), synthetic)
        pool = _pool(card)
        every = origin_store.every(resources.reads().ledger.engine)
    except InputError as error:
        st.warning(plain(error))
        return
    reader = state.READER.get()
    if reader is None:
        _draw_results(every, card)
        st.caption("To take part, say who you are.")
        reading.draw_name()
        return
    if not rights.may(reader, rights.READ):
        _draw_results(every, card)
        st.caption(f"{reader} may not read.")
        return
    st.fragment(_draw_round, key="origin-round")(card, pool, reader)


def _draw_round(card: SyntheticCard, pool: Pool, reader: str) -> None:
    """Draw the pair that waits, or the truth of the one just answered, then the results."""
    account.require_still()
    ledger = resources.reads().ledger
    try:
        every = origin_store.every(ledger.engine)
        shown = _answered(every, pool, reader)
        if shown is not None:
            _draw_truth(pool, *shown)
        else:
            _draw_pair(pool, reader, every, audit_key.read(ledger.key_file))
    except InputError as error:  # a file is gone or changed, or the key is
        st.warning(plain(error))
        return
    _draw_results(every, card)


def _draw_pair(pool: Pool, reader: str, every: list[OriginRead], key: bytes) -> None:
    pair = origin_reads.next_pair(pool, every, reader, key=key)
    if pair is None:
        st.info("You have seen every pair that can be made of these pictures. The result stands below.")
        return
    # Both are read before either is drawn: a film takes longer than a translation, which would tell them apart.
    drawn = {side: _drawn(pair.on(side).pixels(pool.card.image_size), UNTOLD) for side in SIDES}
    left = origin_reads.pairs_left(pool, every, reader)
    phantom = pair.film.source == "phantom"
    kind = "computed film" if phantom else "film"
    st.html(f'<p class="ps-lead">One of these two is generated. Which one is the {kind}?</p>')
    st.caption(
        f"{_people(phantom)} Both are meant to show {WANTED[pool.card.direction]}, as squares of "
        f"{pool.card.image_size} px in 8 bit. The truth comes after your answer. {left:,} pairs are left for you."
    )
    if pool.seen:
        st.caption(SEEN)
    refused = state.ORIGIN_REFUSED.get()
    if refused is not None and refused[:2] == (pool.card.name, reader):
        st.error(plain(refused[2]))
    row = st.container(horizontal=True, gap="large")
    for side, shortcut in zip(SIDES, "12", strict=True):
        with row.container(width=SIDE):  # one way for either, so that nothing but the pixels differs
            st.button(
                f"{side.capitalize()} is the {kind}",
                key=f"origin.{side}",
                shortcut=shortcut,
                on_click=_answer,
                args=(pool, pair, reader, side),
            )
            st.image(drawn[side], width=SIDE, output_format="PNG", alt=f"{side.capitalize()} picture")


def _answer(pool: Pool, pair: Pair, reader: str, side: str) -> None:
    try:
        saved = origin_reads.save(resources.reads().ledger, pool, pair, reader=reader, chosen=side)
    except PleuraScopeError as error:
        state.ORIGIN_REFUSED.set((pool.card.name, reader, str(error)))
        return
    state.ORIGIN_REFUSED.set(None)
    state.ORIGIN_ANSWERED.set(saved.key)


def _answered(every: list[OriginRead], pool: Pool, reader: str) -> tuple[OriginRead, Picture, Picture] | None:
    """Return the answer whose truth is to be shown, with its film and its translation."""
    key = state.ORIGIN_ANSWERED.get()
    own = origin_store.of_set(every, pool.card)
    read = next((one for one in origin_store.of_reader(own, reader) if one.key == key), None)
    if read is None:
        return None
    film = next((one for one in pool.films if one.sha256 == read.film_sha256), None)
    made = next((one for one in pool.made if one.sha256 == read.made_sha256), None)
    return None if film is None or made is None else (read, film, made)


def _draw_truth(pool: Pool, read: OriginRead, film: Picture, made: Picture) -> None:
    kind = "computed film" if film.source == "phantom" else "film"
    word = "Correct" if read.right else "Wrong"
    st.html(f'<p class="ps-lead">{word}: the {kind} is on the {read.film_side}.</p>')
    st.button(
        "Next pair", key="origin.next", type="primary", shortcut="3", on_click=state.ORIGIN_ANSWERED.set, args=(None,)
    )
    row = st.container(horizontal=True, gap="large")
    for side in SIDES:
        of_film = side == read.film_side
        picture = film if of_film else made
        words = kind.capitalize() if of_film else "Translated image"
        with row.container(width=SIDE):
            mark = thumbnails.MARKS.get(picture.source if of_film else "synthetic")
            drawn = _drawn(picture.pixels(pool.card.image_size), mark)
            st.image(drawn, width=SIDE, output_format="PNG", alt=f"{side.capitalize()} picture: {words}")
            st.caption(f"{words}, which you chose." if side == read.chosen else f"{words}.")


def _drawn(pixels: np.ndarray, mark: str | None) -> Image.Image:
    """Return a picture as the page shows it, its mark drawn in: before the answer either has the same one."""
    large = Image.fromarray(thumbnails.fitted(pixels, SIDE)).convert("RGB")
    return large if mark is None else thumbnails.marked(large, mark)


def _draw_results(every: list[OriginRead], card: SyntheticCard) -> None:
    """Draw what all answers on the data set show."""
    own = origin_store.of_set(every, card)
    found = origin_results.results(own)
    st.html(f"<p>{escape(origin_results.sentence(found[-1] if found else None))}</p>")
    earlier = origin_results.earlier(every, own, card.name)
    if earlier:
        st.caption(f"Left out: {earlier:,} answers on other images that had this name before.")
    if not found:
        return
    st.dataframe(
        pd.DataFrame([_row(one) for one in found]), hide_index=True, height="content", key=f"origin.results.{card.name}"
    )
    st.caption(METHOD)


def _row(told: origin_results.Told) -> dict[str, Any]:
    return {
        "Reader": "All together" if told.reader is None else who.called(told.reader),
        "Answers": told.answers,
        "Right": told.right,
        "Share right": origin_results.percent(told.share),
        "Patients": told.patients,
        "Of patients the generator saw": told.of_seen,
    }


def _people(phantom: bool) -> str:
    if phantom:
        return "Neither is of a patient: one is a computed film, the other a translated image."
    return "One is a film, the other a translated image."


def _pool(card: SyntheticCard) -> Pool:
    place = resources.workspace()
    sources = (
        *(place.synthetic_card(card.name), place.radiographs(card.name)),
        *(place.radiographs(card.dataset), place.split(card.dataset, card.split)),
    )
    times = tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in sources)
    return _made_pool((str(place.root), card.name, times), frozenset(reading.waiting_films(card.dataset)))


@st.cache_resource(max_entries=4, show_spinner="Looking for films and translations…")
def _made_pool(key: tuple[str, str, tuple[int, ...]], taken: frozenset[str]) -> Pool:
    return origin_reads.pool(Workspace(), key[1], taken=taken)
