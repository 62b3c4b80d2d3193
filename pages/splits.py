"""Splits: the parts of a data set side by side, the certificate, and every film in them."""

import json

import streamlit as st

from app import panels, resources
from core.data import browsing
from core.figures import parts as figures

FILMS_A_PAGE = 24
WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other

st.title("Splits")
dataset = panels.choose_dataset("splits")
if dataset is None:
    st.stop()
radiographs = resources.radiographs(dataset)
names = resources.split_names(dataset)
if not names:
    st.info(f"{len(radiographs)} films, no split yet. `python -m core split {dataset} --kind patient --name patient`")
    st.stop()
with st.sidebar:
    name = st.selectbox("Split", names, key="splits.split", persist_state="session")
certificate = resources.certificate(dataset, name)
films = browsing.joined(radiographs, resources.split(dataset, name))

st.html(f'<p class="ps-lead">{browsing.lead_sentence(certificate)}</p>')
for failure in certificate["audit"]["failures"]:
    st.error(failure)
for warning in certificate["audit"]["warnings"]:
    st.warning(warning)

st.dataframe(browsing.counts_table(certificate), hide_index=True, key="splits.counts")

if any("folds" in found for found in certificate["parts"].values()):
    st.caption(
        "Val has two folds: tune chooses the best epoch and the cut; certify is kept for the limit on missed cases "
        "and looked at for nothing else. Test is only ever measured."
    )

st.subheader("Are the parts alike?")
with st.grid(min_column_width=WIDTH):
    st.plotly_chart(figures.prevalence(certificate), key="splits.prevalence", alt="Prevalence by part")
    st.plotly_chart(figures.ages(films), key="splits.ages", alt="Age by part")
    st.plotly_chart(figures.findings(films), key="splits.findings", alt="Findings by part")
    with st.container():
        st.plotly_chart(figures.shares(films, "view"), key="splits.views", alt="Views by part")
        st.plotly_chart(figures.shares(films, "sex"), key="splits.sexes", alt="Sexes by part")

with st.expander("Certificate", key="splits.certificate"):
    st.caption(browsing.certificate_words(certificate))
    st.download_button(
        "Download the certificate",
        json.dumps(certificate, indent=2),
        file_name=f"{dataset}-{name}-certificate.json",
        mime="application/json",
        key="splits.download",
    )
    st.json(certificate, expanded=False)

left_out = browsing.index_table(resources.index_report(dataset))
if not left_out.empty:
    with st.expander("What indexing left out or changed by a rule", key="splits.index"):
        st.dataframe(left_out, hide_index=True, key="splits.index.table")

st.subheader("Films")
with st.sidebar:
    st.subheader("Films shown")
    choices = {
        column: st.multiselect(title, options, key=f"splits.filter.{column}", persist_state="session")
        for column, title, options in browsing.filters(films)
    }
chosen = browsing.filtered(films, choices)
if chosen.empty:
    st.caption("No film fits these filters; take one away in the sidebar.")
    st.stop()
if not resources.has_images(dataset):
    st.caption(f"{len(chosen):,} of {len(films):,} films; a table only, without image files")
    st.dataframe(browsing.listed(chosen), hide_index=True, key="splits.table")
    st.stop()
pages = -(-len(chosen) // FILMS_A_PAGE)
with st.container(horizontal=True, vertical_alignment="center"):
    st.caption(f"{len(chosen):,} of {len(films):,} films", width="stretch")
    page = st.pagination(pages, key=f"splits.page.{hash((dataset, name, str(choices)))}")
shown = chosen.iloc[(page - 1) * FILMS_A_PAGE : page * FILMS_A_PAGE]
picked = panels.film_gallery(shown, browsing.captions(shown), size=192, columns=8, key="splits.films")
if picked is not None:
    panels.film_details(films.set_index("image_id", drop=False).loc[picked], resources.truth_table(dataset))
