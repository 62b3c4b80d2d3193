"""The reader's name where names are self-declared: kept by the browser's tab, so a reload does not ask for it again."""

from __future__ import annotations

import streamlit as st

from app import account, sign_ins, state
from core.base.errors import InputError
from core.review import rights

KEY = "who"
NOBODY = "the dashboard"  # does what nobody who gave a name has asked for
_SCRIPT = """
export default function ({ data, parentElement, setTriggerValue }) {
  const KEPT = "pleurascope reader";
  parentElement.host?.style.setProperty("display", "none");
  try {
    if (data.reader) sessionStorage.setItem(KEPT, data.reader);
    else if (data.left) sessionStorage.removeItem(KEPT);
    else if (sessionStorage.getItem(KEPT)) setTriggerValue("reader", sessionStorage.getItem(KEPT));
  } catch {
    // a browser that keeps nothing: the name is asked for again
  }
}
"""
_mount = st.components.v2.component("pleurascope_who", js=_SCRIPT)


def acts() -> str:
    """Return who asks for what a page files or makes: the reader, or the dashboard where nobody gave a name."""
    return state.READER.get() or NOBODY


def called(reader: str) -> str:
    """Return a reader's name as tables show it: without a login nobody has checked it."""
    return reader if account.configured() else f"{reader} (self-declared)"


def remember() -> None:
    """Hand this session's name to the browser, or take the one that it has kept; called once a run."""
    _mount(data={"reader": state.READER.get(), "left": state.LEFT.get()}, key=KEY, on_reader_change=_take)


def leave() -> None:
    """Forget the name, here and in the browser: somebody else reads."""
    state.READER.set(None)
    state.LEFT.set(True)
    for key in (state.SAVED, state.REFUSED, state.OPEN_CASE):  # of the one who leaves
        key.set(None)
    state.ASKED.set(frozenset())


def sign_out() -> None:
    """End the sign-in in all of its tabs, and leave for the provider's own way out."""
    found = account.current()
    if found is not None:
        sign_ins.HERE.end(found.sign_in)
    leave()
    st.logout()


def _take() -> None:
    kept = st.session_state[KEY].reader
    if kept and state.READER.get() is None:
        try:
            state.READER.set(rights.checked_reader(str(kept)))
        except InputError:  # not a name that was asked for here
            state.LEFT.set(True)
