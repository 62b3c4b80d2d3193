"""What stands round every page: logo, style, data chip, the line at the foot."""

from __future__ import annotations

import streamlit as st

from app import account, idle, resources, state, who
from core.base.paths import ROOT

ASSETS = ROOT / "assets"


def draw(*, login: bool, inside: bool) -> None:
    """Draw the frame; called once a run, before the page.

    Args:
        login: Whether a login is configured, so that names are not self-declared.
        inside: Whether pages may be drawn; before the door stands what is everybody's to see.
    """
    st.logo(ASSETS / "logo.svg", size="large")
    st.html(ASSETS / "style.css")
    if inside:
        with st.container(key="frame-chip", horizontal=True, vertical_alignment="center", width="content"):
            if not login:
                who.remember()
            _draw_reader(login=login)
            st.html(_chip(resources.sources()), width="content")
    with st.container(key="frame-foot", gap=None):
        if login and inside:
            idle.watch()
        st.html(ASSETS / "disclaimer.html")


def _draw_reader(*, login: bool) -> None:
    reader = state.READER.get()
    if reader is None:
        return
    with st.popover(reader, key="frame-reader", type="tertiary", icon=":material/person:", wrap=False):
        if login:
            st.caption(f"Signed in with the role {account.role_of(reader)}. A worklist names you as {reader}.")
            st.button("Sign out", key="frame.leave", on_click=who.sign_out)
        else:
            st.caption("Self-declared: nobody checks names on this machine.")
            st.button("Somebody else reads", key="frame.leave", on_click=who.leave)


def _chip(sources: set[str]) -> str:
    """Say what kinds of image this workspace holds; hatched as soon as any of them is not a real film."""
    if not sources:
        return '<span class="ps-chip ps-chip-plain">NO DATA YET</span>'
    words = {"phantom": "PHANTOMS", "synthetic": "GENERATED", "real": "REAL FILMS"}
    text = " + ".join(words[source] for source in ("phantom", "synthetic", "real") if source in sources)
    plain = " ps-chip-plain" if sources == {"real"} else ""
    return f'<span class="ps-chip{plain}">{text}</span>'
