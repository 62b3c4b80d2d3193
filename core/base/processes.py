"""Starts processes that outlive the one that starts them, and keeps their logs small."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from core.base.paths import ROOT

LOG_BYTES = 10_000_000  # a log that is longer is put away
LOGS_KEPT = 5  # put away: `dashboard.1.log` is the newest

_started: list[subprocess.Popen[bytes]] = []  # kept, since one that is collected while it runs warns


def start_detached(
    words: list[str], *, log: Path, extra_environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program of this Python in a session of its own, so that Ctrl-C in a terminal does not reach it.

    Args:
        words: What follows the interpreter, such as `["-m", "core", "jobs", "worker"]`.
        log: File to which both its outputs are appended; put away first if it is long.
        extra_environment: Variables that it gets besides this process's own.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    put_away_if_long(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(extra_environment or {}),
            start_new_session=True,  # POSIX; Windows has a flag for it
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    _started.append(process)
    return process


def put_away_if_long(log: Path) -> None:
    """Move what a long log holds to `<name>.1<suffix>`, what was there to `.2` and so on; the oldest goes.

    The file itself stays, since a process may hold it open: what it appends goes on at the new end. A line that it
    writes in the moment between may be lost.
    """
    if not log.exists() or log.stat().st_size <= LOG_BYTES:
        return
    for number in range(LOGS_KEPT - 1, 0, -1):
        older = _put_away(log, number)
        if older.exists():
            older.replace(_put_away(log, number + 1))
    shutil.copyfile(log, _put_away(log, 1))
    os.truncate(log, 0)


def _put_away(log: Path, number: int) -> Path:
    return log.with_name(f"{log.stem}.{number}{log.suffix}")
