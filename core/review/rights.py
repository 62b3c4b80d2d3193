"""The rights of pages and commands, and a reader's name in its one form; who has which right `core.base.roles` says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from core.base.errors import InputError
from core.base.roles import (
    ACTIVATE,
    ADJUDICATE,
    ADMINISTER,
    AUDIT,
    EXPORT,
    INTAKE,
    PROPOSE,
    READ,
    RESEARCH,
    RIGHTS,
    RUN,
    holders,
    may,
    require,
    roles_from,
)

__all__ = [
    "ACTIVATE",
    "ADJUDICATE",
    "ADMINISTER",
    "AUDIT",
    "COMMANDS",
    "EXPORT",
    "INTAKE",
    "LONGEST",
    "PAGES",
    "PROPOSE",
    "READ",
    "RESEARCH",
    "RESERVED",
    "RIGHTS",
    "RUN",
    "checked_reader",
    "checked_readers",
    "holders",
    "may",
    "require",
    "roles_from",
    "same_reader",
]

PAGES = {  # what opens a page; what is done there asks for its own right
    "worklist": READ,
    "review": READ,
    "intake": INTAKE,
    "splits": RESEARCH,
    "compare": RESEARCH,
    "thresholds": RESEARCH,
    "uncertainty": RESEARCH,
    "translations": RESEARCH,
    "overview": RESEARCH,  # it shows films with the model's probabilities
    "training": RUN,
    "readers": RESEARCH,
    "audit": EXPORT,  # its entries, verification and switches ask for more
}
COMMANDS = {  # what filing a job of a command takes; at the command line whoever has the workspace may do all
    **dict.fromkeys(("demo", "phantom", "index", "labels", "split", "train", "ensemble", "translate"), RUN),
    **dict.fromkeys(("realism", "dose-response", "predict", "evaluate", "compare", "explain", "localisation"), RUN),
    **dict.fromkeys(("triage", "loop"), RUN),
    "review": AUDIT,  # it accepts a store that ends elsewhere, and exports what readers hide from each other
    **dict.fromkeys(("jobs", "backup", "restore", "erase"), ADMINISTER),
}
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
