"""How often a finding is there by its predicted probability, with intervals and the line of truth."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.evaluation.reliability import Bin
from core.evaluation.report import Calibrated
from core.figures.curves import KEY_STEP, SIDE, Measured, key
from core.figures.palette import HAIRLINE, QUIET, Style, Theme, model_styles
from core.figures.style import house, says_nothing

TITLE = "Calibration"
NOTHING = "No bins: this report was made before calibration was measured; evaluate again."
HEIGHT = 320  # pixels, of one in a column of figures
APART = 0.006  # of the axis, between the whiskers of two checkpoints in one bin


def calibration(
    measured: Sequence[Measured],
    *,
    keyed: bool = True,
    caption: str = "",
    theme: Theme = "light",
    for_file: bool = False,
) -> go.Figure:
    """Draw how often the finding is there in bins of equal width, 95 % intervals by patient, and each one's error.

    Args:
        measured: Checkpoints measured on the same part.
        keyed: Whether they are named inside the axes.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    if not any(one.report.calibration for one in measured):
        return says_nothing(TITLE, NOTHING, height=SIDE, caption=caption, theme=theme if for_file else None)
    figure = go.Figure(truth())
    styles = model_styles([one.model for one in measured], theme=theme)
    for number, (one, style) in enumerate(zip(measured, styles, strict=True)):
        shift = APART * (number - (len(measured) - 1) / 2)
        figure.add_trace(observed(one.report.calibration, name=one.name, style=style, shift=shift))
    if len(measured) == 1:
        figure.add_trace(film_counts(measured[0].report.calibration))
    if keyed:
        key(figure, measured, styles, value="ece", x=0.03, top=0.97)
        below = {"x": 0.15, "y": 0.97 - KEY_STEP * len(measured), "xanchor": "left", "showarrow": False}
        figure.add_annotation(text="name, expected calibration error", **below, font={"size": 11, "color": QUIET})
    colours = theme if for_file else None
    return shares_by_probability(figure, title=TITLE, height=SIDE, caption=caption, theme=colours)


def points(bins: Sequence[Bin]) -> list[Calibrated]:
    """Return bins of `core.evaluation.reliability` in the form that reports keep."""
    return [
        Calibrated(
            films=one.films,
            probability=one.probability,
            share=one.share.value,
            low=one.share.low,
            high=one.share.high,
        )
        for one in bins
    ]


def truth() -> go.Scatter:
    """Return the line on which a probability comes true as often as it says."""
    line = {"color": HAIRLINE, "width": 1}
    return go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False)


def observed(bins: Sequence[Calibrated], *, name: str, style: Style, shift: float = 0) -> go.Scatter:
    """Return how often it came true in each bin, with its interval.

    Args:
        bins: From low to high.
        name: Of the series.
        style: Of the series.
        shift: Along the axis, so that the whiskers of several series do not lie on each other.
    """
    return go.Scatter(
        x=[one.probability + shift for one in bins],
        y=[one.share for one in bins],
        mode="lines+markers",
        name=name,
        line={"color": style.colour, "dash": style.dash, "width": style.width},
        marker={"color": style.colour, "symbol": style.marker, "size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [one.high - one.share for one in bins],
            "arrayminus": [one.share - one.low for one in bins],
            "thickness": 1.2,
            "width": 4,
            "color": style.colour,
        },
        customdata=[[one.films, one.probability] for one in bins],
        hovertemplate=f"{name}: %{{y:.0%}} of %{{customdata[0]}} films at %{{customdata[1]:.2f}}<extra></extra>",
    )


def film_counts(bins: Sequence[Calibrated]) -> go.Scatter:
    """Return how many films a bin holds, below it along the axis."""
    return go.Scatter(
        x=[one.probability for one in bins],
        y=[-0.06] * len(bins),
        mode="text",
        text=[f"{one.films:,}" for one in bins],
        textfont={"size": 10, "color": QUIET},
        hoverinfo="skip",
        showlegend=False,
    )


def shares_by_probability(
    figure: go.Figure,
    *,
    title: str,
    x_title: str = "Predicted probability",
    y_title: str = "Films with the finding",
    height: int = HEIGHT,
    caption: str,
    theme: Theme | None,
) -> go.Figure:
    """Give a figure of shares over a probability the house layout, in place, and return it."""
    house(figure, title=title, x_title=x_title, y_title=y_title, height=height, caption=caption, theme=theme)
    figure.update_xaxes(range=[-0.01, 1.01], dtick=0.2, tickformat=".1f")
    figure.update_yaxes(range=[-0.12, 1.05], tickformat=".0%", tickvals=[0, 0.2, 0.4, 0.6, 0.8, 1])
    return figure
