"""The curves of the trainings that the reader chooses: one in full, or several of one kind laid over each other."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app import panels, resources, state, training_kinds, training_samples
from core.figures import training as figures
from core.figures import training_steps as steps
from core.figures import training_strip
from core.figures.training_lines import STEP, Run
from core.synthesis.config import CYCLEGAN, ORIGIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.jobs.job import Job

RUNS_OFFERED = 100
WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other
CHOICE = "training.runs"
OF_ORIGIN = (
    "It tells synthetic images from films, so near 0.5 is what the images are hoped to give. Tune chose the epoch and "
    "is small; the page Translations shows what the realism report measures on other films, with intervals."
)


def is_training(job: Job) -> bool:
    """Tell whether a job trains a network, with options that can be shown."""
    return job.arguments[:1] == ["train"] and job.config is not None


def draw(jobs: Sequence[Job]) -> None:
    """Draw the curves of one run, or of several laid over each other.

    Args:
        jobs: The newest first.
    """
    trainings = [job for job in jobs if is_training(job) and job.started_at]
    if not trainings:
        return
    st.subheader("Curves")
    chosen = _choose_runs(trainings[:RUNS_OFFERED])
    runs = [Run(name=_name(job), model=_option(job, "model"), history=_history(job)) for job in chosen]
    begun = [run for run in runs if not run.history.empty]
    for job, run in zip(chosen, runs, strict=True):
        if run.history.empty:
            st.caption(f"{run.name}: {_nothing_yet(job)}.")
    if not begun:
        return
    task = _task(chosen[0])
    if task == CYCLEGAN:
        _draw_translators(begun)
    else:
        _draw_classifiers(begun, of_origin=task == ORIGIN)
    if len(chosen) == 1 and task == CYCLEGAN:
        training_samples.draw(chosen[0])
    if len({(_option(job, "split"), _option(job, "labels")) for job in chosen}) > 1:
        st.caption("These runs have different splits or labels: their curves are measured on different films.")


def _draw_classifiers(runs: Sequence[Run], *, of_origin: bool) -> None:
    alone = runs[0].history if len(runs) == 1 else None
    with st.grid(min_column_width=WIDTH):
        loss = figures.losses_of_runs(runs) if alone is None else figures.loss_curves(alone)
        panels.draw_figure(loss, key="training.loss", alt="Loss by epoch")
        auroc = figures.aurocs_of_runs(runs) if alone is None else figures.auroc_curve(alone)
        panels.draw_figure(auroc, key="training.auroc", alt="AUROC on tune by epoch")
        if any(figures.learns_quality(run.history) for run in runs):
            quality = figures.quality_errors_of_runs(runs)
            panels.draw_figure(quality, key="training.quality", alt="Error of the image-quality grade on tune by epoch")
    if alone is not None:
        st.caption(figures.learning_caption(alone))
    elif not of_origin:
        st.caption(figures.comparing_caption(runs))
    if of_origin:
        st.caption(OF_ORIGIN)


def _draw_translators(runs: Sequence[Run]) -> None:
    """Draw likeness to films first, which says when to stop, then the losses, which do not."""
    alone = runs[0].history if len(runs) == 1 else None
    if alone is None:
        st.caption(steps.COMPARING)
    with st.grid(min_column_width=WIDTH):
        if alone is None:
            for measure, way in product(steps.CALLED, steps.TOWARDS):
                title = f"{training_strip.CURVES[measure]} {steps.TOWARDS[way]} by step"
                drawn = steps.likenesses_of_runs(runs, measure, way)
                panels.draw_figure(drawn, key=f"training.{measure}.{way}", alt=title)
            panels.draw_figure(steps.kept_of_runs(runs), key="training.kept", alt="Change there and back by step")
            return
        for measure, title in training_strip.CURVES.items():
            drawn = training_strip.curve(alone, measure)
            panels.draw_figure(drawn, key=f"training.{measure}", alt=f"{title} by step, both ways")
        panels.draw_figure(steps.kept_losses(alone), key="training.kept", alt="Losses of there and back by step")
        panels.draw_figure(steps.adversarial_losses(alone), key="training.against", alt="Adversarial losses by step")
    st.caption(steps.stepping_caption(alone))
    words = (steps.still_falling(alone), training_strip.conclusion(alone), steps.LOSSES_DO_NOT_TELL)
    st.caption(" ".join(one for one in words if one))


def _choose_runs(trainings: Sequence[Job]) -> list[Job]:
    """Draw the choice of runs; as long as nobody chose, the running one, or else the newest, is shown.

    Runs of different kinds or on different data sets never share an axis, so only those like the
    first one are offered.
    """
    jobs = {job.job_id: job for job in trainings}
    watched = next((job for job in trainings if job.state == "running"), trainings[0])
    chosen = [job_id for job_id in st.session_state.get(CHOICE, []) if job_id in jobs]
    if not state.RUNS_CHOSEN.get():
        chosen = [watched.job_id]
    alike = _axis(jobs[chosen[0]]) if chosen else None
    offered = {job_id: _name(job) for job_id, job in jobs.items() if alike is None or _axis(job) == alike}
    chosen = [job_id for job_id in chosen if job_id in offered]
    if st.session_state.get(CHOICE) != chosen:
        st.session_state[CHOICE] = chosen
    st.multiselect(
        "Runs laid over each other",
        list(offered),
        format_func=lambda job_id: offered.get(job_id, str(job_id)),
        key=CHOICE,
        persist_state="session",
        on_change=state.RUNS_CHOSEN.set,
        args=(True,),
        help="Only runs of one kind on one data set are offered at a time; take all away to choose others.",
    )
    if len(offered) < len(jobs):
        others = len(jobs) - len(offered)
        st.caption(f"{others} of another kind or data set: take all away to choose from them.")
    # Of those chosen at once from all that was offered, only what shares the first one's axis.
    found = [jobs[job_id] for job_id in st.session_state[CHOICE]]
    return [job for job in found if _axis(job) == _axis(found[0])]


def _nothing_yet(job: Job) -> str:
    if _task(job) == CYCLEGAN:
        every = _option(job, "sample_every_steps")
        return "no step was looked at" if job.finished else f"the first point appears at step {every:,}"
    return "no epoch was done" if job.finished else "the first point appears when the first epoch is done"


def _history(job: Job) -> pd.DataFrame:
    """Return a row an epoch, or a look; of one that was learnt again after a stop, and of all after it, the last."""
    kept: list[dict[str, Any]] = []
    for row in resources.queue().history(job.job_id):
        along = STEP if STEP in row else "epoch"
        while kept and kept[-1][along] >= row[along]:
            kept.pop()
        kept.append(row)
    return pd.DataFrame(kept)


def _name(job: Job) -> str:
    model, size = _option(job, "model"), _option(job, "image_size")
    what = f", {size} px" if size is not None else ""
    return f"{training_kinds.TITLES.get(model, model)}{what}, job {job.job_id}"


def _axis(job: Job) -> tuple[str, Any]:
    return _task(job), training_kinds.learnt(job.config or {})


def _task(job: Job) -> str:
    return training_kinds.task(job.config or {})


def _option(job: Job, name: str) -> Any:  # noqa: ANN401 (whatever the option holds)
    return (job.config or {}).get(name)
