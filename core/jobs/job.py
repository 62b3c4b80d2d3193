"""A job: one command of `python -m core`, run by the worker in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

State = Literal["queued", "running", "done", "failed", "cancelled"]
UNFINISHED: tuple[State, ...] = ("queued", "running")

PERSON, DEMO = 0, 10  # priorities: a person's job goes before the demo's next child


@dataclass(frozen=True, kw_only=True)
class Job:
    """A row of the queue."""

    job_id: int
    parent_id: int | None  # the job that filed this one
    title: str  # what a person reads
    arguments: list[str]  # the words after `python -m core`
    config: dict[str, Any] | None  # handed over as `--job FILE`
    state: State
    priority: int  # lower goes first
    holds_device: bool  # False for one that only files children and waits
    cancel_asked: bool
    attempts: int
    created_at: float  # seconds since 1970, UTC
    started_at: float | None
    ended_at: float | None
    pid: int | None
    pid_started_at: float | None
    made: dict[str, Any] | None  # what the command made
    message: str | None  # why it failed
    filed_by: str | None  # who filed it, or whose job did; None before this was noted

    @property
    def finished(self) -> bool:
        """Whether the job has ended, well or not."""
        return self.state not in UNFINISHED


@dataclass(frozen=True, kw_only=True)
class JobProgress:
    """How far a running job says it is."""

    stage: str
    done: int
    total: int  # 0 when it cannot be counted
    unit: str  # what is counted, in the plural
    rate_per_s: float | None
    left_s: float | None  # seconds, estimated from the rate so far

    @property
    def share(self) -> float:
        """Done as a share of all, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0
