"""Audit: who did what in the store and when; whether it stands as it was written; reads and labels as files."""

import streamlit as st

from app import audit, resources, state
from core.base.errors import InputError
from core.review import audit_log, rights

st.title("Audit")
reader = state.READER.get()
try:
    if reader is not None:
        rights.require(reader, rights.AUDIT)
    ledger = resources.reads().ledger
except InputError as error:
    st.warning(str(error))
    st.stop()
st.html(f'<p class="ps-lead">{audit.lead_sentence(audit_log.search(ledger.engine, size=1))}</p>')
if audit.draw_key(ledger):
    audit.draw_verification()
    st.subheader("Exports")
    audit.draw_exports(ledger)
st.subheader("Entries")
st.fragment(audit.draw_entries, key="audit")(ledger)
