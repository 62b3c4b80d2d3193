"""What the training page shows: jobs with their details, and the curves of the runs that the reader chooses."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app import panels, resources, state, training_curves, training_form, training_kinds, who
from app.plain import plain
from core.jobs import worker

if TYPE_CHECKING:
    from app.training_checks import Wanted
    from core.jobs.job import Job

LISTED = 1000  # jobs at most that the page knows of
ON_A_PAGE = 10
LOG_LINES, LOG_ROWS = 60, 9  # read, and shown without scrolling
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
    job = resources.queue().file(wanted.title, wanted.arguments, by=who.acts(), config=config)
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
    training_curves.draw(resources.queue().newest(limit=LISTED))


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
        if job.finished and training_curves.is_training(job):
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
        st.markdown(plain(job.message))
    made = [f"{title}: **{plain(job.made[name])}**" for name, title in MADE.items() if job.made and name in job.made]
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
    rows = [{"Option": training_kinds.label(name), "Name": name, "Value": str(value)} for name, value in config.items()]
    return pd.DataFrame(rows)
