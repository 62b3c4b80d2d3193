"""What the reading desk is given: the case as its reader may see it, the films to fetch, what was saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from app import navigation, reading, reading_counterfactual, resources, state, uncertainty_maps, viewer
from app.reading_counterfactual import OnDesk
from core.base.errors import InputError
from core.data import browsing
from core.figures import heat_map
from core.figures.palette import SHAPES, ZONES
from core.review import practice, progress, words
from core.review.read_store import ADJUDICATOR
from core.review.reading_list import PRACTICE, ReadingList
from core.review.reads import CaseView, case_view
from core.triage import chosen_films

AHEAD = 2  # films fetched before they are asked for
MOST_PRIORS = 5
OPACITY = 0.45
KEYS = (  # of the answer panel, for the viewer's help
    ("Left, right arrow", "choose the side of the screen (left is the patient's right)"),
    ("0 to 4", "grade the chosen side"),
    ("N", "none on both sides"),
    ("Enter", "save, keep, or go on"),
    ("E", "change the answer"),
    ("M", "more about the model"),
    ("Page down, up", "next, previous film of the list"),
)
UNREADABLE = (
    "The image of this case cannot be read as it was indexed; run `python -m core index` again. PageDown goes on."
)


def draw(found: ReadingList, reader: str, image_id: str) -> None:
    """Draw the desk with one case, then hand the films of this case and of the next ones to the browser."""
    states = progress.states(resources.reads().of_worklist(found.worklist.name), reader, found)
    ahead = progress.next_to_do(states, image_id, count=AHEAD)
    meta, films, made = about(found, reader, image_id, states)
    viewer.desk(meta, key=reading.DESK, on_message=lambda: reading.on_message(found, reader))
    for name in dict.fromkeys([*films, *ahead]):
        row = found.row(name)
        pixels = resources.film_pixels(row)
        if pixels is not None:
            again = state.LACKING.get().get(row["sha256"], 0)
            viewer.film(pixels, key=f"review.film.{row['sha256']}.{again}")
    if made.film is not None and made.pixels is not None:
        again = state.LACKING.get().get(made.film["sha256"], 0)
        viewer.film(made.pixels, key=f"review.film.{made.film['sha256']}.{again}")


def about(
    found: ReadingList, reader: str, image_id: str, states: Mapping[str, str]
) -> tuple[dict[str, Any], list[str], OnDesk]:
    """Return what the desk is given for one case, the image ids of the films it shows, and the counterfactual.

    Args:
        found: The list.
        reader: Who reads.
        image_id: The case's film.
        states: What each case is to the reader.
    """
    name = found.names[image_id]
    view = case_view(
        reader,
        image_id,
        reads=resources.reads(),
        reading=found,
        workspace=resources.workspace(),
        more=reading.asked(reading.MORE, name),
    )
    shown = [image_id, *found.priors(image_id)[:MOST_PRIORS]]
    films = [
        film | {"window": None, "lost": _lost(found.row(one), own=one == image_id)}
        for film, one in zip(view.films, shown, strict=False)
    ]
    locked = view.locked or (UNREADABLE if films[0]["lost"] else None)
    made = reading_counterfactual.on_desk(found, view, image_id)
    heat, offer = (None, None) if view.model is None else _heat(found, view, image_id)
    meta = {
        "case": name,
        "films": films if made.film is None else [*films, made.film],  # last, so that priors keep their places
        "heat": heat,
        "side_marks": True,
        "panel": _panel(found, reader, view, image_id, states=states, offer=offer)
        | {"locked": locked, "counterfactual": made.panel},
    }
    return meta, shown, made


def _lost(row: Mapping[str, Any], *, own: bool) -> bool:
    """Tell whether a film's file cannot be shown; a prior is not decoded for this, since the desk waits meanwhile."""
    return resources.film_pixels(row) is None if own else pd.isna(row["path"]) or not Path(row["path"]).exists()


