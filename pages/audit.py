"""Audit: who did what in the store and when; whether it stands as written; reads as files; what is switched on."""

import streamlit as st

from app import audit, audit_replay, resources, who
from app.plain import plain
from core.base.errors import InputError
from core.review import rights

st.title("Audit")
whole = rights.may(who.acts(), rights.AUDIT)  # who may export only sees nothing of what others did
try:
    ledger = resources.reads().ledger
except InputError as error:
    st.warning(plain(error))
    st.stop()
if not whole:
    st.caption(audit.ONLY_EXPORTS)
    st.subheader("Exports")
    audit.draw_exports(ledger)
    st.stop()
lead = st.container()  # filled after the verification, which nothing that is broken may keep from being drawn
usable = audit.draw_key(ledger)
if usable:
    audit.draw_verification()
with lead:
    audit.draw_lead(ledger)
if usable:
    st.subheader("Exports")
    audit.draw_exports(ledger)
    st.subheader("Replay")
    audit_replay.draw()
    st.subheader("Switches")
    audit.draw_switch(ledger)
st.subheader("Entries")
st.fragment(audit.draw_entries, key="audit")(ledger)
