"""What `verify` says, in words, of single changes."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import insert

from core.base.errors import InputError
from core.store import audit_key, chain, growing
from core.store.ledger import Ledger
from core.store.tables import reads
from core.store.verification import verify
from tests.store.filled import add_read, database, fill, past_the_program, read_values, told
from tests.store.raw import only_postgresql, only_sqlite, raw, system


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
    ],
)
def test_each_change_is_told_by_its_row(workspace, statement, faults):
    fill(workspace).engine.dispose()

    with past_the_program(workspace) as connection:
        connection.execute(statement)
        connection.commit()

    assert told(workspace) == faults


def test_a_table_that_is_gone_is_a_fault_and_the_others_are_looked_at(workspace):
    fill(workspace).engine.dispose()
    with raw(workspace) as connection:
        connection.script(["DROP TABLE reads"])

    found = [(table, row) for table, row, sentence in told(workspace) if "trigger" not in sentence]

    assert found == [("reads", None), *(("reads", str(number)) for number in range(1, 6))]
    missing = {"sqlite": "no such table: reads", "postgresql": 'relation "reads" does not exist'}
    assert ("reads", None, f"Table reads cannot be read ({missing[system(workspace)]}).") in told(workspace)


@only_sqlite
@pytest.mark.parametrize(
    ("statement", "faults"),
    [
        (
            "UPDATE audit SET about = x'ff00' WHERE entry_id = 6",
            [("audit", "6", "Entry 6 of the audit was changed after it was written.")],
        ),
        (
            "UPDATE reads SET answer = CAST(x'ff00' AS TEXT) WHERE read_id = 3",
            [("reads", "3", "Row 3 of reads was changed after entry 7 had sealed it.")],
        ),
    ],
)
def test_bytes_in_the_place_of_text_are_told_by_their_row(workspace, statement, faults):
    fill(workspace).engine.dispose()

    with past_the_program(workspace) as connection:
        connection.execute(statement)

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


@only_sqlite
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


@only_postgresql
def test_a_missing_a_sleeping_and_a_foreign_trigger_are_faults_on_postgresql(workspace):
    fill(workspace).engine.dispose()
    swallow = "RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    with raw(workspace) as connection:
        connection.script(
            [
                "DROP TRIGGER reads_only_grows_by_row ON reads",
                "ALTER TABLE reads DISABLE TRIGGER reads_only_grows_by_statement",
                f"CREATE FUNCTION swallow() {swallow}",
                "CREATE TRIGGER reads_lost BEFORE INSERT ON reads FOR EACH ROW EXECUTE FUNCTION swallow()",
                "DROP TRIGGER audit_only_grows_by_row ON audit",
                "CREATE TRIGGER audit_only_grows_by_row BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION swallow()",
            ]
        )

    assert [sentence for _, _, sentence in told(workspace)] == [
        "Table audit: the trigger audit_only_grows_by_row is not the program's.",
        "Table reads: the trigger reads_lost is not the program's.",
        "Table reads: the trigger reads_only_grows_by_row, which keeps its rows, is missing.",
        "Table reads: the trigger reads_only_grows_by_statement, which keeps its rows, is missing.",
    ]


@only_postgresql
def test_a_function_of_the_triggers_that_lets_all_pass_is_a_fault_of_every_table(workspace):
    fill(workspace).engine.dispose()
    with raw(workspace) as connection:
        connection.script(
            [
                "CREATE OR REPLACE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
                "UPDATE reads SET reader = 'Eve' WHERE read_id = 3",
            ]
        )

    found = told(workspace)

    assert ("reads", "3", "Row 3 of reads was changed after entry 7 had sealed it.") in found
    assert {table for table, row, _ in found if row is None} == set(growing.KEYS)


@only_postgresql
def test_triggers_of_another_schema_are_nobody_s_business(workspace):
    fill(workspace).engine.dispose()
    with raw(workspace) as connection:
        connection.script(
            [
                "CREATE SCHEMA other",
                "CREATE TABLE other.reads (read_id integer)",
                "CREATE TRIGGER reads_other BEFORE INSERT ON other.reads FOR EACH ROW EXECUTE FUNCTION only_grows()",
                "CREATE TRIGGER reads_only_grows_by_row BEFORE DELETE ON other.reads FOR EACH ROW "
                "EXECUTE FUNCTION only_grows()",
            ]
        )

    assert told(workspace) == []


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


@only_sqlite
def test_a_trigger_of_others_is_a_fault_however_its_table_is_written(workspace):
    fill(workspace).engine.dispose()
    with closing(sqlite3.connect(database(workspace))) as connection:
        connection.execute("CREATE TRIGGER swallow BEFORE INSERT ON READS BEGIN SELECT RAISE(IGNORE); END")
        connection.execute("CREATE TRIGGER elsewhere BEFORE INSERT ON jobs BEGIN SELECT 1; END")

    assert told(workspace) == [("reads", None, "Table reads: the trigger swallow is not the program's.")]
    with pytest.raises(InputError, match=r"Nothing was saved: reads did not take its row; run `python -m core review"):
        add_read(Ledger(workspace), "swallowed")


@only_sqlite
@pytest.mark.parametrize("text", ["Ada", "b'Ada'", '{"bytes":"416461"}'])
def test_text_that_was_made_bytes_is_a_change(workspace, text):
    ledger = fill(workspace)
    with ledger.writing() as page:
        done = page.connection.execute(insert(reads).values(read_values("own") | {"reader": text}))
        page.record("first answer", actor="Ada", about={}, row=(reads, done.inserted_primary_key[0]))
    ledger.engine.dispose()
    with past_the_program(workspace) as connection:
        connection.execute("UPDATE reads SET reader = x'416461' WHERE key = 'own'")

    assert [fault[:2] for fault in told(workspace)] == [("reads", "6")]
