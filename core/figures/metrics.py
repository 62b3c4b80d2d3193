"""Measures of checkpoints side by side, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation.report import Measure
from core.figures.curves import Measured
from core.figures.palette import HAIRLINE, Style, Theme, model_styles
from core.figures.style import house

ROW = 44  # pixels a model

TITLES = {
    "auroc": "AUROC",
    "auroc_no_finding": "AUROC against No Finding",
    "average_precision": "Average precision",
    "sensitivity_at_specificity_95": "Sensitivity at 95 % specificity",
    "brier": "Brier (lower is better)",
    "log_loss": "Log-loss (lower is better)",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
}


def dots(
    measured: Sequence[Measured],
    *,
    names: Sequence[str] = ("auroc", "average_precision", "sensitivity_at_specificity_95", "brier"),
    caption: str = "",
    theme: Theme = "light",
    for_file: bool = False,
) -> go.Figure:
    """Draw a row a checkpoint and a column a measure: the value, its 95 % interval, and both in figures.

    Args:
        measured: Checkpoints measured on the same part, from top to bottom.
        names: Keys of `TITLES`.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    figure = make_subplots(rows=1, cols=len(names), shared_yaxes=True, horizontal_spacing=0.03)
    styles = model_styles([one.model for one in measured], theme=theme)
    for column, name in enumerate(names, start=1):
        panel = {"xref": f"x{column} domain" if column > 1 else "x domain", "x": 0, "xanchor": "left"}
        figure.add_annotation(
            text=f"<b>{TITLES[name]}</b>", **panel, y=1, yref="paper", yanchor="bottom", showarrow=False
        )
        for row, (one, style) in enumerate(zip(measured, styles, strict=True)):
            measure = one.report.metrics[name]
            if measure.value is not None:
                figure.add_trace(_dot(one.name, row, measure, style), row=1, col=column)
            figure.add_annotation(text=_words(measure), **panel, y=row, yref="y", yshift=-15, showarrow=False)
    house(
        figure,
        title="",
        x_title="",
        y_title="",
        height=80 + ROW * len(measured),
        caption=caption,
        theme=theme if for_file else None,
    )
    figure.update_xaxes(
        showgrid=True, gridcolor=HAIRLINE, zeroline=False, fixedrange=True, nticks=4, ticks="", showline=False
    )
    figure.update_yaxes(
        showgrid=False, zeroline=False, showline=False, fixedrange=True, range=[len(measured) - 0.4, -0.5]
    )
    named = {"tickvals": list(range(len(measured))), "ticktext": [one.name for one in measured], "automargin": True}
    figure.update_yaxes(**named, col=1)
    return figure


def _dot(name: str, row: int, measure: Measure, style: Style) -> go.Scatter:
    dot = go.Scatter(
        x=[measure.value],
        y=[row],
        mode="markers",
        marker={"symbol": style.marker, "color": style.colour, "size": 11},
        hovertemplate=f"{name}<br>{_words(measure)}<extra></extra>",
    )
    if measure.value is not None and measure.low is not None and measure.high is not None:
        dot.error_x = {
            "type": "data",
            "symmetric": False,
            "array": [measure.high - measure.value],
            "arrayminus": [measure.value - measure.low],
            "color": style.colour,
            "thickness": style.width,
            "width": 5,
        }
    return dot


def _words(measure: Measure) -> str:
    if measure.value is None:
        return measure.reason or ""
    if measure.low is None or measure.high is None:
        return f"{measure.value:.3f}"
    return f"<b>{measure.value:.3f}</b>  {measure.low:.3f} to {measure.high:.3f}"
