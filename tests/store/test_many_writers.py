"""Writers in several processes at once, and writers that are killed: no entry is lost and the chain stays sound."""

from __future__ import annotations

import multiprocessing
import os
import random
import time

import pytest

from core.store.ledger import Ledger
from core.store.verification import verify
from tests.store.filled import ONE_BEHIND, add_worklist, read_keys, write_many, write_until_killed


@pytest.fixture(scope="module")
def processes():
    """Processes that start at once, since what they import is imported."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork server")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.store.filled"])
    return context


@pytest.fixture
def begun(workspace):
    ledger = Ledger(workspace)
    add_worklist(ledger, "monday")
    ledger.engine.dispose()
    return workspace


def test_eight_processes_that_write_at_once_lose_nothing(begun, processes):
    writers = [processes.Process(target=write_many, args=(begun, f"w{number}", 20)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)

    assert [writer.exitcode for writer in writers] == [0] * 8
    assert read_keys(begun) == {f"w{writer}-{number}" for writer in range(8) for number in range(20)}
    found = verify(begun)
    assert (found.entries, found.faults, found.notes) == (2 + 8 * 20, [], [])


def test_eight_processes_that_open_a_new_store_at_once_begin_one_chain(workspace, processes):
    writers = [processes.Process(target=write_many, args=(workspace, f"w{number}", 0)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)

    assert [writer.exitcode for writer in writers] == [0] * 8
    found = verify(workspace)
    assert (found.entries, found.faults, found.notes) == (1, [], [])


@pytest.mark.skipif(os.name != "posix", reason="kill -9 is POSIX")
def test_a_killed_writer_leaves_the_head_at_most_one_write_behind(begun, processes):
    chance = random.Random(5)
    saved: set[str] = set()

    for turn in range(30):
        listening, telling = processes.Pipe(duplex=False)
        writer = processes.Process(target=write_until_killed, args=(begun, f"t{turn}", telling))
        writer.start()
        telling.close()
        assert listening.poll(60)
        time.sleep(chance.uniform(0, 0.03))
        writer.kill()
        writer.join()
        try:
            while True:
                saved.add(listening.recv())
        except EOFError:
            listening.close()

        found = verify(begun)
        assert found.faults == [], turn
        assert found.notes in ([], [ONE_BEHIND])

    assert saved <= read_keys(begun)
    assert len(saved) >= 30
