from __future__ import annotations

import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from core.figures import placed, summary
from tests.figures.reports import measured, words


def two_panels() -> go.Figure:
    figure = make_subplots(rows=1, cols=2)
    figure.add_scatter(x=[1], y=[2], row=1, col=1)
    figure.add_scatter(x=[3], y=[4], row=1, col=2)
    figure.add_hline(y=5, row=1, col=2)
    figure.add_annotation(text="in", x=1, y=2, xref="x2 domain", yref="y2")
    figure.add_annotation(text="over", x=0.5, y=1, xref="paper", yref="paper")
    return figure.update_layout(title="Named")


def test_axes_lines_and_words_go_into_the_box():
    page = go.Figure()

    placed.into(page, two_panels(), x=(0, 0.5), y=(0.5, 1))
    placed.into(page, two_panels(), x=(0.5, 1), y=(0, 0.5))

    assert [(trace.xaxis, trace.yaxis) for trace in page.data] == [
        *(("x", "y"), ("x2", "y2"), ("x3", "y3"), ("x4", "y4"))
    ]
    assert page.layout.yaxis.domain == (0.5, 1)
    assert page.layout.xaxis4.domain[1] == pytest.approx(1)
    assert page.layout.xaxis3.domain[0] == pytest.approx(0.5)
    assert page.layout.xaxis3.anchor == "y3"
    assert [(shape.xref, shape.yref) for shape in page.layout.shapes] == [("x2 domain", "y2"), ("x4 domain", "y4")]
    notes = {(note.text, note.xref, note.yref): (note.x, note.y) for note in page.layout.annotations}
    assert notes["in", "x4 domain", "y4"] == (1, 2)
    assert ("over", "paper", "paper") in notes
    assert [note.x for note in page.layout.annotations if note.text == "over"] == [0.25, 0.75]
    assert "<b>Named</b>" in words(page)


def test_the_summary_has_verdicts_measures_and_three_curves_on_a_page():
    three = [measured("ensemble", seed=2), measured(), measured("vit", seed=1)]
    verdicts = ["Ensemble against CNN: no evidence of a difference (p < 0.1)."]

    page = summary.summary(three, verdicts, title="Three on test", caption="the stamp")

    assert "no evidence of a difference (p &lt; 0.1)." in words(page)
    for title in ("ROC", "Precision-recall", "Calibration", "AUROC", "Average precision"):
        assert f"<b>{title}</b>" in words(page)
    assert words(page).endswith("the stamp")
    assert page.layout.title.text == "Three on test"
    inside = [page.layout[axis].domain for axis in page.layout if str(axis)[1:5] == "axis" and page.layout[axis].domain]
    assert all(0 <= low < high <= 1 for low, high in inside)
