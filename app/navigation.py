"""The pages in their groups."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode

import streamlit as st

from core.base.paths import ROOT

PAGES = ROOT / "pages"

GROUPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "Read": (
        ("worklist", "Worklist", ":material/view_list:"),
        ("review", "Review", ":material/radiology:"),
    ),
    "Research": (
        ("splits", "Splits", ":material/call_split:"),
        ("compare", "Compare", ":material/monitoring:"),
        ("thresholds", "Thresholds", ":material/tune:"),
        ("uncertainty", "Uncertainty", ":material/blur_on:"),
        ("translations", "Translations", ":material/compare:"),
    ),
    "Run": (
        ("overview", "Overview", ":material/home:"),
        ("training", "Training", ":material/model_training:"),
        ("readers", "Readers", ":material/groups:"),
        ("audit", "Audit", ":material/fact_check:"),
    ),
}
REACHED = ("review",)  # from other pages only


def pages() -> dict[str, list[st.Page]]:
    """Return the pages by group, in the order of the navigation."""
    return {
        group: [
            st.Page(
                PAGES / f"{name}.py",
                title=title,
                icon=icon,
                url_path=name,
                default=name == "overview",
                visibility="hidden" if name in REACHED else "visible",
            )
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


def case_link(worklist: str, case: str, label: str) -> None:
    """Draw a link that opens one case of a worklist for reading; its address can be kept.

    Args:
        worklist: Name of the worklist.
        case: Its opaque name.
        label: What the link says.
    """
    place = {"worklist": worklist, "case": case}
    st.page_link(PAGES / "review.py", label=label, icon="", help="", width="stretch", query_params=place)


def open_worklist() -> None:
    """Open the page Worklist."""
    st.switch_page(PAGES / "worklist.py")


def open_review(**place: str) -> None:
    """Open the page Review.

    Args:
        place: Of its address: `worklist` and `case`, or `practice`.
    """
    st.switch_page(PAGES / "review.py", query_params=place)


def research_address(image_id: str, *, checkpoint: str, dataset: str, split: str, part: str) -> str:
    """Return the address of one case on the page Uncertainty, from the root of this dashboard.

    Args:
        image_id: The film.
        checkpoint: Whose predictions are shown.
        dataset: Where the film stands, as are `split` and `part`.
        split: See `dataset`.
        part: See `dataset`.
    """
    place = {"checkpoint": checkpoint, "dataset": dataset, "split": split, "part": part, "case": image_id}
    return f"/uncertainty?{urlencode(place)}"
