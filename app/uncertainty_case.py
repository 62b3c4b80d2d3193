"""One case on the page Uncertainty: film, reasons, passes, signals, and the heat map if it is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import resources
from app.uncertainty import Studied
from core.base.errors import InputError
from core.data import pixels, thumbnails
from core.evaluation import prediction_store, uncertainty
from core.figures import heat_map
from core.figures import uncertainty as figures
from core.triage import cases, reasons, signals
from core.triage.decision import Policy


def draw(studied: Studied, image_id: str, chosen: Policy) -> None:
    """Draw one case: the film, its reasons, its passes, its signals, and the heat map if asked for."""
    table = cases.cases(studied.shown, chosen)
    found = table[table["image_id"] == image_id]
    if found.empty:
        st.warning("This film is not among those shown; choose its part above.")
        return
    case = found.iloc[0].to_dict()
    st.subheader(f"Case {image_id}")
    left, right = st.columns([2, 3])
    picture = resources.thumbnail(case, size=512)
    if picture is not None:
        left.image(picture, width=360, alt=f"Film {image_id}")
    with right:
        shown = reasons.two_digits(case["probability"], cut=chosen.cut)
        st.markdown(f"**{case['zone'].capitalize()}**, probability {shown} (cut {chosen.cut:.2f})")
        for reason in reasons.of(case, chosen):
            st.markdown(f"- {reason.sentence}")
        _draw_passes(studied, image_id, chosen.cut)
    own = [
        {
            "Signal": signals.title(name),
            "Value": f"{case[signals.COLUMN + name]:.3f}",
            "About": signals.SIGNALS[name].about,
        }
        for name in signals.SIGNALS
        if np.isfinite(case[signals.COLUMN + name])
    ]
    st.dataframe(pd.DataFrame(own), hide_index=True, height="content", key="uncertainty.signals")
    if st.toggle("Heat map", key="uncertainty.heat_map"):
        _draw_maps(studied, case)


def _draw_passes(studied: Studied, image_id: str, cut: float) -> None:
    shown = studied.shown
    part = "val" if shown.part is None else shown.part
    path = resources.workspace().predictions(shown.card["checkpoint_id"], shown.dataset, shown.split, part)
    beside = path.with_suffix(prediction_store.PASSES)
    if not beside.exists():
        return
    order = resources.predictions(shown.card["checkpoint_id"], shown.dataset, str(shown.split), part)
    if order is None:
        return
    row = int(np.flatnonzero(order["image_id"] == image_id)[0])
    values = np.load(beside, mmap_mode="r", allow_pickle=False)[row]
    st.plotly_chart(figures.passes(np.asarray(values), cut=cut), key="uncertainty.passes")
    error = uncertainty.error_of_std(len(values))
    st.caption(
        f"Each of {len(values)} passes leaves other parts of the network out; the spread is known to {error:.0%}."
    )


def _draw_maps(studied: Studied, case: dict[str, Any]) -> None:
    with st.spinner("Loading the classifier"):
        from core.inference import explain  # torch: only when somebody asks for a map

        try:
            found = explain.explanations(
                resources.workspace(), studied.shown.card["checkpoint_id"], case, dataset=studied.shown.dataset
            )
        except InputError as error:
            st.warning(str(error))
            return
    for number, one in enumerate(found):
        weight = "" if one.weight is None else f", weight {one.weight:.2f}"
        st.markdown(f"**{one.title}{weight}**: evidence {one.target} a pneumothorax")
        for reason in one.reasons:
            st.markdown(f"- {reason}")
        shown = one.verdict == "shown" or (
            one.verdict == "withheld" and st.toggle("Show it anyway (research)", key=f"uncertainty.anyway.{number}")
        )
        if shown:
            picture = heat_map.overlay_png(
                pixels.read_pixels(Path(case["path"])),
                one.heat_map,
                mark=thumbnails.MARKS.get(case["source"]),
                size=512,
            )
            rows, columns = one.grid
            st.image(picture, width=512, caption=heat_map.CAPTION.format(rows=rows, columns=columns))
