"""`restore` as it is typed: the full way back, and everything that must not be put in the database's place."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from filelock import FileLock

from core.base.errors import InputError
from core.store import restore
from core.store.engine import open_database
from core.store.erasure import PATIENT
from core.store.ledger import Ledger
from core.store.verification import accept, verify
from tests.running import core
from tests.store.filled import add_read, database, fill, read_keys
from tests.store.moved import moved, newest


@pytest.fixture
def backup(workspace, done, tmp_path):
    """A store with two reads more than its backup, closed; the backup."""
    ledger = fill(workspace)
    _, made = done("backup", str(tmp_path / "kept"))
    for number in range(2):
        add_read(ledger, f"since{number}")
    ledger.engine.dispose()
    return Path(made["backup"])


def test_the_full_way_back(workspace, backup, done, tmp_path):
    told, made = done("restore", str(backup), "--yes")

    assert told.startswith("The backup stands in the place of the database: 5 reads, 9 entries of the audit, migration")
    assert "`python -m core review verify`" in told
    assert made["restored"] == str(database(workspace))
    assert read_keys(workspace) == {f"k{number}" for number in range(5)}
    (fault,) = verify(workspace).faults
    assert fault.sentence.startswith("Entries 10 to 11 are missing in the audit")
    with pytest.raises(InputError, match="run `python -m core review verify`"):
        add_read(Ledger(workspace), "too early")

    core(tmp_path, "review", "verify", "--accept", "the disk failed")

    add_read(Ledger(workspace), "next")
    assert verify(workspace).faults == []
    with closing(sqlite3.connect(made["kept"])) as kept:
        assert kept.execute("SELECT count(*) FROM reads").fetchone() == (7,)
        assert kept.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_was_replaced_can_be_put_back(workspace, backup, done):
    _, made = done("restore", str(backup), "--yes")

    done("restore", made["kept"], "--yes")

    assert read_keys(workspace) == {*(f"k{number}" for number in range(5)), "since0", "since1"}
    assert verify(workspace).faults == []


def test_without_yes_it_says_what_would_change_and_changes_nothing(workspace, backup, done):
    told, made = done("restore", str(backup))

    assert told.splitlines() == [
        f"The backup: 5 reads, 9 entries of the audit, migration {newest()}.",
        f"The database now: 7 reads, 11 entries of the audit, migration {newest()}.",
        f"Nothing was changed; add --yes to put the backup in the place of {database(workspace)}.",
    ]
    assert made == {"restored": None, "kept": None}
    assert verify(workspace).faults == []


def test_an_erased_patient_who_would_come_back_is_told(workspace, backup, done):
    ledger = Ledger(workspace)
    with ledger.writing() as page:
        page.record(PATIENT, actor="Ada", about={"dataset": "made", "films": 1, "reason": "asked for"})
    ledger.engine.dispose()
    note = "note: 1 patient was erased after this backup, whose reads come back with it"

    assert note in done("restore", str(backup))[0]
    assert note in done("restore", str(backup), "--yes")[0]
    assert "erased after" not in done("restore", str(backup))[0]  # the database now knows of no erasure


def test_a_backup_of_another_store_is_told(workspace, backup, done, tmp_path):
    other = tmp_path / "other.sqlite"
    shutil.copyfile(backup, other)
    with closing(sqlite3.connect(other)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'store'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE store SET store_id = ?", ("0" * 32,))
        connection.commit()

    assert "the backup is of another store" in done("restore", str(other))[0]
    assert "another store" not in done("restore", str(backup))[0]


def test_what_was_replaced_counts_among_the_earlier_databases(workspace, backup, done):
    assert restore.earlier(workspace) == []

    _, made = done("restore", str(backup), "--yes")

    assert restore.earlier(workspace) == [Path(made["kept"])]


def test_a_lost_database_comes_back(workspace, backup, done):
    for path in workspace.root.glob("pleurascope.sqlite*"):
        path.unlink()
    assert "The database now: there is none." in done("restore", str(backup))[0]

    told, made = done("restore", str(backup), "--yes")

    assert made["kept"] is None
    assert "there was none before" in told
    accept(workspace, "Ada", "the disk failed")
    assert verify(workspace).faults == []


def test_a_damaged_database_is_replaced_and_kept_with_its_log(workspace, backup, done):
    database(workspace).write_bytes(b"no database" * 1000)
    database(workspace).with_name("pleurascope.sqlite-wal").write_bytes(b"its log")
    assert "The database now: one that cannot be read." in done("restore", str(backup))[0]

    _, made = done("restore", str(backup), "--yes")

    assert Path(made["kept"]).read_bytes().startswith(b"no database")
    assert Path(f"{made['kept']}-wal").read_bytes() == b"its log"
    assert len(read_keys(workspace)) == 5


@pytest.mark.parametrize("name", restore.HOLDERS)
def test_while_the_program_runs_it_is_refused(workspace, backup, refused, name):
    before = database(workspace).read_bytes()

    with FileLock(workspace.root / name):
        told = refused("restore", str(backup), "--yes")

    assert told == (
        f"Expected nobody at the database, found that {restore.HOLDERS[name]} has it open; stop the program (Ctrl-C) "
        "and try again."
    )
    assert database(workspace).read_bytes() == before


@pytest.mark.parametrize("writing", [True, False])
def test_while_anybody_has_the_database_open_it_is_refused(workspace, backup, refused, writing):
    with open_database(workspace).execution_options(writes=writing).connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM reads")

        assert "found that another process has it open" in refused("restore", str(backup), "--yes")

    assert len(read_keys(workspace)) == 7
    assert verify(workspace).faults == []


def test_a_backup_from_before_a_migration_is_put_back_and_migrated_again(workspace, done):
    ledger = fill(workspace)
    moved(ledger.engine, command.downgrade, "0004")
    ledger.engine.dispose()
    open_database(workspace).dispose()  # an update of the program: it migrates
    (before,) = (workspace.root / "backups").glob(f"before-{newest()}-*.sqlite")
    again = Ledger(workspace)
    add_read(again, "after the update")
    again.engine.dispose()

    told, _ = done("restore", str(before), "--yes")  # as before one goes back to the older program

    assert "migration 0004;" in told
    with closing(sqlite3.connect(database(workspace))) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0004",)
    accept(workspace, "Ada", "the update was taken back")  # migrates it again
    assert verify(workspace).faults == []
    assert len(read_keys(workspace)) == 5


def test_what_is_no_backup_is_refused_and_nothing_is_touched(workspace, backup, refused, tmp_path):
    before = database(workspace).read_bytes()
    whole = backup.read_bytes()
    cases = {"none": None, "empty": b"", "words": b"no database", "cut": whole[: len(whole) // 2]}
    cases["damaged"] = whole[: len(whole) // 2] + b"\x07" * (len(whole) - len(whole) // 2)
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE notes (words TEXT)")
        connection.commit()
    cases["another program's"] = other.read_bytes()
    for name, content in cases.items():
        path = tmp_path / f"{name}.sqlite"
        if content is not None:
            path.write_bytes(content)

        for words in ((), ("--yes",)):
            told = refused("restore", str(path), *words)
            start = "Expected a backup's file, found none" if content is None else "Expected a sound backup of the data"
            assert told.startswith(start), (name, told)

    assert database(workspace).read_bytes() == before


def test_a_backup_by_a_newer_program_is_refused(workspace, backup, refused):
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    told = refused("restore", str(backup), "--yes")

    assert told == (
        f"Expected a backup at migration {newest()} or older, found 9999; it was written by a newer PleuraScope, so "
        "update this one first."
    )


def test_the_database_itself_and_a_copy_in_two_files_are_refused(workspace, backup, refused, tmp_path):
    assert "found the database itself" in refused("restore", str(database(workspace)), "--yes")
    by_hand = tmp_path / "by hand.sqlite"
    shutil.copyfile(backup, by_hand)
    by_hand.with_name("by hand.sqlite-wal").write_bytes(b"the newest reads")

    assert "found by hand.sqlite-wal beside it, which holds a part of it" in refused("restore", str(by_hand), "--yes")


def test_postgresql_is_left_to_its_own_program(workspace, refused, monkeypatch, tmp_path):
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", "postgresql://db/pleurascope")

    assert "put PostgreSQL's backup back with its own pg_restore" in refused("restore", str(tmp_path / "x"), "--yes")


def test_a_stop_before_the_last_step_leaves_the_old_database(workspace, backup, monkeypatch):
    def stopped(_database):
        raise KeyboardInterrupt

    monkeypatch.setattr(restore, "_kept", stopped)

    with pytest.raises(KeyboardInterrupt):
        restore.restore(workspace, backup)

    assert len(read_keys(workspace)) == 7
    assert verify(workspace).faults == []
    assert not list(workspace.root.glob(".*.part"))
