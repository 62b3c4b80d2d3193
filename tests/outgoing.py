"""Watches processes for every try to reach another machine, by an audit hook: writes it down and refuses it.

The hook hears all that goes through Python's own sockets, whoever calls them and whatever they would do with a
refusal. What a library in C opens by itself it does not hear.

References:
    Audit events: https://docs.python.org/3/library/audit_events.html
"""

from __future__ import annotations

import os
from pathlib import Path

LOG = "OUTGOING_LOG"
HOOK = """
import os, sys

def _local(host):
    host = str(host or "localhost").strip("[]").lower()
    return host in ("localhost", "::1", "::", "0.0.0.0", "") or host.startswith("127.")

def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None  # else a socket's file, or where it is connected to
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
        host = host.decode() if isinstance(host, bytes) else host
    else:
        return
    if not _local(host):
        with open(os.environ["OUTGOING_LOG"], "a") as log:
            log.write(f"{event} {host}\\n")
        raise OSError(f"nothing leaves the machine in this test: {host}")

if os.environ.get("OUTGOING_LOG"):
    sys.addaudithook(_watch)
"""


def watched(folder: Path) -> dict[str, str]:
    """Write the hook where a Python that is started finds it, and return the settings that it needs for that."""
    hook = folder / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(HOOK)
    before = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{hook}{os.pathsep}{before}" if before else str(hook), LOG: str(folder / "outgoing.txt")}


def tries(folder: Path) -> list[str]:
    """Return what was tried, in order."""
    log = folder / "outgoing.txt"
    return log.read_text().splitlines() if log.exists() else []
