"""Commands run in the test's own process, and an empty queue."""

from __future__ import annotations

import json

import pytest

from core.__main__ import main
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
