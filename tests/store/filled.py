"""A store with worklists and reads in it, and the ways past the program that tests take."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, insert, select

from core.base.paths import Workspace
from core.store import audit_key, chain, growing
from core.store.ledger import Ledger
from core.store.tables import decisions, metadata, origin_reads, proposals, reads, switches, worklists
from core.store.verification import verify
from tests.store.raw import Raw, database, on_postgresql, raw

ONE_BEHIND = (
    "The head file stands one write behind: the program was stopped, or the disk was full, between the commit and the "
    "head file; the next write mends it."
)
WORKLIST = {
    "checkpoint_id": "cnn-made-20260101-0a1b2c3d",
    "weights_sha256": "0a" * 32,
    "dataset": "made",
    "split": "patient",
    "part": "test",
    "truth": "report",
    "policy": {"kind": "budget", "threshold": 0.25},
    "cut": 0.41,
    "cut_from": "youden on tune, at training, 2026-01-01",
    "read_mode": "open",
    "readers": ["Ada", "Grace"],
    "created_at": 1.5,
    "created_by": "command line",
    "purpose": "reading",
    "films": None,
}


def add_worklist(ledger: Ledger, name: str) -> None:
    """Write a worklist as the program does."""
    with ledger.writing() as page:
        key = page.connection.execute(insert(worklists).values(WORKLIST | {"name": name})).inserted_primary_key[0]
        page.record("worklist made", actor="Ada", about={"worklist": name}, row=(worklists, key))


def read_values(key: str, worklist: str = "monday") -> dict:
    """Return the columns of a read."""
    side = {"grade": 0, "apex_mm": None, "hilum_mm": None, "drain": None, "change": None}
    return {
        "key": key,
        "worklist": worklist,
        "image_id": f"film-{key}",
        "image_sha256": "0b" * 32,
        "reader": "Ada",
        "role": "reader",
        "stage": 1,
        "answer": {"right": side, "left": side | {"grade": 3}, "quality": "good", "comment": f"é {key}"},
        "seen": {"read_mode": "open", "cut": 0.41, "zone": "unsure", "reasons": []},
        "seconds": 12.25,
        "supersedes": None,
        "created_at": 1_767_225_600.125,
    }


def insert_read(connection: Connection, key: str) -> int:
    """Insert a read and return its id."""
    return connection.execute(insert(reads).values(read_values(key))).inserted_primary_key[0]


def add_read(ledger: Ledger, key: str, *, entries: int = 1) -> None:
    """Write a read as the program does, with more entries if asked."""
    with ledger.writing() as page:
        row = insert_read(page.connection, key)
        page.record("first answer", actor="Ada", about={"image_id": f"film-{key}", "row": row}, row=(reads, row))
        for number in range(entries - 1):
            page.record("shown", actor="Ada", about={"number": number})


def add_proposal(ledger: Ledger, key: str, *, decision: str | None = None) -> int:
    """Write a proposed operating point as the program does, with what was decided on it if asked; return its id."""
    values = {
        "key": key,
        **{name: WORKLIST[name] for name in ("checkpoint_id", "weights_sha256", "dataset", "split", "truth")},
        "split_sha256": "0c" * 32,
        "origin": "tune",
        "threshold": 0.35,
        "films": 155,
        "positive_films": 56,
        "figures": {"sensitivity": 0.95, "ppv": None},
        "name": f"night shift {key}",
        "reason": "fewer missed at night",
        "proposed_by": "Ada",
        "created_at": 1_767_225_600.5,
    }
    with ledger.writing() as page:
        row = page.connection.execute(insert(proposals).values(values)).inserted_primary_key[0]
        page.record("operating point proposed", actor="Ada", about={"name": values["name"]}, row=(proposals, row))
    if decision is not None:
        made = {"key": f"{key}-decided", "proposal_id": row, "decision": decision, "reason": None}
        made |= {"decided_by": "Grace", "created_at": 1_767_225_601.5}
        with ledger.writing() as page:
            decided = page.connection.execute(insert(decisions).values(made)).inserted_primary_key[0]
            about = {"name": values["name"]}
            page.record(f"operating point {decision}", actor="Grace", about=about, row=(decisions, decided))
    return row


def add_origin_read(ledger: Ledger, key: str) -> int:
    """Write an answer of the "is it real?" round as the program does; return its id."""
    values = {
        "key": key,
        "synthetic": "b-of-made",
        "generator_sha256": "0d" * 32,
        "dataset": "made",
        "direction": "a-to-b",
        "reader": "Ada",
        "source": "phantom",
        **{f"film_{name}": f"{key}-{name}" for name in ("id", "sha256", "patient")},
        **{f"made_{name}": f"{key}-made-{name}" for name in ("id", "sha256", "patient")},
        "image_size": 64,
        "seen": False,
        "film_side": "left",
        "chosen": "right",
        "created_at": 1_767_225_602.5,
    }
    with ledger.writing() as page:
        row = page.connection.execute(insert(origin_reads).values(values)).inserted_primary_key[0]
        page.record("told real from generated", actor="Ada", about={"answer": row}, row=(origin_reads, row))
    return row


def add_switch(ledger: Ledger, key: str, *, on: bool) -> int:
    """Write what an administrator decided as the program does; return its id."""
    values = {"key": key, "name": "counterfactual", "turned_on": on, "reason": f"a course, {key}"}
    values |= {"decided_by": "Grace", "created_at": 1_767_225_603.5}
    with ledger.writing() as page:
        row = page.connection.execute(insert(switches).values(values)).inserted_primary_key[0]
        page.record("counterfactual turned on", actor="Grace", about={"reason": "a course"}, row=(switches, row))
    return row


def fill(workspace: Workspace, count: int = 5) -> Ledger:
    """Fill a store: two worklists, then reads, one of them with two entries."""
    ledger = Ledger(workspace)
    for name in ("monday", "tuesday"):
        add_worklist(ledger, name)
    for number in range(count):
        add_read(ledger, f"k{number}", entries=2 if number == 1 else 1)
    return ledger


def read_keys(workspace: Workspace) -> set[str]:
    """Return the keys of all reads that are there."""
    engine = Ledger(workspace).engine
    try:
        with engine.execution_options(writes=False).begin() as connection:
            return set(connection.execute(select(reads.c.key)).scalars())
    finally:
        engine.dispose()


def write_many(workspace: Workspace, name: str, count: int) -> None:
    """Write reads from a process of its own."""
    ledger = Ledger(workspace)
    for number in range(count):
        add_read(ledger, f"{name}-{number}")


def write_until_killed(workspace: Workspace, name: str, told: object) -> None:
    """Write reads and say of each that it is saved."""
    ledger, number = Ledger(workspace), 0
    while True:
        add_read(ledger, f"{name}-{number}", entries=1 + number % 2)
        told.send(f"{name}-{number}")
        number += 1


def head_path(workspace: Workspace) -> Path:
    """Return the one head file beside the key."""
    (path,) = audit_key.key_file(workspace).parent.glob(chain.HEADS)
    return path


def head_entry(workspace: Workspace) -> int:
    """Return the entry at which the head file stands."""
    return json.loads(head_path(workspace).read_text())["entry_id"]


def told(workspace: Workspace) -> list[tuple[str, str | None, str]]:
    """Return the faults that are found: table, row, sentence."""
    return [(fault.table, fault.row, fault.sentence) for fault in verify(workspace).faults]


def put(workspace: Workspace, copy: Path) -> None:
    """Put a copy in the place of the database."""
    if on_postgresql(workspace):
        tables = json.loads(copy.read_text(encoding="utf-8"))
        with raw(workspace) as connection:
            # What pg_restore does into an emptied database: no trigger sees it.
            connection.execute("SET session_replication_role = replica")
            connection.execute(f"TRUNCATE {', '.join(tables)}")
            for table, content in tables.items():
                connection.copied_in(table, content.encode())
            connection.commit()
        return
    for ending in ("-wal", "-shm"):
        database(workspace).with_name(f"pleurascope.sqlite{ending}").unlink(missing_ok=True)
    shutil.copyfile(copy, database(workspace))


def taken(workspace: Workspace, path: Path) -> Path:
    """Copy the database as it stands and return the copy."""
    if on_postgresql(workspace):
        with raw(workspace) as connection:
            tables = {name: connection.copied_out(name).decode() for name in metadata.tables}
        path.write_text(json.dumps(tables), encoding="utf-8")
        return path
    with closing(sqlite3.connect(database(workspace))) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    return path


def remove(workspace: Workspace) -> None:
    """Take the database away, as `make clean` does."""
    if on_postgresql(workspace):
        with raw(workspace) as connection:
            connection.script(["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"])
    for path in workspace.root.glob("pleurascope.sqlite*"):
        path.unlink()


@contextmanager
def past_the_program(workspace: Workspace) -> Iterator[Raw]:
    """Open the database without its triggers, and put them back afterwards, as somebody would who hides."""
    with raw(workspace) as connection:
        triggers = growing.triggers(connection.dialect)
        on = " ON {}" if connection.dialect == "postgresql" else ""
        for name, (table, _) in triggers.items():
            connection.execute(f"DROP TRIGGER {name}{on.format(table)}")
        if connection.dialect == "postgresql":
            connection.execute("SET session_replication_role = replica")  # no foreign key speaks up
        yield connection
        connection.commit()
        connection.script(statement for _, statement in triggers.values())
