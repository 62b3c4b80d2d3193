"""Uncertainty: which signal finds wrong calls, what reading more films would find, and one case in full."""

import streamlit as st

from app import panels, resources, uncertainty, uncertainty_case
from core.base.errors import InputError
from core.models import cards
from core.triage import cases

st.title("Uncertainty")

found = {card["checkpoint_id"]: card for card in resources.checkpoint_cards()}
if not found:
    st.info("No checkpoint yet. Train one on the Training page, or run `python -m core demo`.")
    st.stop()

asked = st.query_params
left, middle, right = st.columns([3, 1, 1])
first = asked.get("checkpoint", next(iter(found)))
checkpoint = left.selectbox(
    "Checkpoint",
    list(found),
    index=list(found).index(first) if first in found else 0,
    format_func=lambda name: cards.short_name(found[name]),
    key="uncertainty.checkpoint",
    persist_state="session",
)
card = found[checkpoint]
parts = [uncertainty.TUNE, "test"]
part = middle.selectbox(
    "Part", parts, index=int(asked.get("part", "test") == "test"), key="uncertainty.part", persist_state="session"
)
truth = right.selectbox(
    "Reference standard", resources.truth_names(card["dataset"]), key="uncertainty.truth", persist_state="session"
)
try:
    studied = uncertainty.read(card, part, truth)
except InputError as error:
    st.warning(str(error))
    st.stop()

st.caption(uncertainty.counted(studied))
st.subheader(studied.bench.verdict)
st.dataframe(uncertainty.bench_table(studied), hide_index=True, height="content", key="uncertainty.bench")

views = {
    "Spread": uncertainty.draw_spread,
    "Reliability": uncertainty.draw_reliability,
    "Wrong calls kept": uncertainty.draw_risk,
}
view = st.segmented_control(
    "Charts", list(views), default="Spread", required=True, key="uncertainty.view", persist_state="session"
)
views[view](studied)

policy = uncertainty.draw_workload(studied)
table = cases.cases(studied.shown, policy)
uncertain = st.toggle("Most uncertain first", key="uncertainty.order", persist_state="session")
if uncertain:
    table = table.sort_values("value", ascending=False, kind="stable", na_position="first")
pages = -(-len(table) // uncertainty.ROWS)
number = st.pagination(pages, key=f"uncertainty.page.{pages}") if pages > 1 else 1
page = table.iloc[(number - 1) * uncertainty.ROWS : number * uncertainty.ROWS]
event = st.dataframe(
    uncertainty.case_rows(page, studied.shown.cut),
    hide_index=True,
    height=320,
    on_select="rerun",
    selection_mode="single-row",
    key=f"uncertainty.cases.{number}",
)
image_id = page.iloc[event.selection.rows[0]]["image_id"] if event.selection.rows else asked.get("case")
wrong = uncertainty.surely_wrong(studied, policy)
if not wrong.empty:
    st.subheader("Sure and wrong")
    st.caption("Called wrong at the cut, with the least sign of it in the signal that orders the unsure.")
    captions = [f"probability {probability:.2f}" for probability in wrong["probability"]]
    image_id = panels.film_gallery(wrong, captions, size=160, columns=6, key="uncertainty.wrong") or image_id
if image_id:
    uncertainty_case.draw(studied, str(image_id), policy)
