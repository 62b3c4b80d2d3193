"""The way in for all that only grows: one transaction, an entry an event, then the head file."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select
from sqlalchemy.exc import DatabaseError, OperationalError

from core.base.errors import InputError
from core.base.paths import Workspace
from core.store import audit_key, chain
from core.store.chain import ACCEPTED, BEGUN, Entry, Head
from core.store.engine import open_database, why
from core.store.growing import contents, digest
from core.store.tables import audit, store, worklists

STORE_ID = r"[0-9a-f]{32}"
PROGRAM = "PleuraScope"  # the actor of what nobody asked for


class Ledger:
    """Writes to what only grows; safe to use from several processes and threads at once.

    Raises:
        InputError: If the store has to be begun and the key cannot be made.
    """

    def __init__(self, workspace: Workspace, engine: Engine | None = None) -> None:
        self.key_file = audit_key.key_file(workspace)
        self.engine = engine or open_database(workspace)
        if self._is_new():
            with self.writing():  # begins the chain
                pass

    @contextmanager
    def writing(self) -> Iterator[Page]:
        """Open a page: what is written on it is committed together, with its entries; after an exception, nothing is.

        Where this ends without an exception the page is committed, even if the disk is full and the head file cannot
        be written after it. That leaves the head one write behind, as a stop would: the next page writes it first,
        or is refused, so the head is never two writes behind.

        Raises:
            InputError: If the store does not end where the program left it, the key cannot be used, the database
                cannot be written, or the head file is one write behind and cannot be; nothing is saved then.
        """
        with self._turn() as turn:
            if not turn.sound:
                stands = "no head file" if turn.head is None else f"a head file at entry {turn.head.entry_id}"
                msg = (
                    f"Expected the store as it was left, found {stands} beside the key and a database that ends at "
                    f"entry {turn.page.entry_id}; run `python -m core review verify` before anything is written."
                )
                raise InputError(msg)
            yield turn.page

    def accept(self, *, actor: str, reason: str) -> None:
        """Go on from where the database ends now, such as after a backup was restored; the chain keeps the gap.

        Accepted is also that the store was begun in the place of another one.

        Raises:
            InputError: If there is nothing to accept, no reason, an end that the program did not write, or a head
                file that cannot be written.
        """
        if not actor.strip() or not reason.strip():
            msg = "Expected a name and a reason for accepting the store as it is, found none; give both."
            raise InputError(msg)
        with self._turn() as turn:
            key = turn.page.key
            with readable():
                entries = [entry for _, entry in contents(turn.page.connection, audit) if chain.is_ours(key, entry)]
            replaced = chain.replaced(entries)
            if turn.sound and not replaced:
                msg = (
                    "Expected a store that does not end where it was left, or stands in the place of another one, "
                    "found nothing to accept; go on as usual."
                )
                raise InputError(msg)
            if turn.last is None or not chain.is_ours(key, turn.last):
                msg = (
                    "Expected a store whose last entry was written by the program, found "
                    f"{'none' if turn.last is None else 'one that was not'}; restore a backup."
                )
                raise InputError(msg)
            about: dict[str, Any] = {"reason": reason.strip()}
            if not turn.sound:
                head = turn.head and {"entry": turn.head.entry_id, "hash": turn.head.hash}
                about |= {"ended_at": turn.last["entry_id"], "head": head}
            if replaced:
                about["replaced"] = replaced
            turn.page.record(ACCEPTED, actor=actor.strip(), about=about)

    def _is_new(self) -> bool:
        with readable(), self.engine.execution_options(writes=False).begin() as connection:
            entry = connection.execute(select(audit.c.entry_id).limit(1)).first()
            stores = connection.execute(select(store.c.store_id)).scalars().all()
        if entry is not None or len(stores) != 1 or not re.fullmatch(STORE_ID, str(stores[0])):
            return False
        with audit_key.locked(self.key_file):
            return not chain.head_file(self.key_file, stores[0]).exists()

    @contextmanager
    def _turn(self) -> Iterator[_Turn]:
        with audit_key.locked(self.key_file):
            with _writable(), self.engine.begin() as connection:
                turn = self._opened(connection)
                if turn.sound and turn.last is not None and turn.ends != turn.head:
                    try:  # what a stop or a full disk left behind
                        turn.ends.write(turn.head_file)
                    except OSError as error:
                        raise InputError(_unwritten("Nothing was saved", turn.head_file, error)) from None
                    turn = replace(turn, head=turn.ends)
                yield turn
            if turn.ends == turn.head:
                return
            try:
                turn.ends.write(turn.head_file)
            except OSError as error:
                # What is committed is saved, and whoever is told otherwise would save it again. The head stands one
                # write behind, which the next writer mends; only after a gap nobody would, so that is told.
                if not turn.sound:
                    raise InputError(_unwritten("Not accepted yet", turn.head_file, error)) from None

    def _opened(self, connection: Connection) -> _Turn:
        if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE lets only one writer in
            connection.exec_driver_sql("LOCK TABLE audit IN EXCLUSIVE MODE")
        with readable():
            store_id, last = _store_id(connection), _last(connection)
        path = chain.head_file(self.key_file, store_id)
        new = last is None and not path.exists()
        key = audit_key.read_or_make(self.key_file) if new else audit_key.read(self.key_file)
        head, page = Head.read(path), Page(connection, key, last)
        chain.check_key(head, key, self.key_file)
        place, fingerprint = chain.place(self.engine), chain.fingerprint(key)
        own = Head(store_id=store_id, entry_id=0, hash=chain.NOTHING, key=fingerprint, place=place)
        if new:
            _begin(page, own, path.parent)
        sound = new or (last is not None and _follows(connection, key, head, last, store_id))
        return _Turn(head_file=path, head=head, own=own, last=last, page=page, sound=sound)


class Page:
    """What is written together."""

    def __init__(self, connection: Connection, key: bytes, last: Entry | None) -> None:
        self.connection = connection
        self.key = key
        self.entry_id: int = last["entry_id"] if last else 0
        self.hash: str = last["hash"] if last else chain.NOTHING
        now = time.time()
        # One time for all entries of a page, and never that of the page before: it tells one write from two.
        self._now = math.nextafter(now, math.inf) if last and now == last["created_at"] else now

    def record(self, action: str, *, actor: str, about: dict[str, Any], row: tuple[Table, Any] | None = None) -> None:
        """Add an entry.

        Args:
            action: What happened, such as "first answer".
            actor: Who did it.
            about: What a person reads, as plain JSON values.
            row: The table and primary key of a row that was inserted on this page; its content is sealed.

        Raises:
            InputError: If the row is not there.
        """
        sealed = None
        if row is not None:
            table, key = row
            written = list(contents(self.connection, table, key))
            if not written:  # a trigger that is not ours can do that
                msg = f"Nothing was saved: {table.name} did not take its row; run `python -m core review verify`."
                raise InputError(msg)
            ((name, content),) = written
            sealed = {"row_table": table.name, "row_key": name, "row_digest": digest(content)}
        entry = {
            "entry_id": self.entry_id + 1,
            "created_at": self._now,
            "actor": actor,
            "action": action,
            **(sealed or dict.fromkeys(("row_table", "row_key", "row_digest"))),
            "about": json.loads(json.dumps(about, allow_nan=False)),  # as it will be read, keys and all
            "previous": self.hash,
        }
        entry["hash"] = chain.entry_hash(self.key, entry)
        self.connection.execute(insert(audit).values(**entry))
        self.entry_id, self.hash = entry["entry_id"], entry["hash"]


@dataclass(frozen=True, kw_only=True)
class _Turn:
    """One writer's turn at the store, with what it found."""

    head_file: Path
    head: Head | None
    """What the head file holds."""
    own: Head
    """What the head file says before the first entry."""
    last: Entry | None
    page: Page
    sound: bool
    """Whether the database ends where the head file says, or one write later."""

    @property
    def ends(self) -> Head:
        """What the head file is to say, as far as the page is written."""
        return replace(self.own, entry_id=self.page.entry_id, hash=self.page.hash)


