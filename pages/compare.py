"""Compare: the checkpoints on one part, their measures with intervals, and their curves."""

import streamlit as st

from app import compare, panels, resources
from core.evaluation import side_by_side
from core.figures import curves, metrics

st.title("Compare")
dataset = panels.choose_dataset("compare")
if dataset is None:
    st.stop()
question = compare.choose_question(dataset)
if question is None:
    st.stop()
reports = side_by_side.fitting(resources.reports(), **question)
missing = compare.unmeasured(question, reports)
if missing:
    compare.offer_measuring(question, missing)
if not reports:
    st.stop()

names = compare.short_names(reports)
with st.sidebar:
    chosen = st.multiselect(
        "Checkpoints",
        list(names),
        default=list(names)[: compare.SHOWN],
        format_func=names.get,
        key=f"compare.checkpoints.{'.'.join(question.values())}",
    )
reports = [report for report in reports if report.checkpoint_id in chosen]
if not reports:
    st.info("Choose at least one checkpoint in the sidebar.")
    st.stop()

st.html(f'<p class="ps-lead">{side_by_side.lead_sentence(reports)}</p>')
entries = compare.entries(reports, names)
for name in compare.DRAWN:
    st.plotly_chart(
        metrics.dot_and_whisker(entries, name, title=side_by_side.TITLES[name]),
        key=f"compare.whisker.{name}",
        alt=f"{side_by_side.TITLES[name]} of each checkpoint with its 95 % interval",
    )

roc, precision = st.columns(2)
roc.plotly_chart(curves.roc(entries), key="compare.roc", alt="ROC curves")
precision.plotly_chart(curves.precision_recall(entries), key="compare.pr", alt="Precision-recall curves")
st.caption(compare.stamp(question, reports))

st.subheader("Measures")
st.dataframe(compare.named(side_by_side.measures_table(reports), names), hide_index=True, key="compare.measures")
with st.expander("Confusion at the threshold", key="compare.confusion"):
    for report in reports:
        st.caption(names[report.checkpoint_id])
        st.dataframe(side_by_side.confusion_table(report), hide_index=True, key=f"compare.confusion.{report.report_id}")
