"""Who may do what with a worklist, an operating point or a switch: asked in one place.

Without a login a reader is whoever the name says, and a name gives every right.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from core.base.errors import InputError

READ, ADJUDICATE, EXPORT, AUDIT = "read", "adjudicate", "export", "audit"
PROPOSE, ACTIVATE = "propose", "activate"  # an operating point; activate also means to decline
ADMINISTER = "administer"  # turn on or off what is off by default
INTAKE = "take in films"
RESEARCH = "research"  # see the pages of Research, where labels and the model's answers stand
RUN = "run"  # file jobs
RIGHTS = (READ, ADJUDICATE, EXPORT, AUDIT, PROPOSE, ACTIVATE, ADMINISTER, INTAKE, RESEARCH, RUN)
LONGEST = 60
RESERVED = {"command line", "pleurascope", "the dashboard"}


def checked_reader(name: str) -> str:
    """Return a reader's name in its one form: composed letters, single spaces.

    Examples:
        >>> checked_reader("  Grace   Hopper ")
        'Grace Hopper'

    Raises:
        InputError: If it is empty, longer than 60 characters, holds what is no part of a name, or
            is what the program calls itself.
    """
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not re.fullmatch(rf"[^\W_][\w .,'’-]{{0,{LONGEST - 1}}}", plain):
        msg = (
            f"Expected a reader's name of 1 to {LONGEST} letters, digits, spaces or . , ' - that begins with a letter "
            f"or digit, found {plain[:LONGEST]!r}; type another."
        )
        raise InputError(msg, field="reader")
    if plain.casefold() in RESERVED:
        msg = f"Expected a person's name, found {plain!r}, which stands for the program itself; type another."
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


def same_reader(one: str, other: str) -> bool:
    """Tell whether two names are one reader's, however they are written: capitals and full-width letters count alike.

    Examples:
        >>> same_reader("Grace  Hopper", "grace hopper"), same_reader("Ada", "Grace")
        (True, False)

    Raises:
        InputError: If one of them is no name.
    """
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", checked_reader(name)).casefold())


def may(reader: str, what: str) -> bool:
    """Tell whether a reader may do something: one of `RIGHTS`."""
    return bool(reader) and what in RIGHTS


def require(reader: str, what: str) -> None:
    """Refuse what a reader may not do.

    Raises:
        InputError: If the right is lacking.
    """
    if not may(reader, what):
        msg = f"Expected the right to {what}, found that {reader or 'nobody'} lacks it; sign in as somebody who has it."
        raise InputError(msg)
