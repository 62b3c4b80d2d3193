"""Compare: the form that takes in a table of predictions made elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import resources, who
from app.plain import plain
from app.state import Key
from core.base.errors import InputError
from core.evaluation import external

MOST_MB = 200  # of an external table
TOLD: Key[str | None] = Key("compare.external.told", None)  # what was taken in just now
EXTERNAL = (
    "A CSV or parquet file with the columns image_id, label and probability, for every film of a part (of val, of the "
    "fold tune). It stands beside the models of this study; its threshold is chosen on tune where the table covers it."
)


def draw(question: Mapping[str, str]) -> None:
    """Draw the form that takes in a table of predictions made elsewhere."""
    with st.sidebar, st.expander("A model from elsewhere", key="compare.external"):
        st.caption(EXTERNAL)
        with st.form("compare.external.form", clear_on_submit=True):
            name = st.text_input("Name", key="compare.external.name")
            given = st.file_uploader(
                "Table", type=["csv", "gz", "parquet"], max_upload_size=MOST_MB, key="compare.external.file"
            )
            if st.form_submit_button("Take it in"):
                if given is None:
                    st.error("Choose a file first.")
                    return
                try:
                    table = external.read(given.getvalue(), given.name)
                    place = {name: question[name] for name in ("dataset", "split")}
                    told = external.take_in(resources.workspace(), table, name=name, by=who.acts(), **place)
                except InputError as error:
                    st.error(plain(error))
                else:
                    TOLD.set(
                        plain(" ".join(told))
                        + " Press *Measure now* above the verdicts, then choose it under *Models*."
                    )
                    st.rerun()  # the page above the form offers to measure it then
        told_before = TOLD.get()
        if told_before is not None:
            st.success(told_before)
            TOLD.set(None)
