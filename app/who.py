"""The reader's name, kept by the browser's tab so that a reload does not ask for it again."""

from __future__ import annotations

import streamlit as st

from app import state
from core.base.errors import InputError
from core.review import rights

KEY = "who"
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


def _take() -> None:
    kept = st.session_state[KEY].reader
    if kept and state.READER.get() is None:
        try:
            state.READER.set(rights.checked_reader(str(kept)))
        except InputError:  # not a name that was asked for here
            state.LEFT.set(True)
