"""Compare: which model ranks the films of one part better, and how sure that is."""

from html import escape

import streamlit as st

from app import (
    compare,
    compare_details,
    compare_downloads,
    compare_external,
    compare_measuring,
    compare_words,
    navigation,
    panels,
    resources,
)
from app.compare_details import Shown
from app.plain import plain
from core.base.errors import InputError
from core.evaluation import side_by_side
from core.evaluation.comparison import sentence
from core.figures import calibration, curves, differences, metrics
from core.figures.style import stamp_of

CURVES = {"Precision-recall": curves.precision_recall, "Calibration": calibration.calibration}
MEANING = {
    "Precision-recall": "The dotted line is the prevalence: what calling films at random would give.",
    "Calibration": "On the line, a probability can be taken at its word: of 100 films with 0.20, 20 have the finding.",
}
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
missing = compare_measuring.unmeasured(question, reports)
if missing:
    compare_measuring.draw(question, missing, reports)
reports = compare.choose_checkpoints(question, reports)
compare_external.draw(question)
if not reports:
    st.info(f"Nothing is measured yet. {compare.task_words(question)}")
    navigation.link("training", "Train a classifier on this split")
    st.stop()

try:
    compare.refuse_mixed_training(reports)
except InputError as error:
    st.warning(plain(error))
    st.stop()

st.html(f'<p class="ps-lead">{escape(compare.task_words(question))} {escape(side_by_side.lead_sentence(reports))}</p>')
measured = compare.measured(reports)
theme, stamp = panels.theme(), stamp_of(reports[0])
if all(report.roc is None for report in reports):
    st.info(f"No curve can be drawn: {reports[0].metrics['auroc'].reason} in this part. Choose another part or split.")
    st.stop()

verdicts = st.container()  # filled last: laying 100,000 films side by side takes longer than drawing what is measured
with st.container(key="compare-table"):  # wider than a tablet: it scrolls there
    panels.draw_figure(
        metrics.dots(measured, besides=compare_words.costs(measured), caption=stamp, theme=theme),
        key="compare.dots",
        alt="AUROC, average precision, sensitivity at 95 % specificity and Brier of each model, with 95 % intervals",
    )

readers = compare.readers(question)
with st.grid(min_column_width=WIDTH):
    with st.container():
        figure = curves.roc(measured, readers=readers, caption=stamp, theme=theme)
        panels.draw_figure(figure, key="compare.roc", alt="ROC curves of the models, with the band of the first")
        st.caption(compare_words.roc_words(measured, readers))
    with st.container():
        which = st.segmented_control(
            "Curve",
            list(CURVES),
            default=next(iter(CURVES)),
            required=True,
            label_visibility="collapsed",
            key="compare.curve",
            persist_state="session",
        )
        figure = CURVES[which](measured, caption=stamp, theme=theme)
        panels.draw_figure(figure, key="compare.second", alt=f"{which} of the models")
        st.caption(MEANING[which])
found, key, paired = None, (), []
with verdicts:
    if len(reports) > 1:
        try:
            found, key = compare.aligned(question, reports)
            paired = compare.auroc_differences(found, key)
        except InputError as error:
            st.warning(f"The models cannot be compared film by film. {plain(error)}")
    shown = Shown(question=question, measured=measured, found=found, key=key, theme=theme)
    for difference in paired:
        st.html(f'<p class="ps-verdict">{escape(sentence(difference, shown.names))}</p>')
    if paired:
        st.caption(compare_words.paired_words(len(paired)))
if len(paired) > 1:  # of two models the verdict says it all
    figure = differences.triangle(paired, shown.names, caption=stamp, theme=theme)
    panels.draw_figure(figure, key="compare.differences", alt="Paired differences of the AUROC between the models")
    st.caption("Orange: the row ranks better; blue: the column. Bold: more than chance, p below 0.05 after Holm.")

compare_details.draw(shown)
compare_downloads.draw(shown, paired)
