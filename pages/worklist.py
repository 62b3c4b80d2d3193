"""Worklist: the films that a reader should look at, suspected first, with the reason for each."""

import time
from html import escape

import streamlit as st

from app import enter, navigation, new_worklist, reading, resources, state, who, worklist, worklist_rows, worklist_words
from app.plain import plain
from core.base.errors import InputError
from core.review.reading_list import PRACTICE

st.title("Worklist")
found = [one for one in resources.worklists().all() if one.purpose != PRACTICE]
if not found:
    st.info("No worklist yet. The command below makes one: it tells which films a reader should look at, and why.")
    st.code(new_worklist.first_commands(), language="bash", wrap_lines=True)
    st.stop()
chosen = worklist.choose_worklist(found)
try:
    listing = worklist.read(chosen)
except InputError as error:
    st.warning(f"The worklist {chosen.name} cannot be shown. {plain(error)}")
    st.stop()
reader = state.READER.get() or ""
if not reader and listing.reading.hidden:
    st.caption(f"{chosen.name} shows each reader their own cases, so it asks who reads.")
    reading.draw_name()
    st.stop()
closed = worklist_words.closed_sentence(listing, reader)
if closed is not None:
    st.info(closed)
    st.stop()

seen_by = worklist.of_reader(listing, reader)
blinded = listing.reading.blinded
with st.container(horizontal=True, vertical_alignment="center"):
    st.html(f'<p class="ps-lead">{worklist_words.lead_sentence(seen_by, blinded=blinded)}</p>', width="content")
    first = worklist.first_waiting(seen_by)
    if first is not None:
        enter.presses("worklist-start")
        if st.button("Start reading", type="primary", key="worklist-start"):
            navigation.open_review(worklist=chosen.name, case=first)
worklist.draw_about(listing)
choices, uncertain, size = worklist.choose_films(listing)
new_worklist.draw_form(chosen, who.acts())
if not navigation.may_open(navigation.HOME):  # where all others find it
    with st.sidebar:
        navigation.practice_link()
segments = worklist.BLINDED_SEGMENTS if blinded else worklist.SEGMENTS
with st.container(horizontal=True, vertical_alignment="center"):
    segment = st.segmented_control(
        "Segment",
        list(segments),
        default=worklist.ALL,
        required=True,
        format_func=segments.__getitem__,
        label_visibility="collapsed",
        key=f"worklist.segment.{blinded}",
        persist_state="session",
    )
    count = st.empty()
films = worklist.filtered(seen_by, segment=segment, chosen=choices, uncertain=uncertain)
rows = st.container()  # drawn last, since the page's number is chosen below them
page = 1
if len(films) > size:
    question = hash((chosen.name, segment, str(choices), uncertain, size))
    with st.container(horizontal=True, horizontal_alignment="right"):
        page = st.pagination(-(-len(films) // size), key=f"worklist.page.{question}")
seen = films.iloc[(page - 1) * size : page * size]
start = (page - 1) * size + 1
last = start + len(seen) - 1
count.caption(
    f"{chosen.name}: "
    + worklist_words.shown_sentence(start, last, shown=len(films), chosen=choices, uncertain=uncertain)
)
with rows:
    if films.empty:
        st.caption("No film fits; choose another segment, or take a filter away in the sidebar.")
    else:
        worklist_rows.draw(listing, seen, now=time.time())
with st.container(key="worklist-foot"):
    st.html(f"<p>{escape(worklist_words.foot_sentence(listing))}</p>")
