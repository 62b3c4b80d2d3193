"""Review: one case after the other; the reader answers first, then sees what the model says, and keeps or changes."""

import streamlit as st

from app import enter, navigation, reading, reading_desk, state, worklist, worklist_words
from app.plain import plain
from core.base.errors import InputError
from core.review.reading_list import PRACTICE

PRACTISE = "practice"


def stop(sentence: str) -> None:
    """Say in one sentence why nothing can be read, with the way back."""
    st.title("Review")
    st.warning(plain(sentence))
    navigation.link("worklist", "Back to the worklist")
    st.stop()


if state.READER.get() is None:
    st.title("Practice round" if PRACTISE in st.query_params else "Review")
    if PRACTISE in st.query_params:
        st.markdown(
            "Five phantoms, drawn by computer. You answer first; then you see what the model says and what is true. "
            "Nothing of it enters any statistic."
        )
reader = reading.draw_name()
if reader is None:
    st.stop()
try:
    if PRACTISE in st.query_params:
        reading.begin_practice(reader)
    chosen = reading.chosen_list(reader)
    if chosen is None:
        stop("Expected a worklist to read, found none yet; the page Worklist says how to make one.")
    listing = worklist.read(chosen)
    closed = worklist_words.closed_sentence(listing, reader)
    if closed is not None:
        stop(closed)
    found = listing.reading
    image_id = reading.chosen_case(found, reader)
except InputError as error:
    stop(str(error))
if image_id is None:
    st.title("Review")
    reading_desk.draw_end(found)
    if found.worklist.purpose == PRACTICE:
        st.button("Practise again", key="review.again", on_click=st.query_params.from_dict, args=({PRACTISE: "1"},))
    enter.presses("review-back")
    if st.button("To the worklist", type="primary", key="review-back"):
        navigation.open_worklist()
    st.stop()
with st.container(key="review-desk"):
    reading_desk.draw(found, reader, image_id)
