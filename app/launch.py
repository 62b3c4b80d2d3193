"""Starts the dashboard, and with an empty workspace the embedded study; Ctrl-C stops both.

The server and the worker are processes of their own, so Ctrl-C reaches only this one, which
then ends them in order: the page at once, the worker after its job has saved.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import sys
import time
import urllib.request
import webbrowser

import psutil
from filelock import FileLock, Timeout

from core.base import files, processes
from core.base.errors import InputError
from core.base.paths import ROOT, Workspace
from core.commands import demo
from core.data import radiographs
from core.jobs import worker
from core.jobs.queue import JobQueue

LOCAL = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (in a container; without a login the pages then stop)
START_S = 60.0  # how long the page may take on a slow machine
DISK_NEEDED_GB = 2.0
WATCH_S = 5.0  # between two looks at whether the worker lives


class Dashboard:
    """The dashboard of one workspace: its server process and where it can be reached."""

    def __init__(self, workspace: Workspace, port: int, *, host: str = LOCAL) -> None:
        self.workspace = workspace
        self.host = host  # where it listens
        self.address = f"http://{LOCAL if host in EVERYWHERE else f'[{host}]' if ':' in host else host}:{port}"
        self.port = port
        self.note = workspace.root / "dashboard.json"  # the server that runs, if any

    def running(self) -> psutil.Process | None:
        """Return the server process that an earlier start left running, and take over its address."""
        if not self.note.exists():
            return None
        note = files.read_json(self.note)
        if note.get("workspace") != str(self.workspace.root):  # a copy of a workspace brings the other one's note
            return None
        try:
            process = psutil.Process(note["pid"])
            if process.create_time() != note["started_at"] or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        self.address = note["address"]
        return process

    def serve(self) -> psutil.Process:
        """Start the server and wait until its page can be opened.

        Raises:
            InputError: If the port is taken, the disk is full or the server does not come up.
        """
        free_gb = shutil.disk_usage(self.workspace.root).free / 1e9
        if free_gb < DISK_NEEDED_GB:
            msg = f"Expected {DISK_NEEDED_GB:.0f} GB of free disk for the workspace, found {free_gb:.1f} GB; free some."
            raise InputError(msg)
        with socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET) as probe:
            if os.name == "posix":  # a port that waits after its last server is free; on Windows this means sharing
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    msg = f"Expected ADDRESS to be an address of this machine, found {self.host!r}; correct it."
                    raise InputError(msg) from None
                msg = f"Port {self.port} is taken by another program; choose one that is free: PORT=8502 make start."
                raise InputError(msg) from None
        log_path = self.workspace.root / "dashboard.log"
        words = ["-m", "app.serve", "run", str(ROOT / "app" / "main.py")]
        words += ["--server.port", str(self.port), "--server.address", self.host]
        started = processes.start_detached(words, log=log_path)
        server = psutil.Process(started.pid)
        deadline = time.monotonic() + START_S
        while not self._answers():
            if started.poll() is not None or time.monotonic() > deadline:
                msg = f"The page did not come up; the end of {log_path.name} in the workspace says why."
                raise InputError(msg)
            time.sleep(0.1)
        note = {"pid": server.pid, "started_at": server.create_time(), "address": self.address}
        files.write_json(self.note, note | {"workspace": str(self.workspace.root)})
        return server

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=1) as answer:  # noqa: S310 (our own)
                return bool(answer.status == 200)
        except OSError:
            return False


def run(port: int, *, with_demo: bool, host: str = LOCAL) -> int:
    """Start or find the dashboard, stay until Ctrl-C, and return the exit status."""
    workspace = Workspace()
    workspace.root.mkdir(parents=True, exist_ok=True)
    dashboard = Dashboard(workspace, port, host=host)
    asked: list[int] = []  # signals that asked this process to end; heard from the first moment on
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: asked.append(received))
    try:
        with FileLock(workspace.root / "dashboard.lock", timeout=0):
            server = dashboard.running() or dashboard.serve()
            say(f"PleuraScope runs at {dashboard.address}   (Ctrl-C stops it)")
            if dashboard.host in EVERYWHERE:
                say("It listens beyond this machine: without a login it shows nothing (deploy/README.md).")
            if sys.stdout.isatty():
                webbrowser.open(dashboard.address)
            queue = JobQueue(workspace)
            if with_demo and not radiographs.dataset_names(workspace):
                demo.file(queue)
                say("The embedded study is being made; the page shows it live. (DEMO=0 leaves it out.)")
            look_at = time.monotonic()
            while not asked and server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
                if time.monotonic() >= look_at:
                    keep_at_work(queue)
                    keep_logs_small(workspace)
                    look_at = time.monotonic() + WATCH_S
                time.sleep(0.2)
            say("Stopping: what is being made saves first and goes on at the next start.")
            _end(server)
            if not worker.stop_running(workspace):
                say("The worker is still saving; it ends by itself.")
            dashboard.note.unlink(missing_ok=True)
    except Timeout:
        dashboard.running()
        say(f"PleuraScope runs already at {dashboard.address}")
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def say(sentence: str) -> None:
    """Print a line at once."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def keep_at_work(queue: JobQueue) -> None:
    """Start a worker where jobs wait or run without one, whether a page is open or not."""
    if queue.unfinished():
        worker.ensure_running(queue.workspace)


def keep_logs_small(workspace: Workspace) -> None:
    """Put away what is long of the server's, the worker's and the jobs' logs, while they are written."""
    own = (workspace.root / name for name in ("dashboard.log", "worker.log"))
    for log in (*own, *workspace.jobs.glob("*/log.txt")):
        processes.put_away_if_long(log)


def _end(server: psutil.Process) -> None:
    try:
        server.terminate()
        server.wait(timeout=10)
    except psutil.TimeoutExpired:
        server.kill()
    except psutil.NoSuchProcess:
        return  # it ended by itself


if __name__ == "__main__":
    wanted = os.environ.get("PORT", "8501")
    if not (wanted.isdecimal() and 0 < int(wanted) < 65536):
        sys.stderr.write(f"Expected PORT to be a number from 1 to 65535, found {wanted!r}; leave it out for 8501.\n")
        sys.exit(2)
    sys.exit(run(int(wanted), with_demo=os.environ.get("DEMO", "1") != "0", host=os.environ.get("ADDRESS") or LOCAL))
