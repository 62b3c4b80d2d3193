"""Who may do what with a worklist: asked in one place.

Without a login a reader is whoever the name says, and a name gives every right.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.base.errors import InputError

READ, ADJUDICATE, EXPORT, AUDIT = "read", "adjudicate", "export", "audit"
LONGEST = 60


def checked_reader(name: str) -> str:
    """Return a reader's name without spaces round it or doubled within.

    Raises:
        InputError: If nothing is left, it is longer than 60 characters, or holds a control character.
    """
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST or not plain.isprintable():
        msg = f"Expected a reader's name of 1 to {LONGEST} printable characters, found {plain[:LONGEST]!r}; type it."
        raise InputError(msg, field="reader")
    return plain


def checked_readers(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of a worklist's readers, each as `checked_reader` gives it; empty ones are left out.

    Raises:
        InputError: If one is no name, or stands twice.
    """
    readers = tuple(checked_reader(one) for one in names if one.strip())
    if len(set(readers)) < len(readers):
        msg = f"Expected each reader once, found one twice in {', '.join(readers)}; take one away."
        raise InputError(msg, field="readers")
    return readers


def may(reader: str, what: str) -> bool:
    """Tell whether a reader may do something: `read`, `adjudicate`, `export` or `audit`."""
    return bool(reader) and what in (READ, ADJUDICATE, EXPORT, AUDIT)


def require(reader: str, what: str) -> None:
    """Refuse what a reader may not do.

    Raises:
        InputError: If the right is lacking.
    """
    if not may(reader, what):
        msg = f"Expected the right to {what}, found that {reader or 'nobody'} lacks it; sign in as somebody who has it."
        raise InputError(msg)
