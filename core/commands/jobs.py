"""`jobs list|show|cancel|resume|worker`: the queue from the command line."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from core.base.config import Config
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.jobs import worker
from core.jobs.job import Job
from core.jobs.queue import JobQueue

ACTOR = "command line"


class JobsArguments(Config):
    """List, show, cancel or resume jobs, or work through the queue until stopped."""

    action: Literal["list", "show", "cancel", "resume", "worker"] = Field(description="What to do.")
    job_id: int | None = Field(None, le=2**63 - 1, description="Number of the job to show, cancel or resume.")
    until_idle: bool = Field(False, description="End the worker when there is nothing left to do.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(JobsArguments, words, prog="python -m core jobs", positional=("action", "job_id"))
    workspace = Workspace()
    if arguments.action == "worker":
        worked = worker.run(workspace, until_idle=arguments.until_idle)
        return Outcome(summary="The worker has ended." if worked else "A worker runs here already.")
    queue = JobQueue(workspace)
    if arguments.action == "list":
        if arguments.job_id is not None:
            msg = f"Expected `jobs list` alone, found {arguments.job_id} after it; `jobs show` shows one job."
            raise InputError(msg)
        jobs = queue.newest()
        summary = "\n".join(_line(job) for job in jobs) or "No jobs yet; `python -m core demo` makes the first."
        return Outcome(summary=summary, made={"jobs": [asdict(job) for job in jobs]})
    if arguments.job_id is None:
        msg = (
            f"Expected the number of the job to {arguments.action}, found none; `python -m core jobs list` shows them."
        )
        raise InputError(msg)
    if arguments.action == "show":
        job = queue.get(arguments.job_id)
        return Outcome(summary=_whole(queue, job), made={"job_id": job.job_id, "job": asdict(job)})
    if arguments.action == "cancel":
        job = queue.cancel(arguments.job_id, by=ACTOR)
        return Outcome(summary=_line(job), made={"job_id": job.job_id})
    job = queue.resume(arguments.job_id, by=ACTOR)
    worker.ensure_running(workspace)
    return Outcome(summary=_line(job), made={"job_id": job.job_id})


def _line(job: Job) -> str:
    filed = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created_at))
    asked = " (asked to stop)" if job.cancel_asked and not job.finished else ""
    return f"{job.job_id:>5}  {job.state:<9}  {filed}  {job.title}{asked}" + (f": {job.message}" if job.message else "")


def _whole(queue: JobQueue, job: Job) -> str:
    progress = queue.progress(job.job_id)
    lines: list[Any] = [_line(job)]
    if progress is not None and not job.finished:
        counted = f": {progress.done} of {progress.total} {progress.unit}" if progress.total else ""
        lines.append(f"       {progress.stage}{counted}")
    lines += [_line(child) for child in queue.children(job.job_id)]
    log = queue.log(job.job_id)
    return "\n".join(lines + (["", log] if log else []))
