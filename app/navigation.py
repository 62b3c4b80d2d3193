"""The pages in their groups."""

from __future__ import annotations

import streamlit as st

from core.base.paths import ROOT

PAGES = ROOT / "pages"

GROUPS = {
    "Run": (("overview", "Overview", ":material/home:"), ("training", "Training", ":material/model_training:")),
    "Research": (("splits", "Splits", ":material/call_split:"), ("compare", "Compare", ":material/monitoring:")),
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


def link(name: str, label: str) -> None:
    """Draw a link to a page of this dashboard."""
    st.page_link(PAGES / f"{name}.py", label=label)
