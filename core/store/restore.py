"""Puts a backup in the database's place: looked through first, the replaced database kept beside."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from core.base import files
from core.base.errors import InputError
from core.base.paths import Workspace
from core.store.copying import moment
from core.store.engine import database_file, known_revisions
from core.store.erasure import PATIENT

HOLDERS = {
    "dashboard.lock": "the dashboard",
    "worker.lock": "a worker",
    "migration.lock": "a command that opens the database",
}
"""Files in the workspace that are locked by whoever may be about to write, and what a sentence calls them."""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a database holds, as far as it tells one state from another."""

    revision: str
    """The migration at which it stands."""
    reads: int
    entries: int
    """Of the audit."""
    erased: int
    """Patients, by the audit."""
    store_id: str | None
    """Which store it is; None at a migration before it had a name."""


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What was done."""

    database: Path
    kept: Path | None
    """The replaced database; None where there was none."""
    contents: Contents


def contents(path: Path, *, in_use: bool = False) -> Contents:
    """Look through a database file, and count what it holds.

    Args:
        path: The file.
        in_use: Whether it is the program's own database, of which the newest part may lie beside it.

    Raises:
        InputError: If it is no sound database of this program, or stands at a migration that this one does not know.
    """
    if not path.is_file():
        msg = f"Expected a backup's file, found none at {path}; name the .sqlite file that `backup` wrote."
        raise InputError(msg)
    log = path.with_name(f"{path.name}-wal")
    if not in_use and log.exists() and log.stat().st_size:
        msg = f"Expected a backup in one file, found {log.name} beside it, which holds a part of it; choose another."
        raise InputError(msg)
    # A backup as it is: nothing is made beside a file that may lie in a read-only place.
    address = f"{path.resolve().as_uri()}?mode=ro{'' if in_use else '&immutable=1'}"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            (told,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if told != "ok":
                raise sqlite3.DatabaseError(told)
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            reads, entries = (_count(connection, table) for table in ("reads", "audit"))
            erased = _count(connection, "audit", "action = ?", PATIENT)
            names = connection.execute("SELECT store_id FROM store").fetchall() if _has(connection, "store") else []
    except (sqlite3.Error, TypeError) as error:  # also a table of versions without a row
        msg = (
            f"Expected a sound backup of the database, found that {path} is none ({' '.join(str(error).split())}); "
            "go back to an earlier one."
        )
        raise InputError(msg) from None
    if revision not in known_revisions():
        msg = (
            f"Expected a backup at migration {known_revisions()[0]} or older, found {revision}; it was written by a "
            "newer PleuraScope, so update this one first."
        )
        raise InputError(msg)
    named = str(names[0][0]) if names else None
    return Contents(revision=str(revision), reads=reads, entries=entries, erased=erased, store_id=named)


def place(workspace: Workspace) -> Path:
    """Return the file of the database, where a backup goes.

    Raises:
        InputError: If the database is no SQLite file.
    """
    path = database_file(workspace.database_url)
    if path is None:
        msg = (
            "Expected a SQLite database in PLEURASCOPE_DATABASE_URL, found another; put PostgreSQL's backup back with "
            "its own pg_restore, as deploy/README.md says."
        )
        raise InputError(msg)
    return path


def earlier(workspace: Workspace) -> list[Path]:
    """Return the databases that a migration or a restore kept beside the one in use."""
    database = database_file(workspace.database_url)
    if database is None:
        return []
    replaced = database.parent.glob(f"{database.stem}-replaced-*{database.suffix}")
    return sorted([*(database.parent / "backups").glob("*.sqlite"), *replaced])


def restore(workspace: Workspace, backup: Path) -> Restored:
    """Put a copy of a backup in the place of the database; the one that was there is kept beside it.

    There is no moment without a database: a stop on the way leaves the old one or the new one.

    Raises:
        InputError: If the backup cannot be used, or something has the database open.
        OSError: If the folder of the database cannot be written.
    """
    database = place(workspace)
    found = contents(backup)
    if database.exists() and database.samefile(backup):
        msg = f"Expected a backup, found the database itself at {backup}; name the .sqlite file that `backup` wrote."
        raise InputError(msg)
    with _alone(workspace, database), files.written_aside(database) as aside:
        shutil.copyfile(backup, aside)
        if contents(aside) != found:
            msg = f"Expected {backup} to stay as it is, found that it changed while it was copied; try again."
            raise InputError(msg)
        kept = _kept(database)
    return Restored(database=database, kept=kept, contents=found)


def _kept(database: Path) -> Path | None:
    """Give the database that is replaced another name; its own still leads to it."""
    if not database.exists():
        return None
    kept = database.with_name(f"{database.stem}-replaced-{moment()}{database.suffix}")
    try:
        os.link(database, kept)
    except OSError:  # a file system without second names
        shutil.copyfile(database, kept)
    for ending in ("-wal", "-shm"):  # of one that is damaged: it could not be closed
        beside = database.with_name(f"{database.name}{ending}")
        if beside.exists():
            beside.rename(kept.with_name(f"{kept.name}{ending}"))
    return kept


@contextmanager
def _alone(workspace: Workspace, database: Path) -> Iterator[None]:
    """Keep everybody out who may write, and see that nobody is in."""
    workspace.root.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        for name, holder in HOLDERS.items():
            try:
                stack.enter_context(FileLock(workspace.root / name, timeout=0))
            except Timeout:
                raise InputError(_in_use(holder)) from None
        if database.exists():
            _closed(database)
        yield


def _closed(database: Path) -> None:
    """Bring the write-ahead log into the file; SQLite leaves that mode only where no other connection is open."""
    try:
        contents(database, in_use=True)
    except InputError:  # a damaged one is what a backup is for; it is kept as it is, its log too
        return
    try:
        with closing(sqlite3.connect(database, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError:
        raise InputError(_in_use("another process")) from None


def _in_use(holder: str) -> str:
    return f"Expected nobody at the database, found that {holder} has it open; stop the program (Ctrl-C) and try again."


def _has(connection: sqlite3.Connection, table: str) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None


def _count(connection: sqlite3.Connection, table: str, where: str = "1", *values: str) -> int:
    if not _has(connection, table):
        return 0  # at a migration before it
    query = f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608 (names of ours)
    return int(connection.execute(query, values).fetchone()[0])
