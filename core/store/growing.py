"""What only grows: the tables, the triggers that refuse to change them, and the digest of a row's content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, select, text, type_coerce
from sqlalchemy.types import NullType

from core.store.tables import decisions, origin_reads, proposals, reads, store, switches, worklists

WATCHED = (store, worklists, reads, proposals, decisions, origin_reads, switches)
"""Tables of which every row has its entry in `audit`."""

KEYS = {
    "store": ("store_id", "rowid"),
    "worklists": ("worklist_id", "name"),
    "reads": ("read_id", "key"),
    "proposals": ("proposal_id", "key"),
    "decisions": ("decision_id", "key", "proposal_id"),
    "origin_reads": ("origin_read_id", "key"),
    "switches": ("switch_id", "key"),
    "audit": ("entry_id",),
}
"""Tables that only grow, each with the columns by which a new row could take an old one's place."""


def triggers(dialect: str, tables: Iterable[str] = tuple(KEYS)) -> dict[str, tuple[str, str]]:
    """Return of each trigger, by its name, the table and the statement that makes it.

    On PostgreSQL they call the function that `FUNCTION` makes.

    Args:
        dialect: `sqlite` or `postgresql`.
        tables: Keys of `KEYS`; a migration names those that are there by then.
    """
    made = {}
    for table in tables:
        keys = KEYS[table]
        if dialect == "postgresql":
            for event, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
                name = f"{table}_only_grows_by_{each.lower()}"
                made[name] = (
                    table,
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION only_grows()",
                )
            continue
        refusal = f"SELECT RAISE(ABORT, 'a row of {table} is never changed, deleted or replaced')"
        # INSERT OR REPLACE deletes without a delete trigger, so a taken key is refused before the insert.
        taken = " OR ".join(f"{key} = NEW.{key}" for key in keys)
        events = {
            "changed": "BEFORE UPDATE ON {}",
            "deleted": "BEFORE DELETE ON {}",
            "replaced": f"BEFORE INSERT ON {{0}} WHEN EXISTS (SELECT 1 FROM {{0}} WHERE {taken})",  # noqa: S608
        }
        for word, event in events.items():
            name = f"{table}_never_{word}"
            made[name] = (table, f"CREATE TRIGGER {name} {event.format(table)} BEGIN {refusal}; END")
    return made


@contextmanager
def lifted(connection: Connection, tables: Iterable[str]) -> Iterator[None]:
    """Let rows of tables be changed, within one transaction: for an erasure, and for nothing else.

    Only triggers that are there are lifted, and each comes back as it was, so one that is missing or not the
    program's stays a fault.

    Args:
        connection: In the transaction; if that fails, the triggers are as they were too.
        tables: Keys of `KEYS`.
    """
    for table in (lifting := list(tables)):
        if table not in KEYS:
            msg = f"Expected a table that only grows, found {table!r}"
            raise ValueError(msg)
    if connection.dialect.name == "postgresql":
        enabled = text("SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(:table) AND tgenabled IN ('O', 'A')")
        names = [(table, f"{table}_only_grows_by_row") for table in lifting]
        there = [(table, name) for table, name in names if name in connection.scalars(enabled, {"table": table}).all()]
        for table, name in there:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield
        for table, name in there:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
        return
    statement = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    found = {
        name: connection.scalar(statement, {"name": name}) for name in (f"{table}_never_changed" for table in lifting)
    }
    kept = {name: sql for name, sql in found.items() if sql is not None}
    for name in kept:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for sql in kept.values():
        connection.exec_driver_sql(sql)


FUNCTION = """CREATE FUNCTION only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'a row of % is never changed or deleted', TG_TABLE_NAME; END $$"""


def contents(
    connection: Connection, table: Table, key: object = None, *, after: object = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield key and content of a table's rows as the database holds them, unread: all, one, or those after a key."""
    (identity,) = table.primary_key.columns
    wanted = select(*(type_coerce(column, NullType()).label(column.name) for column in table.columns))
    if key is not None:
        wanted = wanted.where(identity == key)
    if after is not None:
        wanted = wanted.where(identity > after)
    for row in connection.execute(wanted.order_by(identity)).mappings():
        yield str(row[identity.name]), dict(row)


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the one way to write a row's content down.

    Examples:
        >>> canonical({"b": 1, "a": None})
        b'{"a":null,"b":1}'
    """
    # Bytes stand in no column of ours, but somebody may have put them there.
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=_tagged).encode()


def _tagged(value: bytes) -> dict[str, str]:
    return {"bytes, which no column of ours holds": bytes(value).hex()}


def digest(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a row's content as 64 hexadecimal digits.

    What is null is left out, so that a column that a later migration adds leaves the rows before it as they are.

    Examples:
        >>> digest({"a": 1, "b": None}) == digest({"a": 1})
        True
    """
    return hashlib.sha256(canonical({name: value for name, value in content.items() if value is not None})).hexdigest()
