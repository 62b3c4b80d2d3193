"""Audit: who did what in the store and when; whether it stands as written; reads as files; what is switched on."""

import streamlit as st

from app import audit, resources, state
from core.base.errors import InputError
from core.review import rights

st.title("Audit")
reader = state.READER.get()
try:
    if reader is not None:
        rights.require(reader, rights.AUDIT)
    ledger = resources.reads().ledger
except InputError as error:
    st.warning(str(error))
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
    st.subheader("Switches")
    audit.draw_switch(ledger)
st.subheader("Entries")
st.fragment(audit.draw_entries, key="audit")(ledger)
