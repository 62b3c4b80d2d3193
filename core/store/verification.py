"""Finds what was changed in the store past the program: every edit, deletion, swap, insertion and cut, by its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from core.base.paths import Workspace
from core.store import audit_key, chain, erasure, growing
from core.store.chain import ACCEPTED, Entry, Head
from core.store.engine import open_database, why
from core.store.growing import WATCHED, contents, digest
from core.store.ledger import Ledger, readable
from core.store.tables import audit, store

Row = tuple[str, str]  # a table's name and a row's key


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that the program did not do."""

    table: str
    row: str | None
    """The row's key; None for what concerns the whole table."""
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was looked at, and what was found."""

    entries: int
    rows: int
    """Of the tables whose rows have entries."""
    faults: list[Fault]
    notes: list[str]
    """What a person should know and nobody did wrong."""


def verify(workspace: Workspace) -> Verified:
    """Hold the store against its audit chain, and the chain against the head file beside the key.

    Raises:
        InputError: If the database cannot be read, or the key is missing, unusable or another one.
    """
    engine = open_database(workspace)
    try:
        key_file = Ledger(workspace, engine).key_file
        key = audit_key.read(key_file)
        with _snapshot(engine) as connection:
            with audit_key.locked(key_file), readable():  # the entries and the head of one moment
                found = _Found(key=key, entries=[entry for _, entry in contents(connection, audit)])
                head = found.head(connection, key_file.parent)
            chain.check_key(head, key, key_file)
            found.check_triggers(connection)
            found.check_chain(head)
            found.check_rows(connection)
    finally:
        engine.dispose()
    return Verified(entries=len(found.entries), rows=found.rows, faults=found.faults, notes=found.notes)


def accept(workspace: Workspace, actor: str, reason: str) -> None:
    """Go on from where the database ends, such as after a backup was restored; `verify` tells it as a note for ever.

    Only the gap between the database's end and the head file is accepted; a changed row stays a fault.

    Raises:
        InputError: If there is no such gap, no reason, or an end that the program did not write.
    """
    engine = open_database(workspace)
    try:
        Ledger(workspace, engine).accept(actor=actor, reason=reason)
    finally:
        engine.dispose()


@dataclass(kw_only=True)
class _Found:
    key: bytes
    entries: list[Entry]
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cut: bool = False
    """Whether entries are missing."""

    def __post_init__(self) -> None:
        self.ours: dict[int, Entry] = {}
        self.others: list[Entry] = []
        for entry in self.entries:
            if chain.is_ours(self.key, entry):
                self.ours[entry["entry_id"]] = entry
            else:
                self.others.append(entry)

    def fault(self, table: str, row: object, sentence: str) -> None:
        self.faults.append(Fault(table=table, row=None if row is None else str(row), sentence=sentence))

    def head(self, connection: Connection, folder: Path) -> Head | None:
        """Find the head by the first entry, which nobody can forge, else by the store's row, else by the place."""
        heads = [(path.stat().st_mtime_ns, Head.read(path)) for path in folder.glob(chain.HEADS)]
        known = [head for _, head in sorted(heads, key=lambda one: one[0]) if head is not None]
        ids = [key for key, _ in contents(connection, store)]
        if not ids:
            self.fault("store", None, "Table store: its one row is gone.")
        if 1 in self.ours:
            ids = [str(self.ours[1]["row_key"])]
        place = chain.place(connection.engine)
        fitting = [head for head in known if (head.store_id in ids if ids else head.place == place)]
        return fitting[-1] if fitting else None

    def check_triggers(self, connection: Connection) -> None:
        expected, there = growing.triggers(connection.dialect.name), _triggers(connection)
        for name, (table, statement) in sorted({**there, **expected}.items()):
            if name not in there:
                self.fault(table, None, f"Table {table}: the trigger {name}, which keeps its rows, is missing.")
            elif name not in expected or there[name] != (table, statement):
                self.fault(table, None, f"Table {table}: the trigger {name} is not the program's.")

    def check_chain(self, head: Head | None) -> None:
        if head is None and self.entries and not self.ours:
            why = "the database is from elsewhere, or was written anew"
            self.fault("audit", None, f"Table audit: no entry was written with the key that is here; {why}.")
            return
        self._check_gaps(head)
        for entry in self.others:
            row = entry["entry_id"]
            known = row <= max([*self.ours, head.entry_id if head else 0], default=0)
            change = "was changed after it was written" if known else "was not written by the program"
            self.fault("audit", row, f"Entry {row} of the audit {change}.")
        for row, entry in self.ours.items():
            before = chain.NOTHING if row == 1 else self.ours[row - 1]["hash"] if row - 1 in self.ours else None
            if before not in (None, entry["previous"]):
                self.fault("audit", row, f"Entry {row} of the audit does not follow the entry before it.")
            if entry["action"] == ACCEPTED:
                self.notes.append(_accepted(entry))
            if entry["action"] == erasure.PATIENT:
                self.notes.append(erasure.said(entry))
        for other in chain.replaced(self.ours.values()):
            self.fault(
                "store",
                None,
                f"Another store stood here, with {_entries(other)}, and this one was begun in its place: the database "
                "was deleted or replaced; if that was meant to be, run `python -m core review verify --accept REASON`.",
            )
        self._check_head(head)

    def _check_gaps(self, head: Head | None) -> None:
        end = max([*self.ours, head.entry_id if head else 0], default=0)
        before = 0
        for row in sorted({entry["entry_id"] for entry in self.entries if 0 < entry["entry_id"] <= end} | {end + 1}):
            if row > before + 1:
                self.cut = True
                first, last = before + 1, row - 1
                which = f"Entry {first} is" if first == last else f"Entries {first} to {last} are"
                how = "taken out"
                if head and last == end:
                    how = f"cut off, or an old database was put back (the head file stands at entry {head.entry_id})"
                self.fault("audit", first, f"{which} missing in the audit: {how}.")
            before = row

    def _check_head(self, head: Head | None) -> None:
        stands = head.entry_id if head else 0
        later = [entry for row, entry in self.ours.items() if row > stands]
        if head and stands in self.ours and self.ours[stands]["hash"] != head.hash:
            self.fault("audit", stands, f"Entry {stands} of the audit is not the one that the head file names.")
        elif later and chain.is_one_write(self.key, head, later):
            self.notes.append(
                "The head file stands one write behind: the program was stopped, or the disk was full, between the "
                "commit and the head file; the next write mends it."
            )
        elif later and head is None:
            self.fault("audit", None, "Table audit: its head file is missing or damaged, so a cut would not show.")
        elif later:
            newer = f"Entry {stands + 1} of the audit and those after it are newer than the head file"
            self.fault("audit", stands + 1, f"{newer}: an old head file was put back.")

    def check_rows(self, connection: Connection) -> None:
        spoken = {_row(entry): entry for entry in self.ours.values() if entry["row_table"] is not None}
        doubtful = {_row(entry): entry for entry in self.others if entry["row_table"] is not None}
        for row, sentence in erasure.broken(self.ours.values()):
            self.fault(*row, sentence)
        there: set[Row] = set()
        for table in WATCHED:
            try:
                with connection.begin_nested():  # on PostgreSQL a statement that fails would take the others with it
                    for key, content in contents(connection, table):
                        there.add((table.name, key))
                        self._check_row((table.name, key), content, spoken, doubtful)
            except DatabaseError as error:
                self.fault(table.name, None, f"Table {table.name} cannot be read ({why(error)}).")
        self.rows = len(there)
        for row, entry in {**doubtful, **spoken}.items():
            if row not in there:
                self.fault(*row, f"Row {row[1]} of {row[0]} is gone; entry {entry['entry_id']} speaks of it.")

    def _check_row(
        self, row: Row, content: dict[str, Any], spoken: dict[Row, Entry], doubtful: dict[Row, Entry]
    ) -> None:
        table, key = row
        if row in spoken:
            entry = spoken[row]
            if digest(content) != entry["row_digest"]:
                change = f"was changed after entry {entry['entry_id']} had sealed it"
                self.fault(table, key, f"Row {key} of {table} {change}.")
        elif row in doubtful:
            why = f"its entry {doubtful[row]['entry_id']} is not as the program wrote it"
            self.fault(table, key, f"Row {key} of {table} is vouched for by nothing: {why}.")
        else:
            or_else = ", or its entry was taken out or changed" if self.cut or self.others else ""
            self.fault(table, key, f"Row {key} of {table} has no entry: it was inserted past the program{or_else}.")


