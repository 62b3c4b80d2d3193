"""Maps of a RealismReport: where translations change a film, and where a classifier looks, on films and on images."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from core.evaluation.realism_report import RealismReport
from core.figures.palette import HEAT, SEQUENTIAL, SIGNED, Theme
from core.figures.style import house, says_nothing

HEIGHT = 320  # pixels


def change_map(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how much a translation changes each place of a film, on average.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Mean change of a film"
    if not report.change_map:
        return says_nothing(title, "No change was measured.", caption=caption, theme=theme)
    values = np.asarray(report.change_map)
    return _grid(100 * values, title=title, unit="% of grey", scale=SEQUENTIAL, caption=caption, theme=theme)


def heat_maps(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> list[go.Figure]:
    """Draw the mean heat map of films, that of synthetic images, and their difference; none where none was made.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    maps = report.maps
    if maps.real is None or maps.synthetic is None or maps.difference is None:
        return []
    most = max(float(np.abs(np.asarray(maps.difference)).max()), 1e-6)
    drawn = (
        ("Mean heat map, films", maps.real, HEAT, (0, 1)),
        ("Mean heat map, synthetic", maps.synthetic, HEAT, (0, 1)),
        ("Synthetic less films", maps.difference, SIGNED, (-most, most)),
    )
    return [
        _grid(np.asarray(values), title=title, scale=scale, ends=ends, caption=caption, theme=theme)
        for title, values, scale, ends in drawn
    ]


def _grid(
    values: np.ndarray,
    *,
    title: str,
    scale: object,
    unit: str = "",
    ends: tuple[float, float] | None = None,
    caption: str = "",
    theme: Theme | None = None,
) -> go.Figure:
    """Draw a map with square cells, the film's upper edge above."""
    low, high = ends or (0, max(float(values.max()), 1e-6))
    figure = go.Figure(
        go.Heatmap(
            z=values,
            zmin=low,
            zmax=high,
            colorscale=scale,
            colorbar={"title": {"text": unit, "font": {"size": 12}}, "thickness": 12, "outlinewidth": 0},
            hovertemplate="%{z:.3g}<extra></extra>",
        )
    )
    house(figure, title=title, x_title="", y_title="", height=HEIGHT, caption=caption, theme=theme)
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return figure
