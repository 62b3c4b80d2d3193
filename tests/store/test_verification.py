"""What `verify` says, in words, of single changes; and what it goes on saying after a gap was accepted."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from core.base.errors import InputError
from core.base.paths import Workspace
from core.store import audit_key, chain
from core.store.ledger import Ledger
from core.store.verification import accept, verify
from tests.store.filled import add_read, database, fill, past_the_program, put, taken


def told(workspace):
    return [(fault.table, fault.row, fault.sentence) for fault in verify(workspace).faults]


def test_an_empty_store_is_sound(workspace):
    found = verify(workspace)

    assert (found.entries, found.rows, found.faults, found.notes) == (1, 1, [], [])


def test_a_filled_one_is_sound_and_counted(workspace):
    fill(workspace, count=5)

    found = verify(workspace)

    # The store's row, two worklists, five reads, and one read's second entry.
    assert (found.entries, found.rows, found.faults, found.notes) == (9, 8, [], [])


@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        (
            "UPDATE reads SET reader = 'Eve' WHERE read_id = 3",
            [("reads", "3", "Row 3 of reads was changed after entry 7 had sealed it.")],
        ),
        (
            "DELETE FROM reads WHERE read_id = 5",
            [("reads", "5", "Row 5 of reads is gone; entry 9 speaks of it.")],
        ),
        (
            "INSERT INTO reads SELECT 99, 'new', worklist, image_id, image_sha256, reader, role, stage, answer, seen, "
            "seconds, supersedes, created_at FROM reads WHERE read_id = 1",
            [("reads", "99", "Row 99 of reads has no entry: it was inserted past the program.")],
        ),
        (
            "UPDATE worklists SET cut = 0.9 WHERE name = 'tuesday'",
            [("worklists", "2", "Row 2 of worklists was changed after entry 3 had sealed it.")],
        ),
        (
            "UPDATE audit SET actor = 'Eve' WHERE entry_id = 6",
            [("audit", "6", "Entry 6 of the audit was changed after it was written.")],
        ),
        (
            "UPDATE audit SET actor = 'Eve' WHERE entry_id = 4",
            [
                ("audit", "4", "Entry 4 of the audit was changed after it was written."),
                (
                    "reads",
                    "1",
                    "Row 1 of reads is vouched for by nothing: its entry 4 is not as the program wrote it.",
                ),
            ],
        ),
        (
            "UPDATE audit SET about = x'ff00' WHERE entry_id = 6",
            [("audit", "6", "Entry 6 of the audit was changed after it was written.")],
        ),
        (
            "UPDATE reads SET answer = CAST(x'ff00' AS TEXT) WHERE read_id = 3",
            [("reads", "3", "Row 3 of reads was changed after entry 7 had sealed it.")],
        ),
        (
            "DELETE FROM audit WHERE entry_id = 6",
            [("audit", "6", "Entry 6 is missing in the audit: taken out.")],
        ),
        (
            "DELETE FROM audit WHERE entry_id = 9",
            [
                (
                    "audit",
                    "9",
                    "Entry 9 is missing in the audit: cut off, or an old database was put back (the head file stands "
                    "at entry 9).",
                ),
                (
                    "reads",
                    "5",
                    "Row 5 of reads has no entry: it was inserted past the program, or its entry was taken out or "
                    "changed.",
                ),
            ],
        ),
        (
            "INSERT INTO audit SELECT 10, created_at, actor, action, NULL, NULL, NULL, about, hash, hash FROM audit "
            "WHERE entry_id = 9",
            [("audit", "10", "Entry 10 of the audit was not written by the program.")],
        ),
        ("DROP TABLE reads", None),
    ],
)
def test_each_change_is_told_by_its_row(workspace, statement, faults):
    fill(workspace).engine.dispose()
    if faults is None:
        with closing(sqlite3.connect(database(workspace))) as connection:
            connection.execute(statement)
        assert ("reads", None, "Table reads cannot be read (no such table: reads).") in told(workspace)
        return

    with past_the_program(workspace) as connection:
        connection.execute(statement)
        connection.commit()

    assert told(workspace) == faults


def test_a_store_emptied_of_everything_is_named_by_its_first_entry(workspace):
    fill(workspace).engine.dispose()
    with past_the_program(workspace) as connection:
        for table in ("reads", "worklists", "audit", "store"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608

    assert [fault[:2] for fault in told(workspace)] == [("store", None), ("audit", "1")]


def test_an_emptied_audit_under_a_damaged_id_is_a_fault_and_no_failure(workspace):
    fill(workspace).engine.dispose()
    with past_the_program(workspace) as connection:
        connection.execute("DELETE FROM audit")
        connection.execute("UPDATE store SET store_id = '../x'")

    assert ("store", "../x") in {fault[:2] for fault in told(workspace)}


def test_a_missing_a_weakened_and_a_foreign_trigger_are_faults(workspace):
    fill(workspace).engine.dispose()
    with closing(sqlite3.connect(database(workspace))) as connection:
        connection.execute("DROP TRIGGER reads_never_deleted")
        connection.execute("DROP TRIGGER reads_never_changed")
        connection.execute("CREATE TRIGGER reads_never_changed BEFORE UPDATE ON reads BEGIN SELECT 1; END")
        connection.execute("CREATE TRIGGER reads_lost BEFORE INSERT ON reads BEGIN SELECT RAISE(IGNORE); END")

    assert [sentence for _, _, sentence in told(workspace)] == [
        "Table reads: the trigger reads_lost is not the program's.",
        "Table reads: the trigger reads_never_changed is not the program's.",
        "Table reads: the trigger reads_never_deleted, which keeps its rows, is missing.",
    ]


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("old", "Entry 10 of the audit and those after it are newer than the head file: an old head file was put"),
        ("gone", "Table audit: its head file is missing or damaged, so a cut would not show."),
        ("damaged", "Table audit: its head file is missing or damaged, so a cut would not show."),
        ("other", "Entry 9 of the audit is not the one that the head file names."),
    ],
)
def test_a_head_file_that_was_touched_is_a_fault(workspace, how, sentence):
    ledger = fill(workspace)
    (path,) = audit_key.key_file(workspace).parent.glob(chain.HEADS)
    old = path.read_text()
    for number in range(2):
        add_read(ledger, f"later{number}")
    if how == "old":
        path.write_text(old)
    if how == "gone":
        path.unlink()
    if how == "damaged":
        path.write_text("[]")
    if how == "other":
        path.write_text(old.replace('"hash": "', '"hash": "0'))

    (fault,) = verify(workspace).faults

    assert fault.sentence.startswith(sentence)


def test_a_store_begun_in_the_place_of_another_is_a_fault_until_it_is_accepted(workspace):
    fill(workspace).engine.dispose()
    for path in workspace.root.glob("pleurascope.sqlite*"):
        path.unlink()

    add_read_after = fill(workspace)
    add_read(add_read_after, "later")

    (fault,) = verify(workspace).faults
    assert fault.sentence.startswith("This store was begun where another one, ")
    assert "had stood with 9 entries; whoever removed that one says so" in fault.sentence
    accept(workspace, "Ada", "make clean")
    found = verify(workspace)
    assert found.faults == []
    assert any(note.endswith("make clean") for note in found.notes)
    assert any(note.startswith("This store was begun where another one, ") for note in found.notes)


def test_a_store_is_the_same_from_whatever_folder_it_is_opened(workspace, monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", "sqlite:///own.sqlite")
    for name in ("one", "two"):
        folder = workspace.root / name
        folder.mkdir(parents=True)
        monkeypatch.chdir(folder)
        fill(Workspace()).engine.dispose()

        assert verify(Workspace()).faults == []


def test_a_trigger_of_others_is_a_fault_however_its_table_is_written(workspace):
    fill(workspace)
    with past_the_program(workspace) as there:
        there.execute("CREATE TRIGGER swallow BEFORE INSERT ON READS BEGIN SELECT RAISE(IGNORE); END")

    assert "Table reads: the trigger swallow is not the program's." in [
        fault.sentence for fault in verify(workspace).faults
    ]


def test_text_that_was_made_bytes_is_a_change(workspace):
    fill(workspace)
    with past_the_program(workspace) as there:
        there.execute("UPDATE reads SET reader = CAST(reader AS BLOB) WHERE read_id = 1")

    assert ("reads", "1") in [(fault.table, fault.row) for fault in verify(workspace).faults]


@pytest.fixture
def restored(workspace, tmp_path):
    """A store of which last night's backup was put back."""
    ledger = fill(workspace)
    backup = taken(workspace, tmp_path / "backup.sqlite")
    add_read(ledger, "lost1")
    add_read(ledger, "lost2")
    ledger.engine.dispose()
    put(workspace, backup)
    return workspace


