"""Readers: how far they agree with each other and with the model, and what reading costs, on the cases read."""

import streamlit as st

from app import readers, resources, state
from core.review import counted_reads, export

st.title("Readers")
table = resources.read_table()
hidden = export.withheld_from(state.READER.get(), table)
table = table[~hidden]
if hidden.any():
    st.caption(readers.withheld_sentence(int(hidden.sum())))
reads = counted_reads.counted(table)
if reads.empty:
    readers.draw_empty()
    st.stop()
dataset, worklist = readers.choose(reads)
chosen = table[table["dataset"] == dataset]
if worklist is not None:
    chosen = chosen[chosen["worklist"] == worklist]
found = readers.counted(chosen, dataset, worklist)

readers.draw_lead(found)
readers.draw_agreement(found, chosen, dataset, worklist)
readers.draw_model(found)
readers.draw_work(found)
readers.draw_population(found)
