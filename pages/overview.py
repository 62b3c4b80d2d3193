"""Overview: what is here, what is being made, what to do next."""

import streamlit as st

from app import navigation, overview, panels, resources, state
from core.evaluation.first_cases import case_captions, first_cases

CASES = 8

st.title("Overview")
newest = overview.newest_predictions()

if newest is not None and state.SHOW_FIRST_CASES.get():
    cases = first_cases(newest.table, resources.radiographs(newest.dataset), count=CASES)
    st.subheader("First cases")
    st.caption(
        f"From the most to the least probable of {len(newest.table)} films of the {newest.part} part, read by "
        f"{newest.checkpoint_id}. {overview.limits(newest)} A probability below the cut is not a negative report."
    )
    picked = panels.film_gallery(cases, case_captions(cases, cut=newest.cut), size=384, columns=4, key="overview.cases")
    if picked is not None:
        panels.film_details(cases.set_index("image_id", drop=False).loc[picked], resources.truth_table(newest.dataset))
    panels.live(overview.draw_jobs, key="overview.live")
else:
    film, start = st.columns([1, 2], gap="large")
    with film:
        overview.draw_first_film(newest)
    with start:
        st.html(f'<p class="ps-lead">{overview.lead_sentence(newest)}</p>')
        if newest is not None:
            with st.container(horizontal=True):
                if overview.can_practise() and st.button(
                    "Read your first film", type="primary", key="overview.practise"
                ):
                    navigation.open_review(practice="1")
                st.button(
                    "Look at the first cases",
                    key="overview.first_cases",
                    on_click=state.SHOW_FIRST_CASES.set,
                    args=(True,),
                )
            st.caption(overview.limits(newest))
        panels.live(overview.draw_jobs, key="overview.live")

st.subheader("What is here")
datasets, checkpoints = overview.datasets_table(), overview.checkpoints_table()
if datasets.empty:
    st.caption("No data set yet.")
else:
    st.dataframe(datasets, hide_index=True, key="overview.datasets")
if not checkpoints.empty:
    st.dataframe(checkpoints, hide_index=True, key="overview.checkpoints")

st.subheader("What to do next")
for page, label in overview.next_steps(newest):
    navigation.link(page, label)
with st.expander("Bring your own films", key="overview.own"):
    st.markdown(overview.OWN_DATA)
