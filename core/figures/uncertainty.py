"""What a model is unsure of: its spread, its calls, its reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from core.evaluation.reliability import Bin, Reliability
from core.figures import calibration
from core.figures.palette import ACCENT, QUIET, SEQUENTIAL, Style, Theme, faded
from core.figures.style import house, legend_above, says_nothing

HEIGHT = 320  # pixels
CUT_MARGIN = 52  # pixels above the axes, for the title and the name of the cut
OTHER = "#D55E00"
TWO = (  # told apart by line and marker too
    Style(colour=ACCENT, width=1.5),
    Style(colour=OTHER, dash="dash", marker="diamond", width=1.5),
)
STEPS = 20  # of a distribution
COUNTED = sample_colorscale(SEQUENTIAL, np.linspace(0.25, 1, 9).tolist())  # without the end that is black on black
NO_SPREAD = "No spread: these films were predicted without passes."
NO_LABELS = "No film here has a label of this source."


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
        return says_nothing(title, NO_SPREAD, height=HEIGHT)
    edges = np.linspace(0, max(float(spread[known].max()), 1e-6), STEPS + 1)
    figure = go.Figure()
    for (name, members), style in zip(groups.items(), TWO, strict=True):
        own = spread[members & known]
        counts, _ = np.histogram(own, edges)
        figure.add_trace(
            go.Scatter(
                x=np.repeat(edges, 2)[1:-1],
                y=np.repeat(counts / max(own.size, 1), 2),
                mode="lines",
                name=f"{name} ({own.size:,})",
                line={"color": style.colour, "dash": style.dash, "width": 2},
                fill="tozeroy",
                fillcolor=faded(style.colour, opacity=0.12),
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
        return says_nothing(title, NO_SPREAD, height=HEIGHT)
    low, high = float(min(mean[known].min(), cut)), float(max(mean[known].max(), cut))
    highest = max(float(spread[known].max()), 1e-6)
    counts, x, y = np.histogram2d(
        mean[known], spread[known], bins=(24, 18), range=((low, max(high, low + 1e-6)), (0, highest))
    )
    figure = go.Figure(
        go.Heatmap(
            x=x,
            y=y,
            z=np.where(counts > 0, counts, np.nan).T,
            colorscale=COUNTED,
            colorbar={"title": {"text": "Films", "font": {"size": 12}}, "thickness": 12, "outlinewidth": 0},
            hovertemplate="mean %{x:.2f}, spread %{y:.3f}: %{z} films<extra></extra>",
        )
    )
    _mark_cut(figure, cut)
    house(
        figure,
        title=title,
        x_title="Mean probability",
        y_title="Standard deviation",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )
    return figure.update_layout(margin_t=CUT_MARGIN)


def right_calls(bins: Sequence[Bin], *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how often the call is right by its probability, with 95 % intervals by patient and how many films there are.

    Args:
        bins: What `core.evaluation.reliability.right_calls` gave.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Right calls by the probability of the call"
    if not bins:
        return says_nothing(title, NO_LABELS, height=HEIGHT)
    points = calibration.points(bins)
    figure = go.Figure(calibration.truth())
    figure.add_trace(calibration.observed(points, name="right calls", style=TWO[0]))
    figure.add_trace(calibration.film_counts(points))
    return calibration.shares_by_probability(
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
        return says_nothing(title, NO_LABELS, height=HEIGHT)
    figure = go.Figure(calibration.truth())
    for name, found, style in (("before", before, TWO[1]), ("after", after, TWO[0])):
        figure.add_trace(calibration.observed(calibration.points(found.bins), name=name, style=style))
    figure.add_trace(calibration.film_counts(calibration.points(after.bins)))
    calibration.shares_by_probability(figure, title=title, caption=caption, theme=theme)
    legend_above(figure)
    return figure


def passes(probabilities: np.ndarray, *, cut: float, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the probabilities that the passes with dropout gave one film, `(T,)`, as a histogram with the cut."""
    figure = go.Figure(
        go.Histogram(
            x=probabilities,
            xbins={"start": 0, "end": 1.02, "size": 0.02},
            marker={"color": ACCENT},
            hovertemplate="%{y} passes at %{x}<extra></extra>",
        )
    )
    _mark_cut(figure, cut)
    house(
        figure,
        title=f"Probability in each of {len(probabilities)} passes",
        x_title="Probability",
        y_title="Passes",
        height=240,
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(range=[-0.01, 1.03], dtick=0.2)
    figure.update_layout(margin_t=CUT_MARGIN)
    return figure


def members(
    probabilities: Mapping[str, float], *, cut: float, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Draw the probability that each member of an ensemble gives one film, a row a member, with the ensemble's cut."""
    rows = list(range(len(probabilities)))
    figure = go.Figure(
        go.Scatter(
            x=list(probabilities.values()),
            y=rows,
            mode="markers",
            marker={"color": ACCENT, "size": 11},
            customdata=list(probabilities),
            hovertemplate="%{customdata}: %{x:.3f}<extra></extra>",
        )
    )
    for row, (name, value) in enumerate(probabilities.items()):
        label = {"text": f"{name}: <b>{value:.2f}</b>", "font": {"size": 12}, "showarrow": False}
        figure.add_annotation(label, x=0, y=row, xanchor="left", yanchor="bottom", yshift=5)
    _mark_cut(figure, cut)
    house(
        figure,
        title="Probability by each member",
        x_title="Probability",
        y_title="",
        height=110 + 40 * len(rows),
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(range=[-0.01, 1.03], dtick=0.2)
    figure.update_layout(margin_t=CUT_MARGIN)
    figure.update_yaxes(tickvals=rows, showticklabels=False, range=[len(rows) - 0.6, -0.8])
    return figure


def _mark_cut(figure: go.Figure, cut: float) -> None:
    figure.add_vline(x=cut, line={"color": QUIET, "dash": "dot", "width": 1.5})
    place = {"x": cut, "xref": "x", "y": 1, "yref": "y domain", "yanchor": "bottom"}
    figure.add_annotation(text="cut", font={"color": QUIET, "size": 12}, showarrow=False, **place)
