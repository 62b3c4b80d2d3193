"""Starts a job as a process of this machine, and tells whether it still lives."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil

from core.base import processes, progress
from core.jobs.job import Job
from core.jobs.queue import JobQueue

NICENESS = 10  # of a job: pages stay quick while it computes


def start(queue: JobQueue, job: Job) -> subprocess.Popen[bytes]:
    """Start a job's command in a session of its own, its output going to `log.txt`."""
    folder = queue.folder(job.job_id)
    for stale in ("stop", "outcome.json"):
        (folder / stale).unlink(missing_ok=True)
    words = ["-m", "core", *job.arguments]
    if job.config is not None:
        config = folder / "job.json"
        config.write_text(json.dumps(job.config, indent=2), encoding="utf-8")
        words += ["--job", str(config)]
    process = processes.start_detached(
        [*words, "--json"],
        log=folder / "log.txt",
        extra_environment={progress.JOB_DIR: str(folder), "PYTHONUNBUFFERED": "1"},
    )
    handle = psutil.Process(process.pid)
    handle.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else NICENESS)
    queue.set_process(job.job_id, process.pid, handle.create_time())
    return process


def alive(job: Job) -> bool:
    """Tell whether the process noted for a job is still the one that runs it."""
    if job.pid is None:
        return False
    try:
        handle = psutil.Process(job.pid)
        return handle.create_time() == job.pid_started_at and handle.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def ask_to_stop(queue: JobQueue, job: Job) -> None:
    """Ask a job's process to save and end; it looks for this file between two steps."""
    (queue.folder(job.job_id) / "stop").touch()


def kill(job: Job) -> None:
    """End a job's process and everything it started, at once."""
    if not alive(job):
        return
    assert job.pid is not None  # noqa: S101 (an alive job has one)
    family = psutil.Process(job.pid)
    for process in [*family.children(recursive=True), family]:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue  # it ended by itself in the meantime
