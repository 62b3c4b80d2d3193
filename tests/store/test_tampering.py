"""Six hundred tamperings, seeded: each is found, and names the rows that were touched and no others.

Five hundred on SQLite, which takes any value in any column, and a hundred on PostgreSQL, which does not.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import psycopg
import pytest

from core.store.chain import entry_hash
from core.store.growing import KEYS, WATCHED, digest
from core.store.ledger import Ledger
from core.store.verification import accept, verify
from tests.store.filled import (
    add_origin_read,
    add_proposal,
    add_read,
    add_switch,
    fill,
    past_the_program,
    put,
    taken,
)
from tests.store.raw import Raw, raw

TABLES = ("reads", "worklists", "audit", "store", "proposals", "decisions", "origin_reads", "switches")
NUMBERED = {"read_id", "worklist_id", "entry_id", "proposal_id", "decision_id", "origin_read_id", "switch_id"}
COPIED = {*NUMBERED, "store_id", "key", "name"}


class Book:
    """The raw database, and what was touched in it."""

    def __init__(self, connection: Raw, chance: random.Random) -> None:
        self.connection, self.chance = connection, chance
        self.touched: set[tuple[str, str]] = set()
        self.also: set[tuple[str, str]] = set()  # rows of which a touched entry speaks or spoke

    def rows(self, table: str) -> list[dict]:
        """Return all rows of a table."""
        found = self.connection.execute(f"SELECT * FROM {table} ORDER BY 1")  # noqa: S608
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found]

    def touch(self, table: str, row: dict) -> None:
        """Note that a row is touched."""
        self.touched.add((table, str(row[KEYS[table][0]])))
        if table == "audit" and row["row_table"] is not None:
            self.also.add((str(row["row_table"]), str(row["row_key"])))

    def delete(self, table: str, row: dict) -> None:
        """Delete a row."""
        identity = KEYS[table][0]
        self.connection.execute(f"DELETE FROM {table} WHERE {identity} = ?", (row[identity],))  # noqa: S608
        self.touch(table, row)

    def insert(self, table: str, row: dict) -> None:
        """Insert a row."""
        marks = ", ".join("?" * len(row))
        self.connection.execute(f"INSERT INTO {table} VALUES ({marks})", tuple(row.values()))  # noqa: S608
        self.touch(table, row)

    def replace(self, table: str, old: dict, new: dict) -> None:
        """Put a row in the place of another."""
        self.delete(table, old)
        self.insert(table, new)


def other(value: object, chance: random.Random, *, typed: bool) -> object:
    """Return another value of the same kind.

    Args:
        value: What stands there.
        chance: Where the choice comes from.
        typed: Whether the column keeps to its type, as on PostgreSQL.
    """
    if isinstance(value, bool):
        return not value
    if typed and str(value)[:1] in "[{":  # JSON; written another way, with a space more, its content is the same
        return json.dumps([json.loads(str(value)), 7])
    if value is None:
        return chance.choice(["x", 1, "null"])
    if isinstance(value, int | float):
        return value + chance.choice([1000, 0.5, -3000])
    words = str(value)
    if words.isdigit():
        return str(int(words) + 1000)
    place = chance.randrange(len(words) + 1)
    more = [] if typed else [words + "\x00", words.encode() + b"\xff"]
    return chance.choice([words + " ", words[:place] + "7" + words[place:], *more])


def edit(book: Book) -> None:
    typed = book.connection.dialect == "postgresql"
    table = book.chance.choice(TABLES)
    row = book.chance.choice(book.rows(table))
    while True:
        column = book.chance.choice(list(row))
        value = other(row[column], book.chance, typed=typed)
        if column in NUMBERED:
            value = int(row[column]) + 1000
        if not typed:
            break
        try:  # PostgreSQL refuses what does not fit, or cuts blanks off that do not
            book.connection.execute("SAVEPOINT edit")
            book.replace(table, row, row | {column: value})
            if row not in book.rows(table):
                return
        except psycopg.DataError:
            pass
        book.connection.execute("ROLLBACK TO SAVEPOINT edit")
        book.touched.clear()
        book.also.clear()
    book.replace(table, row, row | {column: value})


def delete(book: Book) -> None:
    table = book.chance.choice(TABLES)
    book.delete(table, book.chance.choice(book.rows(table)))


def swap(book: Book) -> None:
    """Swap two rows' content; which is to swap their keys."""
    table = book.chance.choice([name for name in TABLES if name != "store"])
    one, two = book.chance.sample(book.rows(table), 2)
    identity = KEYS[table][0]
    for row in (one, two):
        book.delete(table, row)
    book.insert(table, one | {identity: two[identity]})
    book.insert(table, two | {identity: one[identity]})


def renewed(value: object) -> object:
    """Return a value that no other row has."""
    return value + 1000 if isinstance(value, int) else f"{value}-new"


def put_in(book: Book) -> None:
    table = book.chance.choice(TABLES)
    row = book.chance.choice(book.rows(table))
    step = 1 if book.chance.random() < 0.5 else 1000
    identity = KEYS[table][0]
    key = max((one[identity] for one in book.rows(table)), key=str) if table == "store" else None
    fresh = "f" * 32 if key else max(one[identity] for one in book.rows(table)) + step
    new = {name: renewed(value) if name in COPIED - {identity} else value for name, value in row.items()}
    if table == "audit" and book.chance.random() < 0.5:
        new["previous"] = book.rows("audit")[-1]["hash"]
    book.insert(table, new | {identity: fresh})


