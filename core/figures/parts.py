"""The parts of a split side by side: whether they are alike in what is known of their films."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.data.filtering import DECADE, UNKNOWN
from core.figures.palette import ACCENT, PARTS, Theme
from core.figures.style import house, legend_above, says_nothing

ROW = 34  # pixels a row of dots
APART = 0.2  # of a row, between the dots of two parts
FINDINGS_SHOWN = 10


def prevalence(certificate: Mapping[str, Any], *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the prevalence of each part and fold with its 95 % interval.

    Args:
        certificate: The split's certificate.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    rows = list(_counted(certificate["parts"]))
    names = [f"{name}  <b>{found['positive_films']:,}</b> of {found['films']:,}" for name, found in rows]
    values, lows, highs = (
        np.array([found["prevalence"][key] for _, found in rows]) for key in ("value", "low", "high")
    )
    figure = go.Figure(
        go.Scatter(
            x=values,
            y=names,
            mode="markers",
            marker={"size": 10, "color": ACCENT},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": highs - values,
                "arrayminus": values - lows,
                "thickness": 1.5,
                "width": 5,
                "color": ACCENT,
            },
            customdata=np.column_stack([lows, highs]),
            hovertemplate="%{y}<br>%{x:.1%} (%{customdata[0]:.1%} to %{customdata[1]:.1%})<extra></extra>",
        )
    )
    house(
        figure,
        title="Films with pneumothorax, 95 % interval by patient",
        x_title="Share of the films",
        y_title="",
        height=110 + ROW * len(rows),
        caption=caption,
        theme=theme,
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickformat=".0%" if highs.max() > 0.1 else ".1%", rangemode="tozero")
    return figure


def ages(counts: pd.DataFrame, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how the films of each part are spread over the ages.

    Args:
        counts: Films of known age: a row a decade from 0, named by its first year, a column a part.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    if counts.empty:
        return says_nothing("Age", "The ages are not known.")
    edges = np.append(counts.index, counts.index[-1] + DECADE)
    figure = go.Figure()
    for part in _parts_of(counts):
        share = counts[part].to_numpy() / counts[part].sum()
        style = PARTS[part]
        figure.add_trace(
            go.Scatter(
                x=edges,
                y=np.append(share, share[-1]),
                name=part,
                mode="lines",
                line={"shape": "hv", "color": style.colour, "dash": style.dash, "width": style.width},
                hovertemplate=f"{part}, from %{{x:.0f}} years: %{{y:.1%}}<extra></extra>",
            )
        )
    house(
        figure,
        title="Age",
        x_title="Age (years)",
        y_title="Share of the part's films",
        height=290,
        caption=caption,
        theme=theme,
    )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=6)
    figure.update_xaxes(showgrid=False, dtick=20)
    legend_above(figure)
    return figure


def shares(counts: pd.DataFrame, *, title: str, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the share of each value, such as a view, in each part.

    Args:
        counts: Films with each value: a row a value, "unknown" among them, a column a part that has films.
        title: What the values are.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    return _dots(counts / counts.sum(), title=title, caption=caption, theme=theme)


def findings(
    counts: pd.DataFrame, films: Mapping[str, int], *, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Draw the share of the films with each finding in each part, the ten most frequent ones.

    Args:
        counts: Films with each finding: a row a finding, "unknown" among them, a column a part that has films.
        films: How many films each part has; a film may have several findings.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    if list(counts.index) == [UNKNOWN]:
        return says_nothing("Findings", "The findings are not known.")
    return _dots(counts / pd.Series(films)[counts.columns], title="Findings", caption=caption, theme=theme)


def _dots(table: pd.DataFrame, *, title: str, caption: str, theme: Theme | None) -> go.Figure:
    """Draw shares as one row of dots a value, one dot a part."""
    table = table.loc[table.mean(axis=1).sort_values(ascending=False, kind="stable").index[:FINDINGS_SHOWN]]
    names = [escape(str(name)) for name in table.index]  # a table may name them as it likes
    rows, parts = np.arange(len(table)), _parts_of(table)
    figure = go.Figure()
    for place, part in enumerate(parts):
        style = PARTS[part]
        figure.add_trace(
            go.Scatter(
                x=table[part],
                y=rows + APART * (place - (len(parts) - 1) / 2),
                name=part,
                mode="markers",
                marker={"symbol": style.marker, "color": style.colour, "size": 9},
                customdata=names,
                hovertemplate=f"%{{customdata}} in {part}: %{{x:.1%}}<extra></extra>",
            )
        )
    house(
        figure,
        title=title,
        x_title="Share of the part's films",
        y_title="",
        height=130 + ROW * len(table),
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", nticks=5)
    figure.update_yaxes(
        tickvals=rows, ticktext=[name.replace("_", " ") for name in names], range=[len(table) - 0.5, -0.5]
    )
    legend_above(figure)
    return figure


def _counted(parts: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for part, found in parts.items():
        if found["films"]:
            yield part, found
            yield from ((f"{part}, {fold}", inner) for fold, inner in found.get("folds", {}).items())


def _parts_of(counts: pd.DataFrame) -> list[str]:
    return [part for part in PARTS if part in counts]
