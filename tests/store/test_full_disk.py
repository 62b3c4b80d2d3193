"""A head file that cannot be written, or a database without room: what was saved stays, and nothing else is let in."""

from __future__ import annotations

import errno
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from core.base.errors import InputError
from core.store import chain
from core.store.ledger import Ledger
from core.store.verification import verify
from tests.store.filled import (
    ONE_BEHIND,
    add_read,
    add_worklist,
    fill,
    head_entry,
    head_path,
    insert_read,
    read_keys,
)
from tests.store.raw import only_postgresql, only_sqlite, raw

UNWRITTEN = (
    r"the audit head beside the key cannot be written .No space left on device.; free some space in .* try again"
)


@contextmanager
def full(monkeypatch):
    """Let the disk take no head file."""

    def refuse(_head, path):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as disk:
        disk.setattr(chain.Head, "write", refuse)
        yield


def test_a_head_that_cannot_be_written_loses_nothing_and_lets_nothing_else_in(workspace, monkeypatch):
    ledger = fill(workspace)
    before = head_entry(workspace)

    with full(monkeypatch):
        add_read(ledger, "saved-though-full", entries=2)  # committed, so it is told as saved
        for key in ("refused-once", "refused-twice"):
            with pytest.raises(InputError, match=f"Nothing was saved: {UNWRITTEN}"):
                add_read(ledger, key)
        assert (verify(workspace).faults, verify(workspace).notes) == ([], [ONE_BEHIND])
    assert head_entry(workspace) == before

    add_read(ledger, "saved-with-space")

    assert read_keys(workspace) == {*(f"k{number}" for number in range(5)), "saved-though-full", "saved-with-space"}
    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])


def test_a_store_that_was_begun_on_a_full_disk_goes_on(workspace, monkeypatch):
    with full(monkeypatch):
        ledger = Ledger(workspace)
        with pytest.raises(InputError, match=f"Nothing was saved: {UNWRITTEN}"):
            add_worklist(ledger, "monday")

    add_worklist(ledger, "monday")

    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])


def test_a_refused_page_leaves_a_head_that_is_no_longer_behind(workspace, monkeypatch):
    ledger = fill(workspace)
    with full(monkeypatch):
        add_read(ledger, "saved-though-full")

    with pytest.raises(KeyError), ledger.writing() as page:
        insert_read(page.connection, "lost")
        raise KeyError

    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])


def test_a_gap_is_not_accepted_where_the_head_cannot_be_written(workspace, monkeypatch):
    ledger = fill(workspace)
    head_path(workspace).unlink()

    with full(monkeypatch), pytest.raises(InputError, match=f"Not accepted yet: {UNWRITTEN}"):
        ledger.accept(actor="Ada", reason="a new machine")
    assert verify(workspace).faults

    ledger.accept(actor="Ada", reason="a new machine")
    add_read(ledger, "next")
    assert verify(workspace).faults == []


@only_sqlite
def test_a_database_without_room_is_told_in_one_sentence_and_loses_nothing(workspace):
    ledger = fill(workspace)

    def fill_up(connection, *_):
        connection.execute("PRAGMA max_page_count = 1")  # as few as there are

    ledger.engine.dispose()
    event.listen(ledger.engine, "connect", fill_up)
    saved = read_keys(workspace)
    with pytest.raises(
        InputError, match=r"Nothing was saved: the database cannot be written .database or disk is full"
    ):
        for number in range(100):
            add_read(ledger, f"more{number}")
            saved.add(f"more{number}")
    ledger.engine.dispose()

    assert read_keys(workspace) == saved
    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])
    add_read(Ledger(workspace), "next")


@only_postgresql
def test_a_connection_that_is_lost_within_a_write_is_told_and_the_next_write_goes_on(workspace):
    ledger = fill(workspace)
    before = read_keys(workspace)

    with (
        pytest.raises(InputError, match=r"Nothing was saved: the database cannot be written .terminating connection"),
        ledger.writing() as page,
    ):
        insert_read(page.connection, "lost")
        with raw(workspace) as other:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid() AND "
            other.execute(f"{others} datname = current_database()")
        page.record("first answer", actor="Ada", about={})

    assert read_keys(workspace) == before
    add_read(ledger, "next")
    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])


def test_a_folder_in_the_place_of_the_head_is_told_as_a_missing_head(workspace):
    ledger = fill(workspace)
    path = head_path(workspace)
    path.unlink()
    path.mkdir()

    with pytest.raises(InputError, match="found no head file beside the key"):
        add_read(ledger, "later")
    assert "its head file is missing or damaged" in verify(workspace).faults[0].sentence
    with pytest.raises(InputError, match="Not accepted yet: the audit head beside the key cannot be written"):
        ledger.accept(actor="Ada", reason="a folder stood in its place")
    path.rmdir()
    ledger.accept(actor="Ada", reason="a folder stood in its place")
    add_read(ledger, "later")
    assert verify(workspace).faults == []


@pytest.mark.parametrize("content", ['{"entry_id": 1e999}', "[]", ""])
def test_a_head_file_of_nonsense_is_a_missing_one(workspace, content):
    ledger = fill(workspace)
    head_path(workspace).write_text(content)

    with pytest.raises(InputError, match="found no head file beside the key"):
        add_read(ledger, "later")
    assert "its head file is missing or damaged" in verify(workspace).faults[0].sentence
