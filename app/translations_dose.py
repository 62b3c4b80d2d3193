"""Does it help: a classifier by the share of synthetic films among those it learnt from, with the verdict large."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from app import panels, resources
from app.plain import plain
from core.data.synthetic import B_TO_A, SyntheticCard
from core.evaluation.dose_report import DoseReport
from core.figures import dose_response as figures
from core.models.registry import TITLES

WIDTH = 400  # pixels a figure needs; on a tablet they stand below each other
MEANING = (
    "Bars are 95 % intervals by patient for these seeds, so they say nothing of other seeds; rings are single seeds. A "
    "difference counts where its p after Holm over the doses is below 0.05."
)
CONTROL = (
    "The control arm adds as many synthetic films of both classes, so that the network's texture tells none: what it "
    "gains or loses like the doses is not owed to what a pneumothorax looks like."
)


def draw(card: SyntheticCard, reports: list[DoseReport]) -> None:
    """Draw the dose-response reports of a synthetic data set: the newest, others by choice.

    Args:
        card: Of the data set.
        reports: Newest first.
    """
    if not reports:
        if card.direction == B_TO_A:
            st.info(
                "These images show no pneumothorax, so they are no dose. They serve as the control arm of a synthetic "
                "data set of films given one: name both, joined by a comma."
            )
        else:
            st.info("Not measured yet: whether a classifier learns more with these images, the same, or less.")
        st.code(command(card), language="bash", wrap_lines=True)
        return
    report = reports[0]
    if len(reports) > 1:
        report = st.selectbox(
            "Measured as", reports, format_func=_named, key=f"translations.dose.{card.name}", width=520
        )
    st.html(f'<p class="ps-verdict">{escape(figures.verdict(report))}</p>')
    st.caption(figures.whose(report, title=TITLES.get(report.model, report.model)))
    if report.generator_id != card.generator_id:
        st.warning(f"Measured with images of another generator, {report.generator_id}; measure again.")
    with st.grid(min_column_width=WIDTH):
        for name, title in figures.MEASURES.items():
            drawn = figures.curve(report, name, caption=figures.stamp_of(report))
            panels.draw_figure(drawn, key=f"translations.dose.{name}", alt=f"{title} by dose")
    st.caption(f"{MEANING} {CONTROL}" if figures.has_control(report) else MEANING)
    st.dataframe(pd.DataFrame(figures.table(report)), hide_index=True, height="content", key="translations.doses")
    if report.notes:
        st.markdown("**Notes**\n" + "\n".join(f"- {plain(note)}" for note in report.notes))


def command(card: SyntheticCard) -> str:
    """Return the command that measures whether a synthetic data set helps."""
    splits = resources.trainable_splits(card.dataset) if card.dataset in resources.dataset_names() else []
    split = splits[0] if splits else "SPLIT"
    sets = f"SET,{card.name} --control" if card.direction == B_TO_A else card.name
    return f"python -m core dose-response --dataset {card.dataset} --split {split} --synthetic {sets}"


def _named(report: DoseReport) -> str:
    return f"{report.dataset}/{report.split}, {report.model}, {report.image_size} px, {report.created_at[:10]}"
