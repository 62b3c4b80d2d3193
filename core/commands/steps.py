"""The steps of a parent job: ordinary commands in the queue, filed one after the other, each waited for.

So each step can be watched, cancelled and resumed, and a person's own job goes before the next one.
A step that is done is not done again.
"""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.base import progress
from core.base.errors import PleuraScopeError
from core.jobs import worker

if TYPE_CHECKING:
    from core.jobs.job import Job
    from core.jobs.queue import JobQueue

POLL_S = 0.5
PROGRAM = "PleuraScope"  # files what nobody has: the embedded study, and the steps of older jobs
LOOKED_THROUGH = 5000  # jobs, the newest first, among which a step that is done is looked for

Made = dict[str, Any]


class Steps:
    """Files the steps of one job as its children, of its own priority, and waits for each."""

    def __init__(self, queue: JobQueue, job_id: int, *, total: int) -> None:
        self.queue = queue
        self.job_id = job_id
        self.total = total
        self.done = 0
        parent = queue.get(job_id)
        self.priority = parent.priority
        self.by = parent.filed_by or PROGRAM

    def run(
        self,
        title: str,
        *words: str,
        config: dict[str, Any] | None = None,
        holds_device: bool = True,
        still_good: Callable[[Made], bool] = lambda _made: True,
    ) -> Made:
        """Do one step, or find it done, and return what it made.

        Args:
            title: What a person reads.
            words: Those after `python -m core`.
            config: Options handed over as `--job FILE`.
            holds_device: False for a step that is itself a parent.
            still_good: Whether what an earlier step made is still what this one would make.

        Raises:
            PleuraScopeError: If the step failed or was cancelled.
            Cancelled: If this job was asked to stop.
        """
        progress.announce(title, done=self.done, total=self.total)
        job = self._found(list(words), config, still_good)
        if job is None:
            job = self.queue.file(
                title,
                list(words),
                by=self.by,
                config=config,
                parent_id=self.job_id,
                priority=self.priority,
                holds_device=holds_device,
            )
        while not job.finished:
            progress.check_stop()
            time.sleep(POLL_S)
            job = self.queue.get(job.job_id)
        if job.state != "done":
            msg = f"The step {title!r} (job {job.job_id}) was {job.state}: {job.message}"
            raise PleuraScopeError(msg)
        self.done += 1
        return job.made or {}

    def _found(self, words: list[str], config: dict[str, Any] | None, still_good: Callable[[Made], bool]) -> Job | None:
        """Return this job's own step, gone on with if it broke off, or one that another of its priority has done."""
        same = [
            job for job in self.queue.newest(limit=LOOKED_THROUGH) if (job.arguments, job.config) == (words, config)
        ]
        for job in same:
            if job.parent_id == self.job_id and job.state != "done":
                return self.queue.resume(job.job_id, by=self.by) if job.finished else job
        done = [job for job in same if job.state == "done" and job.priority == self.priority]
        own_first = sorted(done, key=lambda job: job.parent_id != self.job_id)
        return next((job for job in own_first if still_good(job.made or {})), None)


def filed(queue: JobQueue, title: str, words: list[str], *, priority: int, again: bool, by: str = PROGRAM) -> Job:
    """File a parent job, or take up the one of the same words that was filed before.

    Args:
        queue: The queue.
        title: What a person reads.
        words: Those after `python -m core`.
        priority: Of the job and its steps.
        again: Whether one that is done is done again, finding its steps done, or returned as it is.
        by: Who files it.
    """
    for job in queue.newest(limit=LOOKED_THROUGH):
        if job.arguments == words and job.parent_id is None and not (again and job.state == "done"):
            return queue.resume(job.job_id, by=by) if job.state in ("failed", "cancelled") else job
    return queue.file(title, words, by=by, priority=priority, holds_device=False)


def follow(queue: JobQueue, job: Job, *, called: str) -> Made:
    """Tell on standard error how the steps of a parent job go, until it ends; return what it made.

    Args:
        queue: The queue.
        job: The parent job.
        called: What it is, as in "The study".

    Raises:
        PleuraScopeError: If it failed or was cancelled.
    """
    said: set[tuple[int, str]] = set()
    while not job.finished:
        for step in queue.descendants(job.job_id):
            if (step.job_id, step.state) not in said:
                said.add((step.job_id, step.state))
                sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {step.title}: {step.state}\n")
        if not worker.is_running(queue.workspace):
            worker.ensure_running(queue.workspace)
        time.sleep(POLL_S)
        job = queue.get(job.job_id)
    if job.state != "done":
        again = f"`python -m core {shlex.join(job.arguments)}` goes on where it stopped."
        msg = f"{called} was {job.state}: {job.message}; {again}"
        raise PleuraScopeError(msg)
    return job.made or {}
