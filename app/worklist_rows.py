"""The rows of the worklist page: a film, its zone by shape and word, and why it is listed; each opens its case."""

from __future__ import annotations

import base64
from collections.abc import Mapping
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
STATE = "to read"


def draw(listing: Listing, films: pd.DataFrame, *, now: float) -> None:
    """Draw films as rows under a header; a click, or Enter on a row that has the focus, opens the case.

    Args:
        listing: The worklist they stand in.
        films: The rows of its films that are seen, in their order.
        now: Seconds since 1970, from which the waiting is counted.
    """
    place = {name: getattr(listing.worklist, name) for name in ("dataset", "split", "part")}
    waiting = waited(now - listing.worklist.created_at)
    with st.container(key="worklist-rows", gap=None):
        st.html(header(listing.policy.cut))
        for number, case in enumerate(films.to_dict("records")):
            probability = first_cases.two_digits(case["probability"], cut=listing.policy.cut)
            picture = resources.thumbnail(case, size=FILM)
            with st.container(key=f"worklist-row-{number}", gap=None):
                st.html(
                    row(
                        case,
                        picture=picture,
                        probability=probability,
                        reason=reasons.short(case, listing.policy),
                        waiting=waiting,
                    )
                )
                navigation.case_link(
                    case["image_id"],
                    f"Open {case['image_id']}: {case['zone']}, probability {probability}",
                    checkpoint=listing.worklist.checkpoint_id,
                    **place,
                )


def header(cut: float) -> str:
    """Return the header of the rows, with the cut that probabilities are held against."""
    titles = ("Film", "Zone", f"Probability (cut&nbsp;{cut:.2f})", "First reason", "View, sex, age")
    cells = (*titles, "Follow-up, priors", "Waiting", "State")
    return '<div class="ps-row ps-row-header">' + "".join(f"<span>{cell}</span>" for cell in cells) + "</div>"


def row(case: Mapping[str, Any], *, picture: bytes | None, probability: str, reason: str, waiting: str) -> str:
    """Return one row as HTML.

    Args:
        case: A row of the listing's films.
        picture: The film as JPEG; None where there is no file.
        probability: In two digits.
        reason: The first one, at most 60 characters.
        waiting: Since when.
    """
    zone = case["zone"]
    colour = f"light-dark({ZONES['light'][zone]}, {ZONES['dark'][zone]})"
    film = "<small>no image</small>"
    if picture is not None:
        content = base64.b64encode(picture).decode()
        film = f'<img src="data:image/jpeg;base64,{content}" alt="Film {escape(str(case["image_id"]))}">'
    cells = (
        f'<span class="ps-row-film">{film}</span>',
        f'<span class="ps-row-zone" style="color: {colour}"><b aria-hidden="true">{SHAPES[zone]}</b> {zone}</span>',
        f"<span>{probability}</span>",
        f"<span>{escape(reason)}</span>",
        f"<span>{escape(person(case))}</span>",
        f"<span>{escape(history(case)).replace(' prior', '&nbsp;prior')}</span>",
        f"<span>{waiting}</span>",
        f"<span>{STATE}</span>",
    )
    return '<div class="ps-row">' + "".join(cells) + "</div>"


def person(case: Mapping[str, Any]) -> str:
    """Say view, sex and age, as far as they are known.

    Examples:
        >>> person({"view": "AP", "sex": None, "age_years": 54.0})
        'AP · 54 y'
    """
    known = [str(case[name]) for name in ("view", "sex") if not pd.isna(case[name])]
    if not pd.isna(case["age_years"]):
        known.append(f"{case['age_years']:.0f} y")
    return " · ".join(known) or "unknown"


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
