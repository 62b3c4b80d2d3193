"""A server that is killed while reads are being saved: every read that was shown as saved is there."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection

import numpy as np
import pytest

from core.base.paths import Workspace
from core.review import reading_list, saving
from core.review.read_store import FIRST, WITH_MODEL, Reads
from core.store.verification import verify
from core.triage.worklists import Worklists
from tests.review.listed import given, reading


def serve(number: int, told: Connection) -> None:
    """Save answers until killed, and tell of each only after it was saved, as the page does."""
    workspace = Workspace()
    of = reading_list.load(workspace, Worklists(workspace).get("first"))
    reads = Reads(workspace)
    for image_id in of.listed:
        name = f"reader {number}"
        before = None
        for stage in (FIRST, WITH_MODEL):
            key = f"{number}-{stage}-{image_id}"
            others = [read.read_id for read in reads.of_case("first", image_id) if read.stage == WITH_MODEL]
            known = max([*others, *([] if before is None else [before.read_id])], default=None)
            before = saving.save(reads, of, given(of, image_id, name, stage=stage, expected=known, key=key))
            told.send(key)


@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.slow)])
def test_every_read_that_was_shown_as_saved_is_there(workspace, kills):
    reading(workspace, films=200)
    context = multiprocessing.get_context("fork")
    chance = np.random.default_rng(0)
    shown = []
    for number in range(kills):
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=serve, args=(number, there))
        process.start()
        there.close()
        shown.append(here.recv())  # it has begun to save
        time.sleep(float(chance.uniform(0, 0.15)))
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        while here.poll():
            try:
                shown.append(here.recv())
            except EOFError:
                break

    kept = {read.key for read in Reads(workspace).all()}
    found = verify(workspace)

    assert len(shown) > kills
    assert set(shown) <= kept
    assert len(kept) <= len(shown) + kills  # at most the one that was being saved
    assert found.faults == []
