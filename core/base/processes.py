"""Starts processes that outlive the one that starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from core.base.paths import ROOT

_started: list[subprocess.Popen[bytes]] = []  # kept, since one that is collected while it runs warns


def start_detached(
    words: list[str], *, log: Path, extra_environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program of this Python in a session of its own, so that Ctrl-C in a terminal does not reach it.

    Args:
        words: What follows the interpreter, such as `["-m", "core", "jobs", "worker"]`.
        log: File to which both its outputs are appended.
        extra_environment: Variables that it gets besides this process's own.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
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
