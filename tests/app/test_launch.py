"""The launcher as a process: up, found again, stopped in order, taken over after a kill."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from core.base.paths import ROOT
from core.jobs import worker
from core.jobs.queue import JobQueue

WAIT_S = 90


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(workspace, port):
    """Start the launcher; whatever is left of it when the test ends is killed."""
    started = []

    def begin(**settings):
        process = subprocess.Popen(
            [sys.executable, "-m", "app.launch"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PORT": str(port), "DEMO": "0"} | settings,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield begin
    worker.stop_running(workspace)
    note = workspace.root / "dashboard.json"
    servers = [int(re.search(r'"pid": (\d+)', note.read_text())[1])] if note.exists() else []
    for pid in [*(process.pid for process in started), *servers]:
        if psutil.pid_exists(pid):
            psutil.Process(pid).kill()
    for process in started:
        process.communicate(timeout=WAIT_S)


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def until(condition):
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_it_prints_its_address_is_found_again_and_stops_at_ctrl_c(start, port):
    first = start()
    assert first.stdout.readline().startswith(f"PleuraScope runs at http://127.0.0.1:{port}")
    assert answers(port)

    second = start()
    told, _ = second.communicate(timeout=WAIT_S)
    assert second.returncode == 0
    assert told == f"PleuraScope runs already at http://127.0.0.1:{port}\n"

    first.send_signal(signal.SIGINT)
    told, complaints = first.communicate(timeout=WAIT_S)
    assert first.returncode == 0
    assert "goes on at the next start" in told
    assert complaints == ""
    assert not answers(port)


def test_a_killed_launcher_leaves_a_page_that_the_next_start_takes_over(start, port):
    first = start()
    first.stdout.readline()
    first.kill()
    first.wait()
    assert answers(port)

    second = start()
    assert second.stdout.readline().startswith(f"PleuraScope runs at http://127.0.0.1:{port}")
    second.send_signal(signal.SIGINT)
    second.communicate(timeout=WAIT_S)
    until(lambda: not answers(port))


def test_a_port_that_is_taken_is_told_in_one_sentence(start, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()

        process = start()
        told, complaint = process.communicate(timeout=WAIT_S)

    assert process.returncode == 2
    assert told == ""
    assert complaint == f"Port {port} is taken by another program; choose one that is free: PORT=8502 make start.\n"


def test_a_port_that_is_no_number_is_told(start):
    _, complaint = (process := start(PORT="http")).communicate(timeout=WAIT_S)

    assert process.returncode == 2
    assert "Expected PORT to be a number from 1 to 65535, found 'http'" in complaint


def test_an_address_that_is_not_this_machine_s_is_told(start):
    _, complaint = (process := start(ADDRESS="203.0.113.7")).communicate(timeout=WAIT_S)

    assert process.returncode == 2
    assert complaint == "Expected ADDRESS to be an address of this machine, found '203.0.113.7'; correct it.\n"


def test_at_every_address_it_is_found_at_its_own(start, port):
    process = start(ADDRESS="0.0.0.0")  # noqa: S104

    assert process.stdout.readline().startswith(f"PleuraScope runs at http://127.0.0.1:{port}")
    assert answers(port)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=WAIT_S)
    assert process.returncode == 0


def test_an_empty_workspace_starts_the_study_and_ctrl_c_keeps_it(start, workspace):
    process = start(DEMO="1")
    process.stdout.readline()
    assert "The embedded study is being made" in process.stdout.readline()
    queue = JobQueue(workspace)
    until(lambda: any(job.title == "Compute the phantoms" and job.state == "running" for job in queue.newest()))

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WAIT_S)

    assert not worker.is_running(workspace)
    assert {job.state for job in queue.newest()} == {"queued"}
    assert not any("core" in child.cmdline() for child in psutil.process_iter(["cmdline"]) if _of(child, workspace))


def test_a_worker_that_dies_is_followed_by_another_with_no_page_open(start, workspace, tmp_path):
    process = start()
    process.stdout.readline()
    queue = JobQueue(workspace)
    phantoms = ["phantom", str(tmp_path / "phantoms"), "--patients", "400", "--size", "512"]
    job = queue.file("Compute phantoms", phantoms, by="Ada")
    until(lambda: queue.get(job.job_id).pid is not None)  # a job filed elsewhere finds its worker too
    first = [child for child in psutil.process_iter(["cmdline"]) if _is_worker(child, workspace)]
    assert len(first) == 1

    killed_at = time.monotonic()
    first[0].kill()
    until(lambda: not worker.is_running(workspace))
    until(lambda: worker.is_running(workspace))

    assert time.monotonic() - killed_at < 30
    until(lambda: any(_is_worker(child, workspace) for child in psutil.process_iter(["cmdline"])))
    adopted = queue.get(job.job_id)
    assert (adopted.state, adopted.attempts) == ("running", 1)  # its process went on; nothing ran twice
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WAIT_S)
    assert not worker.is_running(workspace)


def _is_worker(process, workspace):
    return "worker" in (process.info["cmdline"] or []) and _of(process, workspace)


def _of(process, workspace):
    """Tell whether a process belongs to this test's workspace."""
    try:
        return process.environ().get("PLEURASCOPE_WORKSPACE") == str(workspace.root) and process.pid != os.getpid()
    except (psutil.AccessDenied, psutil.NoSuchProcess):
        return False
