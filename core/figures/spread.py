"""How the probabilities are spread: films with the finding upwards, those without downwards, wrong calls hatched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from core.evaluation.report import Heaps
from core.figures.curves import Measured
from core.figures.palette import ACCENT, HAIRLINE, QUIET, Theme
from core.figures.style import house, says_nothing

TITLE = "Probabilities by label and correctness"
NOTHING = "No bins: this report was made before the spread was measured; evaluate again."
PANEL, REST = 220, 110  # pixels a checkpoint, and of what stands above and below
STEPS, TICKS = (0.02, 0.05, 0.1, 0.2, 0.25, 0.5), 4  # between ticks, as a share; at most so many a side
NAMES = {1: "with the finding", 0: "without"}
COLOURS = {1: "#D55E00", 0: ACCENT}


def spread(
    measured: Sequence[Measured], *, caption: str = "", theme: Theme = "light", for_file: bool = False
) -> go.Figure:
    """Draw a panel a checkpoint: the share of the films of each label by their probability.

    Args:
        measured: Checkpoints measured on the same part.
        caption: The stamp.
        theme: What the figure stands on.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    drawn = [one for one in measured if one.report.spread]
    if not drawn:
        return says_nothing(TITLE, NOTHING, caption=caption, theme=theme if for_file else None)
    tall = PANEL * len(drawn)
    figure = make_subplots(rows=len(drawn), cols=1, shared_xaxes=True, vertical_spacing=40 / tall)
    for row, one in enumerate(drawn, start=1):
        totals = {label: sum(sum(heap.counts) for heap in one.report.spread if heap.label == label) for label in NAMES}
        for heap in one.report.spread:
            figure.add_trace(_bars(heap, totals[heap.label]), row=row, col=1)
        _heading(figure, one.name, totals, row)
        figure.add_hline(y=0, line={"color": QUIET, "width": 1}, row=row, col=1)
        if one.report.threshold is not None:
            line = {"color": QUIET, "dash": "dot", "width": 1.5}
            figure.add_vline(x=one.report.threshold.value, line=line, row=row, col=1)
    house(
        figure,
        title=f"{TITLE}; wrong calls are hatched",
        x_title="" if len(drawn) > 1 else "Probability",
        y_title="",
        height=tall + REST,
        caption=caption,
        theme=theme if for_file else None,
    )
    figure.update_layout(barmode="relative", bargap=0.06, margin_t=64)
    figure.update_xaxes(range=[-0.01, 1.01], dtick=0.2, tickformat=".1f", gridcolor=HAIRLINE, zeroline=False, ticks="")
    figure.update_yaxes(gridcolor=HAIRLINE, zeroline=False, ticks="")
    for row, one in enumerate(drawn, start=1):
        figure.update_yaxes(**_ticks(one.report.spread), row=row, col=1)
    figure.update_yaxes(title={"text": "Share of the label", "font": {"size": 13}})
    if len(drawn) > 1:
        figure.update_xaxes(title={"text": "Probability", "font": {"size": 13}, "standoff": 8}, row=len(drawn), col=1)
        figure.update_layout(margin_b=(figure.layout.margin.b or 0) + 26)
        figure.update_annotations(selector={"text": caption}, yshift=-52)
    return figure


def _ticks(heaps: Sequence[Heaps]) -> dict[str, list[Any]]:
    """Return where ticks stand and what they say: a share is never negative, also where its bar goes downwards."""
    shares = []
    for label in NAMES:
        bins = np.sum([heap.counts for heap in heaps if heap.label == label], axis=0, dtype=float)
        shares.append(float(np.max(bins)) / max(float(np.sum(bins)), 1.0))
    step = next((step for step in STEPS if max(shares) <= TICKS * step), STEPS[-1])
    places = [count * step for count in range(-TICKS, TICKS + 1)]
    return {"tickvals": places, "ticktext": [f"{abs(place):.0%}" for place in places]}


def _bars(heap: Heaps, total: int) -> go.Bar:
    edges = np.linspace(0, 1, len(heap.counts) + 1)
    share = np.asarray(heap.counts, dtype=float) / max(total, 1)
    said = {True: "right calls", False: "wrong calls", None: "films"}[heap.right]
    wrong = heap.right is False
    return go.Bar(
        x=(edges[:-1] + edges[1:]) / 2,
        y=share if heap.label == 1 else -share,
        width=np.diff(edges),
        marker={
            "color": COLOURS[heap.label],
            "line": {"width": 0},
            "pattern": {"shape": "/" if wrong else "", "size": 6, "solidity": 0.45, "fillmode": "replace"},
        },
        customdata=np.asarray(heap.counts),
        hovertemplate=f"{NAMES[heap.label]}: %{{customdata}} {said} about %{{x:.2f}}<extra></extra>",
    )


def _heading(figure: go.Figure, name: str, totals: Mapping[int, int], row: int) -> None:
    """Write above a panel whose it is and which heap is which: beside the bars, never on them."""
    told = [
        f'<span style="color:{COLOURS[label]}">{way} {NAMES[label]}, {totals[label]:,} films</span>'
        for label, way in ((1, "▲"), (0, "▼"))
    ]
    axis = "" if row == 1 else str(row)
    figure.add_annotation(
        text="    ".join([f"<b>{name}</b>", *told]),
        x=0,
        y=1,
        xref=f"x{axis} domain",
        yref=f"y{axis} domain",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
    )
