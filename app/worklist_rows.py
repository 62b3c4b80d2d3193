"""The rows of the worklist page: a film, its zone by shape and word, and why it is listed; each opens its case."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
import streamlit as st

from app import navigation, resources
from app.worklist import Listing
from core.evaluation import first_cases
from core.figures.palette import SHAPES, ZONES
from core.triage import reasons

FILM = 64  # pixels
UNKNOWN = "unknown"
TITLES = ("Film", "Zone", "Probability (cut&nbsp;{cut:.2f})", "First reason", "View, sex, age")
AFTER = ("Follow-up, priors", "Waiting", "State")
BLINDED_TITLES = ("Film", "View, sex, age", "Follow-up, priors", "State")


def draw(listing: Listing, films: pd.DataFrame, *, now: float) -> None:
    """Draw films as rows under a header; a click, or Enter on a row that has the focus, opens the case.

    Args:
        listing: The worklist they stand in.
        films: The rows of its films that are seen, as `worklist.of_reader` gave them, in their order.
        now: Seconds since 1970, from which the waiting is counted.
    """
    waiting = waited(now - listing.worklist.created_at)
    blinded = listing.reading.blinded
    titles = BLINDED_TITLES if blinded else (*TITLES, *AFTER)
    with st.container(key="worklist-rows", gap=None):
        st.html(header([title.format(cut=listing.policy.cut) for title in titles], blinded=blinded))
        for number, case in enumerate(films.to_dict("records")):
            picture = film(case, alt="Film" if blinded else f"Film {case['image_id']}")
            known = [escape(person(case)), escape(history(case)).replace(" prior", "&nbsp;prior")]
            if blinded:
                cells = [picture, *known, case["state"]]
                label = f"Open the film in row {number + 1}: {case['state']}"
            else:
                probability = first_cases.two_digits(case["probability"], cut=listing.policy.cut)
                reason = escape(reasons.short(case, listing.policy))
                cells = [picture, zone(case["zone"]), probability, reason, *known, waiting, case["state"]]
                label = f"Open {case['image_id']}: {case['zone']}, probability {probability}, {case['state']}"
            with st.container(key=f"worklist-row-{number}", gap=None):
                st.html(row(cells, blinded=blinded))
                navigation.case_link(listing.worklist.name, case["name"], label)


def header(titles: Sequence[str], *, blinded: bool) -> str:
    """Return the header of the rows."""
    return f'<div class="{_class(blinded)} ps-row-header">{_cells(titles)}</div>'


def row(cells: Sequence[str], *, blinded: bool) -> str:
    """Return one row as HTML.

    Args:
        cells: HTML of each.
        blinded: Whether it is one of the narrower rows that tell nothing of the model.
    """
    return f'<div class="{_class(blinded)}">{_cells(cells)}</div>'


def film(case: Mapping[str, Any], *, alt: str) -> str:
    """Return a film's small picture as HTML."""
    picture = resources.thumbnail(case, size=FILM)
    if picture is None:
        return '<span class="ps-row-film"><small>no image</small></span>'
    content = base64.b64encode(picture).decode()
    return f'<span class="ps-row-film"><img src="data:image/jpeg;base64,{content}" alt="{escape(alt)}"></span>'


def zone(name: str) -> str:
    """Return a zone as HTML: its shape and its word."""
    colour = f"light-dark({ZONES['light'][name]}, {ZONES['dark'][name]})"
    return f'<span class="ps-row-zone" style="color: {colour}"><b aria-hidden="true">{SHAPES[name]}</b> {name}</span>'


def _class(blinded: bool) -> str:
    return "ps-row ps-row-blinded" if blinded else "ps-row"


def _cells(cells: Sequence[str]) -> str:
    return "".join(cell if cell.startswith("<span") else f"<span>{cell}</span>" for cell in cells)


def person(case: Mapping[str, Any]) -> str:
    """Say view, sex and age, as far as they are known.

    Examples:
        >>> person({"view": "AP", "sex": None, "age_years": 54.0})
        'AP · 54 y'
    """
    known = [str(case[name]) for name in ("view", "sex") if not pd.isna(case[name])]
    if not pd.isna(case["age_years"]):
        known.append(f"{case['age_years']:.0f} y")
    return " · ".join(known) or UNKNOWN


def history(case: Mapping[str, Any]) -> str:
    """Say which film of its patient this is, and how many earlier ones are here.

    Examples:
        >>> history({"follow_up": 3, "priors": 2}), history({"follow_up": 0, "priors": 0})
        ('follow-up 3 · 2 priors', 'follow-up 0 · no prior')
    """
    known = [] if pd.isna(case["follow_up"]) else [f"follow-up {int(case['follow_up'])}"]
    count = int(case["priors"])
    return " · ".join([*known, {0: "no prior", 1: "1 prior"}.get(count, f"{count} priors")])


def waited(seconds: float) -> str:
    """Say in one unit how long something has waited.

    Examples:
        >>> waited(20), waited(600), waited(5 * 3600), waited(3 * 86400)
        ('just now', '10 min', '5 h', '3 d')
    """
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "just now"
