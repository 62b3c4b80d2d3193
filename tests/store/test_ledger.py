"""Writing through the ledger: all or nothing, an entry an event, and never past a store that was changed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import psycopg
import pytest
from alembic import command
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from core.base.errors import InputError
from core.store.engine import open_database
from core.store.growing import KEYS
from core.store.ledger import Ledger
from core.store.tables import audit, reads, worklists
from core.store.verification import verify
from tests.store.filled import (
    ONE_BEHIND,
    WORKLIST,
    add_origin_read,
    add_proposal,
    add_read,
    add_switch,
    database,
    fill,
    head_entry,
    head_path,
    insert_read,
    past_the_program,
    put,
    read_keys,
    read_values,
    taken,
)
from tests.store.moved import moved
from tests.store.raw import only_postgresql, only_sqlite, raw


def entries(ledger):
    with ledger.engine.execution_options(writes=False).begin() as connection:
        return connection.execute(select(audit).order_by(audit.c.entry_id)).mappings().all()


def test_a_new_store_begins_with_the_entry_of_its_own_row(workspace):
    ledger = Ledger(workspace)

    (entry,) = entries(ledger)
    assert (entry["action"], entry["row_table"], entry["previous"]) == ("store begun", "store", "0" * 64)
    assert head_path(workspace).name == f"{entry['row_key']}.head.json"
    assert head_entry(workspace) == 1


def test_every_entry_holds_the_hash_of_the_one_before_and_the_head_the_last(workspace):
    ledger = fill(workspace)

    rows = entries(ledger)

    assert [row["entry_id"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["previous"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]
    assert json.loads(head_path(workspace).read_text())["hash"] == rows[-1]["hash"]


def test_an_exception_leaves_neither_row_nor_entry(workspace):
    ledger = fill(workspace)
    before, head = entries(ledger), head_path(workspace).read_text()

    with pytest.raises(KeyError), ledger.writing() as page:
        row = insert_read(page.connection, "lost")
        page.record("first answer", actor="Ada", about={}, row=(reads, row))
        raise KeyError

    assert entries(ledger) == before
    assert head_path(workspace).read_text() == head
    assert "lost" not in read_keys(workspace)
    add_read(ledger, "after")
    assert verify(workspace).faults == []


def test_a_page_without_an_event_leaves_the_head_as_it_was(workspace):
    ledger = fill(workspace)
    modified = head_path(workspace).stat().st_mtime_ns

    with ledger.writing():
        pass

    assert head_path(workspace).stat().st_mtime_ns == modified


def test_the_entries_of_one_page_have_one_time_and_those_of_the_next_another(workspace, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1_767_225_600.0)
    ledger = fill(workspace, count=0)

    for number in range(3):
        add_read(ledger, f"k{number}", entries=2)

    times = [row["created_at"] for row in entries(ledger)][-6:]
    assert times[0] == times[1] != times[2] == times[3] != times[4] == times[5]
    assert verify(workspace).faults == []


def test_a_key_of_a_read_is_taken_once(workspace):
    ledger = fill(workspace)

    with pytest.raises(IntegrityError), ledger.writing() as page:
        insert_read(page.connection, "k0")


EITHER = ("UPDATE {table} SET created_at = 0", "DELETE FROM {table}")
WAYS = {
    "sqlite": (
        *EITHER,
        "INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1",
        "REPLACE INTO {table} SELECT * FROM {table}",
    ),
    "postgresql": (*EITHER, "TRUNCATE {table} CASCADE"),
}


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize(
    ("workspace", "statement"),
    [(system, way) for system, ways in WAYS.items() for way in ways],
    indirect=["workspace"],
)
def test_what_only_grows_cannot_be_changed_deleted_or_replaced(workspace, table, statement):
    ledger = fill(workspace)
    add_proposal(ledger, "p0", decision="activated")
    add_origin_read(ledger, "origin-0")
    add_switch(ledger, "switch-0", on=True)
    ledger.engine.dispose()

    with (
        raw(workspace) as connection,
        pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match=r"a row of \w+ is never changed"),
    ):
        connection.execute(statement.format(table=table))

    assert verify(workspace).faults == []


@only_postgresql
def test_a_row_of_the_same_key_takes_no_place_on_postgresql_either(workspace):
    fill(workspace).engine.dispose()

    with (
        raw(workspace) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="a row of reads is never changed or deleted"),
    ):
        connection.execute(
            "INSERT INTO reads SELECT * FROM reads WHERE read_id = 1 ON CONFLICT (key) DO UPDATE SET reader = 'Eve'"
        )

    assert verify(workspace).faults == []


@only_sqlite
def test_the_store_s_row_cannot_be_replaced_by_its_row_number(workspace):
    fill(workspace).engine.dispose()

    with (
        closing(sqlite3.connect(database(workspace))) as connection,
        pytest.raises(sqlite3.IntegrityError, match="a row of store is never changed, deleted or replaced"),
    ):
        connection.execute("INSERT OR REPLACE INTO store (rowid, store_id, created_at) VALUES (1, ?, 1.0)", ("f" * 32,))

    assert verify(workspace).faults == []


@only_sqlite
def test_a_read_cannot_take_the_place_of_one_with_its_key(workspace):
    fill(workspace).engine.dispose()

    with open_database(workspace).begin() as connection, pytest.raises(IntegrityError, match="a row of reads is never"):
        connection.execute(insert(reads).prefix_with("OR REPLACE").values(read_values("k0")))


def test_worklists_from_before_the_chain_are_taken_over(workspace):
    engine = open_database(workspace)
    moved(engine, command.downgrade, "0002")
    old = {name: value for name, value in WORKLIST.items() if name not in ("purpose", "films")}
    values = old | {"name": "old", "policy": "{}", "readers": "[]"}
    with engine.begin() as connection:
        names = ", ".join(values)
        connection.execute(text(f"INSERT INTO worklists ({names}) VALUES (:{', :'.join(values)})"), values)  # noqa: S608
    engine.dispose()

    ledger = Ledger(workspace)

    assert [(row["action"], row["row_key"]) for row in entries(ledger)][1:] == [("taken over", "1")]
    assert verify(workspace).faults == []
    with ledger.engine.connect() as connection:
        row = connection.execute(select(worklists)).mappings().one()
    assert (row["name"], row["purpose"], row["films"]) == ("old", "reading", None)


def test_after_a_stop_between_commit_and_head_it_goes_on(workspace):
    ledger = fill(workspace)
    head = head_path(workspace).read_text()
    add_read(ledger, "stopped", entries=3)
    head_path(workspace).write_text(head)

    found = verify(workspace)
    assert found.faults == []
    assert found.notes == [ONE_BEHIND]

    add_read(ledger, "next")
    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])
    assert {"stopped", "next"} <= read_keys(workspace)


def test_after_a_stop_at_the_very_first_write_it_goes_on(workspace):
    ledger = Ledger(workspace)
    head_path(workspace).unlink()

    assert len(verify(workspace).notes) == 1
    add_worklists = fill(workspace)
    add_read(add_worklists, "next")

    assert (verify(workspace).faults, verify(workspace).notes) == ([], [])
    ledger.engine.dispose()


REFUSED = r"Expected the store as it was left, found .* and a database that ends at entry \d+; run `python -m core"


@pytest.mark.parametrize("how", ["cut", "old copy", "emptied", "old head", "no head", "damaged head", "forged entry"])
def test_nothing_is_written_on_a_store_that_does_not_end_where_it_was_left(workspace, tmp_path, how):
    ledger = fill(workspace)
    old, old_head = taken(workspace, tmp_path / "old.sqlite"), head_path(workspace).read_text()
    for number in range(2):
        add_read(ledger, f"later{number}")
    ledger.engine.dispose()
    with past_the_program(workspace) as connection:
        if how == "cut":
            connection.execute("DELETE FROM audit WHERE entry_id = (SELECT max(entry_id) FROM audit)")
        if how == "emptied":
            connection.execute("DELETE FROM audit")
        if how == "forged entry":
            connection.execute(
                "INSERT INTO audit SELECT entry_id + 1, created_at, actor, action, row_table, row_key, row_digest, "
                "about, hash, hash FROM audit ORDER BY entry_id DESC LIMIT 1"
            )
    if how == "old copy":
        put(workspace, old)
    if how == "old head":
        head_path(workspace).write_text(old_head)
    if how == "no head":
        head_path(workspace).unlink()
    if how == "damaged head":
        head_path(workspace).write_text("{")
    before = read_keys(workspace)

    with pytest.raises(InputError, match=REFUSED):
        add_read(Ledger(workspace), "next")

    assert read_keys(workspace) == before
    assert verify(workspace).faults


def test_another_stores_id_in_the_database_is_refused(workspace):
    fill(workspace).engine.dispose()
    with past_the_program(workspace) as connection:
        connection.execute("UPDATE store SET store_id = ?", ("e" * 32,))

    with pytest.raises(InputError, match=REFUSED):
        add_read(Ledger(workspace), "next")


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM store", "found 0"),
        ("INSERT INTO store VALUES ('another', 1.0)", "found 2"),
        ("UPDATE store SET store_id = '../../x'", "found one with a damaged id"),
    ],
)
def test_a_store_without_its_one_row_is_refused(workspace, statement, found):
    fill(workspace).engine.dispose()
    with past_the_program(workspace) as connection:
        connection.execute(statement)

    with pytest.raises(InputError, match=f"Expected one row in the table store, {found}; run `python -m core review"):
        add_read(Ledger(workspace), "next")


def test_a_store_without_its_audit_is_refused_in_one_sentence(workspace):
    fill(workspace).engine.dispose()
    with raw(workspace) as connection:
        connection.script(["DROP TABLE audit"])

    for action in (lambda: Ledger(workspace), lambda: verify(workspace)):
        with pytest.raises(
            InputError, match=r"found that it cannot .(no such table: audit|relation \"audit\" does not)"
        ):
            action()
