"""How far readers agree, drawn: a row a pair, before and after the model was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.evaluation.report import Measure
from core.figures.palette import ACCENT, HAIRLINE, QUIET, Style, Theme
from core.figures.style import house, legend_above
from core.figures.whiskers import ROW

BEFORE, AFTER = "before the model was seen", "after"
STYLES = {BEFORE: Style(colour=ACCENT, width=2.5), AFTER: Style(colour=QUIET, marker="circle-open", width=1.5)}
SHIFT = 0.17  # of a row, so that the whiskers of one pair do not lie on each other
LEAST = -0.25  # of the axis, where no interval goes below it


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the figure: who, and how far they agree."""

    name: str
    before: Measure
    after: Measure


def kappas(rows: Sequence[Row], *, title: str, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw kappa with its 95 % interval, a row each; 0 is agreement by chance, 1 is full agreement.

    Args:
        rows: From top to bottom.
        title: Which kappa, of what.
        caption: The stamp.
        theme: For a file: its colours. None leaves text and background to the page.
    """
    figure = go.Figure()
    for series, shift in ((BEFORE, -SHIFT), (AFTER, SHIFT)):
        measures = [one.before if series == BEFORE else one.after for one in rows]
        known = [(at, one) for at, one in enumerate(measures) if one.value is not None]
        if known or series == BEFORE:
            figure.add_trace(_whiskers(series, [(rows[at].name, at + shift, one) for at, one in known]))
    house(
        figure,
        title=title,
        x_title="kappa (0: as by chance, 1: always)",
        y_title="",
        height=140 + ROW * len(rows),
        caption=caption,
        theme=theme,
    )
    legend_above(figure)
    lows = [one.low for row in rows for one in (row.before, row.after) if one.low is not None]
    figure.update_xaxes(range=[min([LEAST, *lows]) - 0.02, 1.04], showgrid=True)
    figure.update_yaxes(
        range=[len(rows) - 0.4, -0.6],
        tickvals=list(range(len(rows))),
        ticktext=[one.name for one in rows],
        showgrid=False,
        showline=False,
    )
    figure.add_vline(x=0, line={"color": HAIRLINE, "width": 2})
    return figure


def _whiskers(series: str, points: Sequence[tuple[str, float, Measure]]) -> go.Scatter:
    style = STYLES[series]
    values = [0.0 if one.value is None else one.value for _, _, one in points]
    above = [None if one.high is None else one.high - value for (_, _, one), value in zip(points, values, strict=True)]
    below = [None if one.low is None else value - one.low for (_, _, one), value in zip(points, values, strict=True)]
    return go.Scatter(
        name=series,
        x=values,
        y=[at for _, at, _ in points],
        mode="markers",
        marker={"symbol": style.marker, "color": style.colour, "size": 11, "line": {"width": 2, "color": style.colour}},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": above,
            "arrayminus": below,
            "color": style.colour,
            "thickness": style.width,
            "width": 5,
        },
        text=[f"{name}<br>{_words(one)}" for name, _, one in points],
        hovertemplate="%{text}<extra></extra>",
    )


def _words(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return f"{measure.value:.2f}, {measure.reason}"
    return f"{measure.value:.2f} ({measure.low:.2f} to {measure.high:.2f})"
