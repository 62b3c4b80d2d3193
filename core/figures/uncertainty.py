"""What a model is unsure of: its spread, its calls, its reliability."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from core.base.statistics import clustered_proportion
from core.evaluation.reliability import Reliability
from core.figures.palette import ACCENT, HAIRLINE, QUIET, SEQUENTIAL, Theme, faded
from core.figures.style import house, legend_above, says_nothing

HEIGHT = 320  # pixels
TWO = {"one": (ACCENT, "solid", "circle"), "other": ("#D55E00", "dash", "diamond")}  # told apart by line and marker too
NOTHING = "No spread: these films were predicted without passes."


def spread_by(
    spread: np.ndarray,
    groups: Mapping[str, np.ndarray],
    *,
    title: str,
    x_title: str,
    caption: str = "",
    theme: Theme | None = None,
) -> go.Figure:
    """Draw how the spread is distributed in two groups of films, as shares of each group.

    Args:
        spread: Standard deviation of the probability, shape `(N,)`, NaN where unknown.
        groups: Two names, each with the films that belong to it, `(N,)` bool.
        title: What is compared.
        x_title: Name and unit of the spread.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    known = np.isfinite(spread)
    if not known.any():
        return says_nothing(title, NOTHING, height=HEIGHT)
    edges = np.linspace(0, max(float(spread[known].max()), 1e-6), 21)
    figure = go.Figure()
    for (name, members), (colour, dash, _) in zip(groups.items(), TWO.values(), strict=True):
        own = spread[members & known]
        counts, _ = np.histogram(own, edges)
        figure.add_trace(
            go.Scatter(
                x=np.repeat(edges, 2)[1:-1],
                y=np.repeat(counts / max(own.size, 1), 2),
                mode="lines",
                name=f"{name} ({own.size:,})",
                line={"color": colour, "dash": dash, "width": 2},
                fill="tozeroy",
                fillcolor=faded(colour, opacity=0.12),
                hovertemplate=f"{name}: %{{y:.0%}} at %{{x:.3f}}<extra></extra>",
            )
        )
    house(
        figure, title=title, x_title=x_title, y_title="Share of the group", height=HEIGHT, caption=caption, theme=theme
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    legend_above(figure)
    return figure


def density(
    mean: np.ndarray, spread: np.ndarray, *, cut: float, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Draw how many films have which mean and which spread, over the data's own range.

    Args:
        mean: Mean probability over passes or members, shape `(N,)`.
        spread: Its standard deviation, shape `(N,)`.
        cut: The operating point, drawn as a line.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Films by mean and spread"
    known = np.isfinite(mean) & np.isfinite(spread)
    if not known.any():
        return says_nothing(title, NOTHING, height=HEIGHT)
    counts, x, y = np.histogram2d(
        mean[known], spread[known], bins=(24, 18), range=((0, 1), (0, max(float(spread[known].max()), 1e-6)))
    )
    figure = go.Figure(
        go.Heatmap(
            x=x,
            y=y,
            z=np.where(counts > 0, counts, np.nan).T,
            colorscale=SEQUENTIAL,
            colorbar={"title": {"text": "Films"}, "thickness": 12, "outlinewidth": 0},
            hovertemplate="mean %{x:.2f}, spread %{y:.3f}: %{z} films<extra></extra>",
        )
    )
    figure.add_vline(x=cut, line={"color": QUIET, "dash": "dot"}, annotation={"text": "cut", "font": {"color": QUIET}})
    return house(
        figure,
        title=title,
        x_title="Mean probability",
        y_title="Standard deviation",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )


def right_by_confidence(
    probabilities: np.ndarray,
    labels: np.ndarray,
    patients: np.ndarray,
    *,
    cut: float,
    caption: str = "",
    theme: Theme | None = None,
) -> go.Figure:
    """Draw how often the call is right by how far the model leans to it, with 95 % intervals by patient.

    Args:
        probabilities: Calibrated, shape `(N,)`.
        labels: 0 or 1, shape `(N,)`.
        patients: Shape `(N,)`.
        cut: The operating point.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Right calls by the probability of the call"
    if not probabilities.size:
        return says_nothing(title, "No labelled films.", height=HEIGHT)
    called = probabilities >= cut
    confidence = np.where(called, probabilities, 1 - probabilities)
    right = called == (labels == 1)
    at = np.minimum((confidence * 10).astype(int), 9)
    rows = []
    for number in range(10):
        here = at == number
        share = clustered_proportion(right[here], patients[here])
        if share is not None:
            rows.append((float(confidence[here].mean()), *share, int(here.sum())))
    x, y, low, high, films = np.array(rows).T
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": HAIRLINE, "width": 1}, hoverinfo="skip")
    )
    figure.add_trace(_whiskers(x, y, low, high, films, name="right calls", look=TWO["one"]))
    return _unit_square(
        figure, title=title, x_title="Probability of the call", y_title="Right calls", caption=caption, theme=theme
    )


def reliability(
    before: Reliability | None, after: Reliability | None, *, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Draw how often the finding is there by its predicted probability, before calibration and after.

    Args:
        before: Of the logit taken as it is.
        after: Of the calibrated probability.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Reliability before and after calibration"
    if before is None or after is None:
        return says_nothing(title, "No labelled films.", height=HEIGHT)
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"color": HAIRLINE, "width": 1}, hoverinfo="skip", showlegend=False
        )
    )
    for name, found, look in (("after", after, TWO["one"]), ("before", before, TWO["other"])):
        values = np.array([(one.probability, *one.share, one.films) for one in found.bins]).T
        figure.add_trace(_whiskers(*values, name=name, look=look))
    _unit_square(
        figure,
        title=title,
        x_title="Predicted probability",
        y_title="Films with the finding",
        caption=caption,
        theme=theme,
    )
    legend_above(figure)
    return figure


def passes(probabilities: np.ndarray, *, cut: float, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the probabilities that the passes with dropout gave one film, `(T,)`, as a histogram with the cut."""
    figure = go.Figure(
        go.Histogram(
            x=probabilities,
            xbins={"start": 0, "end": 1, "size": 0.02},
            marker={"color": ACCENT},
            hovertemplate="%{y} passes at %{x}<extra></extra>",
        )
    )
    figure.add_vline(x=cut, line={"color": QUIET, "dash": "dot"}, annotation={"text": "cut", "font": {"color": QUIET}})
    house(
        figure,
        title=f"Probability in each of {len(probabilities)} passes",
        x_title="Probability",
        y_title="Passes",
        height=240,
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(range=[0, 1])
    return figure


def _whiskers(
    x: np.ndarray,
    y: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    films: np.ndarray,
    *,
    name: str,
    look: tuple[str, str, str],
) -> go.Scatter:
    colour, dash, marker = look
    return go.Scatter(
        x=x,
        y=y,
        mode="lines+markers",
        name=name,
        line={"color": colour, "dash": dash, "width": 1.5},
        marker={"color": colour, "symbol": marker, "size": 8},
        error_y={
            "type": "data",
            "symmetric": False,
            "array": high - y,
            "arrayminus": y - low,
            "thickness": 1.2,
            "width": 4,
            "color": colour,
        },
        customdata=films,
        hovertemplate=f"{name}: %{{y:.0%}} of %{{customdata:.0f}} films at %{{x:.2f}}<extra></extra>",
    )


def _unit_square(
    figure: go.Figure, *, title: str, x_title: str, y_title: str, caption: str, theme: Theme | None
) -> go.Figure:
    house(figure, title=title, x_title=x_title, y_title=y_title, height=HEIGHT, caption=caption, theme=theme)
    figure.update_xaxes(range=[-0.01, 1.01], dtick=0.2)
    figure.update_yaxes(range=[-0.01, 1.05], tickformat=".0%", dtick=0.2)
    return figure
