"""Copies a SQLite database while it is used, whole or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from core.base import files
from core.base.errors import InputError


def moment() -> str:
    """Return the time in UTC as a backup's name holds it, fine enough that no two are alike."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def back_up_before(engine: Engine, revision: str) -> None:
    """Copy a SQLite database into the folder `backups` beside it, before a migration; PostgreSQL has its own means.

    Raises:
        InputError: If it cannot be copied.
    """
    database = engine.url.database
    if engine.dialect.name == "sqlite" and database and database != ":memory:":
        copy_database(engine, Path(database).parent / "backups" / f"before-{revision}-{moment()}.sqlite")


def copy_database(engine: Engine, path: Path) -> None:
    """Copy what was last committed to a SQLite database into a file of its own, by SQLite's online backup.

    Raises:
        InputError: If the copy cannot be written, or would not be sound.
    """
    source = sqlite3.connect(str(engine.url.database))
    try:
        with closing(source), files.written_aside(path) as aside, closing(sqlite3.connect(aside)) as target:
            source.execute("PRAGMA busy_timeout = 20000")
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, which a read-only place can hold
            (told,) = target.execute("PRAGMA quick_check(1)").fetchone()
            if told != "ok":
                raise sqlite3.DatabaseError(told)
    except sqlite3.Error as error:
        msg = (
            f"Expected a database that can be copied to {path.parent}, found that it cannot "
            f"({' '.join(str(error).split())}); free space there, or go back to an earlier backup if it is damaged."
        )
        raise InputError(msg) from None
