"""Thresholds: what any cut would find, miss and alarm, which films it flips, and proposing it."""

import streamlit as st

from app import account, operating_points, thresholds, thresholds_payload
from app.plain import plain
from app.workbench import workbench
from core.base.errors import InputError

st.title("Thresholds")
row = st.container(key="thresholds-question", horizontal=True, vertical_alignment="bottom")
with row:
    question = thresholds.choose_question()
if question is None:
    st.stop()
try:
    material = thresholds.material(question)
except InputError as error:
    thresholds.offer_predicting(question, error)
    st.stop()
with row:
    prevalence, films_a_day = thresholds.choose_setting(material.lookup.prevalence)
if question.part == "test":
    st.caption("Test is looked at, not chosen from: the marks are those chosen on tune at training.")
if material.without_label:
    st.caption(f"{material.without_label:,} films have no label in {question.truth} and are left out.")


@st.fragment
def _draw() -> None:
    """Draw the workbench, and below it the proposal of where its slider stands."""
    account.require_still()
    try:
        data, card = thresholds_payload.payload(material, question, prevalence=prevalence, films_a_day=films_a_day)
    except InputError as error:
        st.warning(plain(error))
        return
    with st.container(key="thresholds-workbench"):
        key = f"thresholds.workbench.{question.checkpoint_id}.{question.part}.{question.truth}"
        threshold = workbench(data, key=key)
    operating_points.draw(
        card, place=question.place, threshold=threshold, figures=thresholds_payload.figures(data, threshold)
    )


_draw()
