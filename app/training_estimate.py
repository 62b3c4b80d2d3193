"""How long the training in the form will take here, said before it starts; measured by itself where it is not known."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from app import account, resources, state
from app.panels import POLL_S
from core.training import estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.base.config import Config
    from core.jobs.job import Job
    from core.training.estimate import Speed

LOG_LINES = 10


def draw(config: Config) -> None:
    """Say what will be made and how long it takes; while the speed is being measured, look again each second."""
    workspace = resources.workspace()
    options = config.to_dict()
    if "image_size" in options:  # the split's table is at hand
        counts = estimate.films(resources.split(options["dataset"], options["split"]))
    else:
        counts = estimate.counts(workspace, config)
    asked = estimate.decides(workspace, config)
    st.caption(_what(config, counts))

    def look() -> tuple[bool, Speed | None]:
        measuring = estimate.is_measuring(workspace)  # first: a probe that ends between the two has left its speed
        return measuring, estimate.known(workspace, config)

    def body() -> None:
        account.require_still()
        measuring, speed = look()
        if speed is None and not measuring and asked not in state.PROBES_ASKED.get():
            measuring = True
            if estimate.begin_measuring(workspace, config):
                state.PROBES_ASKED.set(state.PROBES_ASKED.get() | {asked})
        if speed is not None:
            seconds = estimate.seconds(speed, config, counts)
            st.caption(words(speed, seconds, beside=_was_beside(speed), a_step=_films_a_step(config)))
        elif measuring:
            beside = " beside the running job" if any(job.holds_device for job in resources.queue().running()) else ""
            st.caption(f":material/speed: Measuring this machine's speed{beside} …")
        else:
            _draw_failure(asked)
        if waiting and (speed is not None or not measuring):
            st.rerun()

    measuring, speed = look()
    waiting = speed is None and (measuring or asked not in state.PROBES_ASKED.get())
    st.fragment(body, run_every=POLL_S if waiting else None, key="training.estimate")()


def words(speed: Speed, seconds: float, *, beside: bool, a_step: int | None = None) -> str:
    """Say an estimate in a sentence, with what it stands on.

    Args:
        speed: What was measured here.
        seconds: How long the training takes at that speed.
        beside: Whether another job ran meanwhile.
        a_step: Films learnt in a step, where it is steps that the reader counts.
    """
    measured = datetime.fromisoformat(speed.measured_at).astimezone()
    today = measured.date() == datetime.now().astimezone().date()
    when = measured.strftime("%H:%M" if today else "%d %b, %H:%M")
    note = ", beside another job; alone it is quicker" if beside else ""
    return f"**About {about(seconds)}** here: {_pace(speed.learnt_per_s, a_step)} (measured {when}{note})."


def about(seconds: float) -> str:
    """Round a duration to what an estimate can promise.

    Examples:
        >>> about(38), about(230), about(5 * 3600 + 1300), about(60 * 3600)
        ('40 s', '4 min', '5 h 20 min', '60 h')
    """
    if seconds < 85:
        return f"{max(10, round(seconds, -1)):.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, rest = divmod(round(minutes, -1), 60)
    return f"{hours} h {rest} min" if rest and hours < 10 else f"{round(minutes / 60)} h"


def _pace(learnt_per_s: float, a_step: int | None) -> str:
    """Say how fast it goes.

    Examples:
        >>> _pace(98.2, None), _pace(2.34, None), _pace(16.0, 8), _pace(4.0, 8)
        ('98 films a second learnt', '2.3 films a second learnt', '2 steps a second', '2 s a step')
    """
    if a_step is not None and learnt_per_s < a_step:
        return f"{a_step / learnt_per_s:.2g} s a step"
    rate, what = (
        (learnt_per_s, "films a second learnt") if a_step is None else (learnt_per_s / a_step, "steps a second")
    )
    return f"{rate:.0f} {what}" if rate >= 10 else f"{rate:.2g} {what}"


def _what(config: Config, counts: Mapping[str, int]) -> str:
    """Say what is learnt, and how often."""
    options = config.to_dict()
    if "steps" in options:
        return f"{counts['train']:,} films, {options['steps']:,} steps of {_films_a_step(config)} films"
    what = "films" if "image_size" in options else "films and synthetic images"
    epochs, at_most = options["epochs"], "at most " if options.get("patience") else ""
    return f"{counts['train']:,} {what}, {at_most}{epochs} {'epoch' if epochs == 1 else 'epochs'}"


def _films_a_step(config: Config) -> int | None:
    """Return how many films a step of a CycleGAN learns from, of both domains; None for what counts in epochs."""
    options = config.to_dict()
    return 2 * options["batch_size"] if "steps" in options else None


def _was_beside(speed: Speed) -> bool:
    """Tell whether a job computed while the speed was measured."""
    measured = datetime.fromisoformat(speed.measured_at).timestamp()  # in whole seconds, rounded down
    return any(
        job.holds_device and job.started_at is not None and job.started_at < measured + 1 and not _ended(job, measured)
        for job in resources.queue().newest(limit=200)
    )


def _ended(job: Job, moment: float) -> bool:
    return job.ended_at is not None and job.ended_at < moment


def _draw_failure(asked: tuple[object, ...]) -> None:
    st.markdown(":small[:orange[This machine's speed could not be measured, so nobody knows how long it takes.]]")
    log = resources.workspace().cache / "speed" / "probe.log"
    if log.exists():
        with st.expander("What the measuring printed last", key="training.estimate.log"):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            st.code("\n".join(lines[-LOG_LINES:]), language=None, wrap_lines=True)
    st.button("Measure again", key="training.estimate.again", on_click=_ask_again, args=(asked,))


def _ask_again(asked: tuple[object, ...]) -> None:
    state.PROBES_ASKED.set(state.PROBES_ASKED.get() - {asked})
