"""Compare: the checkpoints on one part, their measures with intervals, and their curves."""

import streamlit as st

from app import compare, navigation, panels, resources
from core.evaluation import side_by_side
from core.figures import curves, metrics
from core.figures.style import stamp_of

MEASURES = ("auroc", "average_precision", "sensitivity_at_specificity_95", "brier")
WIDTH = 440  # pixels a figure needs; on a tablet they stand below each other

st.title("Compare")
dataset = panels.choose_dataset("compare")
if dataset is None:
    st.stop()
question = compare.choose_question(dataset)
if question is None:
    st.stop()
certificate = resources.certificate(dataset, question["split"])
reports = side_by_side.fitting(resources.reports(), split_sha256=certificate["table_sha256"], **question)
missing = compare.unmeasured(question, reports)
if missing:
    compare.offer_measuring(question, missing)
reports = compare.choose_checkpoints(question, reports)
if not reports:
    st.info(f"No classifier is measured on {question['dataset']}/{question['split']}, part {question['part']}, yet.")
    navigation.link("training", "Train one on this split")
    st.stop()

st.html(f'<p class="ps-lead">{side_by_side.lead_sentence(reports)}</p>')
measured = compare.measured(reports)
theme = compare.theme()
stamp = stamp_of(reports[0])
if all(report.roc is None for report in reports):
    st.info(f"No curve can be drawn: {reports[0].metrics['auroc'].reason} in this part. Choose another part or split.")
    st.stop()
with st.grid(min_column_width=WIDTH):
    for name in MEASURES:
        st.plotly_chart(
            metrics.dots(measured, names=[name], caption=stamp, theme=theme),
            key=f"compare.dots.{name}",
            alt=f"{metrics.TITLES[name]} of each checkpoint, with its 95 % interval",
        )
    st.plotly_chart(
        curves.roc(measured, caption=stamp, theme=theme), key="compare.roc", alt="ROC curves of the checkpoints"
    )
    st.plotly_chart(
        curves.precision_recall(measured, caption=stamp, theme=theme),
        key="compare.pr",
        alt="Precision-recall curves of the checkpoints",
    )
st.caption(
    "Overlapping intervals do not prove that two checkpoints are alike. Each marked point is the threshold chosen on "
    "the fold tune of val, never on this part."
)

st.subheader("Measures")
names = {one.report.checkpoint_id: one.name for one in measured}
st.dataframe(side_by_side.measures_table(reports).rename(columns=names), hide_index=True, key="compare.measures")
with st.expander("What the measures mean", key="compare.meaning"):
    for name, meaning in side_by_side.HELP.items():
        st.markdown(f"**{side_by_side.TITLES[name]}.** {meaning}")
with st.expander("Confusion at the threshold", key="compare.confusion"):
    for one in measured:
        st.caption(one.name)
        st.dataframe(
            side_by_side.confusion_table(one.report), hide_index=True, key=f"compare.confusion.{one.report.report_id}"
        )
