"""An erasure leaves a sound store that tells nothing of the patient; whatever else changes a row stays a fault."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from core.base.errors import PleuraScopeError
from core.store import erasure
from core.store.erasure import Films
from core.store.growing import lifted
from core.store.ledger import Ledger
from core.store.tables import ERASED, audit, jobs, origin_reads, reads, worklists
from core.store.verification import verify
from tests.store.filled import WORKLIST, add_origin_read, add_read, add_worklist, fill, past_the_program, told
from tests.store.raw import database, only_sqlite

ABOUT = {"dataset": "made", "films": 2, "reason": "asked for by letter"}
OF_PATIENT = Films(patient="p1", images={"made": frozenset({"film-k1", "film-k3"}), "b-of-made": frozenset({"made-1"})})


def _erased(workspace, films=OF_PATIENT):
    ledger = fill(workspace)
    erasure.erase(ledger, films, actor="Ada", about=ABOUT)
    return ledger


def _rows(ledger, table):
    with ledger.engine.execution_options(writes=False).begin() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]


def test_an_erased_read_keeps_its_place_and_tells_nothing_and_the_store_is_sound(workspace):
    before = {row["read_id"]: row for row in _rows(fill(workspace), reads)}

    found = erasure.erase(ledger := Ledger(workspace), OF_PATIENT, actor="Ada", about=ABOUT)

    after = {row["read_id"]: row for row in _rows(ledger, reads)}
    gone = [key for key, row in before.items() if row["image_id"] in OF_PATIENT.images["made"]]
    assert found.counts["reads"] == len(gone) == 2
    assert list(after) == list(before)
    for key, row in after.items():
        if key not in gone:
            assert row == before[key]
            continue
        kept = {name for name in row if row[name] == before[key][name]}
        assert set(row) - kept == {"image_id", "image_sha256", "answer", "seen"}
        assert (row["image_id"], row["image_sha256"], row["answer"]) == (ERASED, ERASED, {ERASED: True})
        assert row["seen"] == {"read_mode": "open", "cut": 0.41}
    verified = verify(workspace)
    assert verified.faults == []
    assert verified.notes == ["Entry 10: Ada erased one patient of made (2 films, 2 reads): asked for by letter"]


def test_each_erased_row_has_an_entry_with_its_old_and_its_new_digest(workspace):
    ledger = _erased(workspace)

    entries = _rows(ledger, audit)
    sealed = {
        entry["row_key"]: entry for entry in entries if entry["action"] != ERASED and entry["row_table"] == "reads"
    }
    of_rows = [entry for entry in entries if entry["action"] == ERASED]
    assert [entry["row_key"] for entry in of_rows] == ["2", "4"]
    for entry in of_rows:
        assert entry["about"] == ABOUT | {"was": sealed[entry["row_key"]]["row_digest"]}
        assert entry["row_digest"] != sealed[entry["row_key"]]["row_digest"]


def test_answers_on_pairs_and_lists_of_films_forget_too(workspace):
    ledger = fill(workspace)
    add_origin_read(ledger, "pair")  # of the film "pair-id" and the image "pair-made-id"
    films = Films(patient="p1", images={"made": frozenset({"pair-id"}), "b-of-made": frozenset()})
    with ledger.writing() as page:
        values = WORKLIST | {"name": "chosen", "films": ["pair-id", "other"]}
        key = page.connection.execute(worklists.insert().values(values)).inserted_primary_key[0]
        page.record("worklist made", actor="Ada", about={}, row=(worklists, key))

    erasure.erase(ledger, films, actor="Ada", about=ABOUT)

    assert {row["name"]: row["films"] for row in _rows(ledger, worklists)}["chosen"] == ["other"]
    (pair,) = _rows(ledger, origin_reads)
    assert {value for name, value in pair.items() if name.startswith(("film_", "made_"))} == {ERASED, "left"}
    assert verify(workspace).faults == []


def test_a_list_of_another_data_set_with_a_film_of_the_same_name_is_left_alone(workspace):
    ledger = _erased(workspace, Films(patient="p1", images={"other": frozenset({"film-k1"})}))

    assert ERASED not in {row["image_id"] for row in _rows(ledger, reads)}


def test_jobs_forget_the_film_and_no_longer_name_of_which_it_is_a_part(workspace):
    ledger = fill(workspace)
    values = {"state": "done", "priority": 0, "holds_device": True, "cancel_asked": False, "attempts": 1}
    with ledger.engine.begin() as connection:
        told = {
            "title": "Explain film-k1",
            "arguments": ["explain", "c", "film-k1", "film-k10"],
            "made": {"a": "film-k3.png"},
        }
        connection.execute(jobs.insert().values(**values, **told, created_at=0.0))

    erasure.erase(ledger, OF_PATIENT, actor="Ada", about=ABOUT)

    (job,) = _rows(ledger, jobs)
    assert job["title"] == "Explain erased"
    assert job["arguments"] == ["explain", "c", "erased", "film-k10"]
    assert job["made"] == {"a": "erased.png"}


@pytest.mark.parametrize(
    ("told", "plain"),
    [
        ("Explaining film-1.png.", "Explaining erased.png."),
        ("film-1, film-10, a-film-1 and film-1~a-to-b", "erased, film-10, a-film-1 and erased"),
        ("erase made p0123456789", "erase made erased"),
        ("p0123456789a", "p0123456789a"),
    ],
)
def test_a_text_is_rid_of_whole_names_only(told, plain):
    films = Films(patient="p0123456789", images={"made": frozenset({"film-1"}), "b": frozenset({"film-1~a-to-b"})})

    assert films.scrubbed(told) == plain
    assert Films(patient="7", images={}).scrubbed("epoch 7 of 70") == "epoch 7 of 70"


@only_sqlite
def test_nothing_of_it_is_left_in_the_bytes_of_the_file(workspace):
    ledger = fill(workspace)
    comment = json.dumps("é k1")[1:-1].encode()  # the comment of the read on film-k1
    assert any(comment in path.read_bytes() for path in database(workspace).parent.glob("pleurascope.sqlite*"))

    erasure.erase(ledger, OF_PATIENT, actor="Ada", about=ABOUT)

    for path in database(workspace).parent.glob("pleurascope.sqlite*"):
        assert comment not in path.read_bytes(), path.name


def test_the_rows_are_as_guarded_afterwards_as_before(workspace):
    ledger = _erased(workspace)

    with pytest.raises(Exception, match="never changed"), ledger.engine.begin() as connection:
        connection.execute(reads.update().values(reader="Eve"))


def test_a_trigger_that_was_missing_stays_missing(workspace):
    ledger = fill(workspace)
    on = "reads_never_changed" if ledger.engine.dialect.name == "sqlite" else "reads_only_grows_by_row ON reads"
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {on}")

    erasure.erase(ledger, OF_PATIENT, actor="Ada", about=ABOUT)

    assert [fault[2] for fault in told(workspace)] == [
        f"Table reads: the trigger {on.split(maxsplit=1)[0]}, which keeps its rows, is missing."
    ]


def test_what_fails_in_the_middle_changes_nothing(workspace, monkeypatch):
    ledger = fill(workspace)
    before = _rows(ledger, reads), _rows(ledger, audit)
    recorded = []

    def fail(page, action, **about):
        recorded.append(action)
        if action == ERASED:
            msg = "the process is killed here"
            raise PleuraScopeError(msg)

    monkeypatch.setattr("core.store.ledger.Page.record", fail)
    with pytest.raises(PleuraScopeError, match="killed"):
        erasure.erase(ledger, OF_PATIENT, actor="Ada", about=ABOUT)
    monkeypatch.undo()

    assert recorded == [erasure.PATIENT, ERASED]
    assert (_rows(ledger, reads), _rows(ledger, audit)) == before
    assert verify(workspace).faults == []


def test_erased_twice_it_is_entered_twice_and_changed_once(workspace):
    ledger = _erased(workspace)

    found = erasure.erase(ledger, OF_PATIENT, actor="Ada", about=ABOUT)

    assert found.counts == {"reads": 0, "origin_reads": 0, "worklists": 0, "jobs": 0}
    assert verify(workspace).faults == []


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE reads SET reader = 'Eve' WHERE read_id = 2",
            "Row 2 of reads was changed after entry 11 had sealed it.",
        ),
        (
            "UPDATE reads SET answer = (SELECT answer FROM reads WHERE read_id = 1) WHERE read_id = 2",
            "Row 2 of reads was changed after entry 11 had sealed it.",
        ),
        (
            """UPDATE reads SET image_id = 'erased', image_sha256 = 'erased', answer = '{"erased": true}' """
            "WHERE read_id = 3",
            "Row 3 of reads was changed after entry 7 had sealed it.",
        ),
        ("DELETE FROM reads WHERE read_id = 2", "Row 2 of reads is gone; entry 11 speaks of it."),
        ("DELETE FROM audit WHERE entry_id = 11", "Row 2 of reads was changed after entry 5 had sealed it."),
        (
            "UPDATE audit SET row_key = '3' WHERE entry_id = 11",
            "Row 2 of reads was changed after entry 5 had sealed it.",
        ),
        (
            "INSERT INTO audit SELECT 13, created_at, actor, action, row_table, '3', row_digest, about, hash, hash "
            "FROM audit WHERE entry_id = 11",
            "Entry 13 of the audit was not written by the program.",
        ),
        (
            "UPDATE reads SET key = 'k9' WHERE read_id = 4",
            "Row 4 of reads was changed after entry 12 had sealed it.",
        ),
    ],
)
def test_what_is_changed_past_the_program_is_a_fault_after_an_erasure_as_before(workspace, statement, sentence):
    _erased(workspace).engine.dispose()
    assert told(workspace) == []

    with past_the_program(workspace) as connection:
        connection.execute(statement)
        connection.commit()

    assert sentence in [fault[2] for fault in told(workspace)]


def test_an_erasure_does_not_launder_a_row_that_was_changed_before(workspace):
    ledger = fill(workspace)
    with past_the_program(workspace) as connection:
        connection.execute("UPDATE reads SET reader = 'Eve' WHERE read_id = 2")
        connection.commit()

    erasure.erase(ledger, OF_PATIENT, actor="Ada", about=ABOUT)

    assert told(workspace) == [
        ("reads", "2", "Row 2 of reads was changed after entry 5 had sealed it and before entry 11 erased it.")
    ]


def test_an_old_answer_put_back_with_its_entries_cut_is_a_fault(workspace):
    ledger = fill(workspace)
    before = _rows(ledger, reads)[1]
    erasure.erase(ledger, OF_PATIENT, actor="Ada", about=ABOUT)
    ledger.engine.dispose()

    with past_the_program(workspace) as connection:
        connection.execute("DELETE FROM audit WHERE entry_id >= 10")
        connection.execute(
            "UPDATE reads SET image_id = ?, image_sha256 = ?, answer = ?, seen = ? WHERE read_id = 2",
            (before["image_id"], before["image_sha256"], json.dumps(before["answer"]), json.dumps(before["seen"])),
        )
        connection.commit()

    assert any("are missing in the audit: cut off" in fault[2] for fault in told(workspace))


def test_only_tables_that_grow_can_be_lifted(workspace):
    ledger = fill(workspace)
    with (
        pytest.raises(ValueError, match="only grows"),
        ledger.engine.begin() as connection,
        lifted(connection, ["jobs"]),
    ):
        pass


def test_reads_that_follow_an_erasure_are_saved_as_ever(workspace):
    ledger = _erased(workspace)
    add_worklist(ledger, "wednesday")
    add_read(ledger, "k77")

    assert verify(workspace).faults == []
