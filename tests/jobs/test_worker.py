"""The worker on real processes: done, failed, cancelled, killed, adopted."""

import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from core.base.paths import ROOT
from core.jobs import executors, worker
from core.jobs.queue import JobQueue
from core.jobs.worker import Worker

WAIT_S = 90


@pytest.fixture
def queue(workspace):
    return JobQueue(workspace)


@pytest.fixture
def working(queue, monkeypatch):
    """A worker in a thread, for as long as the test lasts."""
    monkeypatch.setattr(worker, "GRACE_S", 10.0)
    at_work = Worker(queue)
    thread = threading.Thread(target=at_work.run, kwargs={"until_idle": False})
    thread.start()
    yield at_work
    at_work.stop()
    thread.join(WAIT_S)
    assert not thread.is_alive()


def until(condition, told):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.1)


def ended(queue, job):
    until(lambda: queue.get(job.job_id).finished, lambda: queue.log(job.job_id))
    return queue.get(job.job_id)


def long_job(queue, tmp_path):
    """A job of many minutes that looks for a stop between two films, now running."""
    job = queue.file("phantoms", ["phantom", str(tmp_path / "out"), "--patients", "4000", "--size", "64"], by="Ada")
    until(lambda: queue.get(job.job_id).pid is not None, lambda: "not started")
    until(lambda: queue.progress(job.job_id) is not None, lambda: queue.log(job.job_id))
    return queue.get(job.job_id)


def test_a_job_is_done_and_says_what_it_made(queue, working, tmp_path):
    job = queue.file("phantoms", ["phantom", str(tmp_path / "out"), "--patients", "2", "--size", "64"], by="Ada")

    done = ended(queue, job)

    assert done.state == "done"
    assert done.made["patients"] == 2
    assert queue.progress(job.job_id).share == 1.0


def test_bad_input_fails_with_its_sentence(queue, working):
    done = ended(queue, queue.file("nonsense", ["splitt"], by="Ada"))

    assert done.state == "failed"
    assert done.message == "Expected a command, found 'splitt'; did you mean 'split'?"


def test_a_running_job_is_cancelled_when_it_has_saved(queue, working, tmp_path):
    job = long_job(queue, tmp_path)

    queue.cancel(job.job_id, by="Ada")

    done = ended(queue, job)
    assert done.state == "cancelled"
    assert not executors.alive(job)


def test_a_killed_process_is_started_again(queue, working, tmp_path):
    job = long_job(queue, tmp_path)

    os.kill(job.pid, signal.SIGKILL)

    until(lambda: queue.get(job.job_id).attempts == 2, lambda: str(queue.get(job.job_id)))
    queue.cancel(job.job_id, by="Ada")
    assert ended(queue, job).state == "cancelled"


def test_only_one_worker_holds_a_workspace(queue, working):
    until(lambda: worker.is_running(queue.workspace), lambda: "no lock")

    done = subprocess.run(
        [sys.executable, "-m", "core", "jobs", "worker"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout == "A worker runs here already.\n"


def test_jobs_survive_their_worker_and_stop_with_the_next_one(queue, tmp_path):
    worker.ensure_running(queue.workspace)
    job = long_job(queue, tmp_path)
    first = next(process for process in psutil.process_iter() if process.pid == psutil.Process(job.pid).ppid())
    first.kill()
    first.wait(10)

    assert executors.alive(job)  # its process goes on

    worker.ensure_running(queue.workspace)
    until(lambda: worker.is_running(queue.workspace), lambda: "no second worker")
    time.sleep(1)
    assert queue.get(job.job_id).attempts == 1  # adopted, not started again
    assert worker.stop_running(queue.workspace)
    assert queue.get(job.job_id).state == "queued"  # goes on with the next start
    assert not executors.alive(job)
