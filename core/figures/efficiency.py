"""What a checkpoint's AUROC costs: parameters, arithmetic, training time, speed of training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.figures.curves import Measured
from core.figures.metrics import measure_of
from core.figures.palette import HAIRLINE, Style, Theme, model_styles
from core.figures.style import house, says_nothing
from core.figures.whiskers import error_bar

TITLE = "AUROC against what it costs"
NOTHING = "No costs are known: none of these was trained here."
HEIGHT = 560  # pixels
PANELS = {
    "parameters": "Parameters",
    "gflops": "GFLOPs a film",
    "training_minutes": "Minutes of training",
    "images_per_s": "Images a second in training",
}


CLOSE = 1.5  # times the cost; nearer on the right, a name goes to the left of its dot


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a checkpoint cost, as its card says; None where it is not known."""

    parameters: float | None = None
    gflops: float | None = None
    """Of one film; a multiply-add counts two."""
    training_minutes: float | None = None
    images_per_s: float | None = None
    """While training; an ensemble has none of its own."""

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> Self:
        """Read the costs off a checkpoint's card; an ensemble's are those of its members together."""
        effort = card.get("efficiency", {})
        seconds = card.get("training_s")
        return cls(
            parameters=card.get("parameters"),
            gflops=effort.get("gflops"),
            training_minutes=None if seconds is None else seconds / 60,
            images_per_s=effort.get("images_per_s"),
        )


def efficiency(
    measured: Sequence[Measured],
    costs: Sequence[Cost | None],
    *,
    caption: str = "",
    theme: Theme = "light",
    for_file: bool = False,
) -> go.Figure:
    """Draw the AUROC with its interval against each cost, on logarithmic axes.

    Args:
        measured: Checkpoints measured on the same part.
        costs: One each; None for a table that was made elsewhere.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    styles = model_styles([one.model for one in measured], theme=theme)
    known = [(one, cost, style) for one, cost, style in zip(measured, costs, styles, strict=True) if cost is not None]
    if not known:
        return says_nothing(TITLE, NOTHING, height=HEIGHT, caption=caption, theme=theme if for_file else None)
    figure = make_subplots(rows=2, cols=2, shared_yaxes="all", horizontal_spacing=0.06, vertical_spacing=0.2)
    house(
        figure,
        title=TITLE,
        x_title=PANELS["parameters"],
        y_title="",
        height=HEIGHT,
        width=1000 if for_file else None,
        caption=caption,
        theme=theme if for_file else None,
    )
    for number, (cost_name, title) in enumerate(PANELS.items()):
        row, column = divmod(number, 2)
        for one, cost, style in known:
            own = getattr(cost, cost_name)
            crowded = _crowded(own, [getattr(other, cost_name) for name, other, _ in known if name is not one])
            _draw(figure, one, own, style, number, named=cost_name, left=crowded)
        figure.update_xaxes(
            type="log", title={"text": title, "font": {"size": 13}, "standoff": 8}, row=row + 1, col=column + 1
        )
        _widen(figure, [getattr(cost, cost_name) for _, cost, _ in known], number)
    figure.update_xaxes(gridcolor=HAIRLINE, zeroline=False, ticks="", fixedrange=True, linecolor=HAIRLINE)
    figure.update_yaxes(gridcolor=HAIRLINE, zeroline=False, ticks="", fixedrange=True, tickformat=".2f")
    figure.update_yaxes(title={"text": "AUROC", "font": {"size": 13}}, col=1)
    return figure


def _draw(
    figure: go.Figure, one: Measured, cost: float | None, style: Style, number: int, *, named: str, left: bool
) -> None:
    """Draw a checkpoint's dot with its name, left or right of it, into the panel of a number, from 0."""
    auroc = measure_of(one, "auroc")
    if auroc.value is None or not cost:
        return
    row, column = divmod(number, 2)
    figure.add_trace(
        go.Scatter(
            x=[cost],
            y=[auroc.value],
            mode="markers",
            marker={"symbol": style.marker, "color": style.colour, "size": 11},
            error_y=error_bar(auroc, style),
            hovertemplate=f"{one.name}<br>AUROC %{{y:.3f}}, {PANELS[named].lower()} %{{x:.3s}}<extra></extra>",
        ),
        row=row + 1,
        col=column + 1,
    )
    axis = "" if number == 0 else str(number + 1)
    place = {"x": math.log10(cost), "y": auroc.value, "xref": f"x{axis}", "yref": f"y{axis}"}  # of a log axis the power
    name = one.name.split(",")[0]
    side = {"xanchor": "right", "xshift": -9} if left else {"xanchor": "left", "xshift": 9}
    figure.add_annotation(text=name, **place, **side, yshift=9, font={"size": 11}, showarrow=False)


def _crowded(cost: float | None, others: Sequence[float | None]) -> bool:
    """Tell whether another dot stands close on the right, where the name would lie on it.

    Examples:
        >>> _crowded(11.0, [12.0, 90.0]), _crowded(12.0, [11.0, 90.0])
        (True, False)
    """
    return cost is not None and any(other is not None and cost < other < CLOSE * cost for other in others)


def _widen(figure: go.Figure, costs: Sequence[float | None], number: int) -> None:
    """Leave room for the names in the panel of a number, from 0, and write ticks that are not powers of ten too."""
    row, column = divmod(number, 2)
    powers = [math.log10(cost) for cost in costs if cost]
    if powers:
        room = max(0.3, 0.35 * (max(powers) - min(powers)))
        figure.update_xaxes(
            range=[min(powers) - 0.2, max(powers) + room],
            dtick="D2",
            tickformat="~s" if number == 0 else "~r",
            row=row + 1,
            col=column + 1,
        )
