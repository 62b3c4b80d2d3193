"""What the page Audit shows of replays: the form that files one, and what the last ones found."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import panels, resources, who
from app.plain import plain
from core.base.errors import InputError
from core.jobs import worker
from core.jobs.job import Job

ENTRY = "audit.replay.entry"
SHOWN = 3
WORDS = ["review", "replay"]
MEANING = (
    "A read is computed anew, from the film's file, the weights and the calibration as they are now to the probability "
    "that its reader was shown; what is no longer as it was is named."
)


def draw() -> None:
    """Draw the form, and below it the last replays, followed while one runs."""
    st.caption(MEANING)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input("Entry", min_value=1, value=None, step=1, key=ENTRY, placeholder="the newest reads", width=180)
        asked = st.button("Replay", key="audit.replay", icon=":material/replay:")
    if asked:
        _file(st.session_state[ENTRY])
    panels.live(_draw_last, key="audit.replays")


def _file(entry: int | None) -> None:
    what = "the newest reads" if entry is None else f"entry {entry:,}"
    words = WORDS if entry is None else [*WORDS, str(entry)]
    try:
        resources.queue().file(f"Replay {what}", words, by=who.acts())
    except InputError as error:
        st.error(plain(error))
        return
    worker.ensure_running(resources.workspace())


def _draw_last() -> None:
    for job in [one for one in resources.queue().newest(limit=200) if one.arguments[:2] == WORDS][:SHOWN]:
        panels.job_line(job, page="audit.replay")
        for line in _found(job):
            st.caption(plain(line))


def _found(job: Job) -> list[str]:
    if job.state == "failed":
        return [job.message or ""]
    return [line for one in (job.made or {}).get("replays", []) for line in _lines(one)]


def _lines(one: dict[str, Any]) -> list[str]:
    head = f"Entry {one['entry_id']}, {one['action']}: "
    if one["not_replayed"] is not None:
        return [f"{head}nothing to compute anew, {one['not_replayed']}."]
    if one["same"]:
        return [f"{head}the same."]
    return [f"{head}changed.", *one["changed"]]
