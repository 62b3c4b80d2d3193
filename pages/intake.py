"""Intake: films from elsewhere are taken in, looked at by a classifier, and sent to readers."""

import streamlit as st

from app import intake, intake_resources, intake_rows, intake_send, intake_state, intake_words, reading
from app.plain import plain
from core.base.errors import InputError
from core.review import rights

st.title("Intake")
st.markdown(intake_words.ABOUT)
reader = reading.draw_name()
if reader is None:
    st.stop()
try:
    rights.require(reader, rights.INTAKE)
except InputError as error:
    st.warning(plain(error))
    st.stop()
intake_state.belongs_to(reader)
intake.draw(reader)

films = intake_resources.films(reader)
st.subheader("Your films")
if films.empty:
    st.caption("None yet: choose files above, then take them in.")
    st.stop()
card = intake_rows.choose_classifier()
page = 1
if len(films) > intake_rows.A_PAGE:
    page = st.pagination(-(-len(films) // intake_rows.A_PAGE), key=f"intake.page.{len(films)}")
seen = films.iloc[(page - 1) * intake_rows.A_PAGE : page * intake_rows.A_PAGE]
intake_rows.draw(seen, None if card is None else intake_rows.told(card, seen, reader))
st.caption(intake_words.NOT_DIAGNOSIS)
if card is not None:
    intake_send.draw(card, films, reader)
