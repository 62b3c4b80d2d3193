"""The steps of a parent job: done once, gone on with, done again when what they made is stale; jobs of jobs."""

from __future__ import annotations

import pytest

from core.base.errors import PleuraScopeError
from core.commands import steps
from core.commands.steps import Steps
from core.jobs.job import DEMO, PERSON


@pytest.fixture
def ends(queue, monkeypatch):
    """Whenever a parent waits, the steps end: well, or as the test says by title."""
    badly = {}

    def elapse(_seconds):
        for job in queue.unfinished():
            if job.holds_device:
                queue.end(
                    job.job_id, badly.get(job.title, "done"), made={"number": job.job_id}, message="as the test says"
                )

    monkeypatch.setattr(steps.time, "sleep", elapse)
    return badly


@pytest.fixture
def parent(queue):
    return steps.filed(queue, "A study", ["study"], priority=PERSON, again=True)


def files_of(queue):
    return [(job.title, job.state, job.parent_id) for job in reversed(queue.newest())]


def test_a_step_is_filed_for_its_parent_and_what_it_made_is_returned(queue, ends, parent):
    todo = Steps(queue, parent.job_id, total=2)

    made = todo.run("Split", "split", "a")
    todo.run("Train", "train", config={"model": "cnn"})

    assert parent.holds_device is False
    first, second = queue.children(parent.job_id)
    assert made == {"number": first.job_id}
    assert (first.arguments, first.config, first.priority) == (["split", "a"], None, PERSON)
    assert (second.arguments, second.config) == (["train"], {"model": "cnn"})
    assert todo.done == 2


def test_a_step_that_is_done_is_not_done_again_also_not_by_another_parent(queue, ends, parent):
    made = Steps(queue, parent.job_id, total=1).run("Split", "split", "a")
    other = steps.filed(queue, "Another", ["another"], priority=PERSON, again=True)

    assert Steps(queue, parent.job_id, total=1).run("Split", "split", "a") == made
    assert Steps(queue, other.job_id, total=1).run("Split", "split", "a") == made
    assert queue.children(other.job_id) == []


def test_a_step_of_another_priority_is_not_taken(queue, ends, parent):
    Steps(queue, parent.job_id, total=1).run("Split", "split", "a")
    demo = queue.file("The demo", ["demo"], priority=DEMO, holds_device=False, by="Ada")

    Steps(queue, demo.job_id, total=1).run("Split", "split", "a")

    assert [job.priority for job in queue.children(demo.job_id)] == [DEMO]


def test_a_step_is_filed_by_whoever_filed_its_job(queue, ends):
    study = queue.file("A study", ["demo"], holds_device=False, by="Grace")
    Steps(queue, study.job_id, total=1).run("Split", "split", "a")

    assert [job.filed_by for job in queue.children(study.job_id)] == ["Grace"]


def test_a_step_whose_work_is_stale_is_done_again(queue, ends, parent):
    todo = Steps(queue, parent.job_id, total=1)
    first = todo.run("Train", "train")

    assert todo.run("Train", "train", still_good=lambda made: made == first) == first
    second = todo.run("Train", "train", still_good=lambda made: made != first)

    assert second != first
    assert todo.run("Train", "train", still_good=lambda made: made != first) == second


def test_a_step_that_failed_is_told_and_gone_on_with(queue, ends, parent):
    todo = Steps(queue, parent.job_id, total=1)
    ends["Train"] = "failed"
    with pytest.raises(PleuraScopeError, match=r"The step 'Train' \(job 2\) was failed: as the test says"):
        todo.run("Train", "train")

    ends.clear()
    todo.run("Train", "train")

    assert files_of(queue) == [("A study", "queued", None), ("Train", "done", parent.job_id)]


def test_a_parent_is_taken_up_where_it_broke_off_and_done_again_only_where_that_is_asked(queue, parent):
    def again(*, again):
        return steps.filed(queue, "A study", ["study"], priority=PERSON, again=again)

    assert again(again=True) == parent
    queue.end(parent.job_id, "cancelled")
    assert again(again=True).job_id == parent.job_id
    assert queue.get(parent.job_id).state == "queued"

    queue.end(parent.job_id, "done", made={})
    assert again(again=False).job_id == parent.job_id
    assert again(again=True).job_id != parent.job_id


def test_cancelling_a_parent_reaches_the_jobs_of_its_jobs(queue, parent):
    child = queue.file("Dose-response", ["dose-response"], parent_id=parent.job_id, holds_device=False, by="Ada")
    grandchild = queue.file("Train", ["train"], parent_id=child.job_id, by="Ada")
    waiting = queue.file("Predict", ["predict"], parent_id=child.job_id, by="Ada")
    other = queue.file("Mine", ["train"], by="Ada")
    for _ in range(3):
        queue.claim(device_free=True)  # the parent, the child, then the training

    queue.cancel(parent.job_id, by="Ada")

    assert [job.job_id for job in queue.descendants(parent.job_id)] == [
        child.job_id,
        grandchild.job_id,
        waiting.job_id,
    ]
    assert all(queue.get(job.job_id).cancel_asked for job in (parent, child, grandchild))
    assert queue.get(waiting.job_id).state == "cancelled"
    assert (queue.get(other.job_id).state, queue.get(other.job_id).cancel_asked) == ("queued", False)


def test_following_tells_each_step_once_also_those_of_a_step(queue, parent, monkeypatch, capsys):
    child = queue.file("Dose-response", ["dose-response"], parent_id=parent.job_id, holds_device=False, by="Ada")
    queue.file("Train", ["train"], parent_id=child.job_id, by="Ada")
    waits = iter([lambda: None, lambda: queue.end(parent.job_id, "done", made={"number": 7})])
    monkeypatch.setattr(steps.time, "sleep", lambda _seconds: next(waits)())

    assert steps.follow(queue, parent, called="The study") == {"number": 7}

    told = [line.split("  ", 1)[1] for line in capsys.readouterr().err.splitlines()]
    assert told == ["Dose-response: queued", "Train: queued"]
