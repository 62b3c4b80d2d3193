"""The queue of jobs, kept in the database; what a job says of itself lies in its folder."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, RowMapping, Select, and_, insert, or_, select, update

from core.base import files, roles
from core.base.errors import InputError
from core.base.paths import Workspace
from core.jobs.job import PERSON, UNFINISHED, Job, JobProgress, State
from core.review import rights
from core.store.engine import open_database
from core.store.tables import jobs

MAX_ATTEMPTS = 3  # starts of one job after which a process that keeps dying is given up


class JobQueue:
    """Files, claims and ends jobs; safe to use from several processes and threads at once."""

    def __init__(self, workspace: Workspace, engine: Engine | None = None) -> None:
        self.workspace = workspace
        self._writes = engine or open_database(workspace)
        self._reads = self._writes.execution_options(writes=False)

    def file(
        self,
        title: str,
        arguments: list[str],
        *,
        by: str,
        config: dict[str, Any] | None = None,
        parent_id: int | None = None,
        priority: int = PERSON,
        holds_device: bool = True,
    ) -> Job:
        """Put a job into the queue; the same job unfinished in it is returned instead of filed twice.

        Args:
            title: What a person reads: "Train CNN on phantoms".
            arguments: The words after `python -m core`.
            by: Who files it; a job's step is filed by whoever filed the job.
            config: Options handed over in a file, as `--job FILE`.
            parent_id: The job that files this one and waits for it.
            priority: Lower goes first.
            holds_device: False for a job that only files children and waits.

        Raises:
            InputError: If whoever files it lacks the command's right.
        """
        roles.require(by, rights.COMMANDS.get(arguments[0], rights.ADMINISTER))
        with self._writes.begin() as connection:
            same = select(jobs).where(jobs.c.state.in_(UNFINISHED), jobs.c.parent_id == parent_id)
            for row in connection.execute(same).mappings():
                if row["arguments"] == arguments and row["config"] == config:
                    return _job(row)
            key = connection.execute(
                insert(jobs).values(
                    parent_id=parent_id,
                    title=title,
                    arguments=arguments,
                    config=config,
                    state="queued",
                    priority=priority,
                    holds_device=holds_device,
                    cancel_asked=False,
                    attempts=0,
                    created_at=time.time(),
                    filed_by=by,
                )
            ).inserted_primary_key
        assert key is not None  # noqa: S101 (an insert of one row has a key)
        return self.get(key[0])

    def get(self, job_id: int) -> Job:
        """Return one job.

        Raises:
            InputError: If there is no such job.
        """
        with self._reads.connect() as connection:
            row = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).mappings().first()
        if row is None:
            msg = f"Expected the number of a job, found {job_id}; `python -m core jobs list` shows them."
            raise InputError(msg)
        return _job(row)

    def newest(self, limit: int = 50) -> list[Job]:
        """Return the newest jobs, the last filed first."""
        return self._select(select(jobs).order_by(jobs.c.job_id.desc()).limit(limit))

    def unfinished(self) -> list[Job]:
        """Return queued and running jobs in the order in which they will run."""
        wanted = select(jobs).where(jobs.c.state.in_(UNFINISHED))
        return self._select(wanted.order_by(jobs.c.state.desc(), jobs.c.priority, jobs.c.job_id))

    def running(self) -> list[Job]:
        """Return the jobs that have a process."""
        return self._select(select(jobs).where(jobs.c.state == "running").order_by(jobs.c.job_id))

    def children(self, job_id: int) -> list[Job]:
        """Return the jobs that a job filed, in their order."""
        return self._select(select(jobs).where(jobs.c.parent_id == job_id).order_by(jobs.c.job_id))

    def descendants(self, job_id: int) -> list[Job]:
        """Return the jobs that a job filed, those that they filed, and so on, in the order of filing."""
        return self._select(select(jobs).where(jobs.c.job_id.in_(_descendants(job_id))).order_by(jobs.c.job_id))

    def claim(self, *, device_free: bool) -> Job | None:
        """Take the next queued job and mark it running; None when there is nothing to do.

        Args:
            device_free: Whether a job that computes may start; parents, which only wait, always may.
        """
        with self._writes.begin() as connection:
            wanted = select(jobs).where(jobs.c.state == "queued").order_by(jobs.c.priority, jobs.c.job_id).limit(1)
            if not device_free:
                wanted = wanted.where(jobs.c.holds_device.is_(False))
            row = connection.execute(wanted).mappings().first()
            if row is None:
                return None
            connection.execute(
                update(jobs)
                .where(jobs.c.job_id == row["job_id"])
                .values(state="running", started_at=time.time(), ended_at=None, attempts=row["attempts"] + 1)
            )
        return self.get(row["job_id"])

    def set_process(self, job_id: int, pid: int, pid_started_at: float) -> None:
        """Note the process that runs a job."""
        self._update(job_id, pid=pid, pid_started_at=pid_started_at)

    def end(self, job_id: int, state: State, *, made: dict[str, Any] | None = None, message: str | None = None) -> None:
        """Note how a job ended."""
        self._update(job_id, state=state, ended_at=time.time(), made=made, message=message, pid=None)

    def requeue(self, job_id: int, *, counts: bool) -> None:
        """Put a running job back into the queue, to go on where it was.

        Args:
            job_id: The job.
            counts: Whether the lost start counts as an attempt; a stop that was asked for does not.
        """
        job = self.get(job_id)
        if counts and job.attempts >= MAX_ATTEMPTS:
            self.end(job_id, "failed", message=f"Its process ended {job.attempts} times without a word; see its log.")
            return
        self._update(job_id, state="queued", pid=None, attempts=job.attempts - (0 if counts else 1))

    def cancel(self, job_id: int, *, by: str) -> Job:
        """Ask a job and all that came of it to stop; a queued one ends at once, a running one when it has saved.

        Args:
            job_id: The job.
            by: Who asks: whoever filed it, or somebody who may administer.

        Raises:
            InputError: If there is no such job, it has ended already, or it is another's.
        """
        job = self.get(job_id)
        _require_own(job, by)
        if job.finished:
            msg = f"Expected an unfinished job, found job {job_id} already {job.state}; there is nothing to cancel."
            raise InputError(msg)
        family = or_(jobs.c.job_id == job_id, jobs.c.job_id.in_(_descendants(job_id)))
        with self._writes.begin() as connection:
            connection.execute(
                update(jobs)
                .where(and_(family, jobs.c.state == "queued"))
                .values(state="cancelled", ended_at=time.time(), message="Cancelled before it began.")
            )
            connection.execute(update(jobs).where(and_(family, jobs.c.state == "running")).values(cancel_asked=True))
        return self.get(job_id)

    def resume(self, job_id: int, *, by: str) -> Job:
        """Queue a cancelled or failed job again; it goes on where it was.

        Args:
            job_id: The job.
            by: Who asks: whoever filed it, or somebody who may administer.

        Raises:
            InputError: If there is no such job, it is queued, running or done, or it is another's.
        """
        job = self.get(job_id)
        _require_own(job, by)
        if job.state not in ("cancelled", "failed"):
            msg = f"Expected a cancelled or failed job, found job {job_id} {job.state}; there is nothing to resume."
            raise InputError(msg)
        self._update(job_id, state="queued", cancel_asked=False, attempts=0, message=None, ended_at=None)
        return self.get(job_id)

    def folder(self, job_id: int) -> Path:
        """Return the folder of a job, made if need be."""
        folder = self.workspace.job(job_id)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def progress(self, job_id: int) -> JobProgress | None:
        """Return how far a job says it is, or None before it said anything."""
        path = self.workspace.job(job_id) / "progress.json"
        if not path.exists():
            return None
        content = files.read_json(path)
        content.pop("written_at")
        return JobProgress(**content)

    def history(self, job_id: int) -> list[dict[str, Any]]:
        """Return what a job recorded so far, such as a row an epoch."""
        path = self.workspace.job(job_id) / "history.jsonl"
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1]]  # the last piece is empty, or a line being written

    def log(self, job_id: int, *, lines: int = 30) -> str:
        """Return the end of what a job printed."""
        path = self.workspace.job(job_id) / "log.txt"
        if not path.exists():
            return ""
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _select(self, wanted: Any) -> list[Job]:  # noqa: ANN401 (any select)
        with self._reads.connect() as connection:
            return [_job(row) for row in connection.execute(wanted).mappings()]

    def _update(self, job_id: int, **values: Any) -> None:  # noqa: ANN401 (column values)
        with self._writes.begin() as connection:
            connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(**values))


def may_stop(job: Job, by: str) -> bool:
    """Tell whether somebody may cancel or resume a job: whoever filed it and may still, or an administrator."""
    needed = rights.COMMANDS.get(job.arguments[0], rights.ADMINISTER)
    return roles.may(by, rights.ADMINISTER) or (job.filed_by == by and roles.may(by, needed))


def _require_own(job: Job, by: str) -> None:
    if not may_stop(job, by):
        whose = f"which {job.filed_by} filed" if job.filed_by else "which nobody here filed"
        msg = (
            f"Expected a job of {by or 'nobody'}'s own, found job {job.job_id}, {whose}; ask them or an administrator."
        )
        raise InputError(msg)


def _descendants(job_id: int) -> Select[tuple[int]]:
    """Return a query of the numbers of the jobs that a job filed, those that they filed, and so on."""
    found = select(jobs.c.job_id).where(jobs.c.parent_id == job_id).cte("descendants", recursive=True)
    found = found.union(select(jobs.c.job_id).where(jobs.c.parent_id == found.c.job_id))
    return select(found.c.job_id)


def _job(row: RowMapping) -> Job:
    return Job(**row)
