"""What reading more films would find: wrong calls among those kept, and missed cases by workload."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.palette import ACCENT, QUIET, Theme, faded
from core.figures.style import house, legend_above, says_nothing

HEIGHT = 320  # pixels


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
        return says_nothing(title, "No wrong calls, so nothing to tell apart.", height=HEIGHT)
    looks = [(ACCENT, "solid"), (QUIET, "dash"), ("#CC79A7", "dot")]
    figure = go.Figure()
    for (name, coverage, risk), (colour, dash) in zip(curves, looks, strict=False):
        figure.add_trace(
            go.Scatter(
                x=coverage,
                y=risk,
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
    figure.update_xaxes(tickformat=".0%", range=[0, 1])
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    legend_above(figure)
    return figure


def workload(curve: pd.DataFrame, *, chosen: float, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the share of positives that end in the third zone against the share of films to read.

    Args:
        curve: What `core.triage.policy.curve` gave.
        chosen: Share of films to read that is looked at, in [0, 1].
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Workload against missed cases"
    known = curve[curve["missed_share"].notna()]
    if known.empty:
        return says_nothing(title, "No positive film with a label, so nothing can be missed.", height=HEIGHT)
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
    figure.add_vline(x=chosen, line={"color": QUIET, "dash": "dot"})
    house(
        figure,
        title=title,
        x_title="Films to read (suspected or unsure)",
        y_title="Positives not suspected",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return figure
