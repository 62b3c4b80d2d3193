"""What the training page shows: jobs with their details, and the curves of the runs that the reader chooses."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app import panels, resources, state, training_form
from core.figures import training as figures
from core.figures.training import Run
from core.jobs import worker
from core.models.registry import TITLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.training_checks import Wanted
    from core.jobs.job import Job

LISTED = 1000  # jobs at most that the page knows of
ON_A_PAGE = 10
RUNS_OFFERED = 100
WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other
LOG_LINES, LOG_ROWS = 60, 9  # read, and shown without scrolling
CHOICE = "training.runs"
MADE = {
    "checkpoint_id": "Checkpoint",
    "predictions": "Predictions",
    "report": "Report",
    "dataset": "Data set",
    "split": "Split",
}


def start(wanted: Wanted) -> None:
    """File the job that the form asks for; one that is queued or runs already is not filed twice."""
    config = None if wanted.training is None else wanted.training.to_dict()
    job = resources.queue().file(wanted.title, wanted.arguments, config=config)
    worker.ensure_running(resources.workspace())
    state.RUNS_CHOSEN.set(False)
    st.toast(f"Job {job.job_id} is in the queue.")


def draw_now() -> None:
    """Draw what runs and waits, and the curves."""
    st.subheader("Now")
    unfinished = resources.queue().unfinished()
    if not unfinished:
        st.caption("Nothing runs. The form in the sidebar starts a training.")
    for job in unfinished:
        _draw_job(job, page="training.now")
    _draw_curves()


def draw_before() -> None:
    """Draw the jobs that have ended, the newest first, ten a page."""
    ended = [job for job in resources.queue().newest(limit=LISTED) if job.finished]
    if not ended:
        return
    st.subheader("Before")
    pages = -(-len(ended) // ON_A_PAGE)
    page = min(st.session_state.get("training.page", 1), pages)
    for job in ended[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]:
        _draw_job(job, page="training.before")
    if pages > 1:
        st.pagination(pages, key="training.page")


def _draw_job(job: Job, *, page: str) -> None:
    is_open = state.OPEN_JOB.get() == job.job_id

    def actions() -> None:
        if job.finished and _is_training(job):
            st.button(
                "Train again with changes",
                key=f"{page}.again.{job.job_id}",
                on_click=training_form.fill,
                args=(job.config,),
            )
        st.button(
            "Hide details" if is_open else "Details",
            key=f"{page}.details.{job.job_id}",
            type="tertiary",
            on_click=state.OPEN_JOB.set,
            args=(None if is_open else job.job_id,),
        )

    panels.job_line(job, page=page, actions=actions)
    if is_open:
        with st.container(border=True, key=f"{page}.opened"):
            _draw_details(job, page=page)


def _draw_details(job: Job, *, page: str) -> None:
    """Draw what a job made or said, the command that does the same, its options and the end of its log."""
    if job.message:
        st.markdown(job.message)
    made = [f"{title}: **{job.made[name]}**" for name, title in MADE.items() if job.made and name in job.made]
    if made:
        st.markdown(" · ".join(made))
    name = f"job-{job.job_id}.json"
    st.caption("The same from the command line" + ("" if job.config is None else ", with the job file in that folder"))
    words = [*job.arguments, *([] if job.config is None else ["--job", name])]
    command = shlex.join(["python", "-m", "core", *words])
    st.code(command.replace(str(resources.workspace().root), "workspace"), language=None, wrap_lines=True)
    if job.config is not None:
        st.download_button(
            "Download the job file",
            json.dumps(job.config, indent=2),
            file_name=name,
            mime="application/json",
            key=f"{page}.file.{job.job_id}",
            on_click="ignore",
        )
        with st.expander("All options", key=f"{page}.options.{job.job_id}"):
            st.dataframe(_options_table(job.config), hide_index=True, height="content", key=f"{page}.table")
    # Its last line is for the worker, which reads there what was made; that stands above.
    lines = resources.queue().log(job.job_id, lines=LOG_LINES).splitlines()
    log = "\n".join(line for line in lines if not line.startswith("{"))
    if log:
        st.caption("What it printed last")
        tall = log.count("\n") >= LOG_ROWS
        st.code(log, language=None, wrap_lines=True, height=240 if tall else "content")


def _options_table(config: dict[str, Any]) -> pd.DataFrame:
    rows = [{"Option": training_form.label(name), "Name": name, "Value": str(value)} for name, value in config.items()]
    return pd.DataFrame(rows)


def _draw_curves() -> None:
    """Draw the curves of one run, or of several laid over each other."""
    trainings = [job for job in resources.queue().newest(limit=LISTED) if _is_training(job) and job.started_at]
    if not trainings:
        return
    st.subheader("Curves")
    chosen = _choose_runs(trainings[:RUNS_OFFERED])
    runs = [Run(name=_name(job), model=_option(job, "model"), history=_history(job)) for job in chosen]
    begun = [run for run in runs if not run.history.empty]
    for job, run in zip(chosen, runs, strict=True):
        if run.history.empty:
            nothing = "no epoch was done" if job.finished else "the first point appears when the first epoch is done"
            st.caption(f"{run.name}: {nothing}.")
    if not begun:
        return
    with st.grid(min_column_width=WIDTH):
        loss = figures.loss_curves(begun[0].history) if len(begun) == 1 else figures.losses_of_runs(begun)
        st.plotly_chart(loss, key="training.loss", alt="Loss by epoch")
        auroc = figures.auroc_curve(begun[0].history) if len(begun) == 1 else figures.aurocs_of_runs(begun)
        st.plotly_chart(auroc, key="training.auroc", alt="AUROC on tune by epoch")
        if any(figures.learns_quality(run.history) for run in begun):
            quality = figures.quality_errors_of_runs(begun)
            st.plotly_chart(quality, key="training.quality", alt="Error of the image-quality grade on tune by epoch")
    if len(begun) == 1:
        st.caption(figures.learning_caption(begun[0].history))
        return
    st.caption(figures.comparing_caption(begun))
    if len({(_option(job, "split"), _option(job, "labels")) for job in chosen}) > 1:
        st.caption("These runs have different splits or labels: their curves are measured on different films.")


def _choose_runs(trainings: Sequence[Job]) -> list[Job]:
    """Draw the choice of runs; as long as nobody chose, the running one, or else the newest, is shown.

    Runs on different data sets never share an axis, so only those of the first one's are offered.
    """
    jobs = {job.job_id: job for job in trainings}
    watched = next((job for job in trainings if job.state == "running"), trainings[0])
    chosen = [job_id for job_id in st.session_state.get(CHOICE, []) if job_id in jobs]
    if not state.RUNS_CHOSEN.get():
        chosen = [watched.job_id]
    dataset = _option(jobs[chosen[0]], "dataset") if chosen else None
    offered = {
        job_id: _name(job) for job_id, job in jobs.items() if dataset is None or _option(job, "dataset") == dataset
    }
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
        help="Only runs on one data set are offered at a time; take all away to choose another data set.",
    )
    return [jobs[job_id] for job_id in st.session_state[CHOICE]]


def _history(job: Job) -> pd.DataFrame:
    """Return a row an epoch; of one that was learnt again after a stop, and of all after it, what came last."""
    kept: list[dict[str, Any]] = []
    for row in resources.queue().history(job.job_id):
        while kept and kept[-1]["epoch"] >= row["epoch"]:
            kept.pop()
        kept.append(row)
    return pd.DataFrame(kept)


def _name(job: Job) -> str:
    model = _option(job, "model")
    return f"{TITLES.get(model, model)}, {_option(job, 'image_size')} px, job {job.job_id}"


def _option(job: Job, name: str) -> Any:  # noqa: ANN401 (whatever the option holds)
    return (job.config or {}).get(name)


def _is_training(job: Job) -> bool:
    return job.arguments[:1] == ["train"] and job.config is not None
