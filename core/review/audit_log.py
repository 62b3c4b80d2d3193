"""The audit as a person reads it: the newest entries first, searched by words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, String, cast, func, or_, select, type_coerce

from core.store.ledger import readable
from core.store.tables import audit, reads

ENTRIES_A_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened, without what only a verification reads."""

    entry_id: int
    created_at: float
    """Seconds since 1970, UTC."""
    actor: str
    action: str
    row: str | None
    """The row that was written, such as `reads 12`."""
    about: Mapping[str, Any] | str
    """What a person reads; where it was made no JSON past the program, what stands there."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Entries that fit a search."""

    total: int
    entries: list[Entry]
    """Those of one page."""


def search(engine: Engine, text: str = "", *, page: int = 1, size: int = ENTRIES_A_PAGE) -> Found:
    """Return entries, the newest first.

    Args:
        engine: Of the store.
        text: Words that must all stand in who did it, what was done or what is told about it.
        page: From 1.
        size: Entries a page.

    Raises:
        InputError: If the entries cannot be read.
    """
    fits = [_holds(word) for word in text.split()]
    # A row that was changed past the program must not keep the page from showing it, so JSON is read here.
    raw = [type_coerce(column, String).label(column.name) if column is audit.c.about else column for column in audit.c]
    newest = select(*raw).where(*fits).order_by(audit.c.entry_id.desc()).limit(size).offset((page - 1) * size)
    with readable(), engine.execution_options(writes=False).begin() as connection:
        total = connection.execute(select(func.count()).select_from(audit).where(*fits)).scalar_one()
        rows = connection.execute(newest).mappings().all()
    entries = [
        Entry(
            entry_id=row["entry_id"],
            created_at=row["created_at"],
            actor=str(row["actor"]),
            action=str(row["action"]),
            about=_about(row["about"]),
            row=None if row["row_table"] is None else f"{row['row_table']} {row['row_key']}",
        )
        for row in rows
    ]
    return Found(total=total, entries=entries)


def _about(stored: object) -> dict[str, Any] | str:
    """Return what an entry tells; what is no longer JSON as it stands."""
    if isinstance(stored, dict):  # PostgreSQL's driver has read it
        return stored
    try:
        about = json.loads(str(stored))
    except ValueError:
        about = None
    return about if isinstance(about, dict) else str(stored)


def count_reads(engine: Engine) -> int:
    """Return how many reads the store holds, practice included."""
    with engine.execution_options(writes=False).begin() as connection:
        return int(connection.execute(select(func.count()).select_from(reads)).scalar_one())


def about_words(about: Mapping[str, Any] | str) -> str:
    """Say what an entry tells, in one line; what it leaves open is not said.

    Examples:
        >>> about_words({"worklist": "monday", "case": "0a1b2c", "stage": 1, "heat_map": None})
        'worklist monday, case 0a1b2c, stage 1'
    """
    if isinstance(about, str):
        return about
    return ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in about.items() if value is not None)


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _holds(word: str) -> ColumnElement[bool]:
    # JSON keeps letters beyond ASCII as their codes.
    about = cast(audit.c.about, String)
    columns = ((audit.c.actor, word), (audit.c.action, word), (about, word), (about, json.dumps(word)[1:-1]))
    return or_(*(column.icontains(text, autoescape=True) for column, text in columns))