def test_an_accepted_gap_stands_as_a_note_and_the_store_goes_on(restored):
    accept(restored, "Ada", "the disk failed")

    add_read(Ledger(restored), "next")

    found = verify(restored)
    assert found.faults == []
    assert found.notes == [
        "Entry 10: Ada accepted that the database ended at entry 9 while the head file stood at entry 11: "
        "the disk failed"
    ]


def test_to_accept_a_gap_hides_no_changed_row(restored):
    with past_the_program(restored) as connection:
        connection.execute("UPDATE reads SET reader = 'Eve' WHERE read_id = 3")
        connection.commit()

    accept(restored, "Ada", "the disk failed")

    assert [fault[:2] for fault in told(restored)] == [("reads", "3")]


def test_a_lost_head_file_can_be_accepted(workspace):
    ledger = fill(workspace)
    (path,) = audit_key.key_file(workspace).parent.glob(chain.HEADS)
    path.unlink()

    accept(workspace, "Ada", "a new machine")

    add_read(ledger, "next")
    found = verify(workspace)
    assert found.faults == []
    assert "ended at entry 9 while there was no head file: a new machine" in found.notes[0]


def test_a_sound_store_has_nothing_to_accept(workspace):
    fill(workspace)

    with pytest.raises(InputError, match="found nothing to accept; go on as usual"):
        accept(workspace, "Ada", "why not")


@pytest.mark.parametrize(("actor", "reason"), [("", "the disk failed"), ("Ada", " ")])
def test_to_accept_takes_a_name_and_a_reason(restored, actor, reason):
    with pytest.raises(InputError, match=r"Expected a name and a reason .*, found none; give both"):
        accept(restored, actor, reason)

    assert verify(restored).faults


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM audit", "found none; restore a backup"),
        ("UPDATE audit SET actor = 'Eve'", "found one that was not; restore a backup"),
    ],
)
def test_an_end_that_the_program_did_not_write_is_not_accepted(restored, statement, found):
    with past_the_program(restored) as connection:
        connection.execute(statement)
        connection.commit()

    with pytest.raises(InputError, match=found):
        accept(restored, "Ada", "the disk failed")
