"""What each threshold would give: sensitivity, specificity, PPV and F1 along the probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation.report import EvaluationReport, Points
from core.figures.curves import NO_CURVE, Measured
from core.figures.palette import HAIRLINE, QUIET, TEXT, Style, Theme
from core.figures.style import house, legend_above, says_nothing

TITLE = "Measures along the threshold"
PANEL, REST = 230, 110  # pixels a checkpoint, and of what stands above and below
STYLES = {
    "Sensitivity": Style(colour="#0072B2"),
    "Specificity": Style(colour="#D55E00", dash="dash"),
    "PPV": Style(colour="#CC79A7", dash="dot"),
    "F1": Style(colour="text", dash="longdashdot"),
}


def threshold_analysis(
    measured: Sequence[Measured], *, caption: str = "", theme: Theme = "light", for_file: bool = False
) -> go.Figure:
    """Draw a panel a checkpoint, with its operating point as a line.

    The steps between the points of the thinned curves are no wider than those of the curves on
    the screen; at a point the values are exact.

    Args:
        measured: Checkpoints measured on the same part.
        caption: The stamp.
        theme: What the figure stands on; it decides the colour of F1.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    drawn = [one for one in measured if one.report.roc is not None and one.report.precision_recall is not None]
    if not drawn:
        return says_nothing(TITLE, NO_CURVE, caption=caption, theme=theme if for_file else None)
    tall = PANEL * len(drawn)
    figure = make_subplots(rows=len(drawn), cols=1, shared_xaxes=True, vertical_spacing=36 / tall)
    for row, one in enumerate(drawn, start=1):
        for name, (thresholds, values) in _along(one.report).items():
            style = STYLES[name]
            colour = TEXT[theme] if style.colour == "text" else style.colour
            figure.add_trace(
                go.Scatter(
                    x=thresholds,
                    y=values,
                    name=name,
                    legendgroup=name,
                    showlegend=row == 1,
                    mode="lines",
                    line={"color": colour, "dash": style.dash, "width": style.width, "shape": "vh"},
                    hovertemplate=f"{one.name}<br>{name} %{{y:.3f}} from probability %{{x:.3f}}<extra></extra>",
                ),
                row=row,
                col=1,
            )
        if one.report.threshold is not None:
            line = {"color": QUIET, "dash": "dot", "width": 1.5}
            figure.add_vline(x=one.report.threshold.value, line=line, row=row, col=1)
        axis = "" if row == 1 else str(row)
        place = {"xref": "x domain", "x": 0, "yref": f"y{axis} domain", "y": 1, "xanchor": "left", "yanchor": "bottom"}
        figure.add_annotation(text=f"<b>{one.name}</b>", showarrow=False, **place)
    house(
        figure,
        title=TITLE,
        x_title="" if len(drawn) > 1 else "Threshold on the probability",
        y_title="",
        height=tall + REST,
        caption=caption,
        theme=theme if for_file else None,
    )
    figure.update_xaxes(range=[-0.01, 1.01], dtick=0.2, tickformat=".1f", gridcolor=HAIRLINE, zeroline=False, ticks="")
    figure.update_yaxes(range=[-0.02, 1.04], dtick=0.25, tickformat=".2f", gridcolor=HAIRLINE, zeroline=False, ticks="")
    legend_above(figure)
    figure.update_layout(margin_t=84, legend_y=1 + 22 / tall)
    if len(drawn) > 1:
        figure.update_xaxes(
            title={"text": "Threshold on the probability", "font": {"size": 13}, "standoff": 8}, row=len(drawn), col=1
        )
        figure.update_layout(margin_b=(figure.layout.margin.b or 0) + 26)
        figure.update_annotations(selector={"text": caption}, yshift=-52)
    return figure


def _along(report: EvaluationReport) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return thresholds, rising, and values there, by measure, `(T,)` each."""
    assert report.roc is not None and report.precision_recall is not None  # noqa: S101 (left out before)
    at, false = _rising(report.roc, "x")
    _, found = _rising(report.roc, "y")
    cuts, recall = _rising(report.precision_recall, "x")
    _, precision = _rising(report.precision_recall, "y")
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(both), where=both > 0)
    return {
        "Sensitivity": (at, found),
        "Specificity": (at, 1 - false),
        "PPV": (cuts, precision),
        "F1": (cuts, f1),
    }


def _rising(points: Points, axis: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the thresholds of a curve from low to high, without its start at infinity, and the values there."""
    thresholds = np.array([np.nan if value is None else value for value in points.thresholds])
    known = np.isfinite(thresholds)
    return thresholds[known][::-1], np.asarray(getattr(points, axis), dtype=float)[known][::-1]
