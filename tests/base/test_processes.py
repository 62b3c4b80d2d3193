"""Processes of their own, and logs that stay small while somebody writes them."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from app.launch import keep_logs_small
from core.base import processes


@pytest.fixture
def log(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "LOG_BYTES", 100)
    monkeypatch.setattr(processes, "LOGS_KEPT", 3)
    return tmp_path / "dashboard.log"


def names(log):
    return sorted(path.name for path in log.parent.iterdir())


def test_a_short_log_and_none_are_left_alone(log):
    processes.put_away_if_long(log)
    log.write_text("x" * 100)
    processes.put_away_if_long(log)

    assert names(log) == ["dashboard.log"]


def test_a_long_log_is_put_away_and_the_oldest_goes(log):
    for number in range(5):
        log.write_text(str(number) * 101)
        processes.put_away_if_long(log)

    assert log.read_text() == ""
    assert [(log.parent / f"dashboard.{number}.log").read_text()[0] for number in (1, 2, 3)] == ["4", "3", "2"]
    assert names(log) == [*(f"dashboard.{number}.log" for number in (1, 2, 3)), "dashboard.log"]


def test_a_process_that_writes_goes_on_in_the_same_file_and_all_logs_stay_small(log):
    lines = 400
    program = f"import sys, time\nfor n in range({lines}): print(f'{{n:04d}} a line', flush=True); time.sleep(0.002)"
    process = processes.start_detached(["-c", program], log=log)
    largest = 0
    while process.poll() is None:
        processes.put_away_if_long(log)
        largest = max(largest, log.stat().st_size)
        time.sleep(0.01)

    assert process.returncode == 0
    assert largest < lines * 12 / 2  # without it, all lines stood in it
    told = log.read_text() + (log.parent / "dashboard.1.log").read_text()
    assert f"{lines - 1:04d} a line\n" in told
    assert "\x00" not in told  # no hole where it was cut
    assert len(names(log)) == 4


def test_a_long_log_is_put_away_before_the_next_process_writes(log):
    log.write_text("old" * 50)

    assert processes.start_detached(["-c", "print('new')"], log=log).wait(30) == 0

    assert log.read_text() == "new\n"
    assert (log.parent / "dashboard.1.log").read_text() == "old" * 50


def test_the_launcher_keeps_all_logs_small(workspace, monkeypatch):
    monkeypatch.setattr(processes, "LOG_BYTES", 100)
    logs = [workspace.root / "dashboard.log", workspace.root / "worker.log", workspace.job(7) / "log.txt"]
    for log in logs:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("x" * 101)

    for _ in range(3):  # what was put away is long, and stays where it is
        keep_logs_small(workspace)

    put_away = [log.with_name(f"{log.stem}.1{log.suffix}") for log in logs]
    assert [path.stat().st_size for path in (*logs, *put_away)] == [0, 0, 0, 101, 101, 101]
    assert len(list(workspace.root.iterdir())) == 5


def test_what_is_started_is_in_a_session_of_its_own(log):
    told = "import os; print(os.getsid(0) == os.getpid())"

    assert processes.start_detached(["-c", told], log=log).wait(30) == 0

    assert log.read_text() == "True\n"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, check=True).stdout == b"False\n"
