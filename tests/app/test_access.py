"""Nobody from elsewhere gets in before there is a login, by whatever way round."""

import socket
import time

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app import access, account
from app.access import asked_here, is_local
from core.base import roles

EVERYWHERE = "0.0.0.0"  # noqa: S104 (refused here, bound to nowhere)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "localhost", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_local(address):
    assert is_local(address)


@pytest.mark.parametrize(
    "address",
    [None, "", EVERYWHERE, "::", "::ffff:10.0.0.1", "::ffff:0.0.0.0",
     "192.168.0.7", "10.0.0.1", "fe80::1", "example.org", "localhost.example.org",
     "127.0.0.1.example.org", "127.0.0.1:80", "127.1", " 127.0.0.1", "2130706433", "0x7f.1", "*"],
)  # fmt: skip
def test_whatever_is_not_surely_this_machine_is_not_local(address):
    assert not is_local(address)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "127.0.0.1:8501"},
        {"host": "localhost"},
        {"host": "[::1]:8501"},
        {"HOST": "localhost:1", "Origin": "x"},
    ],
)
def test_a_page_asked_for_by_this_machines_own_name_is_asked_for_here(headers):
    assert asked_here(headers)


@pytest.mark.parametrize(
    "headers",
    [{"host": "reads.example.org"}, {"host": "localhost.example.org"}, {"host": "10.0.0.7:8501"}, {"host": ""},
     {"host": "evil@10.0.0.7"}, {"host": "127.0.0.1:8501@evil.example"}, {"host": "[::1"},
     *({"host": "127.0.0.1", name: "10.0.0.7"} for name in
       ("X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"))],
)  # fmt: skip
def test_one_asked_for_through_another_server_is_not(headers):
    assert not asked_here(headers)


def test_where_a_process_listens_is_what_its_sockets_say():
    before = access.listening()
    with socket.create_server(("127.0.0.1", 0)):
        assert access.listening() == before | {"127.0.0.1"}
        with socket.create_server((EVERYWHERE, 0)):
            assert access.listening() == before | {"127.0.0.1", EVERYWHERE}
    assert access.listening() == before


def page():
    import streamlit

    from app import access

    if access.require_access() and not access.admitted():
        access.draw_door()
        streamlit.stop()
    streamlit.write("the films")


def opened(monkeypatch, *, address="127.0.0.1", sockets=("127.0.0.1",), headers=(), **options):
    known = st.get_option
    options = {"server.address": address} | {name.replace("_", "."): value for name, value in options.items()}
    monkeypatch.setattr(st, "get_option", lambda name: options.get(name, known(name)))
    monkeypatch.setattr(access, "listening", lambda: set(sockets))
    monkeypatch.setattr(access, "asked_here", lambda _headers: access_asked_here(dict(headers)))
    return AppTest.from_function(page, default_timeout=60)


access_asked_here = access.asked_here


@pytest.fixture(autouse=True)
def _nobody_asked():
    yield
    roles.roles_from(None)


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ({}, None),
        ({"address": EVERYWHERE}, "This server listens beyond this machine"),
        ({"address": None}, "This server listens beyond this machine"),
        ({"address": "::"}, "This server listens beyond this machine"),
        ({"sockets": ["127.0.0.1", EVERYWHERE]}, "This server listens beyond this machine"),
        ({"sockets": ["::"]}, "This server listens beyond this machine"),
        ({"headers": {"host": "127.0.0.1", "X-Forwarded-For": "10.0.0.7"}}, "This page was asked for through another"),
        ({"headers": {"host": "reads.example.org"}}, "This page was asked for through another server"),
        ({"server_trustedUserHeaders": {"X-User": "sub"}}, "`server.trustedUserHeaders` is set"),
    ],
)
def test_without_a_login_who_might_be_from_elsewhere_sees_one_sentence(about, said, monkeypatch):
    at = opened(monkeypatch, **about).run()

    assert not at.exception
    assert [text.value for text in at.markdown] == ([] if said else ["the films"])
    assert [error.value[: len(said or "")] for error in at.error] == ([said] if said else [])


ADA = {"is_logged_in": True, "iss": "x", "sub": "1", "name": "Ada", "roles": "clinician", "iat": time.time()}
ELSEWHERE = {
    "address": EVERYWHERE,
    "sockets": [EVERYWHERE],
    "headers": {"host": "reads.example.org", "via": "1.1 proxy"},
}


@pytest.mark.parametrize(("user", "inside"), [(ADA, True), ({}, False), (ADA | {"roles": "none"}, False)])
def test_with_a_login_they_come_from_anywhere_by_the_door(user, inside, monkeypatch):
    at = opened(monkeypatch, **ELSEWHERE)
    at.secrets = {"auth": {"client_id": "x"}}
    at.user = user
    at.run()

    assert not at.exception
    assert ([text.value for text in at.markdown] == ["the films"]) is inside
    assert bool(at.button) is not inside


def test_headers_that_say_who_somebody_is_are_refused_beside_a_login_too(monkeypatch):
    at = opened(monkeypatch, server_trustedUserHeaders={"X-Roles": "roles"})
    at.secrets = {"auth": {"client_id": "x"}}
    at.user = ADA
    at.run()

    assert [error.value[:36] for error in at.error] == ["`server.trustedUserHeaders` is set, "]
    assert not at.markdown


def test_secrets_that_cannot_be_read_open_nothing(monkeypatch, tmp_path):
    broken = tmp_path / "secrets.toml"
    broken.write_text("[auth\n")
    at = opened(monkeypatch, secrets_files=[str(broken)])
    monkeypatch.setattr(type(st.secrets), "load_if_toml_exists", lambda _self: False)
    at.run()

    assert [error.value for error in at.error] == [
        "Expected secrets that can be read, found a secrets file that cannot; correct it: it may hold a login."
    ]
    assert not at.markdown


@pytest.mark.parametrize(
    ("auth", "names"),
    [
        ({"client_id": "x"}, [None]),
        ({"microsoft": {"client_id": "x"}, "okta": {"client_id": "y"}}, ["microsoft", "okta"]),
        ({"client_kwargs": {"prompt": "login"}}, [None]),
        ({}, [None]),
    ],
)
def test_each_provider_has_its_button(auth, names, monkeypatch):
    monkeypatch.setattr(account.st, "secrets", {"auth": auth})

    assert account.providers() == names
