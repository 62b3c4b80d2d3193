"""Compare: which models still have to be measured, the jobs that do it, and how far they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app import panels, resources, who
from app.compare import place_words, short_name
from core.evaluation import external, points_in_force, report_store, side_by_side
from core.evaluation.report import EvaluationReport
from core.jobs import worker
from core.jobs.job import Job


def unmeasured(question: Mapping[str, str], reports: Sequence[EvaluationReport]) -> list[str]:
    """Return the checkpoints of this split, and external tables for this part, that are to be measured.

    An outdated report is shown, and is to be made again.
    """
    measured = {report.checkpoint_id for report in reports if not outdated(report)}
    place = (question["dataset"], question["split"])
    learnt = [
        card["checkpoint_id"] for card in resources.checkpoint_cards() if (card["dataset"], card["split"]) == place
    ]
    given = [
        name
        for name in external.names(resources.workspace())
        if resources.predictions(name, *place, question["part"]) is not None
    ]
    return [name for name in [*learnt, *given] if name not in measured]


def outdated(report: EvaluationReport) -> bool:
    """Tell whether a report is from before predictions, labels, the point in force or what is measured changed."""
    if set(side_by_side.TITLES) - set(report.metrics) or report_store.outdated(resources.workspace(), report):
        return True
    for card in resources.checkpoint_cards():
        if card["checkpoint_id"] == report.checkpoint_id:
            now = points_in_force.in_force(resources.workspace(), card)
            then = report.threshold
            return (None if now is None else now.value) != (None if then is None else then.value)
    return False


def draw(question: Mapping[str, str], missing: Sequence[str], reports: Sequence[EvaluationReport]) -> None:
    """Draw a button that files the jobs which make the missing predictions and reports; the jobs, once they are filed.

    Args:
        question: dataset, split, part, truth and negatives.
        missing: The models that are to be measured.
        reports: What is measured; older figures of a missing model may be among them.
    """
    filed = _filed(question, missing)
    at_work = {job.arguments[1] for job in filed if not job.finished}
    waiting = [name for name in missing if name not in at_work]
    if waiting:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_words(waiting, {report.checkpoint_id for report in reports}), width="stretch")
            st.button("Measure now", key="compare.measure", on_click=_measure, args=(dict(question), waiting))
    for job in filed:
        if job.state == "failed":
            panels.job_line(job, page="compare")
    if at_work:
        _follow(question, missing, {job.job_id for job in filed if not job.finished})


def _follow(question: Mapping[str, str], missing: Sequence[str], begun: set[int]) -> None:
    """Draw the jobs at work, and run the page again as soon as one has ended: its figures are there then."""

    def lines() -> None:
        now = [job for job in _filed(question, missing) if not job.finished]
        if {job.job_id for job in now} != begun:
            st.rerun()
        for job in now:
            panels.job_line(job, page="compare")

    panels.live(lines, key="compare.measuring")


def _words(waiting: Sequence[str], measured: set[str]) -> str:
    """Say which models are to be measured, and whether older figures stand on the page meanwhile."""
    noun = "model has" if len(waiting) == 1 else "models have"
    named = ", ".join(map(short_name, waiting))
    told = f"{len(waiting)} {noun} not been measured on this question as it is now: {named}."
    older = [name for name in waiting if name in measured]
    if not older:
        return told
    whose = "Its" if len(waiting) == 1 else f"Of {', '.join(map(short_name, older))}"
    return f"{told} {whose} older figures are shown until then."


def _steps(question: Mapping[str, str], name: str) -> dict[str, list[str]]:
    """Return the commands that measure a model, by the kind of work: its predictions, its report."""
    place = place_words(dict(question))
    return {"Predict": ["predict", name, *place[:6]], "Measure": ["evaluate", name, *place]}


def _filed(question: Mapping[str, str], missing: Sequence[str]) -> list[Job]:
    """Return the last job of each command that measures one of the models, the first filed first."""
    wanted = [words for name in missing for words in _steps(question, name).values()]
    last: dict[tuple[str, ...], Job] = {}
    for job in resources.queue().newest():
        if job.arguments in wanted:
            last.setdefault(tuple(job.arguments), job)
    return sorted(last.values(), key=lambda job: job.job_id)


def _measure(question: dict[str, str], missing: list[str]) -> None:
    panels.act(lambda: _file(question, missing))


def _file(question: dict[str, str], missing: list[str]) -> None:
    queue, part, by = resources.queue(), question["part"], who.acts()
    for name in missing:
        steps = _steps(question, name)
        if resources.predictions(name, question["dataset"], question["split"], part) is None:
            queue.file(f"Predict {part}: {short_name(name)}", steps["Predict"], by=by)
        queue.file(f"Measure {part}: {short_name(name)}", steps["Measure"], by=by)
    worker.ensure_running(resources.workspace())
