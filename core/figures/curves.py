"""ROC and precision-recall curves of checkpoints measured on one part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Protocol

import numpy as np
import plotly.graph_objects as go

from core.evaluation.report import EvaluationReport, Limits, Measure, Points
from core.figures.palette import HAIRLINE, QUIET, TEXT, Style, Theme, faded, model_styles
from core.figures.style import house, says_nothing
from core.figures.whiskers import error_bar

SIDE = 460  # pixels
FILE_WIDTH = 620  # pixels of a file: the square, and room for names beside it
KEY_STEP = 0.062  # of the axis, between two names of the key
NO_CURVE = "No curve: the part holds one class only."


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A checkpoint as a figure shows it."""

    name: str
    """What the reader calls it."""
    model: str
    """A key of `palette.MODELS`; it gives the colour, dash and marker."""
    report: EvaluationReport


class ReaderPoint(Protocol):
    """A reader as a point of the ROC: what `core.review.reader_points` counts."""

    @property
    def reader(self) -> str:
        """The reader's name."""

    @property
    def sensitivity(self) -> Measure:
        """Of the reader, without the model's help."""

    @property
    def specificity(self) -> Measure:
        """Of the reader, without the model's help."""


def roc(
    measured: Sequence[Measured],
    *,
    selected: int = 0,
    readers: Sequence[ReaderPoint] = (),
    keyed: bool = True,
    caption: str = "",
    theme: Theme = "light",
    for_file: bool = False,
) -> go.Figure:
    """Draw the ROC curves, square, with the diagonal of chance and each operating point marked.

    Args:
        measured: Checkpoints measured on the same part.
        selected: Which of them has its 95 % band drawn, where its report holds one.
        readers: Drawn as hollow diamonds with their intervals.
        keyed: Whether the curves are named inside the axes.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    drawn = [(one, one.report.roc) for one in measured]
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, 1],
            y=[0, 1],
            mode="lines",
            line={"color": QUIET, "dash": "dot", "width": 1},
            hoverinfo="skip",
        )
    )
    styles = model_styles([one.model for one in measured], theme=theme)
    band = measured[selected].report.roc_limits if selected < len(measured) else None
    if band is not None:
        figure.add_trace(_band(band, styles[selected]))
    for (one, points), style in zip(drawn, styles, strict=True):
        if points is None:
            continue
        metrics = one.report.metrics
        at = (metrics["specificity"].value, metrics["sensitivity"].value)
        place = None if at[0] is None or at[1] is None else (1 - at[0], at[1])
        hover = "%{fullData.name}<br>specificity %{customdata[0]:.3f}, sensitivity %{y:.3f}<br>from probability "
        figure.add_traces(_lines(one, points, style, place, hover=hover + "%{customdata[1]:.3f}"))
    if not any(points for _, points in drawn):
        return says_nothing("ROC", NO_CURVE, height=SIDE, caption=caption, theme=theme if for_file else None)
    for reader in readers:
        _reader(figure, reader, TEXT[theme])
    if keyed:
        key(figure, measured, styles, value="auroc", x=0.5, top=0.04 + KEY_STEP * (len(measured) - 1))
    return square(figure, "ROC", "1 - specificity", "Sensitivity", caption=caption, theme=theme if for_file else None)


def precision_recall(
    measured: Sequence[Measured],
    *,
    keyed: bool = True,
    caption: str = "",
    theme: Theme = "light",
    for_file: bool = False,
) -> go.Figure:
    """Draw the precision-recall curves, square, with the prevalence as the line of chance.

    Args:
        measured: Checkpoints measured on the same part.
        keyed: Whether the curves are named inside the axes.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    drawn = [(one, one.report.precision_recall) for one in measured]
    if not any(points for _, points in drawn):
        return says_nothing(
            "Precision-recall", NO_CURVE, height=SIDE, caption=caption, theme=theme if for_file else None
        )
    figure = go.Figure()
    styles = model_styles([one.model for one in measured], theme=theme)
    for (one, points), style in zip(drawn, styles, strict=True):
        if points is None:
            continue
        metrics = one.report.metrics
        at = (metrics["sensitivity"].value, metrics["ppv"].value)
        place = None if at[0] is None or at[1] is None else (at[0], at[1])
        hover = "%{fullData.name}<br>sensitivity %{x:.3f}, PPV %{y:.3f}<br>from probability %{customdata[1]:.3f}"
        figure.add_traces(_lines(one, points, style, place, hover=hover))
    prevalence = measured[0].report.metrics["prevalence"].value
    if prevalence is not None:
        figure.add_hline(y=prevalence, line={"color": QUIET, "dash": "dot", "width": 1})
    if keyed:
        left, top = _emptier_corner([points for _, points in drawn if points], rows=len(measured))
        key(figure, measured, styles, value="average_precision", x=left, top=top)
    return square(figure, "Precision-recall", "Sensitivity", "PPV", caption=caption, theme=theme if for_file else None)


