"""Who may use the dashboard: anyone on this machine, nobody from elsewhere before a login is configured."""

from __future__ import annotations

from ipaddress import ip_address

import streamlit as st


def is_local(address: str | None) -> bool:
    """Tell whether a server address can be reached from this machine only.

    Examples:
        >>> is_local("127.0.0.1"), is_local("localhost"), is_local("::1")
        (True, True, True)
        >>> is_local("0.0.0.0"), is_local(None)
        (False, False)
    """
    if not address:  # Streamlit then listens on every interface
        return False
    if address == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def require_access() -> None:
    """Stop the page with a message when the server can be reached from elsewhere."""
    if is_local(st.get_option("server.address")):
        return
    st.error(
        "This server listens beyond this machine, and no login is configured. "
        "Start it with `make start`, or with `--server.address 127.0.0.1`."
    )
    st.stop()
