"""Paired differences of a measure between checkpoints, as a lower triangle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluation.comparison import ALPHA, signed
from core.evaluation.differences import Difference
from core.figures.metrics import TITLES
from core.figures.palette import DIVERGING, ON_DIVERGING, QUIET, Theme
from core.figures.style import house, says_nothing

CELL_HEIGHT, REST = 64, 150  # pixels
FULL = 0.05  # a difference as large as this has the full colour: small ones stay pale, whatever else is in the table
NOTHING = "Nothing to compare: it takes two checkpoints measured on the same films."


def triangle(
    differences: Sequence[Difference],
    names: Mapping[str, str],
    *,
    metric: str = "auroc",
    caption: str = "",
    theme: Theme = "light",
    for_file: bool = False,
) -> go.Figure:
    """Draw each pair once: the row's measure less the column's, with its interval and p after Holm.

    Args:
        differences: Of any measures.
        names: What the reader calls each checkpoint, by id, in the order of rows and columns.
        metric: The measure that is drawn.
        caption: The stamp.
        theme: What the figure stands on.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    title = f"Paired differences: {TITLES.get(metric, metric)}, row less column"
    own = [one for one in differences if one.metric == metric and {one.first, one.second} <= set(names)]
    if not own:
        return says_nothing(title, NOTHING, caption=caption, theme=theme if for_file else None)
    ids = list(names)
    found = {(one.first, one.second): one for one in own}
    rows, columns = ids[1:], ids[:-1]
    cells: list[list[tuple[float | None, str]]] = [
        [_cell(found, row, column) if ids.index(column) < ids.index(row) else (None, "") for column in columns]
        for row in rows
    ]
    widest = max([FULL, *(abs(value) for line in cells for value, _ in line if value is not None)])
    figure = go.Figure(
        go.Heatmap(
            x=list(range(len(columns))),
            y=list(range(len(rows))),
            z=[[value for value, _ in line] for line in cells],
            zmin=-widest,
            zmax=widest,
            colorscale=[list(stop) for stop in DIVERGING],
            showscale=False,
            xgap=2,
            ygap=2,
            text=[[text for _, text in line] for line in cells],
            texttemplate="%{text}",
            textfont={"color": ON_DIVERGING, "size": 12},
            hoverongaps=False,
            hovertemplate="%{text}<extra></extra>",
        )
    )
    for at, line in enumerate(cells):
        for across, (value, text) in enumerate(line):
            if value is None and text:  # a cell without a colour writes no text
                figure.add_annotation(text=text, x=across, y=at, showarrow=False, font={"size": 11, "color": QUIET})
    house(
        figure,
        title=title,
        x_title="",
        y_title="",
        height=REST + CELL_HEIGHT * len(rows),
        width=max(560, 220 + 190 * len(columns)) if for_file else None,
        caption=caption,
        theme=theme if for_file else None,
    )
    named = {"showgrid": False, "showline": False, "zeroline": False}
    figure.update_layout(margin_t=84)
    figure.update_xaxes(
        side="top", tickvals=list(range(len(columns))), ticktext=[_short(names[one]) for one in columns], **named
    )
    figure.update_yaxes(tickvals=list(range(len(rows))), ticktext=[_short(names[one]) for one in rows], **named)
    return figure.update_yaxes(range=[len(rows) - 0.5, -0.5])


def _cell(found: Mapping[tuple[str, str], Difference], row: str, column: str) -> tuple[float | None, str]:
    """Return the row's measure less the column's, and what is written of it."""
    turned = (row, column) not in found
    one = found.get((column, row) if turned else (row, column))
    if one is None:
        return None, ""
    if one.value is None:
        return None, escape(one.reason or "")
    sign = -1 if turned else 1
    value = sign * one.value
    text = signed(value)
    if one.low is not None and one.high is not None:
        low, high = sorted((sign * one.low, sign * one.high))
        text += f"<br>{signed(low)} to {signed(high)}"
    if one.p_holm is not None:
        text += f"<br>p {one.p_holm:.3f}" if one.p_holm >= 0.001 else "<br>p &lt; 0.001"
        text = f"<b>{text}</b>" if one.p_holm < ALPHA else text
    return value, text


def _short(name: str) -> str:
    return "<br>".join(name.split(", ", 1))
