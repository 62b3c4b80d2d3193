"""Heat maps of one case, for research: off until asked for; one that is withheld can be opened all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from app import resources
from app.plain import plain
from core.base.errors import InputError
from core.data import thumbnails
from core.evaluation import localisation
from core.figures import heat_map
from core.inference import own_calls
from core.triage.evidence import Evidence

if TYPE_CHECKING:
    from core.inference.explain import Explanation

SIZE = 440  # pixels
HEAT, SPREAD = "Heat map", "Uncertainty map"
MEANS = {
    HEAT: "One hue, the line at half the maximum.",
    SPREAD: "How much the heat map varies over passes with dropout: where it is strong, the map is not settled.",
}
NOWHERE = "The map does not vary at all: it is zero everywhere."


def draw(shown: Evidence, case: Mapping[str, Any]) -> None:
    """Draw the switch for the maps of a case, and the maps once it is on.

    Args:
        shown: The films the case is one of.
        case: Its row.
    """
    name = case["image_id"]
    if not st.toggle("Heat map", key=f"uncertainty.map.{shown.card['checkpoint_id']}.{name}"):
        return
    film = resources.film_pixels(case)
    if film is None:
        st.warning(f"The image of {plain(name)} cannot be read as it was indexed; run `python -m core index` again.")
        return
    which = st.segmented_control(
        "Map", [HEAT, SPREAD], default=HEAT, required=True, key="uncertainty.map_kind", label_visibility="collapsed"
    )
    try:
        with st.spinner("Loading the classifier…"):
            found = explanations(shown.card, shown.dataset, case, cut=shown.cut)
    except InputError as error:
        st.warning(plain(error))
        return
    with st.grid(min_column_width=SIZE):
        for one in found:
            with st.container():
                _draw_one(one, shown, case, film, which)
    told = localisation_words(shown)
    if told:
        st.caption(told)


def localisation_words(shown: Evidence) -> str:
    """Say how often this checkpoint's maps meet the pneumothorax, if that was measured on this part."""
    report = localisation.read(resources.workspace(), shown.card, shown.dataset, str(shown.split), str(shown.part))
    if report is None:
        return ""
    pointing, chance = (report["measures"][name] for name in ("pointing", "area_with_tolerance"))
    if pointing["value"] is None:
        return ""
    interval = ""
    if pointing["low"] is not None:
        interval = f" ({100 * pointing['low']:.0f} to {100 * pointing['high']:.0f} %)"
    return (
        f"Measured on {report['counts']['films']:,} films of {report['dataset']} {report['part']} with a known region: "
        f"the maximum of the heat map meets the pneumothorax in {100 * pointing['value']:.0f} %{interval}, by chance "
        f"in {100 * chance['value']:.0f} %."
    )


def _draw_one(one: Explanation, shown: Evidence, case: Mapping[str, Any], film: np.ndarray, which: str) -> None:
    """Draw the map of one classifier over the film's pixels `(H, W)`, or say why not."""
    weight = "" if one.weight is None else f", weight {one.weight:.2f}"
    st.markdown(f"**{one.title}{weight}**: evidence {one.target} a pneumothorax, probability {one.probability:.2f}")
    judged = {"shown": "It passed", "withheld": "Withheld, since it failed", "empty": ""}[one.verdict]
    sentences = "\n".join(f"- {reason}" for reason in one.reasons)
    st.markdown(f"{judged}:\n{sentences}" if judged else sentences)
    if one.verdict == "empty":
        return
    anyway = f"uncertainty.anyway.{one.checkpoint_id}.{case['image_id']}"
    if one.verdict == "withheld" and not st.toggle("Show it anyway (research)", key=anyway):
        return
    values = one.heat_map
    if which == SPREAD:
        try:
            values = _variation(one.checkpoint_id, str(case["sha256"]), one.cut, shown.dataset, dict(case))
        except InputError as error:  # a classifier without dropout
            st.caption(plain(error))
            return
    if not values.any():
        st.caption(NOWHERE)
        return
    rows, columns = one.grid
    mark = thumbnails.MARKS.get(case["source"])
    picture = heat_map.overlay_png(film, values, mark=mark, size=2 * SIZE)
    st.image(picture, width=SIZE, alt=f"{which} of film {case['image_id']} by {one.title}")
    st.caption(f"{heat_map.CAPTION.format(rows=rows, columns=columns)}. {MEANS[which]}")


def explanations(card: Mapping[str, Any], dataset: str, case: Mapping[str, Any], *, cut: float) -> list[Explanation]:
    """Return what moved a checkpoint on a film: one map for a classifier, one a member for an ensemble; cached.

    Args:
        card: Of the checkpoint.
        dataset: The film's.
        case: The film's row.
        cut: By which the checkpoint calls films here: a worklist's, or the one in force.

    Raises:
        InputError: If the checkpoint may not speak of such a film, or a file is gone or another.
    """
    key = (card["checkpoint_id"], card["weights_sha256"], str(case["sha256"]))
    at = own_calls.cuts(resources.workspace(), card, cut=cut)
    return _explanations(*key, tuple(at.values()), dataset, dict(case), cut)


@st.cache_resource(max_entries=16, show_spinner=False)
def _explanations(
    checkpoint_id: str,
    weights_sha256: str,
    image_sha256: str,
    cuts: tuple[float | None, ...],
    dataset: str,
    _case: dict[str, Any],
    _cut: float,
) -> list[Explanation]:
    from core.inference import explain  # torch: seconds, so only when somebody asks for a map

    place = resources.workspace()
    return explain.explanations(place, checkpoint_id, _case, dataset=dataset, cut=_cut, loaded=resources.classifier)


@st.cache_resource(max_entries=16, show_spinner="Drawing the passes…")
def _variation(
    checkpoint_id: str, image_sha256: str, cut: float | None, dataset: str, _case: dict[str, Any]
) -> np.ndarray:
    from core.inference import explain

    place = resources.workspace()
    return explain.uncertainty_map(place, checkpoint_id, _case, dataset=dataset, cut=cut, loaded=resources.classifier)
