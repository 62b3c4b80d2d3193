"""Blocks that several pages repeat: the progress of jobs, strips of films, the choice of what is looked at."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app import account, resources, who
from app.plain import plain
from core.base.errors import InputError
from core.data import browsing, synthetic, truth
from core.figures.palette import TEXT, Theme
from core.jobs import worker
from core.jobs.job import Job, JobProgress
from core.jobs.queue import may_stop

POLL_S = 1.0
IDLE_POLL_S = 5.0
MESSAGE_WIDTH = 100  # characters of a job's message in its line; its details have the rest
STATE_ICONS = {
    "queued": ":material/schedule:",
    "running": ":material/progress_activity:",
    "done": ":material/check:",
    "failed": ":material/error:",
    "cancelled": ":material/block:",
}


def choose_dataset(page: str) -> str | None:
    """Draw the choice of a data set in the sidebar; None, with the next step said, when there is none."""
    made = synthetic.names(resources.workspace())  # they have no split; the page Translations shows them
    names = [name for name in resources.dataset_names() if name not in made]
    if not names:
        st.info("No data set yet. The overview shows what is being made; `python -m core index --help` adds your own.")
        return None
    with st.sidebar:
        return st.selectbox("Data set", names, key=f"{page}.dataset", persist_state="session")


def choose_split(page: str, dataset: str) -> str | None:
    """Draw the choice of a split in the sidebar; None, with the next step said, when there is none for classifiers."""
    splits = resources.trainable_splits(dataset)
    if not splits:
        st.info(f"No split of {dataset} yet. {split_words(dataset)}")
        return None
    with st.sidebar:
        return st.selectbox("Split", splits, key=f"{page}.split", persist_state="session")


def has_labels(dataset: str) -> bool:
    """Tell whether a data set's own table knows a label, so that it can be divided as it is."""
    return bool(resources.labels(dataset, truth.REPORT).notna().any())


def split_words(dataset: str) -> str:
    """Say how a data set comes to a split: a command, or where its labels are to come from first."""
    command = f"python -m core split {dataset} --kind patient --name patient"
    if has_labels(dataset):
        return f"`{command}`"
    known = [name for name in resources.truth_names(dataset) if resources.labels(dataset, name).notna().any()]
    if not known:
        return (
            "None of its films has a label yet: take labels in by "
            f"`python -m core labels import {dataset} --csv CSV --name NAME`, such as those of readers "
            "(`python -m core review export --what labels --out CSV`), then "
            f"`{command} --labels NAME`"
        )
    names = f" (or another of {', '.join(known)})" if len(known) > 1 else ""
    return f"`{command} --labels {known[0]}`{names}; train on it with the same `--labels`."


def choose_truth(page: str, dataset: str) -> str:
    """Draw the choice of the source of labels that count as right in the sidebar."""
    with st.sidebar:
        return st.selectbox(
            "Reference standard",
            resources.truth_names(dataset),
            key=f"{page}.truth",
            persist_state="session",
            help="Where the labels come from that count as right: the report, or a named truth.",
        )


def theme() -> Theme:
    """Return what figures stand on: the theme that this reader's browser shows."""
    return "dark" if st.context.theme.type == "dark" else "light"


def draw_figure(figure: go.Figure, *, key: str, alt: str) -> None:
    """Draw a figure in the page's own text colour: the grey that Streamlit gives to figures is too faint on white.

    Args:
        figure: Of `core.figures`, made for a page.
        key: Of the element.
        alt: What it shows, for those who do not see it.
    """
    colour = TEXT[theme()]
    figure.update_layout(font_color=colour, legend_font_color=colour)
    figure.update_xaxes(tickfont_color=colour, title_font_color=colour)
    figure.update_yaxes(tickfont_color=colour, title_font_color=colour)
    st.plotly_chart(figure, key=key, alt=alt)


def live(draw: Callable[[], None], *, key: str) -> None:
    """Run `draw` again and again while jobs are unfinished, and the whole page once when the last has ended.

    Where nothing is to be done it looks now and then whether another session has filed a job.
    """
    busy = bool(resources.queue().unfinished())

    def body() -> None:
        account.require_still()
        unfinished = resources.queue().unfinished()
        if unfinished and not worker.is_running(resources.workspace()):
            worker.ensure_running(resources.workspace())
        draw()
        if busy != bool(unfinished):
            st.rerun()

    st.fragment(body, run_every=POLL_S if busy else IDLE_POLL_S, key=key)()