def _lines(
    one: Measured, points: Points, style: Style, place: tuple[float, float] | None, *, hover: str
) -> list[go.Scatter]:
    """Return the curve, and its operating point if there is one."""
    line = {"color": style.colour, "dash": style.dash, "width": style.width}
    thresholds = [np.nan if threshold is None else threshold for threshold in points.thresholds]
    traces = [
        go.Scatter(
            x=points.x,
            y=points.y,
            name=one.name,
            mode="lines" if place else "lines+markers",
            marker={"symbol": style.marker, "size": 8, "maxdisplayed": 6, "color": style.colour},
            line=line,
            customdata=np.column_stack([1 - np.asarray(points.x), thresholds]),
            hovertemplate=hover + "<extra></extra>",
        )
    ]
    if place:
        traces.append(
            go.Scatter(
                x=[place[0]],
                y=[place[1]],
                name=f"{one.name}, operating point",
                mode="markers",
                marker={"symbol": style.marker, "size": 12, "color": style.colour, "line": {"width": 1.5}},
                hovertemplate=f"{one.name} at its operating point<br>%{{x:.3f}}, %{{y:.3f}}<extra></extra>",
            )
        )
    return traces


def _reader(figure: go.Figure, reader: ReaderPoint, colour: str) -> None:
    sensitivity, specificity = reader.sensitivity, reader.specificity
    if sensitivity.value is None or specificity.value is None:
        return
    name, style = escape(reader.reader), Style(colour=colour, marker="diamond-open", width=1.0)
    figure.add_trace(
        go.Scatter(
            x=[1 - specificity.value],
            y=[sensitivity.value],
            name=name,
            mode="markers",
            marker={"symbol": style.marker, "size": 11, "color": colour, "line": {"width": 2}},
            error_x=error_bar(specificity, style, mirrored=True),
            error_y=error_bar(sensitivity, style),
            customdata=[[specificity.value]],
            hovertemplate="%{fullData.name}, reader<br>specificity %{customdata[0]:.3f}, sensitivity %{y:.3f}"
            "<extra></extra>",
        )
    )
    place = {"x": 1 - specificity.value, "y": sensitivity.value, "xanchor": "left", "yanchor": "top"}
    figure.add_annotation(text=name, **place, xshift=7, yshift=-5, showarrow=False, font={"size": 11})


def _band(band: Limits, style: Style) -> go.Scatter:
    return go.Scatter(
        x=[*band.x, *reversed(band.x)],
        y=[*band.low, *reversed(band.high)],
        fill="toself",
        fillcolor=faded(style.colour, opacity=0.18),
        line={"width": 0},
        hoverinfo="skip",
    )


def _emptier_corner(curves: Sequence[Points], *, rows: int) -> tuple[float, float]:
    """Return where the key covers fewer points of the curves: left and top of the upper right or lower left corner."""
    x, y = (np.concatenate([getattr(points, axis) for points in curves]) for axis in ("x", "y"))
    tall = KEY_STEP * (rows + 1)
    upper_right = int(((x > 0.56) & (y > 1 - tall)).sum())
    lower_left = int(((x < 0.52) & (y < tall)).sum())
    return (0.58, 0.96) if upper_right <= lower_left else (0.03, 0.04 + KEY_STEP * (rows - 1))


def key(
    figure: go.Figure, measured: Sequence[Measured], styles: Sequence[Style], *, value: str, x: float, top: float
) -> None:
    """Name the curves inside axes from 0 to 1, each with its line, marker and value.

    Args:
        figure: Gets the names, in place.
        measured: Whose curves they are.
        styles: One each.
        value: The measure written behind a name.
        x: Left end, in [0, 1].
        top: Height of the first name, in [0, 1]; the others go below.
    """
    for row, (one, style) in enumerate(zip(measured, styles, strict=True)):
        found = one.report.metrics.get(value)
        measure = None if found is None else found.value
        y = top - KEY_STEP * row
        figure.add_trace(
            go.Scatter(
                x=[x, x + 0.05, x + 0.1],
                y=[y] * 3,
                mode="lines+markers",
                line={"color": style.colour, "dash": style.dash, "width": style.width},
                marker={"symbol": style.marker, "color": style.colour, "size": [0, 9, 0], "opacity": 1},
                hoverinfo="skip",
            )
        )
        text = one.name if measure is None else f"{one.name}  {measure:.3f}"
        figure.add_annotation(text=text, x=x + 0.12, y=y, xanchor="left", showarrow=False, font={"size": 12})


def square(
    figure: go.Figure, title: str, x_title: str, y_title: str, *, caption: str, theme: Theme | None
) -> go.Figure:
    """Give a figure of two shares the house layout and a square from 0 to 1, in place, and return it."""
    house(
        figure,
        title=title,
        x_title=x_title,
        y_title=y_title,
        height=SIDE,
        width=None if theme is None else FILE_WIDTH,
        caption=caption,
        theme=theme,
    )
    axis = {"range": [-0.01, 1.01], "dtick": 0.2, "tickformat": ".1f", "showline": True, "linecolor": HAIRLINE}
    figure.update_xaxes(**axis, constrain="domain", constraintoward="left")
    figure.update_yaxes(**axis, scaleanchor="x", constrain="domain")
    return figure
