"""Confusion matrices at each checkpoint's operating point: counts, and shares of each row."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation.report import Confusion
from core.figures.curves import Measured
from core.figures.palette import BACKGROUND, SEQUENTIAL, TEXT, Theme
from core.figures.style import house, says_nothing

TITLE = "Calls at the operating point"
NO_THRESHOLD = "No threshold: none was chosen on tune."
HEIGHT = 320  # pixels
PANEL = 300  # pixels of a matrix in a file
BRIGHT = 0.55  # share from which the scale is so bright that dark text stands on it
ROWS = ("with a pneumothorax", "without")
COLUMNS = ("called positive", "called negative")


def confusion(
    measured: Sequence[Measured], *, caption: str = "", theme: Theme = "light", for_file: bool = False
) -> go.Figure:
    """Draw a matrix a checkpoint: rows by the reference standard, columns by the call.

    Args:
        measured: Checkpoints measured on the same part.
        caption: The stamp.
        theme: What the figure stands on.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    drawn = [(one, one.report.confusion) for one in measured if one.report.confusion is not None]
    if not drawn:
        return says_nothing(TITLE, NO_THRESHOLD, height=HEIGHT, caption=caption, theme=theme if for_file else None)
    figure = make_subplots(rows=1, cols=len(drawn), shared_yaxes=True, horizontal_spacing=0.04)
    for column, (one, found) in enumerate(drawn, start=1):
        assert found is not None  # noqa: S101 (left out above)
        figure.add_trace(_matrix(found), row=1, col=column)
        _write(figure, found, "" if column == 1 else str(column))
        cut = one.report.threshold
        where = {"xref": f"x{'' if column == 1 else column} domain", "yref": "paper", "xanchor": "left", "x": 0}
        text = f"<b>{one.name}</b><br>" + (f"from probability {cut.value:.3f}" if cut else "")
        figure.add_annotation(text=text, y=1, yanchor="bottom", align="left", showarrow=False, **where)
    house(
        figure,
        title=TITLE,
        x_title="",
        y_title="",
        height=HEIGHT,
        width=200 + PANEL * len(drawn) if for_file else None,
        caption=caption,
        theme=theme if for_file else None,
    )
    figure.update_layout(margin_t=84, margin_b=(figure.layout.margin.b or 0) + 8)
    figure.update_xaxes(showgrid=False, fixedrange=True, ticks="", zeroline=False)
    figure.update_yaxes(showgrid=False, fixedrange=True, ticks="", zeroline=False, autorange="reversed")
    return figure


def _matrix(found: Confusion) -> go.Heatmap:
    return go.Heatmap(
        x=COLUMNS,
        y=ROWS,
        z=[[count / sum(row) if sum(row) else 0.0 for count in row] for row in _counts(found)],
        customdata=_counts(found),
        zmin=0,
        zmax=1,
        colorscale=SEQUENTIAL,
        showscale=False,
        xgap=2,
        ygap=2,
        hovertemplate="%{y}, %{x}: %{customdata} films, %{z:.1%} of the row<extra></extra>",
    )


def _write(figure: go.Figure, found: Confusion, axis: str) -> None:
    """Write count and share into each cell, dark on bright and white on dark."""
    for row, own in zip(ROWS, _counts(found), strict=True):
        for column, count in zip(COLUMNS, own, strict=True):
            share = count / sum(own) if sum(own) else 0.0
            words = f"{share:.1%} of the row" if sum(own) else "no such film"
            font = {"size": 13, "color": TEXT["light"] if share >= BRIGHT else BACKGROUND["light"]}
            place = {"x": column, "y": row, "xref": f"x{axis}", "yref": f"y{axis}"}
            figure.add_annotation(text=f"<b>{count:,}</b><br>{words}", **place, font=font, showarrow=False)


def _counts(found: Confusion) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the films by row and column."""
    return (found.true_positive, found.false_negative), (found.false_positive, found.true_negative)
