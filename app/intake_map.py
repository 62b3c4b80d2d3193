"""The heat map of a film on the page Intake: off until asked for, and withheld where it cannot be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app import resources, uncertainty_maps
from app.plain import plain
from core.base.errors import InputError
from core.data import intake, thumbnails
from core.figures import heat_map

SIZE = 320  # pixels


def draw(card: Mapping[str, Any], case: Mapping[str, Any], *, cut: float) -> None:
    """Draw the switch for a film's heat map, and the map once it is on.

    Args:
        card: Of the classifier.
        case: The film's row.
        cut: By which the classifier calls films.
    """
    if not st.toggle("Heat map", key=f"intake.map.{card['checkpoint_id']}.{case['image_id']}"):
        return
    film = resources.film_pixels(case)
    if film is None:
        st.caption("The image cannot be read any more, so there is no heat map.")
        return
    try:
        with st.spinner("Drawing the heat map…"):
            maps = uncertainty_maps.explanations(card, intake.DATASET, case, cut=cut)
    except InputError as error:
        st.warning(plain(error))
        return
    trusted = [one for one in maps if one.verdict == "shown"]
    best = max(trusted or maps, key=lambda one: one.weight or 0.0)
    told = " ".join(best.reasons)
    if all(one.verdict == "empty" for one in maps):
        st.caption(f"No heat map. {best.title}: {told}")
        return
    if not trusted:
        st.caption(f"Heat map withheld, since it cannot be trusted. {best.title}: {told}")
        return
    rows, columns = best.grid
    picture = heat_map.overlay_png(film, best.heat_map, mark=thumbnails.MARKS.get(case["source"]), size=2 * SIZE)
    st.image(picture, width=SIZE, alt=f"Heat map of film {case['image_id'][:9]} by {best.title}")
    st.caption(
        f"{best.title}, evidence {best.target} a pneumothorax. "
        f"{heat_map.CAPTION.format(rows=rows, columns=columns)}. It passed: {told}"
    )
