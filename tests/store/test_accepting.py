"""What a person takes upon them: a gap, and that a store stands in the place of another one; told for ever."""

from __future__ import annotations

import re

import pytest

from core.base.errors import InputError
from core.base.paths import Workspace
from core.store import audit_key, chain
from core.store.ledger import Ledger
from core.store.verification import accept, verify
from tests.store.filled import add_read, fill, head_path, past_the_program, put, remove, taken, told
from tests.store.raw import only_sqlite


def removed(workspace):
    """Fill a store and remove its database."""
    fill(workspace).engine.dispose()
    store_id = head_path(workspace).name.split(".")[0]
    remove(workspace)
    return store_id


def test_a_store_begun_in_the_place_of_another_is_written_to_and_a_fault_until_it_is_accepted(workspace):
    store_id = removed(workspace)

    add_read(fill(workspace), "later")

    assert told(workspace) == [
        (
            "store",
            None,
            f"Another store stood here, with 9 entries (id {store_id}), and this one was begun in its place: the "
            "database was deleted or replaced; if that was meant to be, run `python -m core review verify --accept "
            "REASON`.",
        )
    ]

    accept(workspace, "Ada", "cleaned up after the tour")

    add_read(Ledger(workspace), "next")
    found = verify(workspace)
    assert found.faults == []
    assert found.notes == [
        "Entry 11: Ada accepted that this store was begun in the place of another one with 9 entries "
        f"(id {store_id}): cleaned up after the tour"
    ]
    with pytest.raises(InputError, match="found nothing to accept"):
        accept(workspace, "Ada", "once more")


def test_what_was_accepted_of_one_store_is_not_accepted_of_the_next(workspace, tmp_path):
    ledger = fill(workspace)
    backup = taken(workspace, tmp_path / "backup.sqlite")
    for number in range(2):
        add_read(ledger, f"lost{number}")
    ledger.engine.dispose()
    put(workspace, backup)
    accept(workspace, "Ada", "the disk failed")
    assert verify(workspace).faults == []

    remove(workspace)

    assert [fault[0] for fault in told(workspace)] == ["store"]


def test_a_gap_and_a_store_in_the_place_of_another_are_accepted_together(workspace, tmp_path):
    removed(workspace)
    ledger = fill(workspace)
    backup = taken(workspace, tmp_path / "backup.sqlite")
    for number in range(2):
        add_read(ledger, f"lost{number}")
    ledger.engine.dispose()
    put(workspace, backup)
    assert len(told(workspace)) == 2

    accept(workspace, "Ada", "a bad day")

    found = verify(workspace)
    assert found.faults == []
    (note,) = found.notes
    assert re.fullmatch(
        r"Entry 10: Ada accepted that this store was begun in the place of another one with 9 entries "
        r".id [0-9a-f]{32}. and that the database ended at entry 9 while the head file stood at entry 11: a bad day",
        note,
    )


@only_sqlite
def test_what_is_no_json_does_not_keep_a_store_in_anothers_place_from_being_accepted(workspace):
    removed(workspace)
    add_read(fill(workspace), "later")
    with past_the_program(workspace) as connection:
        connection.execute("UPDATE audit SET about = '{' WHERE entry_id = 5")

    accept(workspace, "Ada", "cleaned up after the tour")

    assert ("audit", "5") in {fault[:2] for fault in told(workspace)}
    assert "store" not in {fault[0] for fault in told(workspace)}


@only_sqlite
def test_two_databases_of_one_relative_name_are_two_places_and_one_is_the_same_from_wherever_it_is_named(
    tmp_path, monkeypatch, workspace
):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", "sqlite:///own.sqlite")
        fill(Workspace()).engine.dispose()
        assert verify(Workspace()).faults == []

    for path in (tmp_path / "one").glob("own.sqlite*"):
        path.unlink()
    monkeypatch.setenv("PLEURASCOPE_DATABASE_URL", f"sqlite+pysqlite:///{tmp_path}/two/../one/own.sqlite")

    (fault,) = told(Workspace())
    assert fault[2].startswith("Another store stood here, with 9 entries ")


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
