"""What the page Thresholds hands to its workbench: every threshold, the curves, and the films that can flip."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

import core
from app import navigation, resources
from app.thresholds import PARTS, Material, Question
from core.evaluation import points_in_force, threshold_table
from core.evaluation.operating_point import RULES
from core.figures import palette
from core.figures.style import stamp
from core.models import cards

FLIPS = 12  # thumbnails a side
THUMBNAIL = 96  # pixels
MARKS = {
    "youden": ("Youden", "Y"),
    "sensitivity-95": ("Sensitivity 95 %", "Se"),
    "specificity-95": ("Specificity 95 %", "Sp"),
}
PROPOSED = ("sensitivity", "specificity", "ppv", "npv", "f1", "mcc")


def payload(
    found: Material, question: Question, *, prevalence: float | None, films_a_day: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the workbench draws, made again only when something it is made of has changed, and the card.

    Raises:
        InputError: If the operating point in force cannot be read.
    """
    card = cards.read_card(resources.workspace(), question.checkpoint_id)
    point = points_in_force.in_force(resources.workspace(), card)
    active = None if point is None else point.value
    return _payload((*found.key, prevalence, films_a_day, active), found, question, card["model"]), card


@st.cache_data(max_entries=12, show_spinner=False)
def _payload(key: tuple[Any, ...], _found: Material, _question: Question, _model: str) -> dict[str, Any]:
    prevalence, films_a_day, active = key[-3:]
    lookup = _found.lookup
    share = lookup.prevalence if prevalence is None else prevalence
    points = ({} if active is None else {"active": active}) | _found.marks
    table = threshold_table.table(lookup, points=points.values(), prevalence=prevalence, films_a_day=films_a_day)
    rows = {name: table["threshold"].index(threshold) for name, threshold in points.items()}
    roc, precision_recall = threshold_table.light_curves(lookup.films, prevalence=share)
    words = stamp(
        dataset=f"{_question.dataset}/{_question.split}",
        part=PARTS[_question.part],
        kinds=_found.kinds,
        version=core.__version__,
        counts=_found.counted,
        truth=_question.truth,
    )
    style = palette.MODELS.get(_model, palette.OTHER)
    return {
        "id": hashlib.sha256(repr(key).encode()).hexdigest(),
        "table": table,
        "points": [_mark(name, threshold, rows[name]) for name, threshold in points.items()],
        "start": rows.get("active", rows.get("youden", threshold_table.STEPS // 2)),
        "curves": {
            "roc": {"x": roc.x.tolist(), "y": roc.y.tolist()},
            "precision_recall": {"x": precision_recall.x.tolist(), "y": precision_recall.y.tolist()},
        },
        "prevalence": share,
        "prevalence_words": f"{100 * share:.3g} %",
        "films_a_day": films_a_day,
        "flips": None if active is None else {"row": rows["active"], "films": _flips(_found, _question, active)},
        "style": {"colour": style.colour, "dash": style.dash, "width": style.width},
        "colours": {
            "quiet": palette.QUIET,
            "hairline": palette.HAIRLINE,
            "suspected": f"light-dark({palette.ZONES['light']['suspected']}, {palette.ZONES['dark']['suspected']})",
        },
        "stamp": words.replace("<b>", "").replace("</b>", "").split("<br>"),
        "truth_words": f"{_found.counted}, against {_question.truth}. Suspected: at or above the threshold.",
    }


def _mark(name: str, threshold: float, row: int) -> dict[str, Any]:
    label, glyph = MARKS.get(name, ("Cut in force", "▼"))
    title = RULES.get(name, "What worklists made now begin with")
    return {"name": name, "label": label, "glyph": glyph, "title": title, "threshold": threshold, "row": row}


def _flips(found: Material, question: Question, active: float) -> list[dict[str, Any]]:
    """Return the films that can ever be shown as flipping, in the order in which they are.

    At any threshold the first twelve are among the twelve positives and the twelve negatives
    nearest to the cut in force, on either side of it.
    """
    newly, no_longer = found.lookup.flips(active, 0.0)[0], found.lookup.flips(active, np.inf)[1]
    films = []
    for side, rows in (("newly", newly), ("no_longer", no_longer)):
        own = found.films.iloc[rows]
        nearest = pd.concat([own[own["label"] == label].head(FLIPS) for label in (1, 0)])
        films += [_flip(film, side, question) for film in nearest.to_dict("records")]
    return films


def _flip(film: Mapping[str, Any], side: str, question: Question) -> dict[str, Any]:
    picture = resources.thumbnail(film, size=THUMBNAIL)
    return {
        "side": side,
        "image_id": film["image_id"],
        "probability": film["probability"],
        "label": int(film["label"]),
        "picture": None if picture is None else "data:image/jpeg;base64," + base64.b64encode(picture).decode(),
        "address": navigation.research_address(
            film["image_id"],
            checkpoint=question.checkpoint_id,
            dataset=question.dataset,
            split=question.split,
            part=question.part,
        ),
    }


def figures(data: Mapping[str, Any], threshold: float) -> dict[str, float | None]:
    """Return what a threshold achieves, as a proposal keeps it: the values of the nearest row of the table."""
    table = data["table"]
    row = int(np.argmin(np.abs(np.asarray(table["threshold"]) - threshold)))
    found = {name: table["values"][name][row] for name in PROPOSED}
    return found | {"prevalence": data["prevalence"], "net_benefit": table["net_benefit"][row]}
