"""Nobody from elsewhere gets in before there is a login."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.access import is_local

EVERYWHERE = "0.0.0.0"  # noqa: S104 (refused here, bound to nowhere)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_this_machine_is_local(address):
    assert is_local(address)


@pytest.mark.parametrize(
    "address",
    [None, "", EVERYWHERE, "::", "192.168.0.7", "10.0.0.1", "fe80::1", "example.org", "localhost.example.org",
     "127.0.0.1.example.org", "127.0.0.1:80", "127.1", " 127.0.0.1", "2130706433", "0x7f.1", "*"],
)  # fmt: skip
def test_whatever_is_not_surely_this_machine_is_not_local(address):
    assert not is_local(address)


def page():
    import streamlit

    from app import access

    access.require_access()
    streamlit.write("the films")


@pytest.mark.parametrize(("address", "shown"), [("127.0.0.1", True), (EVERYWHERE, False), (None, False)])
def test_a_server_for_others_shows_how_to_start_it_and_nothing_else(address, shown, monkeypatch):
    known = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: address if name == "server.address" else known(name))

    at = AppTest.from_function(page, default_timeout=60).run()

    assert not at.exception
    assert [text.value for text in at.markdown] == (["the films"] if shown else [])
    assert [error.value[:45] for error in at.error] == (
        [] if shown else ["This server listens beyond this machine, and "]
    )
