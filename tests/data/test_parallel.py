"""Work in threads: in order, bounded, and stopped by the first error."""

from __future__ import annotations

import threading
import time

import pytest

from core.base.errors import Cancelled
from core.base.progress import JOB_DIR
from core.data.parallel import in_threads


def test_results_come_in_order():
    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number < 3 else 0)
        return number * number

    assert list(in_threads(slow_at_first, range(30), "Squaring")) == [number * number for number in range(30)]


def test_nothing_to_do_is_no_work():
    assert list(in_threads(str, [], "Nothing")) == []


def test_the_first_error_is_raised_and_ends_the_work():
    done = []

    def work(number: int) -> None:
        if number == 3:
            msg = "three"
            raise ValueError(msg)
        time.sleep(0.001)
        done.append(number)

    with pytest.raises(ValueError, match="three"):
        list(in_threads(work, range(10_000), "Working"))

    assert len(done) < 200


def test_it_works_ahead_only_a_little():
    begun = []
    results = in_threads(begun.append, range(1000), "Working")

    next(results)
    time.sleep(0.05)

    assert len(begun) < 100
    results.close()


def test_a_stop_is_obeyed_and_no_thread_is_left(tmp_path, monkeypatch):
    (tmp_path / "stop").touch()
    monkeypatch.setenv(JOB_DIR, str(tmp_path))

    with pytest.raises(Cancelled):
        list(in_threads(str, range(1000), "Working"))

    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("files")] == []
