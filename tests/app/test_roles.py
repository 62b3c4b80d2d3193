"""With a login every page of every role, the door, two sessions side by side; without one all is as it was."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from app import account, navigation, sign_ins
from core.base import roles
from core.base.paths import ROOT
from core.review import rights

MAIN = str(ROOT / "app" / "main.py")
EVERY_ROLE = list(roles.ROLES)


@pytest.fixture(autouse=True)
def _nobody_asked():
    yield
    rights.roles_from(None)


def claims(role, *, sub="1", ago=0.0):
    known = {"is_logged_in": True, "iss": "https://sso.example", "name": "Ada Lovelace"}
    return known | {"sub": sub, "iat": time.time() - ago, "roles": role}


def opened(user, page=None, script=MAIN):
    at = AppTest.from_file(script, default_timeout=120) if isinstance(script, str) else AppTest.from_function(script)
    at.default_timeout = 120
    at.secrets = {"auth": {"client_id": "x", "redirect_uri": "http://127.0.0.1/oauth2callback"}}
    at.user = user
    if page is not None:
        at.switch_page(str(ROOT / "pages" / f"{page}.py"))
    return at.run()


def every_page():
    import streamlit as st

    from app import access, account, navigation
    from core.base import roles

    class Page:
        def __init__(self, title):
            self.title = title

        def run(self):
            st.session_state.ran.append(self.title)

    st.session_state.ran = []
    roles.roles_from(account.role_of)
    access.admitted()
    st.session_state.shown = [
        page.title for group in navigation.pages().values() for page in group if page.visibility == "visible"
    ]
    for title in navigation.TITLES:
        navigation.run(Page(title))


@pytest.mark.parametrize("role", EVERY_ROLE)
def test_every_page_of_every_role_is_run_or_says_who_may_open_it(role, monkeypatch):
    monkeypatch.setattr(navigation, "link", lambda _name, _label: None)
    at = opened(claims(role), script=every_page)

    assert not at.exception
    may = {title for title, name in navigation.TITLES.items() if rights.PAGES[name] in roles.ROLES[role]}
    assert set(at.session_state.ran) == may
    assert set(at.session_state.shown) == may - {"Review"}
    assert len(at.warning) == len(navigation.TITLES) - len(may)
    for said in at.warning:
        assert said.value.startswith("Only a")
        assert said.value.endswith("may open this page; you are signed in as " + reader(at) + ".")


def reader(at):
    return account._account(at.user).name


def test_every_page_of_the_navigation_has_its_right():
    assert set(navigation.TITLES.values()) == set(rights.PAGES)


def words(at):
    return " ".join(
        [one.value for kind in (at.title, at.markdown, at.warning, at.error, at.info) for one in kind]
        + [one.proto.body for one in at.get("html")]
    )


@pytest.mark.parametrize(
    ("user", "said"),
    [
        ({}, "Sign in to go on."),
        ({"email": "test@example.com"}, "Sign in to go on."),
        ({"is_logged_in": "true", "sub": "1", "roles": "administrator", "iat": time.time()}, "Sign in to go on."),
        (claims("admin"), "and have no role here: ask whoever runs your login for that of a clinician, researcher or"),
        (claims("administrator", ago=901), "Locked: you signed out, or nobody touched this page for 15 minutes."),
    ],
)
def test_before_the_door_nothing_is_shown_but_why(workspace, user, said):
    at = opened(user, "audit")

    assert not at.exception
    assert said in words(at)
    assert [title.value for title in at.title] == ["PleuraScope"]
    assert [button.label for button in at.button] in (["Sign in"], ["Sign in again"])
    assert not at.dataframe
    assert not rights.may("the dashboard", rights.READ)


def test_a_clinician_lands_on_the_worklist_and_a_researcher_s_address_says_no(workspace):
    at = opened(claims("clinician"))

    assert not at.exception
    assert [title.value for title in at.title] == ["Worklist"]
    at.switch_page(str(ROOT / "pages" / "training.py")).run()
    assert [title.value for title in at.title] == ["Training"]
    assert at.warning[0].value == (
        f"Only a researcher or an administrator may open this page; you are signed in as {reader(at)}."
    )
    assert [button.label for button in at.button] == ["Sign out"]


def test_a_researcher_sees_the_exports_of_the_audit_and_an_administrator_all(workspace):
    subheaders = {}
    for role in ("researcher", "administrator"):
        at = opened(claims(role), "audit")
        assert not at.exception
        subheaders[role] = [one.value for one in at.subheader]

    assert subheaders["researcher"] == ["Exports"]
    assert {"Exports", "Switches", "Entries"} <= set(subheaders["administrator"])


def test_a_session_that_ends_between_two_clicks_is_locked_at_the_next(workspace):
    at = opened(claims("clinician"))
    sign_ins.HERE.end(account._account(at.user).sign_in)

    at.run()

    assert "Locked" in words(at)
    assert at.session_state.reader is None


def test_two_sessions_have_each_their_own_name_and_rights(workspace):
    one = opened(claims("clinician", sub="7"))
    other = opened(claims("administrator", sub="8"), "audit")
    one.run()

    assert reader(one) != reader(other)  # of one name
    assert one.session_state.reader == reader(one)
    assert other.session_state.reader == reader(other)
    assert [title.value for title in one.title] == ["Worklist"]


def test_the_name_that_a_browser_kept_counts_for_nothing(workspace):
    at = AppTest.from_file(MAIN, default_timeout=120)
    at.secrets = {"auth": {"client_id": "x"}}
    at.user = claims("clinician")
    at.session_state["reader"] = "Somebody Else"
    at.run()

    assert at.session_state.reader == reader(at)


def test_without_a_login_every_name_has_every_right_again(workspace):
    opened({})
    assert not rights.may("Ada", rights.READ)

    at = AppTest.from_file(MAIN, default_timeout=120).run()

    assert [title.value for title in at.title] == ["Overview"]
    assert rights.may("Ada", rights.ADMINISTER)


def fragments():
    import streamlit as st

    from app import account

    def shown():
        account.require_still()
        st.session_state.drawn = st.session_state.get("drawn", 0) + 1
        st.button("again", key="again")

    if account.current().over:
        st.title("the door")
    else:
        st.fragment(shown, key="shown")()


def test_a_fragment_of_a_session_that_ended_leads_to_the_door():
    at = opened(claims("clinician"), script=fragments)
    at.button(key="again").click().run()
    assert at.session_state.drawn == 2
    sign_ins.HERE.end(account._account(at.user).sign_in)

    at.button(key="again").click().run()

    assert at.session_state.drawn == 2
    assert [title.value for title in at.title] == ["the door"]


def test_every_fragment_asks_whether_its_session_goes_on():
    calls = {}
    for path in [*(ROOT / "app").glob("*.py"), *(ROOT / "pages").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        calls[str(path.relative_to(ROOT))] = text.count("st.fragment") - text.count("account.require_still()")

    assert {name: count for name, count in calls.items() if count > 0} == {
        "pages/audit.py": 1
    }  # whose fragment is in app/audit.py
