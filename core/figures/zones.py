"""What reading more films would find: wrong calls among those kept, and missed cases by workload."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.palette import ACCENT, QUIET, Theme, faded
from core.figures.style import house, legend_above, says_nothing

HEIGHT = 320  # pixels
LOOKS = ((ACCENT, "solid"), (QUIET, "dash"), ("#CC79A7", "dot"))
POINTS = 400  # of a curve, more than a screen can show


def risk_coverage(
    curves: Sequence[tuple[str, np.ndarray, np.ndarray]], *, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Draw the share of wrong calls among the surest films, by how many of them are kept.

    Args:
        curves: Name of the signal, coverage `(T,)` and risk `(T,)`, both in [0, 1]; at most three.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Wrong calls among the films kept"
    if not curves:
        return says_nothing(title, "No call is wrong, so there is nothing to tell apart.", height=HEIGHT)
    figure = go.Figure()
    for (name, coverage, risk), (colour, dash) in zip(curves, LOOKS, strict=False):
        kept = np.unique(np.linspace(0, len(coverage) - 1, min(POINTS, len(coverage))).astype(int))
        figure.add_trace(
            go.Scatter(
                x=coverage[kept],
                y=risk[kept],
                mode="lines",
                name=name,
                line={"color": colour, "dash": dash, "width": 2},
                hovertemplate=f"{name}: %{{x:.0%}} kept, %{{y:.1%}} wrong<extra></extra>",
            )
        )
    house(
        figure,
        title=title,
        x_title="Films kept, the surest first",
        y_title="Wrong calls among them",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1.01])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    legend_above(figure)
    return figure


def workload(curve: pd.DataFrame, *, chosen: pd.Series, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the share of positives that end in the third zone against the share of films to read.

    Args:
        curve: What `core.triage.policy.curve` gave.
        chosen: The row of it that is looked at.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Workload against missed cases"
    known = curve[curve["missed_share"].notna()]
    if known.empty:
        return says_nothing(title, "No film with the finding here, so nothing can be missed.", height=HEIGHT)
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=pd.concat([known["read_share"], known["read_share"][::-1]]),
            y=pd.concat([known["high"], known["low"][::-1]]),
            fill="toself",
            fillcolor=faded(ACCENT, opacity=0.15),
            line={"width": 0},
            hoverinfo="skip",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=known["read_share"],
            y=known["missed_share"],
            mode="lines",
            line={"color": ACCENT, "width": 2},
            hovertemplate="%{x:.0%} of the films read, %{y:.1%} of the positives missed<extra></extra>",
        )
    )
    figure.add_trace(
        go.Scatter(
            x=[chosen["read_share"]],
            y=[chosen["missed_share"]],
            mode="markers",
            marker={"color": ACCENT, "size": 12, "line": {"color": QUIET, "width": 1}},
            hovertemplate="chosen: %{x:.0%} of the films read, %{y:.1%} of the positives missed<extra></extra>",
        )
    )
    figure.add_vline(x=chosen["read_share"], line={"color": QUIET, "dash": "dot", "width": 1})
    house(
        figure,
        title=title,
        x_title="Films to read: suspected or unsure",
        y_title="Positives missed",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(tickformat=".0%", range=[0, 1.01])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure
