"""The database: opened at the newest migration, refused when it is newer than the code."""

import re
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import inspect, select, text

from core.base.errors import InputError
from core.jobs.queue import JobQueue
from core.store.engine import as_it_stands, database_file, migrate, open_database
from core.store.ledger import Ledger
from core.store.tables import metadata, worklists
from core.store.verification import verify
from tests.store.filled import add_origin_read, add_proposal, add_read, add_switch, database, fill
from tests.store.moved import moved, newest
from tests.store.raw import on_postgresql, only_sqlite, raw


def test_a_new_database_has_the_tables_that_the_code_knows(workspace):
    engine = open_database(workspace)

    inspector = inspect(engine)
    for table in metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}


@only_sqlite
def test_it_keeps_a_write_ahead_log_and_waits_for_the_disk(workspace):
    with open_database(workspace).connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_opening_twice_changes_nothing(workspace):
    with open_database(workspace).begin() as connection:
        connection.execute(text("CREATE TABLE notes (words TEXT)"))

    assert inspect(open_database(workspace)).has_table("notes")


def test_a_database_from_before_the_worklists_gains_them_and_keeps_its_jobs(workspace):
    job = JobQueue(workspace).file("Train CNN", ["train", "cnn"], by="Ada")
    engine = open_database(workspace)
    moved(engine, command.downgrade, "0001")
    assert not inspect(engine).has_table("worklists")

    migrate(engine)

    assert inspect(engine).has_table("worklists")
    assert JobQueue(workspace).get(job.job_id) == replace(job, filed_by=None)


def backups(workspace):
    return sorted((workspace.root / "backups").glob("*"))


@only_sqlite
def test_a_new_database_needs_no_backup(workspace):
    open_database(workspace)

    assert not backups(workspace)


@only_sqlite
def test_before_a_migration_the_database_is_copied(workspace):
    job = JobQueue(workspace).file("Train CNN", ["train", "cnn"], by="Ada")
    engine = open_database(workspace)
    moved(engine, command.downgrade, "0002")

    migrate(engine)

    (copy,) = backups(workspace)
    assert re.fullmatch(rf"before-{newest()}-\d{{8}}T\d{{6}}\.\d{{6}}Z\.sqlite", copy.name)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
        assert connection.execute("SELECT title FROM jobs").fetchall() == [(job.title,)]
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


@only_sqlite
def test_where_no_backup_can_be_made_nothing_is_migrated(workspace):
    engine = open_database(workspace)
    moved(engine, command.downgrade, "0002")
    (workspace.root / "backups").write_text("a file in its place")

    with pytest.raises(OSError, match="backups"):
        open_database(workspace)

    assert not inspect(engine).has_table("reads")


def test_without_its_reads_a_database_can_go_back_and_forth(workspace):
    ledger = fill(workspace)
    moved(ledger.engine, command.downgrade, "0002")
    assert not {"reads", "audit", "store"} & set(inspect(ledger.engine).get_table_names())
    with ledger.engine.begin() as connection:
        connection.execute(text("UPDATE worklists SET cut = 0.5"))  # no trigger is left

    ledger.engine.dispose()
    engine = open_database(workspace)

    with engine.connect() as connection:
        assert connection.execute(select(worklists.c.name, worklists.c.cut, worklists.c.purpose)).all() == [
            ("monday", 0.5, "reading"),
            ("tuesday", 0.5, "reading"),
        ]
    add_read(Ledger(workspace), "again")


@only_sqlite
def test_a_store_from_before_its_row_was_guarded_by_number_is_guarded_and_sound(workspace):
    ledger = fill(workspace)
    moved(ledger.engine, command.downgrade, "0003")
    ledger.engine.dispose()
    with closing(sqlite3.connect(database(workspace))) as connection:
        (new,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'store_never_replaced'").fetchone()
        connection.execute("DROP TRIGGER store_never_replaced")
        connection.execute(new.replace(" OR rowid = NEW.rowid", ""))
        connection.commit()

    found = verify(workspace)

    assert (found.faults, found.notes) == ([], [])
    with closing(sqlite3.connect(database(workspace))) as connection:
        assert connection.execute("SELECT sql FROM sqlite_master WHERE name = 'store_never_replaced'").fetchone() == (
            new,
        )


def test_a_filled_store_from_before_the_operating_points_gains_their_tables_and_stays_sound(workspace):
    ledger = fill(workspace)
    moved(ledger.engine, command.downgrade, "0004")
    assert not {"proposals", "decisions"} & set(inspect(ledger.engine).get_table_names())
    before = verify_counts(workspace, ledger)

    again = Ledger(workspace)
    add_proposal(again, "p0", decision="activated")

    found = verify(workspace)
    assert (found.faults, found.notes) == ([], [])
    assert (found.entries, found.rows) == (before[0] + 2, before[1] + 2)
    assert [path.name[:11] for path in backups(workspace)] == (
        [] if on_postgresql(workspace) else [f"before-{newest()}"]
    )


def test_a_filled_store_from_before_the_switches_gains_their_tables_and_stays_sound(workspace):
    ledger = fill(workspace)
    add_proposal(ledger, "p0", decision="activated")
    moved(ledger.engine, command.downgrade, "0005")
    assert not {"origin_reads", "switches"} & set(inspect(ledger.engine).get_table_names())

    before = verify(workspace)  # which migrates it
    again = Ledger(workspace)
    add_origin_read(again, "origin-0")
    add_switch(again, "switch-0", on=True)

    found = verify(workspace)
    assert (before.faults, found.faults, found.notes) == ([], [], [])
    assert (found.entries, found.rows) == (before.entries + 2, before.rows + 2)


def test_going_back_before_the_switches_takes_them_out_and_the_audit_still_tells_of_them(workspace):
    ledger = fill(workspace)
    rows = [
        ("origin_reads", str(add_origin_read(ledger, "origin-0"))),
        ("switches", str(add_switch(ledger, "s0", on=True))),
    ]
    moved(ledger.engine, command.downgrade, "0005")
    add_read(ledger, "meanwhile")
    ledger.engine.dispose()

    assert [(fault.table, fault.row) for fault in verify(workspace).faults] == rows


def verify_counts(workspace, ledger):
    """Return how many entries and rows there are, by plain counting; nothing is migrated."""
    ledger.engine.dispose()
    with raw(workspace) as connection:
        counts = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in ("audit", "store", "worklists", "reads")
        }
    return counts.pop("audit"), sum(counts.values())


def test_going_back_before_the_operating_points_takes_them_out_and_the_audit_still_tells_of_them(workspace):
    ledger = fill(workspace)
    row = add_proposal(ledger, "p0")
    moved(ledger.engine, command.downgrade, "0004")
    add_read(ledger, "meanwhile")
    ledger.engine.dispose()

    found = verify(workspace)

    assert [(fault.table, fault.row) for fault in found.faults] == [("proposals", str(row))]


@only_sqlite
def test_where_no_database_is_none_is_made_by_reading(workspace):
    assert as_it_stands(workspace) is None
    assert not workspace.root.exists()


def test_a_database_is_read_as_it_stands(workspace):
    ledger = fill(workspace)
    moved(ledger.engine, command.downgrade, "0004")

    with as_it_stands(workspace).begin() as connection:
        assert connection.execute(select(worklists.c.name)).scalars().all() == ["monday", "tuesday"]

    assert not inspect(ledger.engine).has_table("proposals")
    assert not backups(workspace)


def test_reading_waits_for_no_writer(workspace):
    ledger = fill(workspace)

    with ledger.writing(), as_it_stands(workspace).begin() as connection:
        assert connection.execute(select(worklists.c.name)).scalars().all() == ["monday", "tuesday"]


@pytest.mark.parametrize(
    "url", ["sqlite:///own.sqlite", "sqlite+pysqlite:///./own.sqlite", "sqlite:///link/own.sqlite"]
)
def test_the_file_of_a_database_is_told_in_full(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)

    assert database_file(url) == tmp_path / "own.sqlite"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql://db/pleurascope", "no URL"])
def test_what_has_no_file_has_none(url):
    assert database_file(url) is None


def test_two_worklists_cannot_have_one_name(workspace):
    constraints = inspect(open_database(workspace)).get_unique_constraints("worklists")

    assert [constraint["column_names"] for constraint in constraints] == [["name"]]


def test_a_newer_database_is_refused(workspace):
    with open_database(workspace).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(InputError, match="found 9999; update PleuraScope"):
        open_database(workspace)


def test_many_processes_may_open_it_at_once(workspace):
    failures = []

    def opened():
        try:
            open_database(workspace).dispose()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=opened) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
