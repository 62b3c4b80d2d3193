"""What the page Audit shows: the state of the store, its verification, exports, the entries."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from html import escape

import pandas as pd
import streamlit as st

from app import account, reading, resources, state
from app.plain import plain
from core.base.errors import InputError, PleuraScopeError
from core.review import audit_log, export, once, rights, switches
from core.review import reads as reads_of
from core.store import audit_key, verification
from core.store.ledger import Ledger
from core.store.verification import Verified

EXPORTS = {export.READS: "Reads as CSV", export.LABELS: "Labels as CSV"}
SHOWN_FAULTS = 100
SWITCH = switches.COUNTERFACTUAL
SWITCH_REASON = "audit.switch.reason"
SWITCH_KEY: state.Key[str | None] = state.Key("audit_switch_key", None)  # of the decision that the form would file
MEANING = (
    "A network's version of a case's film, without the finding or with it. It may add or remove disease, and doctors "
    "are advised against reading such pictures (Cohen et al., 2018). On, it is offered after a reader's first answer, "
    "in a blinded list after the last one, only beside the film and marked GENERATED. Which way a film was translated "
    "follows from its label, so its reader learns that label; each answer keeps whether it was seen. A case has one if "
    "`translate` was run on the split of its worklist."
)
SELF_DECLARED = "Names are self-declared: on this machine nobody checks them."
ONLY_EXPORTS = "The entries, their verification and the switches are shown to an administrator."


def draw_lead(ledger: Ledger) -> None:
    """Say how many entries there are and when the last one was made."""
    try:
        found = audit_log.search(ledger.engine, size=1)
    except InputError:
        return  # the entries below say why
    said = "No entry yet."
    if found.entries:
        at = _when(found.entries[0], "%Y-%m-%d at %H:%M:%S")
        said = f"{found.total:,} {'entry' if found.total == 1 else 'entries'}, the last on {at}."
    st.html(f'<p class="ps-lead">{escape(said)}</p>')


def draw_key(ledger: Ledger) -> bool:
    """Say how the key of the chain stands, and return whether it can be used."""
    try:
        audit_key.read(ledger.key_file)
    except InputError as error:
        st.warning(f"Nothing can be written or verified. {plain(error)}")
        return False
    st.caption(
        "Every entry is sealed with the one before it by a key that lies outside the workspace; only its owner can "
        f"read it.{'' if account.configured() else f' {SELF_DECLARED}'}"
    )
    return True


def draw_verification() -> None:
    """Draw the button that verifies the store, and what it found."""
    if not st.button("Verify the store", key="audit.verify", icon=":material/verified_user:"):
        return
    try:
        with st.spinner("Verifying every entry and every row…"):
            found = verification.verify(resources.workspace())
    except InputError as error:
        st.error(plain(error))
        return
    if not found.faults:
        st.info(_sound(found), icon=":material/verified_user:")
    else:
        many = f"{len(found.faults):,} faults" if len(found.faults) > 1 else "1 fault"
        st.error(f"Changed past the program: {many} in {found.entries:,} entries and {found.rows:,} rows.")
        _draw_sentences([fault.sentence for fault in found.faults])
    _draw_sentences(found.notes)


def draw_switch(ledger: Ledger) -> None:
    """Draw how the counterfactual's switch stands, who turned it and why, and the form that turns it."""
    try:
        found = switches.history(ledger.engine, SWITCH)
    except InputError as error:
        st.warning(plain(error))
        return
    on = bool(found) and found[0].turned_on
    since = f", {switches.decided(found[0])}" if found else ", as it is until somebody turns it on"
    st.html(f"<p>{escape(switches.TITLES[SWITCH])}: <b>{switches.WORDS[on]}</b>{escape(since)}.</p>")
    st.caption(MEANING)
    if found:
        st.dataframe(_decisions(found), hide_index=True, height="content", key="audit.switch.history")
    reader = state.READER.get()
    if reader is None or not rights.may(reader, rights.ADMINISTER):
        st.caption("To turn it, say who you are." if reader is None else f"{reader} may not turn it.")
        return
    known = found[0].switch_id if found else None
    key = SWITCH_KEY.get() or secrets.token_hex(16)
    SWITCH_KEY.set(key)
    word = switches.WORDS[not on]
    with st.form("audit.switch", width=520):
        st.text_input(f"Why turn it {word}", key=SWITCH_REASON, max_chars=once.LONGEST_REASON)
        said = state.SWITCH_REFUSED.get()
        if said is not None:
            st.error(plain(said))
        st.form_submit_button(
            f"Turn {word} as {reader}",
            key="audit.switch.turn",
            on_click=_turn,
            args=(ledger, reader, key, known),
            kwargs={"on": not on},
        )


