"""The decision curve: what acting on a checkpoint's calls gains over calling all films positive, or none.

References:
    Vickers, Elkin, "Decision Curve Analysis: A Novel Method for Evaluating Prediction Models",
    Medical Decision Making 26(6), 2006.
"""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.evaluation.report import NetBenefit
from core.figures.curves import Measured
from core.figures.palette import QUIET, Theme, model_styles
from core.figures.style import house, says_nothing

TITLE = "Net benefit"
NOTHING = "No net benefit: the part holds one class only, or the report was made before it was measured."
HEIGHT = 360  # pixels
DEPTH = 0.3  # of the highest value, drawn below 0: further down nobody would act


def decision_curve(
    measured: Sequence[Measured], *, caption: str = "", theme: Theme = "light", for_file: bool = False
) -> go.Figure:
    """Draw the net benefit of each checkpoint by the threshold, with those of calling all films and none.

    Args:
        measured: Checkpoints measured on the same part.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    found = [one.report.net_benefit for one in measured]
    known = [one for one in found if one is not None]
    if not known:
        return says_nothing(TITLE, NOTHING, height=HEIGHT, caption=caption, theme=theme if for_file else None)
    figure = go.Figure()
    all_films = known[0]
    line = {"color": QUIET, "width": 1, "dash": "dot"}
    figure.add_trace(
        go.Scatter(x=all_films.thresholds, y=all_films.all_positive, mode="lines", line=line, hoverinfo="skip")
    )
    figure.add_hline(y=0, line={"color": QUIET, "width": 1})
    for one, benefit, style in zip(
        measured, found, model_styles([one.model for one in measured], theme=theme), strict=True
    ):
        if benefit is None:
            continue
        figure.add_trace(
            go.Scatter(
                x=benefit.thresholds,
                y=benefit.model,
                name=one.name,
                mode="lines+markers",
                line={"color": style.colour, "dash": style.dash, "width": style.width},
                marker={"symbol": style.marker, "size": 8, "maxdisplayed": 6, "color": style.colour},
                showlegend=True,
                hovertemplate=f"{one.name}<br>%{{y:.4f}} at a threshold of %{{x:.2f}}<extra></extra>",
            )
        )
    top = max(max(one.model) for one in known)
    top = max(top, known[0].prevalence)
    house(
        figure,
        title=TITLE,
        x_title="Threshold on the probability",
        y_title="Net true positives a film",
        height=HEIGHT,
        caption=caption,
        theme=theme if for_file else None,
    )
    figure.update_xaxes(range=[-0.01, 1.01], dtick=0.2, tickformat=".1f")
    figure.update_yaxes(range=[-DEPTH * top, 1.12 * top])
    figure.data[0].showlegend = False
    figure.update_layout(
        showlegend=True,
        legend={"x": 0.99, "xanchor": "right", "y": 0.99, "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"},
    )
    small = {"size": 11, "color": QUIET}
    crossing = next(
        (
            at
            for at, value in zip(all_films.thresholds, all_films.all_positive, strict=True)
            if value < -DEPTH / 2 * top
        ),
        all_films.thresholds[-1],
    )
    figure.add_annotation(
        text="all called positive",
        x=crossing,
        y=-DEPTH / 2 * top,
        xanchor="left",
        xshift=6,
        font=small,
        showarrow=False,
    )
    figure.add_annotation(text="none", x=1, y=0, xanchor="right", yanchor="bottom", font=small, showarrow=False)
    return figure


def gaining(benefit: NetBenefit) -> tuple[float, float] | None:
    """Return the longest run of thresholds at which the checkpoint gains more than calling all films or none.

    Returns:
        Its first and last threshold; None where there is no such threshold.

    Examples:
        >>> benefit = NetBenefit(
        ...     prevalence=0.5, thresholds=[0.1, 0.3, 0.5], model=[0.4, 0.4, 0.2], all_positive=[0.44, 0.29, 0.0]
        ... )
        >>> gaining(benefit)
        (0.3, 0.5)
    """
    best: tuple[int, int] | None = None
    start: int | None = None
    pairs = zip(benefit.model, benefit.all_positive, strict=True)
    gains = [*(model > max(every, 0.0) for model, every in pairs), False]
    for at, gain in enumerate(gains):
        if gain and start is None:
            start = at
        elif not gain and start is not None:
            if best is None or at - start > best[1] - best[0] + 1:
                best = (start, at - 1)
            start = None
    return None if best is None else (benefit.thresholds[best[0]], benefit.thresholds[best[1]])