def _row(entry: Entry) -> Row:
    return str(entry["row_table"]), str(entry["row_key"])


@contextmanager
def _snapshot(engine: Engine) -> Iterator[Connection]:
    """Read what stands at the first query, whatever is written meanwhile."""
    own: dict[str, Any] = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.execution_options(writes=False, **own).begin() as connection:
        if engine.dialect.name == "sqlite":
            # Bytes that are no text stand in no row of ours; where somebody put some, the row is to be named.
            driver = connection.connection.driver_connection
            driver.text_factory = lambda raw: raw.decode(errors="surrogateescape")  # type: ignore[union-attr]
        yield connection


def _triggers(connection: Connection) -> dict[str, tuple[str, str]]:
    """Return the triggers on what only grows, as the database holds them."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"))
        return {name: (table.lower(), sql) for name, table, sql in rows if table.lower() in growing.KEYS}
    expected = growing.triggers(connection.dialect.name)
    rows = connection.execute(text(_OURS_ON_POSTGRESQL), {"body": growing.FUNCTION.split("$$")[1]})
    return {
        name: expected[name] if ours and expected.get(name, ("", ""))[0] == table else (table, definition)
        for name, table, definition, ours in rows
        if table in growing.KEYS
    }


# How PostgreSQL writes a trigger of ours down is another way than ours, so what it does is compared: `tgtype` is a sum
# of 1 for each row, 2 before, 8 delete, 16 update, 32 truncate (pg_trigger.h). One that is not enabled is as good as
# gone; those of other schemas are nobody's business.
_OURS_ON_POSTGRESQL = """
    SELECT tgname, relname, pg_get_triggerdef(pg_trigger.oid),
        tgtype = CASE WHEN tgname LIKE '%row' THEN 27 ELSE 34 END AND tgqual IS NULL AND tgattr = '' AND prosrc = :body
    FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
    WHERE NOT tgisinternal AND tgenabled IN ('O', 'A') AND relnamespace = current_schema()::regnamespace
"""


def _accepted(entry: Entry) -> str:
    about = chain.about(entry)
    what = [
        f"this store was begun in the place of another one with {_entries(other)}"
        for other in about.get("replaced", [])
    ]
    if "ended_at" in about:
        head = about["head"]
        stood = f"the head file stood at entry {head['entry']}" if head else "there was no head file"
        what.append(f"the database ended at entry {about['ended_at']} while {stood}")
    return f"Entry {entry['entry_id']}: {entry['actor']} accepted that {' and that '.join(what)}: {about['reason']}"


def _entries(store: Mapping[str, Any]) -> str:
    return f"{store['entries']} {'entry' if store['entries'] == 1 else 'entries'} (id {store['store']})"
