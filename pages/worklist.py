"""Worklist: the films that a reader should look at, suspected first, with the reason for each."""

import time
from html import escape

import streamlit as st

from app import resources, worklist, worklist_rows
from core.base.errors import InputError

st.title("Worklist")
found = resources.worklists().all()
if not found:
    st.info("No worklist yet. The command below makes one: it tells which films a reader should look at, and why.")
    st.code(worklist.first_commands(), language="bash", wrap_lines=True)
    st.stop()
chosen = worklist.choose_worklist(found)
try:
    listing = worklist.read(chosen)
except InputError as error:
    st.warning(f"The worklist {chosen.name} cannot be shown. {error}")
    st.stop()

st.html(f'<p class="ps-lead">{worklist.lead_sentence(listing.counts)}</p>')
worklist.draw_about(listing)
choices, uncertain, size = worklist.choose_films(listing)
with st.container(horizontal=True, vertical_alignment="center"):
    segment = st.segmented_control(
        "Segment",
        list(worklist.SEGMENTS),
        default=worklist.ALL,
        required=True,
        format_func=worklist.SEGMENTS.__getitem__,
        label_visibility="collapsed",
        key="worklist.segment",
        persist_state="session",
    )
    count = st.empty()
films = worklist.filtered(listing.films, segment=segment, chosen=choices, uncertain=uncertain)
rows = st.container()  # drawn last, since the page's number is chosen below them
page = 1
if len(films) > size:
    question = hash((chosen.name, segment, str(choices), uncertain, size))
    with st.container(horizontal=True, horizontal_alignment="right"):
        page = st.pagination(-(-len(films) // size), key=f"worklist.page.{question}")
seen = films.iloc[(page - 1) * size : page * size]
first = (page - 1) * size + 1
last = first + len(seen) - 1
count.caption(worklist.shown_sentence(first, last, shown=len(films), chosen=choices, uncertain=uncertain))
with rows:
    if films.empty:
        st.caption("No film fits; choose another segment, or take a filter away in the sidebar.")
    else:
        worklist_rows.draw(listing, seen, now=time.time())
with st.container(key="worklist-foot"):
    st.html(f"<p>{escape(worklist.foot_sentence(listing))}</p>")
