"""Rows that a person files once: the key that makes a double click one row, the reason beside it, the insert."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from core.base.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Table

    from core.store.ledger import Page

LONGEST_REASON = 1000  # characters


def checked_key(key: str) -> str:
    """Return a key that a form made.

    Raises:
        InputError: If it has not 8 to 64 characters.
    """
    if not 8 <= len(key) <= 64:
        msg = f"Expected a key of 8 to 64 characters, found {len(key)}; reload the page."
        raise InputError(msg)
    return key


def checked_reason(reason: str) -> str:
    """Return a reason on one line.

    Examples:
        >>> checked_reason("  Fewer   missed at night. ")
        'Fewer missed at night.'

    Raises:
        InputError: If it is empty, longer than 1000 characters, or holds what cannot be printed.
    """
    plain = " ".join(reason.split())
    if not 0 < len(plain) <= LONGEST_REASON or not plain.isprintable():
        found = "none" if not plain else f"{len(plain)}" if plain.isprintable() else "some that cannot be printed"
        msg = f"Expected a reason of 1 to {LONGEST_REASON} characters, found {found}; say it in a sentence."
        raise InputError(msg, field="reason")
    return plain


def insert_once(page: Page, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row and return its number.

    Raises:
        InputError: If another row has its key.
    """
    taken = page.connection.execute(select(table.c.key).where(table.c.key == values["key"])).first()
    if taken is not None:
        msg = "Expected a new key, found one that something else was saved under; reload the page."
        raise InputError(msg)
    key = page.connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None  # noqa: S101 (an insert of one row has a key)
    return int(key[0])
