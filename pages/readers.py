"""Readers: how far they agree with each other and with the model, and what reading costs, on the cases read."""

import streamlit as st

from app import readers, readers_loop, resources, state
from app.plain import plain
from core.base.errors import InputError
from core.review import counted_reads, export

st.title("Readers")
try:
    table = resources.read_table()
except InputError as error:  # a row that was changed past the program
    st.warning(f"The reads cannot be counted. {plain(error)} The page Audit names the row.")
    st.stop()
hidden = export.withheld_from(state.READER.get(), table)
table = table[~hidden]
if hidden.any():
    st.caption(readers.withheld_sentence(int(hidden.sum())))
reads = counted_reads.counted(table)
if reads.empty:
    readers.draw_empty()
    readers_loop.draw(None)
    st.stop()
dataset, worklist = readers.choose(reads)
chosen = table[table["dataset"] == dataset]
if worklist is not None:
    chosen = chosen[chosen["worklist"] == worklist]
found = readers.counted(chosen, dataset, worklist)

readers.draw_lead(found)
if counted_reads.zone_was_seen(chosen):
    st.caption(readers.ZONE_SEEN)
readers.draw_agreement(found, chosen, dataset, worklist)
readers.draw_model(found)
readers.draw_work(found)
readers.draw_population(found)
readers_loop.draw(dataset, table[table["dataset"] == dataset])