@contextmanager
def readable() -> Iterator[None]:
    """Say in one sentence that the store's tables cannot be read.

    Raises:
        InputError: If so.
    """
    try:
        yield
    except DatabaseError as error:
        msg = f"Expected a store that can be read, found that it cannot ({why(error)}); restore a backup."
        raise InputError(msg) from None


@contextmanager
def _writable() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:  # such as a full disk
        msg = f"Nothing was saved: the database cannot be written ({why(error)}); free some space and try again."
        raise InputError(msg) from None


def _unwritten(what: str, head_file: Path, error: OSError) -> str:
    return (
        f"{what}: the audit head beside the key cannot be written ({error.strerror}); free some space in "
        f"{head_file.parent} or make it writable, and try again."
    )


def _store_id(connection: Connection) -> str:
    stores = connection.execute(select(store.c.store_id)).scalars().all()
    if len(stores) != 1 or not re.fullmatch(STORE_ID, str(stores[0])):
        found = f"{len(stores)}" if len(stores) != 1 else "one with a damaged id"
        msg = f"Expected one row in the table store, found {found}; run `python -m core review verify`."
        raise InputError(msg)
    return str(stores[0])


def _last(connection: Connection) -> Entry | None:
    entry_id = connection.execute(select(func.max(audit.c.entry_id))).scalar()
    if entry_id is None:
        return None
    ((_, entry),) = contents(connection, audit, entry_id)
    return entry


def _follows(connection: Connection, key: bytes, head: Head | None, last: Entry, store_id: str) -> bool:
    first = connection.execute(select(audit.c.row_key).where(audit.c.entry_id == 1)).scalar()
    if first != store_id:  # the chain of another store
        return False
    if head is not None and (head.entry_id, head.hash) == (last["entry_id"], last["hash"]):
        return True
    later = [entry for _, entry in contents(connection, audit, after=head.entry_id if head else 0)]
    return chain.is_one_write(key, head, later)


def _begin(page: Page, own: Head, folder: Path) -> None:
    """Write the first entries: of the store's own row, and of the worklists that were there before the chain."""
    others = [Head.read(path) for path in sorted(folder.glob(chain.HEADS))]
    # Whoever puts a database from before the chain in the place of this one starts a new store: that must show.
    before = [
        {"store": other.store_id, "entries": other.entry_id}
        for other in others
        if other is not None and other.place == own.place
    ]
    page.record(BEGUN, actor=PROGRAM, about={"before": before}, row=(store, own.store_id))
    rows = page.connection.execute(select(worklists.c.worklist_id, worklists.c.name).order_by(worklists.c.worklist_id))
    for worklist_id, name in rows.all():
        page.record("taken over", actor=PROGRAM, about={"worklist": name}, row=(worklists, worklist_id))
