"""Who may do what: rights, the roles that hold them, and the one question that every writing function asks.

It lies this low so that whatever writes can ask it. Who has which role is told by one function that the
dashboard sets where a login is configured; without one, on this machine alone, every name has every right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from core.base.errors import InputError

READ, ADJUDICATE, EXPORT, AUDIT = "read", "adjudicate", "export", "audit"
PROPOSE, ACTIVATE = "propose", "activate"  # an operating point; activate also means to decline
ADMINISTER = "administer"  # turn on or off what is off by default, and answer for other people's jobs
INTAKE = "take in films"
RESEARCH = "research"  # see the pages of Research, where labels and the model's answers stand
RUN = "run"  # file jobs
RIGHTS = (READ, ADJUDICATE, EXPORT, AUDIT, PROPOSE, ACTIVATE, ADMINISTER, INTAKE, RESEARCH, RUN)

CLINICIAN, RESEARCHER, ADMINISTRATOR = "clinician", "researcher", "administrator"
ROLES: dict[str, frozenset[str]] = {  # the lowest first
    CLINICIAN: frozenset((READ, ADJUDICATE, INTAKE)),
    RESEARCHER: frozenset((READ, EXPORT, PROPOSE, RESEARCH, RUN, INTAKE)),
    ADMINISTRATOR: frozenset(RIGHTS),
}

_told: dict[str, Callable[[str], str | None]] = {}  # the function that tells roles, under "by", where one is set


def roles_from(function: Callable[[str], str | None] | None) -> None:
    """Set who tells a person's role: a function from a name to one of `ROLES`, or to None for no rights.

    Args:
        function: Asked each time; None: nobody is asked, and every name has every right.
    """
    if function is None:
        _told.pop("by", None)
    else:
        _told["by"] = function


def may(reader: str, what: str) -> bool:
    """Tell whether a reader may do something: one of `RIGHTS`."""
    if not reader or what not in RIGHTS:
        return False
    ask = _told.get("by")
    return ask is None or what in ROLES.get(ask(reader) or "", frozenset())


def require(reader: str, what: str) -> None:
    """Refuse what a reader may not do.

    Raises:
        InputError: If the right is lacking.
    """
    if not may(reader, what):
        msg = f"Expected the right to {what}, found that {reader or 'nobody'} lacks it; sign in as somebody who has it."
        raise InputError(msg)


def highest(names: Iterable[str]) -> str | None:
    """Return the highest role among names, whatever their capitals, or None where none of them is a role.

    Examples:
        >>> highest(["offline_access", "Clinician", "researcher"]), highest(["admin"])
        ('researcher', None)
    """
    folded = {name.strip().casefold() for name in names}
    return next((role for role in reversed(ROLES) if role in folded), None)


def holders(what: str) -> str:
    """Return who has a right, in words.

    Examples:
        >>> holders(RESEARCH), holders(AUDIT)
        ('a researcher or an administrator', 'an administrator')
    """
    return " or ".join(f"{'an' if role[0] in 'aeio' else 'a'} {role}" for role, own in ROLES.items() if what in own)
