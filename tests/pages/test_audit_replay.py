"""The form on the page Audit that files a replay, and what the last ones found."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app import state
from core.base.paths import ROOT
from core.jobs import worker
from core.jobs.queue import JobQueue


@pytest.fixture
def page(workspace, monkeypatch):
    """The page, on which no worker is started."""
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.switch_page(str(ROOT / "pages" / "audit.py"))
    at.session_state[state.READER.name] = "Ada"
    return at.run()


def captions(at) -> list[str]:
    return [str(one.value) for one in at.caption]


def test_a_replay_is_a_job_of_whoever_asks(page, workspace):
    page.number_input(key="audit.replay.entry").set_value(3)
    page.button(key="audit.replay").click().run()

    assert not page.exception
    (job,) = JobQueue(workspace).newest()
    assert (job.title, job.arguments, job.filed_by) == ("Replay entry 3", ["review", "replay", "3"], "Ada")


def test_without_a_number_it_is_the_newest_reads(page, workspace):
    page.button(key="audit.replay").click().run()

    (job,) = JobQueue(workspace).newest()
    assert job.arguments == ["review", "replay"]


def test_what_was_found_is_told_below_it(page, workspace):
    queue = JobQueue(workspace)
    job = queue.file("Replay the newest reads", ["review", "replay"], by="Ada")
    about = {"action": "first answer", "not_replayed": None}
    same = about | {"entry_id": 4, "same": True, "changed": []}
    other = about | {"entry_id": 5, "same": False, "changed": ["Probability: was 0.25, is 0.5"]}
    erased = about | {"entry_id": 6, "same": True, "not_replayed": "its read was erased by entry 9"}
    queue.end(job.job_id, "done", made={"replays": [same, other, erased]})

    told = captions(page.run())

    assert "Entry 4, first answer: the same." in told
    assert told.index("Entry 5, first answer: changed.") + 1 == told.index("Probability: was 0.25, is 0.5")
    assert any("erased by entry 9" in one for one in told)
