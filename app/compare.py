"""What the compare page asks and names: the question, the checkpoints it shows, what still has to be measured."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import resources
from core.evaluation.report import EvaluationReport
from core.figures.curves import Measured
from core.figures.palette import Theme
from core.jobs import worker
from core.models import cards

PARTS = {"test": "test", "val": "val (fold tune)", "train": "train"}
SHOWN = 3  # checkpoints chosen at first, the newest


def choose_question(dataset: str) -> dict[str, str] | None:
    """Draw the choice of split, part and reference standard; None when there is no split."""
    splits = resources.trainable_splits(dataset)
    if not splits:
        st.info(f"No split of {dataset} yet. `python -m core split {dataset} --kind patient --name patient`")
        return None
    with st.sidebar:
        split = st.selectbox("Split", splits, key="compare.split", persist_state="session")
        part = st.selectbox(
            "Part",
            list(PARTS),
            format_func=PARTS.__getitem__,
            key="compare.part",
            persist_state="session",
            help="Test is only ever measured. On train a classifier has seen the answers.",
        )
        truth = st.selectbox(
            "Reference standard",
            resources.truth_names(dataset),
            key="compare.truth",
            persist_state="session",
            help="Where the labels come from that count as right: the report, or a named truth.",
        )
    return {"dataset": dataset, "split": split, "part": part, "truth": truth}


def unmeasured(question: dict[str, str], reports: Sequence[EvaluationReport]) -> list[str]:
    """Return the checkpoints that learnt from this split and have no report that answers the question."""
    measured = {report.checkpoint_id for report in reports}
    return [
        card["checkpoint_id"]
        for card in resources.checkpoint_cards()
        if (card["dataset"], card["split"]) == (question["dataset"], question["split"])
        and card["checkpoint_id"] not in measured
    ]


def offer_measuring(question: dict[str, str], missing: Sequence[str]) -> None:
    """Draw a button that files the jobs which make the missing predictions and reports."""
    noun = "checkpoint has" if len(missing) == 1 else "checkpoints have"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(missing)} {noun} not been measured on this part against {question['truth']} yet.")
        st.button("Measure now", key="compare.measure", on_click=_measure, args=(question, list(missing)))


def choose_checkpoints(question: dict[str, str], reports: Sequence[EvaluationReport]) -> list[EvaluationReport]:
    """Draw the choice of checkpoints, the newest chosen at first, and return their reports."""
    names = {report.checkpoint_id: _short_name(report.checkpoint_id) for report in reports}
    if len(names) < 2:  # nothing to choose
        return list(reports)
    with st.sidebar:
        chosen = st.multiselect(
            "Checkpoints",
            list(names),
            default=list(names)[:SHOWN],
            format_func=names.__getitem__,
            key=f"compare.checkpoints.{'.'.join(question.values())}",
            persist_state="session",
        )
    return [report for report in reports if report.checkpoint_id in chosen]


def measured(reports: Sequence[EvaluationReport]) -> list[Measured]:
    """Return the reports as figures take them: with a short name and the kind of model."""
    models = {card["checkpoint_id"]: card["model"] for card in resources.checkpoint_cards()}
    return [
        Measured(
            name=_short_name(report.checkpoint_id),
            model=models.get(report.checkpoint_id, "unknown"),
            report=report,
        )
        for report in reports
    ]


def theme() -> Theme:
    """Return what figures stand on: the theme that this reader's browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def _short_name(checkpoint_id: str) -> str:
    """Return what a checkpoint is, its pixels, and the end of its id; the id alone when its folder is gone."""
    for card in resources.checkpoint_cards():
        if card["checkpoint_id"] == checkpoint_id:
            return cards.short_name(card)
    return checkpoint_id


def _measure(question: dict[str, str], missing: list[str]) -> None:
    place = ["--dataset", question["dataset"], "--split", question["split"], "--part", question["part"]]
    queue = resources.queue()
    for checkpoint in missing:
        predicted = resources.predictions(checkpoint, question["dataset"], question["split"], question["part"])
        if predicted is None:
            queue.file(f"Predict {question['part']}: {checkpoint}", ["predict", checkpoint, *place])
        queue.file(
            f"Measure {question['part']}: {checkpoint}", ["evaluate", checkpoint, *place, "--truth", question["truth"]]
        )
    worker.ensure_running(resources.workspace())
