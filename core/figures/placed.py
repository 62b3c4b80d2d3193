"""A figure drawn into a box of a page: its axes, keys, lines and words go with it."""

from __future__ import annotations

import re
from typing import Any

import plotly.graph_objects as go

AXIS = re.compile(r"([xy])(?:axis)?(\d*)")

Span = tuple[float, float]  # of the page's plotting area, each in [0, 1]


def into(page: go.Figure, figure: go.Figure, *, x: Span, y: Span) -> None:
    """Draw a figure into a box of a page, in place, with its title above.

    Args:
        page: In the house layout, with the theme's colours and without axes of its own.
        figure: Without a stamp; its size and margins are the page's to decide.
        x: Left and right end of the box.
        y: Lower and upper end of the box.
    """
    taken = _taken(page)
    own = figure.to_plotly_json()
    layout = own["layout"]
    spans = {"x": x, "y": y}
    for name, axis in layout.items():
        if re.fullmatch(r"[xy]axis\d*", name):
            page.update_layout({_renamed(name, taken): _axis(name, axis, taken, spans)})
    keyed = bool(layout.get("showlegend"))
    legend = f"legend{taken + 1 if taken else ''}"
    for trace in own["data"]:
        moved = trace | {axis: _renamed(trace.get(axis, axis[0]), taken) for axis in ("xaxis", "yaxis")}
        if trace["type"] == "heatmap":
            scale = {"x": x[1] + 0.005, "y": sum(y) / 2, "len": y[1] - y[0], "thickness": 10}
            moved["colorbar"] = trace.get("colorbar", {}) | scale
        else:
            moved |= {"legend": legend} if keyed else {"showlegend": False}
        page.add_trace(moved)
    for shape in layout.get("shapes", ()):
        page.add_shape(_moved(shape, taken, spans))
    for note in layout.get("annotations", ()):
        page.add_annotation(_moved(note, taken, spans))
    if keyed:
        key = {"orientation": "h", "x": x[0], "y": y[1], "xanchor": "left", "yanchor": "bottom"}
        page.update_layout({"showlegend": True, legend: key | {"bgcolor": "rgba(0,0,0,0)"}})
    title = layout.get("title", {}).get("text")
    if title:
        place = {"xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom", "showarrow": False}
        page.add_annotation(text=f"<b>{title}</b>", x=x[0], y=y[1], yshift=30 if keyed else 20, **place)


def _axis(name: str, axis: dict[str, Any], taken: int, spans: dict[str, Span]) -> dict[str, Any]:
    """Return an axis as it stands on the page, with its references to other axes."""
    span = spans[name[0]]
    low, high = axis.get("domain", (0, 1))
    moved = (
        {"anchor": ("y" if name[0] == "x" else "x") + name[5:]} | axis | {"domain": [_at(low, span), _at(high, span)]}
    )
    return moved | {
        link: _renamed(moved[link], taken)
        for link in ("anchor", "matches", "scaleanchor", "overlaying")
        if link in moved
    }


def _taken(page: go.Figure) -> int:
    """Return the highest number of an axis that has a box on the page, 0 where none has."""
    axes = page.layout.to_plotly_json()
    placed = [name for name in axes if re.fullmatch(r"[xy]axis\d*", name) and axes[name].get("domain")]
    return max((int(name[5:] or 1) for name in placed), default=0)


def _renamed(name: str, taken: int) -> str:
    """Return the name of an axis, or of a reference to one, on the page.

    Examples:
        >>> _renamed("xaxis", 4), _renamed("y2", 4), _renamed("x3 domain", 4)
        ('xaxis5', 'y6', 'x7 domain')
        >>> _renamed("xaxis", 0), _renamed("y", 0)
        ('xaxis', 'y')
    """
    head, _, tail = name.partition(" ")
    found = AXIS.fullmatch(head)
    if found is None:
        return name
    long = "axis" if "axis" in head else ""
    number = taken + int(found[2] or 1)
    return f"{found[1]}{long}{'' if number == 1 else number}" + (f" {tail}" if tail else "")


def _moved(drawn: dict[str, Any], taken: int, spans: dict[str, Span]) -> dict[str, Any]:
    """Return a shape or an annotation with its references and places on the page."""
    moved = dict(drawn)
    for axis, span in spans.items():
        reference = moved.get(f"{axis}ref", "paper")
        if reference == "paper":
            moved |= {name: _at(moved[name], span) for name in (axis, f"{axis}0", f"{axis}1") if name in moved}
        moved[f"{axis}ref"] = _renamed(reference, taken)
    return moved


def _at(share: float, span: Span) -> float:
    return span[0] + share * (span[1] - span[0])
