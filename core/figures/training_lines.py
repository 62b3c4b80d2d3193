"""What curves of trainings share: a run, a line along its epochs or steps, and several runs laid over each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import plotly.graph_objects as go

from core.figures.palette import Style, Theme, run_styles
from core.figures.style import TICKS_HEIGHT, TITLE_HEIGHT, house

if TYPE_CHECKING:
    from collections.abc import Sequence

HEIGHT = 300  # pixels
KEY_ROW = 22  # pixels a name takes in the key below the axes
EPOCH, STEP = "epoch", "step"  # columns along which a history runs
MANY = 40  # points above which they are not marked one by one


@dataclass(frozen=True, kw_only=True)
class Run:
    """A training run as a figure shows it."""

    name: str
    """What the reader calls it."""
    model: str
    """A key of `palette.MODELS`; it gives the colour, dash and marker."""
    history: pd.DataFrame
    """Columns epoch, tune_loss, tune_auroc and, of a multi-task classifier, tune_quality_error; or, of a CycleGAN,
    step, its losses, and KID and AUROC of origin in both directions. At least one row."""


def line(history: pd.DataFrame, column: str, *, name: str, style: Style, along: str = EPOCH) -> go.Scatter:
    """Return a column of a history as a line.

    Args:
        history: With the column, nulls allowed, and the one it runs along.
        column: Its name.
        name: Of the line.
        style: Its looks.
        along: `EPOCH` or `STEP`.
    """
    return go.Scatter(
        x=history[along],
        y=pd.to_numeric(history[column]),
        name=name,
        mode="lines+markers" if len(history) <= MANY else "lines",
        line={"color": style.colour, "dash": style.dash, "width": style.width},
        marker={"symbol": style.marker, "size": 7},
        hovertemplate=f"{along} %{{x:,}}<br>{name} %{{y:.4f}}<extra></extra>",
    )


def framed(
    figure: go.Figure,
    history: pd.DataFrame,
    *,
    title: str,
    y_title: str,
    along: str = EPOCH,
    caption: str = "",
    theme: Theme | None = None,
) -> None:
    """Give a figure of one or more histories the house layout and its axis of epochs or steps, in place.

    Args:
        figure: With its lines.
        history: With the column it runs along; of several runs one below the other.
        title: A few words.
        y_title: Name and unit of the y axis.
        along: `EPOCH` or `STEP`.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    x_title = along.capitalize()
    house(figure, title=title, x_title=x_title, y_title=y_title, height=HEIGHT, caption=caption, theme=theme)
    last = int(history[along].max())
    if along == EPOCH:
        figure.update_xaxes(range=[0.5, max(last, 2) + 0.5], tickformat="d", dtick=max(1, -(-last // 8)))
    else:
        figure.update_xaxes(range=[0, 1.03 * max(last, 1)], tickformat=",d", nticks=8)


def overlaid(
    runs: Sequence[Run],
    column: str,
    *,
    title: str,
    y_title: str,
    along: str = EPOCH,
    caption: str = "",
    theme: Theme | None = None,
) -> go.Figure:
    """Lay the runs' values of a column over each other, their names in a key below, one a line.

    Args:
        runs: At least one.
        column: Its name.
        title: A few words.
        y_title: Name and unit of the y axis.
        along: `EPOCH` or `STEP`.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    figure = go.Figure()
    for run, style in zip(runs, run_styles([run.model for run in runs], theme=theme or "light"), strict=True):
        figure.add_trace(line(run.history, column, name=run.name, style=style, along=along))
    places = pd.concat([run.history[[along]] for run in runs])
    framed(figure, places, title=title, y_title=y_title, along=along, caption=caption, theme=theme)
    below, key = figure.layout.margin.b if caption else TICKS_HEIGHT + TITLE_HEIGHT, 8 + KEY_ROW * len(runs)
    figure.update_layout(
        height=HEIGHT + key,
        margin_b=below + key,
        showlegend=True,
        legend={
            "x": 0,
            "xanchor": "left",
            "y": 0,
            "yref": "container",
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "title": {"text": ""},
        },
    )
    return figure
