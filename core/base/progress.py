"""How far a long piece of work is: a bar on a terminal, a file for the dashboard, a way to stop.

A command that runs as a job finds its folder in `PLEURASCOPE_JOB_DIR`; there it keeps
`progress.json` (the stage, how much of it is done) and `history.jsonl` (a row a recorded
moment, such as an epoch), and it looks for a file named `stop`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from core.base.errors import Cancelled

T = TypeVar("T")

JOB_DIR = "PLEURASCOPE_JOB_DIR"
WRITE_EVERY_S = 0.5


def job_folder() -> Path | None:
    """Return the folder of the job this process runs, or None outside a job."""
    folder = os.environ.get(JOB_DIR)
    return Path(folder) if folder else None


def stop_requested() -> bool:
    """Tell whether somebody asked this job to stop."""
    folder = job_folder()
    return folder is not None and (folder / "stop").exists()


def check_stop() -> None:
    """Raise if somebody asked this job to stop.

    Raises:
        Cancelled: If a stop was asked for.
    """
    if stop_requested():
        msg = "The job was asked to stop."
        raise Cancelled(msg)


def track(
    items: Iterable[T], stage: str, *, total: int, unit: str = "items", start: int = 0, weight: int = 1
) -> Iterator[T]:
    """Yield the items while reporting how many are done.

    Args:
        items: What to go through.
        stage: What is being done, as a person would say it: "Rendering films".
        total: How many units there are in all, those done before included.
        unit: What is counted, in the plural: "films".
        start: How many were done before this process began.
        weight: Units an item counts for, such as the images of a batch.

    Raises:
        Cancelled: Between two items, if a stop was asked for.
    """
    from tqdm import tqdm

    counted = _Count(stage, total, unit, start, time.monotonic())
    written = 0.0
    done = start
    counted.write(done)
    with tqdm(
        total=total, initial=start, desc=stage, unit=f" {unit}", disable=not sys.stderr.isatty(), delay=2, leave=False
    ) as bar:
        for item in items:
            yield item
            done = min(done + weight, total)
            bar.update(weight)
            if time.monotonic() - written > WRITE_EVERY_S:
                written = time.monotonic()
                counted.write(done)
                check_stop()
    counted.write(done)


def announce(stage: str, *, done: int = 0, total: int = 0) -> None:
    """Say what begins now, and how many steps of how many are done if that is known.

    Raises:
        Cancelled: If a stop was asked for.
    """
    check_stop()
    _Count(stage, total, "steps", done, time.monotonic()).write(done)


def record(row: dict[str, float | int | str | None]) -> None:
    """Append a row to the job's history, such as the losses of an epoch; outside a job nothing happens."""
    folder = job_folder()
    if folder is None:
        return
    with (folder / "history.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, allow_nan=False) + "\n")


@dataclass(frozen=True)
class _Count:
    """What is counted, and since when."""

    stage: str
    total: int
    unit: str
    start: int  # units done before `began`
    began: float  # monotonic seconds

    def write(self, done: int) -> None:
        """Tell the dashboard how many units are done, if this is a job."""
        folder = job_folder()
        if folder is None:
            return
        seconds = time.monotonic() - self.began
        rate = (done - self.start) / seconds if seconds > 0 and done > self.start else None
        content = {
            "stage": self.stage,
            "done": done,
            "total": self.total,
            "unit": self.unit,
            "rate_per_s": rate,
            "left_s": (self.total - done) / rate if rate else None,
            "written_at": time.time(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / "progress.json.part"
        aside.write_text(json.dumps(content), encoding="utf-8")  # no fsync: it is out of date in half a second
        try:
            aside.replace(folder / "progress.json")
        except PermissionError:
            if os.name == "posix":
                raise
            # On Windows the dashboard may be reading it at this moment; the next half second writes it again.
