"""Pictures of one translation beside each other, with linked zoom and a swipe; all gestures stay in the browser.

The pictures come finished, their marks drawn in. Where they lie is reckoned by the reading desk's own `view.js`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from app.viewer.component import FOLDER, joined

_mount = st.components.v2.component(
    "pleurascope_pair",
    css=(FOLDER / "pair.css").read_text(encoding="utf-8"),
    js=joined([FOLDER / "js" / "view.js", FOLDER / "pair.js"]),
)


@dataclass(frozen=True, kw_only=True)
class Legend:
    """What the colours of a picture stand for, from one end to the other."""

    colours: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Pane:
    """One picture with its words."""

    title: str
    note: str
    picture: bytes
    """A square PNG or JPEG, its marks drawn in."""
    alt: str
    mark: str | None
    """The mark that is drawn in; it is drawn again where zoom or swipe leave it out of sight."""
    legend: Legend | None = None


def pair(panes: Sequence[Pane], *, name: str, key: str) -> None:
    """Mount pictures of equal size; the first two of them can be swiped over each other.

    Args:
        panes: Two or more.
        name: Of what is shown: under another name zoom and place start anew.
        key: Of the element on this page.
    """
    sent = [
        {
            "title": pane.title,
            "note": pane.note,
            "alt": pane.alt,
            "mark": pane.mark,
            "src": f"data:image/png;base64,{base64.b64encode(pane.picture).decode()}",
            "legend": None if pane.legend is None else asdict(pane.legend),
        }
        for pane in panes
    ]
    _mount(data={"name": name, "panes": sent}, key=key)
