"""The pages in their groups."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.base.paths import ROOT

PAGES = ROOT / "pages"

GROUPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Read": (("worklist", "Worklist", ":material/view_list:"),),
    "Research": (
        ("splits", "Splits", ":material/call_split:"),
        ("compare", "Compare", ":material/monitoring:"),
        ("uncertainty", "Uncertainty", ":material/blur_on:"),
    ),
    "Run": (("overview", "Overview", ":material/home:"), ("training", "Training", ":material/model_training:")),
}


def pages() -> dict[str, list[st.Page]]:
    """Return the pages by group, in the order of the navigation."""
    return {
        group: [
            st.Page(PAGES / f"{name}.py", title=title, icon=icon, url_path=name, default=name == "overview")
            for name, title, icon in entries
        ]
        for group, entries in GROUPS.items()
    }


def sidebar(name: str) -> Literal["collapsed", "auto"]:
    """Return how a page's sidebar stands until somebody opens or closes it: closed where films are read.

    Args:
        name: Of the page, as in its address.
    """
    return "collapsed" if name in {page for page, _, _ in GROUPS["Read"]} else "auto"


def link(name: str, label: str) -> None:
    """Draw a link to a page of this dashboard."""
    st.page_link(PAGES / f"{name}.py", label=label)


def case_link(image_id: str, label: str, *, checkpoint: str, dataset: str, split: str, part: str) -> None:
    """Draw a link that opens one case on the page Uncertainty; its address can be kept.

    Args:
        image_id: The film.
        label: What the link says.
        checkpoint: Whose predictions are shown.
        dataset: Where the film stands, as are `split` and `part`.
        split: See `dataset`.
        part: See `dataset`.
    """
    place = {"checkpoint": checkpoint, "dataset": dataset, "split": split, "part": part, "case": image_id}
    st.page_link(PAGES / "uncertainty.py", label=label, icon="", help="", width="stretch", query_params=place)
