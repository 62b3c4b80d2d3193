"""Who is signed in where a login is configured: a reader's name and role from what the provider says.

The name carries a few characters made from the provider's own number of the person, since two people may
have one name, and a name can be chosen; so nobody reads as somebody else.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app import sign_ins
from core.base import roles
from core.base.errors import InputError
from core.base.paths import read_settings
from core.review import rights

T = TypeVar("T")

NAMES = ("name", "preferred_username", "email")  # claims, the first that gives a name counts
MARK = 6  # hexadecimal digits after the name: of 1,000 people of one name, hardly ever two are alike
NAMELESS = "Reader"

_claims_of: ContextVar[Mapping[str, Any] | None] = ContextVar("claims", default=None)  # in a thread of its own


@dataclass(frozen=True, kw_only=True)
class Account:
    """Somebody who has signed in, at one time."""

    name: str
    """As a reader, unlike that of anybody else."""
    role: str | None
    """One of `core.base.roles.ROLES`; None: the provider names none that is known here."""
    sign_in: str
    """Tells this signing in from any other."""
    began: float
    """Seconds since 1970, UTC."""

    @property
    def over(self) -> bool:
        """Whether it is to be done again: after a time without activity, or too long ago."""
        return sign_ins.HERE.over(self.sign_in, self.began, idle_s=60.0 * read_settings().idle_minutes)


def configured() -> bool:
    """Tell whether a login is configured.

    Raises:
        InputError: If there are secrets that cannot be read: they may hold a login.
    """
    if st.secrets.load_if_toml_exists():
        return st.secrets.get("auth") is not None
    if any(Path(place).exists() for place in st.get_option("secrets.files")):
        msg = "Expected secrets that can be read, found a secrets file that cannot; correct it: it may hold a login."
        raise InputError(msg)
    return False


def providers() -> list[str | None]:
    """Return the names of the providers to choose from; None is the one without a name."""
    section = st.secrets.get("auth") or {}
    named = [name for name, value in section.items() if isinstance(value, Mapping) and name != "client_kwargs"]
    return [None] if "client_id" in section or not named else list(named)


def current() -> Account | None:
    """Return who is signed in in this session, or None."""
    claims = _claims_of.get()
    if claims is None:
        claims = st.user.to_dict() if get_script_run_ctx() is not None else {}
    return _account(claims)


def role_of(name: str) -> str | None:
    """Return the role of the signed-in person if the name is theirs, else None; what `roles_from` is given."""
    account = current()
    return account.role if account is not None and account.name == name and not account.over else None


def require_still() -> None:
    """Run the whole page again, which leads to the door, where the sign-in has ended since it was drawn.

    Every fragment begins so, since its own runs do not pass the door.
    """
    if configured():
        found = current()
        if found is None or found.over:
            st.rerun()


def in_session(function: Callable[[], T]) -> Callable[[], T]:
    """Return a function that knows who is signed in here also where it runs in a thread of its own."""
    context = get_script_run_ctx()
    claims: Mapping[str, Any] = {} if context is None else context.user_info  # emptied when they sign out

    def inside() -> T:
        token = _claims_of.set(claims)
        try:
            return function()
        finally:
            _claims_of.reset(token)

    return inside


def _account(claims: Mapping[str, Any]) -> Account | None:
    # Of a header that somebody sent, "true" would be text.
    subject = claims.get("sub")
    if claims.get("is_logged_in") is not True or not subject:
        return None
    whose = f"{claims.get('iss')}\0{subject}"
    began = claims.get("iat")
    began = float(began) if isinstance(began, int | float) else 0.0  # a sign-in of no time is long over
    return Account(
        name=reader_name(claims, whose),
        role=roles.highest(_told_roles(claims, read_settings().role_claim)),
        sign_in=hashlib.sha256(f"{whose}\0{began}".encode()).hexdigest(),
        began=min(began, time.time()),
    )


def reader_name(claims: Mapping[str, Any], whose: str) -> str:
    """Return a reader's name that is one person's: the claims' name and a mark of its own.

    Args:
        claims: What the provider says.
        whose: The provider and its number of the person, as one text.

    Examples:
        >>> reader_name({"name": "Ada Lovelace"}, "one"), reader_name({"email": "<ada>@example.org"}, "one")
        ('Ada Lovelace, 7692c3', 'ada, 7692c3')
    """
    mark = hashlib.sha256(whose.encode()).hexdigest()[:MARK]
    for claim in NAMES:
        said = claims.get(claim)
        text = said.partition("@")[0] if isinstance(said, str) else ""
        plain = " ".join(re.sub(r"[^\w .,'’-]|_", " ", text).split()).lstrip(" .,'’-")
        plain = plain[: rights.LONGEST - MARK - 2].rstrip(" .,'’-")
        try:
            return rights.checked_reader(f"{plain}, {mark}")
        except InputError:  # nothing of it can stand in a name
            continue
    return f"{NAMELESS}, {mark}"


def _told_roles(claims: Mapping[str, Any], claim: str) -> list[str]:
    """Return what a claim lists, be it a list or words; a claim inside another is named with a dot."""
    said: Any = claims.get(claim)
    if said is None:
        said = claims
        for name in claim.split("."):
            said = said.get(name) if isinstance(said, Mapping) else None
    return list(_words(said))


def _words(said: Any) -> Iterator[str]:  # noqa: ANN401 (whatever a provider says)
    if isinstance(said, str):
        yield from re.split(r"[\s,;]+", said)
    elif isinstance(said, list | tuple):
        yield from (one for one in said if isinstance(one, str))
