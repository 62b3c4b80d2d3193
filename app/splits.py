"""The page Splits in pieces: what a split holds, its parts side by side, its certificate, and the list of its films."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import account, panels, resources
from app.plain import plain
from core.base import files
from core.base.spreadsheet import csv_text
from core.data import browsing, filtering
from core.data.filtering import SplitFilms, Wanted
from core.figures import parts as figures

FILMS_A_PAGE = 24
ROWS_A_PAGE = 500  # of a table without images
Key = tuple[tuple[str, int], ...]  # the files something was made of, each with its time
WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other


def summary(certificate: Mapping[str, Any]) -> None:
    """Draw what the split holds, what its audit found, and the counts of its parts."""
    st.html(f'<p class="ps-lead">{browsing.lead_sentence(certificate)}</p>')
    for failure in certificate["audit"]["failures"]:
        st.error(plain(failure))
    for warning in certificate["audit"]["warnings"]:
        st.warning(warning)
    counts = browsing.counts_table(certificate)
    grouped = {name: st.column_config.NumberColumn(format="localized") for name in counts.select_dtypes("number")}
    st.dataframe(counts, hide_index=True, column_config=grouped, key="splits.counts")
    if any("folds" in found for found in certificate["parts"].values()):
        st.caption(
            "Val has two folds: tune chooses the best epoch and the cut; certify is kept for the limit on missed cases "
            "and looked at for nothing else. Test is only ever measured."
        )


def side_by_side(dataset: str, name: str) -> None:
    """Draw whether the parts are alike in prevalence, age, findings, view and sex."""
    st.subheader("Are the parts alike?")
    drawn = _figures(_key(dataset, name), dataset, name)
    with st.grid(min_column_width=WIDTH):
        panels.draw_figure(drawn["prevalence"], key="splits.prevalence", alt="Prevalence by part")
        panels.draw_figure(drawn["ages"], key="splits.ages", alt="Age by part")
        panels.draw_figure(drawn["findings"], key="splits.findings", alt="Findings by part")
        with st.container():
            panels.draw_figure(drawn["views"], key="splits.views", alt="Views by part")
            panels.draw_figure(drawn["sexes"], key="splits.sexes", alt="Sexes by part")


def papers(dataset: str, name: str, certificate: Mapping[str, Any]) -> None:
    """Draw, folded, the certificate with its download, and what indexing left out."""
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


@st.fragment
def film_list(dataset: str, name: str) -> None:
    """Draw the filters in the sidebar and a page of the films that fit them; nothing above is drawn again."""
    account.require_still()
    films = _films(_key(dataset, name), dataset, name)
    st.subheader("Films")
    with st.sidebar:
        wanted = _wanted(films)
    rows = filtering.matching(films, wanted)
    if not rows.size:
        st.caption("No film fits these filters; take one away in the sidebar.")
        return
    a_page = FILMS_A_PAGE if films.with_images else ROWS_A_PAGE
    with st.container(horizontal=True, vertical_alignment="center"):
        kind = "" if films.with_images else "; a table only, without image files"
        st.caption(f"{len(rows):,} of {len(films):,} films{kind}", width="stretch")
        page = st.pagination(-(-len(rows) // a_page), key=f"splits.page.{hash((dataset, name, str(wanted)))}")
        st.download_button(
            "Download the list",
            lambda: csv_text(browsing.exported(films.table.iloc[rows])),
            file_name=f"{dataset}-{name}-films.csv",
            mime="text/csv",
            key="splits.list",
            help="All films that fit the filters, with everything the tables say of them.",
            on_click="ignore",
        )
    shown = films.table.iloc[rows[(page - 1) * a_page : page * a_page]]
    if films.with_images:
        _gallery(dataset, shown)
    else:
        st.dataframe(browsing.listed(shown), hide_index=True, key="splits.table")


def _gallery(dataset: str, shown: pd.DataFrame) -> None:
    picked = panels.film_gallery(shown, browsing.captions(shown), size=192, columns=8, key="splits.films")
    if picked is not None:
        film = shown[shown["image_id"] == picked].iloc[0]
        panels.film_details(film, resources.truth_table(dataset))


def _wanted(films: SplitFilms) -> Wanted:
    st.subheader("Films shown")
    search = st.text_input(
        "Film or patient",
        key="splits.search",
        icon=":material/search:",
        help="A patient's id shows that patient's films; any other text the films whose id holds it.",
        persist_state="session",
    )
    choices = {
        column: st.multiselect(title, options, key=f"splits.filter.{column}", persist_state="session")
        for column, title, options in filtering.choices(films)
    }
    ranges = {}
    for column, title, low, high in filtering.ranges(films):
        found = st.slider(
            title,
            low,
            high,
            (low, high),
            key=f"splits.range.{column}.{low}.{high}",
            help="A narrower range leaves out films of which this is not known.",
            persist_state="session",
        )
        if found != (low, high):
            ranges[column] = found
    order = st.selectbox(
        "Order",
        list(filtering.ORDERS),
        format_func=lambda order: filtering.ORDERS[order],
        key="splits.order",
        persist_state="session",
    )
    return Wanted(choices=choices, ranges=ranges, search=search, order=order)


def _key(dataset: str, name: str) -> Key:
    """Return where a split and its data set lie, and the times of their files."""
    place = resources.workspace()
    parts = place.split(dataset, name)
    paths = (place.radiographs(dataset), parts, parts.with_suffix(".json"))
    return tuple((str(path), path.stat().st_mtime_ns) for path in paths)


@st.cache_resource(max_entries=4, show_spinner=False)
def _films(key: Key, _dataset: str, _name: str) -> SplitFilms:
    parts = files.read_parquet(resources.workspace().split(_dataset, _name))  # kept once, in the films
    return filtering.prepared(resources.radiographs(_dataset), parts)


@st.cache_resource(max_entries=16, show_spinner=False)
def _figures(key: Key, _dataset: str, _name: str) -> dict[str, go.Figure]:
    films = _films(key, _dataset, _name)
    return {
        "prevalence": figures.prevalence(resources.certificate(_dataset, _name)),
        "ages": figures.ages(filtering.ages_by_part(films)),
        "findings": figures.findings(filtering.counts_by_part(films, "findings"), filtering.films_by_part(films)),
        "views": figures.shares(filtering.counts_by_part(films, "view"), title="View"),
        "sexes": figures.shares(filtering.counts_by_part(films, "sex"), title="Sex"),
    }