def job_line(job: Job, *, page: str, actions: Callable[[], None] | None = None) -> None:
    """Draw one job: its state, how far it is, and the button that fits.

    Args:
        job: The job.
        page: Where the line stands; the buttons' keys begin with it.
        actions: Draws further buttons, after the one that fits.
    """
    progress = resources.queue().progress(job.job_id) if job.state == "running" else None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{STATE_ICONS[job.state]} **{plain(job.title)}**", width="content")
        st.caption(f"job {job.job_id} · {plain(_words(job))}", width="stretch")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):  # they wrap together
            own = may_stop(job, who.acts())
            if not job.finished and own:
                st.button(
                    "Stopping" if job.cancel_asked else "Cancel",
                    key=f"{page}.cancel.{job.job_id}",
                    disabled=job.cancel_asked,
                    on_click=_cancel,
                    args=(job.job_id,),
                )
            elif own and job.state in ("failed", "cancelled"):
                again = "Retry" if job.state == "failed" else "Resume"
                st.button(again, key=f"{page}.resume.{job.job_id}", on_click=_resume, args=(job.job_id,))
            if actions is not None:
                actions()
    if progress is not None:
        st.progress(progress.share, text=plain(progress_text(progress)))


def steps(jobs: Sequence[Job]) -> None:
    """Draw the steps of a study close together, each with its state, and how far the running one is."""
    lines = [f"{STATE_ICONS[job.state]} {plain(job.title)} :gray[{plain(_words(job))}]" for job in jobs]
    st.markdown(":small[" + "]  \n:small[".join(lines) + "]")
    for job in jobs:
        progress = resources.queue().progress(job.job_id) if job.state == "running" else None
        if progress is not None:
            st.progress(progress.share, text=plain(progress_text(progress)))


def progress_text(progress: JobProgress) -> str:
    """Say how far a job is, how fast it goes and how long it will still take."""
    parts = [progress.stage]
    if progress.total:
        parts.append(f"{progress.done} of {progress.total} {progress.unit}")
    if progress.rate_per_s:
        rate = f"{progress.rate_per_s:.0f}" if progress.rate_per_s >= 10 else f"{progress.rate_per_s:.2g}"
        parts.append(f"{rate} a second")
    if progress.left_s:
        parts.append(f"{duration(progress.left_s)} left")
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """Say a duration in words.

    Examples:
        >>> duration(42), duration(95), duration(8000)
        ('42 s', '1 min 35 s', '2 h 13 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def triage_command(
    checkpoint: str, dataset: str, split: str, *, part: str = "test", budget: float = 0.2, name: str = "NAME"
) -> str:
    """Return the command that makes a worklist by a budget, a share in [0, 1]."""
    place = f"--dataset {dataset} --split {split} --part {part}"
    return f"python -m core triage {checkpoint} {place} --budget {budget:g} --worklist {name}"


def film_gallery(films: pd.DataFrame, captions: Sequence[str], *, size: int, columns: int, key: str) -> str | None:
    """Draw films in a grid, each marked with its kind; return the image id whose details were asked for."""
    picked = None
    with st.grid(columns=columns, gap="small", key=key):
        for film, caption in zip(films.to_dict("records"), captions, strict=True):
            with st.container(gap="xsmall"):
                picture = resources.thumbnail(film, size=size)
                if picture is None:
                    st.caption("No image file")
                else:
                    st.image(picture, width="stretch", alt=f"Film {film['image_id']}: {caption}")
                st.caption(plain(caption))
                if st.button("Details", key=f"{key}.{film['image_id']}", type="tertiary"):
                    picked = film["image_id"]
    return picked


@st.dialog("Film", width="large", position="right")
def film_details(film: pd.Series, truths: pd.DataFrame) -> None:
    """Show one film large, with everything the tables say of it."""
    st.subheader(plain(film["image_id"]))
    picture = resources.thumbnail(film.to_dict(), size=512)
    if picture is not None:
        st.image(picture, width=512, alt=f"Film {film['image_id']}")
    st.dataframe(browsing.details(film), hide_index=True, height="content")
    own = truths[truths["image_id"] == film["image_id"]]
    st.caption("What each source of labels says")
    st.dataframe(browsing.truth_words(own), hide_index=True, height="content")


def _words(job: Job) -> str:
    if not job.finished and not worker.is_running(resources.workspace()):
        return f"{job.state}, but no worker is at work; one starts by itself within seconds"
    if job.state == "done" and job.started_at and job.ended_at:
        ended = time.strftime("%H:%M", time.localtime(job.ended_at))
        return f"done in {duration(job.ended_at - job.started_at)}, at {ended}"
    if job.message:
        message = textwrap.shorten(job.message, MESSAGE_WIDTH, placeholder=" …")
        return message if message.lower().startswith(job.state) else f"{job.state}: {message}"
    return "asked to stop; it saves first" if job.cancel_asked else job.state


def _cancel(job_id: int) -> None:
    act(lambda: resources.queue().cancel(job_id, by=who.acts()))


def _resume(job_id: int) -> None:
    act(lambda: resources.queue().resume(job_id, by=who.acts()))
    worker.ensure_running(resources.workspace())


def act(action: Callable[[], object]) -> None:
    """Do something on a click, and say in a toast why where it is refused: a job has ended, a session was locked."""
    try:
        action()
    except InputError as error:
        st.toast(plain(error))
