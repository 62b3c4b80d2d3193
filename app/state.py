"""Every entry of the session state that outlives a page switch, typed and declared once.

Widgets keep their own values (`persist_state="session"`); here are the choices that one
page makes for another. They hold ids, never tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import streamlit as st

T = TypeVar("T")


@dataclass(frozen=True)
class Key(Generic[T]):
    """A typed entry of the session state."""

    name: str
    default: T

    def get(self) -> T:
        """Return the stored value, or the default."""
        return st.session_state.get(self.name, self.default)

    def set(self, value: T) -> None:
        """Store a value for this session."""
        st.session_state[self.name] = value


SHOW_FIRST_CASES: Key[bool] = Key("show_first_cases", False)
OPEN_JOB: Key[int | None] = Key("open_job", None)  # whose details are shown
RUNS_CHOSEN: Key[bool] = Key("runs_chosen", False)  # whether the reader, not the page, chose the curves
PROBES_ASKED: Key[frozenset[tuple[object, ...]]] = Key("probes_asked", frozenset())  # what the probes measure
CASE: Key[tuple[str, str] | None] = Key("case", None)  # image id and part of the case on the page Uncertainty
CASE_ALONE: Key[bool] = Key("case_alone", False)  # whether a link brought it: then nothing else is drawn
ADDRESS: Key[dict[str, str]] = Key("address", {})  # of the page Uncertainty, as it was drawn last
READER: Key[str | None] = Key("reader", None)  # who reads in this session
LEFT: Key[bool] = Key("left", False)  # whether the reader left, so that the browser forgets the name
OPEN_CASE: Key[tuple[str, str] | None] = Key("open_case", None)  # worklist, and opaque name of the case on the page
SAVED: Key[dict[str, str] | None] = Key("saved", None)  # the newest answer that was committed, in words
REFUSED: Key[dict[str, str] | None] = Key("refused", None)  # the newest answer that was not
ASKED: Key[frozenset[tuple[str, str]]] = Key("asked", frozenset())  # case, and what of the model its reader asked for
LACKING: Key[dict[str, int]] = Key("lacking", {})  # how often the browser asked for a film again, by its hash
ORIGIN_ANSWERED: Key[str | None] = Key("origin_answered", None)  # key of the answer whose truth is shown
ORIGIN_REFUSED: Key[tuple[str, str, str] | None] = Key("origin_refused", None)  # set, reader, and why it was not saved
SWITCH_REFUSED: Key[str | None] = Key("switch_refused", None)  # why the newest switch was not filed