def _panel(
    found: ReadingList,
    reader: str,
    view: CaseView,
    image_id: str,
    *,
    states: Mapping[str, str],
    offer: dict[str, Any] | None,
) -> dict[str, Any]:
    order = list(states)
    at = order.index(image_id)
    left = sum(one in (progress.TO_READ, progress.ADJUDICATE) for one in states.values())
    practising = found.worklist.purpose == PRACTICE
    model = None
    if view.model is not None:
        more = view.model["more"]
        model = view.model | {"heat": offer, "more": None if more is None else _drawer(found, image_id, more)}
    truths = []
    if practising:
        truths = practice.truth_lines(view, image_id, found, resources.truth_table(found.worklist.dataset))
    saved = state.SAVED.get()
    zone = view.zone
    return {
        "case": view.case,
        "reader": reader,
        "stage": view.stage,
        "mode": found.worklist.read_mode,
        "practice": practising,
        "adjudicating": view.role == ADJUDICATOR,
        "role": view.role,
        "expected": view.expected,
        "bar": {
            "position": f"{at + 1} of {len(order)}",
            "id": view.image_id,
            "facts": view.facts,
            "chip": view.chip,
        },
        "zone": None if zone is None else {"word": zone, "shape": SHAPES[zone], "colour": ZONES["dark"][zone]},
        "priors": len(view.films) - 1,
        "own": view.own,
        "first": view.first,
        "model": model,
        "others": view.others,
        "truth": {"lines": truths} if truths else None,
        "saved": saved if saved is not None and saved["worklist"] == found.worklist.name else None,
        "refused": state.REFUSED.get(),
        "next": at + 1 < len(order) or left > 0,
        "previous": at > 0,
        "left": left,
        "notice": words.NOTICE,
        "keys": KEYS,
    }


def _drawer(found: ReadingList, image_id: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the drawer's rows, with where the labels of similar films come from."""
    dataset, truth = found.card["dataset"], found.card["labels"]
    similar = []
    if more["similar"] and dataset in resources.dataset_names():
        truths = resources.truth_table(dataset)
        labels = truths[truths["truth"] == truth].set_index("image_id")["label"]
        called = labels.reindex(more["similar"]).map(browsing.LABEL_WORDS).fillna("unknown")
        similar = [{"words": f"{one}: {label}"} for one, label in called.items()]
    place = {name: getattr(found.worklist, name) for name in ("dataset", "split", "part")}
    shown = navigation.may_open("uncertainty") and not chosen_films.is_whole(place["split"], place["part"])
    address = navigation.research_address(image_id, checkpoint=found.worklist.checkpoint_id, **place)
    return {
        "similar": similar,
        "similar_from": f'Nearest training films; labels from "{truth}" of {dataset}',
        "signals": more["signals"],
        "link": None
        if found.worklist.purpose == PRACTICE or not shown
        else {"href": address, "words": "All that is known of this film"},
    }


def _heat(found: ReadingList, view: CaseView, image_id: str) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the heat map to draw, once it was asked for, and what the panel says of it."""
    if not reading.asked(reading.HEAT, view.case):
        return None, {"state": "offer", "sentence": None}
    try:
        maps = uncertainty_maps.explanations(
            found.card, found.worklist.dataset, found.row(image_id), cut=found.worklist.cut
        )
    except InputError as error:
        return None, {"state": "none", "sentence": str(error)}
    trusted = [one for one in maps if one.verdict == "shown"]
    if not trusted:
        withheld = max(maps, key=lambda one: one.weight or 0)
        return None, {"state": "withheld", "sentence": f"Heat map withheld: {' '.join(withheld.reasons)}"}
    best = max(trusted, key=lambda one: one.weight or 0)
    rows, columns = best.grid
    values = best.heat_map / best.heat_map.max()
    caption = f"{best.title}: {heat_map.CAPTION.format(rows=rows, columns=columns)}"
    drawn = {"rows": rows, "columns": columns, "values": values.tolist(), "opacity": OPACITY, "caption": caption}
    return drawn, {"state": "shown", "sentence": caption}


def draw_end(found: ReadingList) -> None:
    """Draw what comes when nothing is left to read."""
    name = found.worklist.name
    if found.worklist.purpose == PRACTICE:
        st.subheader("Practice round done")
        truths = resources.truth_table(found.worklist.dataset)
        reads = resources.reads().of_worklist(name)
        st.markdown(practice.result(found, truths, reads))
        st.table(practice.recap(found, truths, reads), hide_index=True)
        return
    st.subheader("Nothing is left to read for you")
    saved = state.SAVED.get()
    if saved is not None and saved["worklist"] == name:
        st.markdown(f"Saved {saved['at']}: {saved['words']}.")
        st.code(saved["sentence"], language=None, wrap_lines=True)
    st.caption(words.NOTICE)
