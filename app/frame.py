"""What stands round every page: logo, style, data chip, the line at the foot."""

from __future__ import annotations

import streamlit as st

from app import resources, state, who
from core.base.paths import ROOT

ASSETS = ROOT / "assets"


def draw() -> None:
    """Draw the frame; called once a run, before the page."""
    st.logo(ASSETS / "logo.svg", size="large")
    st.html(ASSETS / "style.css")
    with st.container(key="frame-chip", horizontal=True, vertical_alignment="center", width="content"):
        who.remember()
        reader = state.READER.get()
        if reader is not None:
            with st.popover(reader, key="frame-reader", type="tertiary", icon=":material/person:", wrap=False):
                st.caption("Self-declared: nobody checks names on this machine.")
                st.button("Somebody else reads", key="frame.leave", on_click=who.leave)
        st.html(_chip(resources.sources()), width="content")
    with st.container(key="frame-foot"):
        st.html(ASSETS / "disclaimer.html")


def _chip(sources: set[str]) -> str:
    """Say what kinds of image this workspace holds; hatched as soon as any of them is not a real film."""
    if not sources:
        return '<span class="ps-chip ps-chip-plain">NO DATA YET</span>'
    words = {"phantom": "PHANTOMS", "synthetic": "GENERATED", "real": "REAL FILMS"}
    text = " + ".join(words[source] for source in ("phantom", "synthetic", "real") if source in sources)
    plain = " ps-chip-plain" if sources == {"real"} else ""
    return f'<span class="ps-chip{plain}">{text}</span>'
