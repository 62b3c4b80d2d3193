"""Uncertainty: which signal finds wrong calls, what reading more films would find, and one case in full."""

import streamlit as st

from app import state, uncertainty, uncertainty_case, uncertainty_charts
from app.plain import plain
from core.base.errors import InputError

st.title("Uncertainty")
uncertainty.follow_address()
alone = state.CASE_ALONE.get() and state.CASE.get() is not None
question = uncertainty.choose_question(alone=alone)
if question is None:
    st.stop()
if alone:
    uncertainty_case.draw_alone(question, *state.CASE.get())
    uncertainty.keep_address(question)
    st.stop()
try:
    studied = uncertainty.read(question)
except InputError as error:
    st.warning(plain(error))
    st.stop()

st.caption(uncertainty_charts.counted(studied))
uncertainty_charts.draw_bench(studied)
uncertainty_charts.draw_charts(studied)
st.subheader("Policy by budget")
uncertainty_charts.draw_workload(studied)
st.subheader("Cases")
policy, table = uncertainty.sorted_cases(studied.key, uncertainty.budget(), studied.chosen, studied.shown)
uncertainty_charts.draw_cases(studied, table, policy)
uncertainty_charts.draw_sure_and_wrong(studied)
case = state.CASE.get()
if case is not None and case[1] == uncertainty.predicted_part(question):
    uncertainty_case.draw(studied.tune, studied.shown, policy, table, case[0])
uncertainty.keep_address(question)
