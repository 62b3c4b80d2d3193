"""The worker: one process a workspace that runs the queue's jobs, one computing job at a time."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from filelock import FileLock, Timeout

from core.base import files, processes
from core.base.paths import Workspace
from core.jobs import executors
from core.jobs.job import Job
from core.jobs.queue import JobQueue

POLL_S = 0.3
GRACE_S = 30.0  # what a job gets to save after it was asked to stop
LOCK_S = 2.0  # longer than a glance of `is_running` at the lock
START_S = 15.0  # what a started worker gets to take its lock
IDLE_S = 20.0  # an idle worker waits so long for more before it ends


class Worker:
    """Runs jobs until it is stopped or has nothing left to do.

    Whatever kills it leaves the queue right: a job whose process lives on is adopted by the
    next worker, one whose process is gone goes back into the queue and resumes.
    """

    def __init__(self, queue: JobQueue) -> None:
        self.queue = queue
        self.stop_file = queue.workspace.root / "worker.stop"
        self._asked: dict[int, float] = {}  # job -> when its process was asked to stop
        self._processes: dict[int, subprocess.Popen[bytes]] = {}  # those this worker started
        self.stopping = False

    def run(self, *, until_idle: bool) -> None:
        """Work until a stop is asked for, or, if so wished, until there was nothing to do for a while.

        Raises:
            Timeout: If another worker holds the workspace.
        """
        with FileLock(_lock_path(self.queue.workspace), timeout=LOCK_S):
            self.stop_file.unlink(missing_ok=True)
            _starting_mark(self.queue.workspace).unlink(missing_ok=True)
            busy_at = time.monotonic()
            while not (self.stopping and not self.queue.running()):
                self.stopping = self.stopping or self.stop_file.exists()
                if self._step():
                    busy_at = time.monotonic()
                if until_idle and time.monotonic() - busy_at > IDLE_S:
                    return
                time.sleep(POLL_S)
            self.stop_file.unlink(missing_ok=True)

    def stop(self, *_signal: object) -> None:
        """Let the running jobs save, put them back into the queue, then end."""
        self.stopping = True

    def _step(self) -> bool:
        """Look after the running jobs, start the next; tell whether there was anything to do."""
        running = [job for job in self.queue.running() if self._still_runs(job)]
        if self.stopping:
            return True
        device_free = not any(job.holds_device for job in running)
        job = self.queue.claim(device_free=device_free)
        if job is not None:
            self._processes[job.job_id] = executors.start(self.queue, job)
        return bool(running) or job is not None

    def _still_runs(self, job: Job) -> bool:
        process = self._processes.get(job.job_id)
        # A process of ours has ended when the system lets go of it: all its threads, and what they held on a GPU.
        lives = process.poll() is None if process is not None else executors.alive(job)
        if not lives:
            self._processes.pop(job.job_id, None)
            self._settle(job)
            return False
        if self.stopping or job.cancel_asked:
            asked = self._asked.setdefault(job.job_id, time.monotonic())
            executors.ask_to_stop(self.queue, job)
            if time.monotonic() - asked > GRACE_S:
                executors.kill(job)
        return True

    def _settle(self, job: Job) -> None:
        """Note how a job ended whose process is gone."""
        self._asked.pop(job.job_id, None)
        outcome_path = self.queue.folder(job.job_id) / "outcome.json"
        outcome = files.read_json(outcome_path) if outcome_path.exists() else None
        if outcome is not None and outcome["state"] == "done":
            self.queue.end(job.job_id, "done", made=outcome["made"])
        elif job.cancel_asked:
            self.queue.end(job.job_id, "cancelled", message="Cancelled; what was finished is kept.")
        elif outcome is not None and outcome["state"] == "failed":
            self.queue.end(job.job_id, "failed", message=outcome["message"])
        else:  # stopped together with the worker, or killed: it goes on later
            self.queue.requeue(job.job_id, counts=not self.stopping)


def run(workspace: Workspace, *, until_idle: bool) -> bool:
    """Run the worker in this process; return False at once if another one already works here."""
    worker = Worker(JobQueue(workspace))
    signal.signal(signal.SIGTERM, worker.stop)
    signal.signal(signal.SIGINT, worker.stop)
    try:
        worker.run(until_idle=until_idle)
        while until_idle and not worker.stopping and worker.queue.unfinished():
            worker.run(until_idle=True)  # filed in the moment in which the lock was given back
    except Timeout:
        return False
    return True


def is_running(workspace: Workspace) -> bool:
    """Tell whether a worker holds this workspace."""
    path = _lock_path(workspace)
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def ensure_running(workspace: Workspace) -> None:
    """Start a worker of its own session unless one works or is about to; it ends when it has nothing to do."""
    if is_running(workspace):
        return
    mark = _starting_mark(workspace)
    if mark.exists() and time.time() - mark.stat().st_mtime < START_S:
        return  # the one that was just started has not taken its lock yet
    workspace.root.mkdir(parents=True, exist_ok=True)
    mark.touch()
    words = ["-m", "core", "jobs", "worker", "--until-idle"]
    processes.start_detached(words, log=workspace.root / "worker.log")


def stop_running(workspace: Workspace, *, timeout_s: float = GRACE_S + 10) -> bool:
    """Ask the worker to let its jobs save and to end; return whether it has ended in time."""
    if not is_running(workspace):
        return True
    (workspace.root / "worker.stop").touch()
    deadline = time.monotonic() + timeout_s
    while is_running(workspace):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _starting_mark(workspace: Workspace) -> Path:
    return workspace.root / "worker.starting"


def _lock_path(workspace: Workspace) -> Path:
    return workspace.root / "worker.lock"
