"""Measures with their intervals, drawn as a table: a row for what is measured, a panel for each measure."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation.report import Measure
from core.figures.palette import HAIRLINE, QUIET, Style, Theme
from core.figures.style import STAMP_HEIGHT, TICKS_HEIGHT, house

ROW = 44  # pixels a row
DODGE = 0.24  # of a row, between the series in it
KEY = 24  # pixels of the line that names the series
TOP, BETWEEN = 72, 64  # pixels above the first band of panels, and between two bands
LINE = 22  # characters of a reason in a line
GAP = 0.025  # of the width, between two panels


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A dot in each panel."""

    row: float
    """From 0 downwards; fractions put several into one row."""
    name: str
    """What the reader calls it, for the words at the pointer."""
    style: Style
    measures: Sequence[Measure]
    """One a panel."""


def table(
    entries: Sequence[Entry],
    titles: Sequence[str],
    *,
    ticks: Sequence[str],
    besides: Mapping[str, Sequence[str]] | None = None,
    written: bool = True,
    row_height: int = ROW,
    in_a_band: int = 4,
    title: str = "",
    caption: str = "",
    theme: Theme | None = None,
    width: int | None = None,
) -> go.Figure:
    """Draw rows of dots with whiskers, a panel for each measure.

    Args:
        entries: The dots.
        titles: Of the panels.
        ticks: Names of the rows, from top to bottom.
        besides: Further columns in words, by their title: a text a row.
        written: Whether value and interval are written below each dot.
        row_height: Pixels.
        in_a_band: Panels beside each other; further ones go below.
        title: Of the figure.
        caption: The stamp.
        theme: For a file; None on a page.
        width: Pixels; None fills the column.
    """
    besides = besides or {}
    columns = min(in_a_band, len(titles) + len(besides))
    bands = math.ceil((len(titles) + len(besides)) / columns)
    tall = bands * row_height * len(ticks) + BETWEEN * (bands - 1)
    figure = make_subplots(
        rows=bands,
        cols=columns,
        shared_yaxes=True,
        horizontal_spacing=GAP,
        vertical_spacing=BETWEEN / tall if bands > 1 else 0,
    )
    for number, panel in enumerate([*titles, *besides]):
        _head(figure, panel, number + 1)
    for number in range(len(titles)):
        for entry in entries:
            _draw(figure, entry, number, columns=columns, written=written)
    for number, texts in enumerate(besides.values(), start=len(titles) + 1):
        for row, text in enumerate(texts):
            figure.add_annotation(text=text, y=row, yref=f"y{_axis(number)}", **_left(number))
    below = TICKS_HEIGHT + (STAMP_HEIGHT if caption else 0)
    height = TOP + tall + below
    house(figure, title=title, x_title="", y_title="", height=height, width=width, caption=caption, theme=theme)
    figure.update_layout(margin={"t": TOP, "b": below})
    figure.update_xaxes(
        showgrid=True, gridcolor=HAIRLINE, zeroline=False, fixedrange=True, nticks=4, ticks="", showline=False
    )
    figure.update_yaxes(showgrid=False, zeroline=False, showline=False, fixedrange=True, showticklabels=False)
    figure.update_yaxes(range=[len(ticks) - 0.4, -0.5])
    named = {"tickvals": list(range(len(ticks))), "ticktext": list(ticks), "automargin": True, "showticklabels": True}
    figure.update_yaxes(**named, col=1)
    for number in range(1, bands * columns + 1):
        drawn = (
            any(entry.measures[number - 1].value is not None for entry in entries) if number <= len(titles) else False
        )
        figure.layout[f"xaxis{_axis(number)}"].visible = drawn
        figure.layout[f"yaxis{_axis(number)}"].visible = drawn or (number - 1) % columns == 0
    return figure


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a table that several series share."""

    name: str
    """Of the row, as the figure writes it."""
    measures: Sequence[Sequence[Measure] | None]
    """One a panel, for each series; None where a series has none."""
    quiet: Sequence[str | None] = ()
    """Why little can be concluded, for each series: then its dots are grey."""


def shared(
    series: Sequence[tuple[str, Style]],
    lines: Sequence[Line],
    titles: Sequence[str],
    *,
    title: str,
    caption: str,
    theme: Theme | None,
    width: int | None,
) -> go.Figure:
    """Draw a row for each line with a dot for each series; of one series alone the values are written too.

    Args:
        series: Name and style of each.
        lines: From top to bottom.
        titles: Of the panels.
        title: Of the figure.
        caption: The stamp.
        theme: For a file; None on a page.
        width: Pixels; None fills the column.
    """
    entries = []
    for row, line in enumerate(lines):
        for number, ((name, style), measures) in enumerate(zip(series, line.measures, strict=True)):
            warning = line.quiet[number] if line.quiet else None
            if measures is not None:
                entries.append(
                    Entry(
                        row=row + DODGE * (number - (len(series) - 1) / 2),
                        name=f"{name}<br>{line.name}" + (f"<br>{escape(warning)}" if warning else ""),
                        style=_quiet(style) if warning else style,
                        measures=measures,
                    )
                )
    figure = table(
        entries,
        titles,
        ticks=[line.name for line in lines],
        written=len(series) == 1,
        row_height=max(ROW + 4, KEY * len(series)),
        title=title,
        caption=caption,
        theme=theme,
        width=width,
    )
    if len(series) > 1:
        _name(figure, series)
    return figure


def _name(figure: go.Figure, series: Sequence[tuple[str, Style]]) -> None:
    """Name the series in a line below the title."""
    figure.update_traces(showlegend=False)
    for name, style in series:
        marker = {"symbol": style.marker, "color": style.colour, "size": 10}
        figure.add_trace(go.Scatter(x=[None], y=[None], name=name, mode="markers", marker=marker, showlegend=True))
    height = figure.layout.height + KEY
    place = {"x": 0, "xref": "container", "y": 1 - 34 / height, "yref": "container", "yanchor": "top"}
    figure.update_layout(
        showlegend=True,
        height=height,
        margin_t=figure.layout.margin.t + KEY,
        legend=place | {"orientation": "h", "bgcolor": "rgba(0,0,0,0)", "title": {"text": ""}},
    )


def _quiet(style: Style) -> Style:
    return replace(style, colour=QUIET, marker=style.marker.removesuffix("-open") + "-open")


def words(measure: Measure) -> str:
    """Return a measure as short as a cell wants it: value and interval, the value alone, or why there is none.

    Examples:
        >>> words(Measure(value=0.9, low=0.85, high=0.94)), words(Measure(value=None, reason="no positive film"))
        ('<b>0.900</b>  0.850 to 0.940', 'no positive film')
    """
    if measure.value is None:
        return "<br>".join(textwrap.wrap(measure.reason or "", LINE))
    if measure.low is None or measure.high is None:
        return f"<b>{measure.value:.3f}</b>"
    return f"<b>{measure.value:.3f}</b>  {measure.low:.3f} to {measure.high:.3f}"


def error_bar(measure: Measure, style: Style, *, mirrored: bool = False) -> dict[str, object] | None:
    """Return the whiskers of a measure as Plotly wants them, or None where there is no interval.

    Args:
        measure: With a value.
        style: Colour and width.
        mirrored: Whether 1 less the measure is drawn, as on the x axis of a ROC curve.
    """
    if measure.value is None or measure.low is None or measure.high is None:
        return None
    above, below = measure.high - measure.value, measure.value - measure.low
    return {
        "type": "data",
        "symmetric": False,
        "array": [below if mirrored else above],
        "arrayminus": [above if mirrored else below],
        "color": style.colour,
        "thickness": style.width,
        "width": 5,
    }


def _draw(figure: go.Figure, entry: Entry, number: int, *, columns: int, written: bool) -> None:
    """Draw an entry's dot into the panel of a number, from 0."""
    measure = entry.measures[number]
    if measure.value is not None:
        dot = go.Scatter(
            x=[measure.value],
            y=[entry.row],
            mode="markers",
            marker={"symbol": entry.style.marker, "color": entry.style.colour, "size": 11},
            error_x=error_bar(measure, entry.style),
            hovertemplate=f"{entry.name}<br>{words(measure)}<extra></extra>",
        )
        figure.add_trace(dot, row=number // columns + 1, col=number % columns + 1)
    if written or measure.value is None:
        quiet = measure.value is None
        font = {"size": 11 if quiet else 13} | ({"color": QUIET} if quiet else {})
        shift = {} if quiet else {"yshift": -15}
        text = words(measure)
        figure.add_annotation(
            text=text, y=entry.row, yref=f"y{_axis(number + 1)}", font=font, **shift, **_left(number + 1)
        )


def _head(figure: go.Figure, title: str, number: int) -> None:
    place = _left(number) | {"y": 1, "yref": f"y{_axis(number)} domain", "yanchor": "bottom"}
    figure.add_annotation(text="<br>".join(textwrap.wrap(f"<b>{title}</b>", LINE + 8)), **place)


def _left(number: int) -> dict[str, object]:
    """Return where the text of a panel begins."""
    return {"xref": f"x{_axis(number)} domain", "x": 0, "xanchor": "left", "align": "left", "showarrow": False}


def _axis(number: int) -> str:
    return "" if number == 1 else str(number)
