"""Commands run in the test's own process, and an empty queue."""

from __future__ import annotations

import json
import time
from importlib import import_module
from types import SimpleNamespace

import pytest

from core.__main__ import main
from core.base import files, progress
from core.base.errors import InputError
from core.commands import steps
from core.jobs import worker
from core.jobs.queue import JobQueue


@pytest.fixture
def refused(capsys):
    """Run a command that must be refused, and return its one sentence."""

    def run(*words):
        status = main(list(words))
        told, complaint = capsys.readouterr()
        assert (status, told) == (2, ""), complaint
        assert complaint.count("\n") == 1
        assert complaint.endswith((".\n", "?\n"))
        return complaint.rstrip("\n")

    return run


@pytest.fixture
def done(capsys):
    """Run a command with `--json` that must succeed; return its summary and its object."""

    def run(*words):
        status = main([*words, "--json"])
        told, complaint = capsys.readouterr()
        assert status == 0, complaint
        *summary, last = told.splitlines()
        return "\n".join(summary), json.loads(last)

    return run


@pytest.fixture
def queue(workspace, monkeypatch):
    """An empty queue without a worker."""
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)
    monkeypatch.setattr(worker, "is_running", lambda _workspace: True)
    return JobQueue(workspace)


@pytest.fixture
def works(queue, monkeypatch):
    """Whenever a parent waits, the queue is worked through in this process; returns the words of what was done."""
    did = []

    def work(_seconds):
        for job in queue.unfinished():
            own, words = queue.folder(job.job_id), list(job.arguments)
            if job.config is not None:
                files.write_json(own / "job.json", job.config)
                words += ["--job", str(own / "job.json")]
            did.append(words)
            if not job.holds_device:
                monkeypatch.setenv(progress.JOB_DIR, str(own))
                queue.claim(device_free=False)
            try:
                made = import_module(f"core.commands.{words[0].replace('-', '_')}").run(words[1:]).made
            except InputError as error:
                queue.end(job.job_id, "failed", message=str(error))
            else:
                queue.end(job.job_id, "done", made=made)
            return

    real = JobQueue.unfinished
    monkeypatch.setattr(JobQueue, "unfinished", lambda self: [job for job in real(self) if job.state == "queued"])
    monkeypatch.setattr(steps, "time", SimpleNamespace(sleep=work, strftime=time.strftime))  # nobody else's
    return did
