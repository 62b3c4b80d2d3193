"""What a login's provider says makes a reader of one person each, with the highest role known; a sign-in ends."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from app import account
from app.sign_ins import LONGEST_S, SignIns
from core.review import rights

CLAIMS = {"is_logged_in": True, "iss": "https://sso.example", "sub": "1", "iat": 1_000.0, "name": "Ada Lovelace"}
TEXT = some.text(max_size=80)


@given(name=TEXT, email=TEXT, subject=some.text(min_size=1, max_size=20))
def test_whatever_a_provider_says_is_a_reader_of_its_own(name, email, subject):
    claims = {"name": name, "email": email}
    made = account.reader_name(claims, f"iss\0{subject}")

    assert rights.checked_reader(made) == made
    assert made != account.reader_name(claims, f"iss\0{subject}x")
    assert not rights.same_reader(made, account.reader_name(claims, f"other\0{subject}"))


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"name": "Ada Lovelace", "email": "a@b.co"}, "Ada Lovelace"),
        ({"preferred_username": "ada@x.org"}, "ada"),
        ({"name": "  ", "email": "grace.hopper@x.org"}, "grace.hopper"),
        ({"name": "=HYPERLINK(1)"}, "HYPERLINK 1"),
        ({"name": "<img src=x>"}, "img src x"),
        ({"name": "PleuraScope"}, "PleuraScope"),  # with its mark it is not the program's name
        ({"name": 7, "email": ["x"]}, "Reader"),
        ({"name": "a" * 99}, "a" * 52),
        ({}, "Reader"),
    ],
)
def test_a_name_is_the_first_that_can_be_one(claims, name):
    made, _, mark = account.reader_name(claims, "whose").rpartition(", ")

    assert made == name
    assert len(mark) == account.MARK


@pytest.mark.parametrize(
    ("claims", "claim", "role"),
    [
        ({"roles": ["clinician", "Administrator"]}, "roles", "administrator"),
        ({"roles": "researcher clinician"}, "roles", "researcher"),
        ({"roles": "Clinician,other"}, "roles", "clinician"),
        ({"roles": ["admin", "clinicians"]}, "roles", None),
        ({"roles": {"clinician": True}}, "roles", None),
        ({"roles": [["administrator"], 7, None]}, "roles", None),
        ({"roles": None}, "roles", None),
        ({}, "roles", None),
        ({"realm_access": {"roles": ["researcher"]}}, "realm_access.roles", "researcher"),
        ({"https://x.org/roles": ["clinician"]}, "https://x.org/roles", "clinician"),
        ({"roles": ["administrator"]}, "groups", None),
    ],
)
def test_the_role_is_the_highest_known_one(claims, claim, role, monkeypatch):
    monkeypatch.setenv("PLEURASCOPE_ROLE_CLAIM", claim)

    assert account._account(CLAIMS | claims).role == role


@pytest.mark.parametrize(
    "claims", [{}, {"email": "test@example.com"}, CLAIMS | {"is_logged_in": "true"}, CLAIMS | {"is_logged_in": False},
               CLAIMS | {"sub": ""}, {"is_logged_in": True}]
)  # fmt: skip
def test_nobody_is_signed_in_by_less_than_a_subject_and_the_mark_of_a_login(claims):
    assert account._account(claims) is None


def test_a_sign_in_without_a_time_is_over():
    assert account._account({**CLAIMS, "iat": None}).over


class Clock:
    """A clock that a test moves."""

    now = 1_000_000.0

    def __call__(self):
        """Tell the time."""
        return self.now


def test_a_sign_in_ends_after_its_time_and_for_good():
    clock = Clock()
    seen = SignIns(clock)
    began = clock.now

    for _ in range(10):
        clock.now += 800
        assert not seen.over("a", began, idle_s=900)
        seen.seen("a")
    clock.now += 901
    assert seen.over("a", began, idle_s=900)
    seen.seen("a")  # a late message of the browser wakes nothing
    assert seen.over("a", began, idle_s=900)


def test_a_sign_in_that_this_server_does_not_know_counts_from_its_beginning():
    clock = Clock()

    assert not SignIns(clock).over("a", clock.now - 899, idle_s=900)
    assert SignIns(clock).over("a", clock.now - 901, idle_s=900)


def test_nobody_stays_longer_than_a_day_s_work_however_busy():
    clock = Clock()
    seen = SignIns(clock)
    began = clock.now
    while clock.now - began <= LONGEST_S:
        assert not seen.over("a", began, idle_s=900)
        seen.seen("a")
        clock.now += 600
    assert seen.over("a", began, idle_s=900)


def test_signing_out_ends_one_sign_in_only():
    clock = Clock()
    seen = SignIns(clock)
    seen.end("a")

    assert seen.over("a", clock.now, idle_s=900)
    assert not seen.over("b", clock.now, idle_s=900)


def page():
    import threading

    import streamlit as st

    from app import account

    found = []
    name = account.current().name
    for make in (lambda: account.role_of(name), account.in_session(lambda: account.role_of(name))):
        thread = threading.Thread(target=lambda make=make: found.append(make()))
        thread.start()
        thread.join()
    st.session_state.found = [account.role_of(name), account.role_of("Grace"), *found]


def test_a_download_s_own_thread_knows_who_asked_and_no_other_thread_does():
    at = AppTest.from_function(page, default_timeout=60)
    at.secrets = {"auth": {"client_id": "x"}}
    at.user = CLAIMS | {"roles": "clinician", "iat": time.time()}
    at.run()

    assert at.session_state.found == ["clinician", None, None, "clinician"]
    assert account.role_of("Ada Lovelace") is None
