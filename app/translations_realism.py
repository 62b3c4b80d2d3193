"""How realistic: each measure beside its control with what to conclude, and the command where nothing was measured."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from app import panels
from app.plain import plain
from core.data.synthetic import SyntheticCard
from core.evaluation.realism_report import RealismReport
from core.figures import realism as figures
from core.figures import realism_maps, realism_words

WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other
Drawn = Sequence[tuple[str, go.Figure, str]]


def draw(card: SyntheticCard, report: RealismReport | None) -> None:
    """Draw the realism report of a synthetic data set.

    Args:
        card: Of the data set.
        report: What was measured, or None.
    """
    if report is None:
        st.info(
            "Not measured yet: how far these images can be told from films, and what the network's touch gives away."
        )
        st.code(command(card), language="bash", wrap_lines=True)
        return
    if stale(card, report):
        st.warning("Measured on images of another generator; measure again:")
        st.code(command(card), language="bash", wrap_lines=True)
        st.caption(realism_words.whose(report))
    stamp = realism_words.stamp_of(report)
    _draw_figures(
        [
            ("origin", figures.origin(report, caption=stamp), realism_words.of_origin(report)),
            ("kid", figures.kid(report, caption=stamp), realism_words.of_kid(report)),
            (
                "precision_recall",
                figures.precision_recall(report, caption=stamp),
                realism_words.of_precision_recall(report),
            ),
            ("spectrum", figures.spectrum(report, caption=stamp), realism_words.of_spectrum(report)),
        ]
    )
    st.subheader("Where it changes a film")
    _draw_figures(
        [
            ("regions", figures.regions(report, caption=stamp), realism_words.of_regions(report)),
            ("change_map", realism_maps.change_map(report, caption=stamp), realism_words.of_change_map(report)),
        ]
    )
    st.subheader("What a classifier makes of it")
    st.markdown(f"- {realism_words.of_shift(report)}\n- {realism_words.of_memory(report)}")
    _draw_figures([("arms", figures.arms(report, caption=stamp), realism_words.of_arms(report))])
    maps = realism_maps.heat_maps(report, caption=stamp)
    with st.grid(min_column_width=300):
        for number, figure in enumerate(maps):
            panels.draw_figure(figure, key=f"translations.heat.{number}", alt=figure.layout.title.text)
    st.caption(realism_words.of_maps(report))
    if report.notes:
        st.markdown("**Notes**\n" + "\n".join(f"- {plain(note)}" for note in report.notes))


def stale(card: SyntheticCard, report: RealismReport) -> bool:
    """Tell whether a report speaks of images that another generator, or other weights, made."""
    return (report.generator_id, report.generator_sha256) != (card.generator_id, card.generator_sha256)


def command(card: SyntheticCard) -> str:
    """Return the command that measures the realism of a synthetic data set."""
    return f"python -m core realism {card.name} --dataset {card.dataset}"


def _draw_figures(drawn: Drawn) -> None:
    with st.grid(min_column_width=WIDTH):
        for name, figure, words in drawn:
            with st.container(gap="xsmall"):
                panels.draw_figure(figure, key=f"translations.realism.{name}", alt=figure.layout.title.text)
                st.caption(words)