def cut(book: Book, *, with_rows: bool = True) -> None:
    entries = book.rows("audit")
    gone = entries[-book.chance.randint(1, len(entries)) :]
    for entry in gone:
        book.delete("audit", entry)
        for table in TABLES:
            for row in book.rows(table):
                if (table, str(row[KEYS[table][0]])) == (entry["row_table"], entry["row_key"]):
                    if with_rows:
                        book.delete(table, row)
                    else:
                        book.touch(table, row)
    # What was cut together with its entry is nowhere any more: the first of the entries is named for all of it.
    left = set() if with_rows else {one for one in book.touched if one[0] != "audit"}
    book.touched = {("audit", str(gone[0]["entry_id"]))} | left


def cut_rows_left(book: Book) -> None:
    cut(book, with_rows=False)


def forge(book: Book) -> None:
    """Change a read, make its digest anew, and hash the chain anew from there with a key of one's own."""
    read = book.chance.choice(book.rows("reads"))
    changed = read | {"answer": read["answer"].replace('"grade": 3', '"grade": 0')}
    book.replace("reads", read, changed)
    previous = None
    whole = book.chance.random() < 0.5
    for entry in book.rows("audit"):
        new = dict(entry)
        if (entry["row_table"], entry["row_key"]) == ("reads", str(read["read_id"])):
            new["row_digest"] = digest(changed)
            if not whole:
                book.replace("audit", entry, new)
                return
        elif previous is None:
            continue
        new["previous"] = previous or entry["previous"]
        new["hash"] = previous = entry_hash(b"a key of one's own", new)
        book.replace("audit", entry, new)


def tampered(book: Book) -> str:
    kind = book.chance.choices((edit, delete, swap, put_in, cut, cut_rows_left, forge), (6, 2, 2, 2, 1, 1, 1))[0]
    kind(book)
    return kind.__name__


@pytest.fixture(params=["as it was", "after a gap was accepted"])
def kept(request, workspace, tmp_path) -> tuple[list[Path], Path]:
    """A filled store; copies of it from the oldest to the newest, and what lay beside the key with the newest."""
    ledger = fill(workspace)
    for key, decision in (("p-0", "activated"), ("p-1", "declined"), ("p-2", None)):
        add_proposal(ledger, key, decision=decision)
    for number in range(2):
        add_origin_read(ledger, f"origin-{number}")
        add_switch(ledger, f"switch-{number}", on=number == 0)
    copies = [taken(workspace, tmp_path / "first.sqlite")]
    for number in range(4):
        add_read(ledger, f"later{number}")
        copies.append(taken(workspace, tmp_path / f"later{number}.sqlite"))
    ledger.engine.dispose()
    if request.param != "as it was":
        put(workspace, copies[1])
        accept(workspace, "Ada", "the disk failed; restored last night's backup")
        ledger = Ledger(workspace)
        for number in range(5):
            add_read(ledger, f"again{number}")
        copies.append(taken(workspace, tmp_path / "accepted.sqlite"))
        ledger.engine.dispose()
    beside = tmp_path / "beside"
    shutil.copytree(tmp_path / "keys", beside)
    return copies, beside


def put_back(workspace, copy: Path, beside: Path) -> None:
    put(workspace, copy)
    shutil.rmtree(beside.parent / "keys")
    shutil.copytree(beside, beside.parent / "keys")


@pytest.mark.parametrize(
    ("workspace", "seed", "turns"),
    [(system, seed, turns) for system, turns in (("sqlite", 50), ("postgresql", 10)) for seed in range(5)],
    indirect=["workspace"],
)
def test_every_tampering_is_found_and_the_rows_are_named(workspace, kept, seed, turns):
    copies, beside = kept
    chance = random.Random(seed)

    for turn in range(turns):
        put_back(workspace, copies[-1], beside)
        with past_the_program(workspace) as connection:
            book = Book(connection, chance)
            kind = tampered(book)
            connection.commit()

        found = verify(workspace)

        named = {(fault.table, fault.row) for fault in found.faults if fault.row is not None}
        case = (seed, turn, kind, sorted(book.touched), [fault.sentence for fault in found.faults])
        assert named, case
        assert book.touched <= named, case
        assert named <= book.touched | book.also, case


def test_an_old_copy_put_back_is_found_and_the_first_missing_entry_named(workspace, kept):
    copies, beside = kept

    for copy in copies[:-1]:
        put_back(workspace, copy, beside)
        with raw(workspace) as connection:
            (last,) = connection.execute("SELECT max(entry_id) FROM audit").fetchone()

        found = verify(workspace)

        assert ("audit", str(last + 1)) in {(fault.table, fault.row) for fault in found.faults}
        assert "an old database was put back" in found.faults[0].sentence


def test_untouched_it_has_no_fault(workspace, kept):
    copies, beside = kept
    put_back(workspace, copies[-1], beside)

    found = verify(workspace)

    assert found.faults == []
    assert found.entries == json.loads(next(beside.glob("*.head.json")).read_text())["entry_id"]
    assert found.rows > len(WATCHED)
