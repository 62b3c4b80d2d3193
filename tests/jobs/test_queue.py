"""The queue: order, cancelling, resuming, and two claimants at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core.base.errors import InputError
from core.jobs.job import DEMO
from core.jobs.queue import MAX_ATTEMPTS, JobQueue


@pytest.fixture
def queue(workspace):
    return JobQueue(workspace)


def test_a_persons_job_goes_before_the_demos_next_step(queue):
    queue.file("demo step", ["split", "a"], priority=DEMO, by="Ada")
    mine = queue.file("mine", ["split", "b"], by="Ada")

    claimed = queue.claim(device_free=True)

    assert claimed is not None
    assert claimed.job_id == mine.job_id
    assert claimed.state == "running"


def test_while_a_job_computes_only_a_waiting_parent_may_start(queue):
    parent = queue.file("demo", ["demo"], holds_device=False, by="Ada")
    queue.file("train", ["train"], by="Ada")

    first = queue.claim(device_free=False)

    assert first is not None
    assert first.job_id == parent.job_id
    assert queue.claim(device_free=False) is None


def test_filing_the_same_job_twice_gives_the_one_that_waits(queue):
    first = queue.file("train", ["train"], config={"epochs": 3}, by="Ada")

    assert queue.file("train", ["train"], config={"epochs": 3}, by="Ada").job_id == first.job_id
    assert queue.file("train", ["train"], config={"epochs": 4}, by="Ada").job_id != first.job_id

    queue.end(first.job_id, "done")
    assert queue.file("train", ["train"], config={"epochs": 3}, by="Ada").job_id != first.job_id


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked(queue):
    running = queue.file("a", ["a"], by="Ada")
    queue.claim(device_free=True)
    waiting = queue.file("b", ["b"], by="Ada")

    assert queue.cancel(running.job_id, by="Ada").cancel_asked
    assert queue.get(running.job_id).state == "running"
    assert queue.cancel(waiting.job_id, by="Ada").state == "cancelled"
    with pytest.raises(InputError, match=f"found job {waiting.job_id} already cancelled"):
        queue.cancel(waiting.job_id, by="Ada")


def test_cancelling_a_parent_cancels_its_children(queue):
    parent = queue.file("demo", ["demo"], holds_device=False, by="Ada")
    child = queue.file("step", ["split"], parent_id=parent.job_id, by="Ada")

    queue.cancel(parent.job_id, by="Ada")

    assert queue.get(child.job_id).state == "cancelled"


def test_a_cancelled_job_can_be_resumed_and_a_done_one_cannot(queue):
    job = queue.file("a", ["a"], by="Ada")
    queue.cancel(job.job_id, by="Ada")

    assert queue.resume(job.job_id, by="Ada").state == "queued"

    queue.claim(device_free=True)
    queue.end(job.job_id, "done", made={"x": 1})
    assert queue.get(job.job_id).made == {"x": 1}
    with pytest.raises(InputError, match="found job 1 done; there is nothing to resume"):
        queue.resume(job.job_id, by="Ada")


def test_a_job_whose_process_keeps_dying_is_given_up(queue):
    job = queue.file("a", ["a"], by="Ada")
    for _ in range(MAX_ATTEMPTS):
        assert queue.get(job.job_id).state == "queued"
        queue.claim(device_free=True)
        queue.requeue(job.job_id, counts=True)

    assert queue.get(job.job_id).state == "failed"


def test_a_stop_that_was_asked_for_is_not_an_attempt(queue):
    job = queue.file("a", ["a"], by="Ada")
    for _ in range(MAX_ATTEMPTS + 1):
        queue.claim(device_free=True)
        queue.requeue(job.job_id, counts=False)

    assert queue.get(job.job_id).state == "queued"


def test_no_job_is_claimed_twice(queue):
    for number in range(12):
        queue.file("a", ["a", str(number)], by="Ada")

    with ThreadPoolExecutor(4) as pool:
        claimed = list(pool.map(lambda _: queue.claim(device_free=True), range(16)))

    numbers = [job.job_id for job in claimed if job is not None]
    assert sorted(numbers) == list(range(1, 13))


def test_an_unknown_job_is_told(queue):
    with pytest.raises(InputError, match="Expected the number of a job, found 7"):
        queue.get(7)


def test_a_half_written_row_of_the_history_is_not_read(queue):
    job = queue.file("a", ["a"], by="Ada")
    (queue.folder(job.job_id) / "history.jsonl").write_text('{"epoch": 1}\n{"epo')

    assert queue.history(job.job_id) == [{"epoch": 1}]