def draw_exports(ledger: Ledger) -> None:
    """Draw the downloads of what this reader may see, each made and entered in the audit when it is asked for."""
    reader = reading.draw_name()
    if reader is None or not rights.may(reader, rights.EXPORT):
        return
    try:
        table = resources.read_table()
        withheld = int(export.withheld_from(reader, table).sum())
    except InputError as error:
        st.warning(f"Reads cannot be exported. {plain(error)}")
        return
    except ValueError:  # what the database holds is no JSON
        st.warning("Reads cannot be exported: one was changed past the program; verify the store, which names it.")
        return
    day = time.strftime("%Y-%m-%d")
    with st.container(horizontal=True):
        for what, label in EXPORTS.items():
            name = f"{what}-{day}.csv"
            st.download_button(
                label,
                account.in_session(_made(ledger, what, name, reader)),
                file_name=name,
                mime="text/csv",
                key=f"audit.export.{what}",
                on_click="ignore",  # a run of the script would take away what the click asks for
            )
    st.caption(_exports_sentence(len(table), withheld, reader))


def draw_entries(ledger: Ledger) -> None:
    """Draw the search and the entries that fit it, the newest first."""
    account.require_still()
    text = st.text_input(
        "Search",
        key="audit.search",
        placeholder="A reader, an action, a worklist…",
        icon=":material/search:",
        persist_state="session",
    )
    try:
        _draw_found(ledger, text)
    except InputError as error:
        st.warning(f"Entries cannot be shown. {plain(error)}")


def _turn(ledger: Ledger, reader: str, key: str, known: int | None, *, on: bool) -> None:
    reason = str(st.session_state[SWITCH_REASON])
    try:
        switches.turn(ledger, SWITCH, on=on, key=key, reader=reader, reason=reason, known=known)
    except PleuraScopeError as error:
        state.SWITCH_REFUSED.set(str(error))
        return
    state.SWITCH_REFUSED.set(None)
    SWITCH_KEY.set(None)  # the next decision is another one
    st.session_state[SWITCH_REASON] = ""


def _decisions(found: list[switches.Decision]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "When": time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.created_at)),
                _who_title(): one.decided_by,
                "Turned": switches.WORDS[one.turned_on],
                "Why": one.reason,
            }
            for one in found
        ]
    )


def _who_title() -> str:
    return "Who" if account.configured() else "Who (self-declared)"


def _when(entry: audit_log.Entry, form: str) -> str:
    try:
        return time.strftime(form, time.localtime(entry.created_at))
    except (TypeError, ValueError, OverflowError, OSError):  # changed past the program; the page is to show it
        return str(entry.created_at)


def _draw_found(ledger: Ledger, text: str) -> None:
    total = audit_log.search(ledger.engine, text, size=1).total
    if not total:
        st.caption("No entry fits; search for fewer words.")
        return
    rows = st.container()  # drawn last, since the page's number is chosen below them
    page, pages = 1, -(-total // audit_log.ENTRIES_A_PAGE)
    if pages > 1:
        with st.container(horizontal=True, horizontal_alignment="right"):
            page = st.pagination(pages, key=f"audit.page.{text}")
    found = audit_log.search(ledger.engine, text, page=page)
    entries = [
        {
            "Entry": one.entry_id,
            "When": _when(one, "%Y-%m-%d %H:%M:%S"),
            _who_title(): one.actor,
            "What": one.action,
            "About": audit_log.about_words(one.about),
            "Row": one.row or "",
        }
        for one in found.entries
    ]
    first = (page - 1) * audit_log.ENTRIES_A_PAGE + 1
    with rows:
        st.caption(f"{first:,} to {first + len(entries) - 1:,} of {total:,} entries, the newest first.")
        st.dataframe(
            pd.DataFrame(entries),
            hide_index=True,
            height="content",
            column_config={
                "Entry": st.column_config.NumberColumn(width="small", format="localized"),
                "About": st.column_config.TextColumn(width="large"),
            },
        )


def _made(ledger: Ledger, what: str, name: str, reader: str) -> Callable[[], bytes]:
    """Return what makes a download; it runs in a thread of its own."""
    place = resources.workspace()

    def make() -> bytes:
        table = reads_of.read_table(place)
        _, content, made = export.export(table[~export.withheld_from(reader, table)], what, ".csv")
        export.enter(ledger, name, made, worklist=None, actor=reader)
        return content

    return make


def _exports_sentence(reads: int, withheld: int, reader: str) -> str:
    said = f"Each download is entered in the audit under {reader}. Practice rounds are never exported."
    if not reads:
        return f"No read yet: a file holds its header only. {said}"
    if withheld:
        many = f"{withheld:,} reads are" if withheld > 1 else "1 read is"
        said += (
            f" {many} left out for you, of cases that are not settled yet or wait for your answer: readers there do "
            "not see each other's answers before."
        )
    return said


def _sound(found: Verified) -> str:
    return f"Sound: {found.entries:,} entries and {found.rows:,} rows stand as they were written."


def _draw_sentences(sentences: list[str]) -> None:
    if not sentences:
        return
    more = len(sentences) - SHOWN_FAULTS
    shown = sentences[:SHOWN_FAULTS] + ([f"and {more:,} more; `review verify` names them all."] if more > 0 else [])
    st.html("<ul>" + "".join(f"<li>{escape(sentence)}</li>" for sentence in shown) + "</ul>")
