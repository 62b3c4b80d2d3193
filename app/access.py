"""Who may use the dashboard: anyone on this machine; from elsewhere only who signs in, with a role known here."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from ipaddress import ip_address
from urllib.parse import urlsplit

import psutil
import streamlit as st
from streamlit.errors import StreamlitAPIException

from app import account, idle, state
from core.base import roles
from core.base.errors import InputError
from core.base.paths import read_settings

CHECKED: state.Key[bool] = state.Key("address_checked", False)
FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
BEYOND = (
    "This server listens beyond this machine, and no login is configured. "
    "Start it with `make start` and without `ADDRESS`, or configure a login as deploy/README.md says."
)
THROUGH = (
    "This page was asked for through another server or under another machine's name, and no login is configured. "
    "Open it at 127.0.0.1 on the machine itself, or configure a login."
)
HEADERS = (
    "`server.trustedUserHeaders` is set, so anybody who reaches this server could say who they are. "
    "Unset it: names and roles come from the login alone."
)


def is_local(address: str | None) -> bool:
    """Tell whether a server address can be reached from this machine only.

    Examples:
        >>> is_local("127.0.0.1"), is_local("localhost"), is_local("::1"), is_local("::ffff:127.0.0.1")
        (True, True, True, True)
        >>> is_local("0.0.0.0"), is_local(None)
        (False, False)
    """
    if not address:  # Streamlit then listens on every interface
        return False
    if address == "localhost":
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def listening() -> set[str]:
    """Return the addresses at which this process takes connections, whatever its options say."""
    open_ones = psutil.Process().net_connections(kind="inet")
    return {one.laddr.ip for one in open_ones if one.status == psutil.CONN_LISTEN}


def asked_here(headers: Mapping[str, str]) -> bool:
    """Tell whether a page was asked for on this machine itself: by one of its own names, through no other server.

    Examples:
        >>> asked_here({"host": "localhost:8501"}), asked_here({"host": "reads.example.org"})
        (True, False)
        >>> asked_here({"host": "127.0.0.1:8501", "x-forwarded-for": "10.0.0.7"})
        False
    """
    plain = {name.lower(): value for name, value in headers.items()}
    if any(name in plain for name in FORWARDED):
        return False
    try:
        return "host" not in plain or is_local(urlsplit(f"//{plain['host']}").hostname)
    except ValueError:
        return False


def require_access() -> bool:
    """Stop the page where somebody from elsewhere could be asking, and no login is configured.

    Returns:
        Whether a login is configured; then who is signed in tells what they may do.
    """
    try:
        login = account.configured()
    except InputError as error:
        _stop(str(error))
    roles.roles_from(account.role_of if login else None)
    if st.get_option("server.trustedUserHeaders"):
        _stop(HEADERS)
    if login:
        return True
    if not CHECKED.get():  # where it listens does not change
        try:
            local = is_local(st.get_option("server.address")) and all(map(is_local, listening()))
        except psutil.Error:
            local = False
        if not local:
            _stop(BEYOND)
        CHECKED.set(True)
    if not asked_here(st.context.headers.to_dict()):
        _stop(THROUGH)
    return False


def admitted() -> bool:
    """Tell whether somebody is signed in who has a role here, and take over their name."""
    found = account.current()
    inside = found is not None and found.role is not None and not found.over
    state.READER.set(found.name if found is not None and inside else None)
    return inside


def draw_door() -> None:
    """Draw why nobody gets in here, and the buttons that lead to the login."""
    st.title("PleuraScope")
    idle.lift()
    sentence, label = _why(account.current())
    st.html(f'<p class="ps-lead">{escape(sentence)}</p>')
    for name in account.providers():
        if st.button(label if name is None else f"{label} with {name}", key=f"access.{name}", type="primary"):
            try:
                st.login(name)
            except StreamlitAPIException:
                st.error("The login is not configured whole; the page on deployment says what `[auth]` needs.")


def _why(found: account.Account | None) -> tuple[str, str]:
    if found is None:
        return "Sign in to go on.", "Sign in"
    if found.over:
        minutes = read_settings().idle_minutes
        locked = (
            f"Locked: you signed out, or nobody touched this page for {minutes} "
            f"{'minute' if minutes == 1 else 'minutes'}. An answer that you had begun in this tab is there again "
            "after you sign in."
        )
        return locked, "Sign in again"
    *others, last = roles.ROLES
    unknown = (
        f"You are signed in as {found.name} and have no role here: ask whoever runs your login for that of a "
        f"{', '.join(others)} or {last}, then sign in again."
    )
    return unknown, "Sign in again"


def _stop(sentence: str) -> None:
    st.error(sentence)
    st.stop()
