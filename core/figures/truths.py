"""One checkpoint against several sources of labels, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluation.report import Measure, Truth
from core.figures import whiskers
from core.figures.curves import Measured
from core.figures.metrics import TITLES
from core.figures.palette import Theme, model_styles
from core.figures.style import says_nothing
from core.figures.subgroups import WIDTH
from core.figures.whiskers import Line

TITLE = "Against each source of labels"
NOTHING = "One source of labels only, or the report was made before the others were measured."
NAMES = ("auroc", "average_precision", "sensitivity", "specificity")


def truths(
    measured: Sequence[Measured], *, caption: str = "", theme: Theme = "light", for_file: bool = False
) -> go.Figure:
    """Draw a row a source of labels and checkpoint: the same calls, held against other answers.

    Args:
        measured: Checkpoints measured on the same part.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    rows: dict[tuple[str, bool], list[Truth | None]] = {}
    for number, one in enumerate(measured):
        for truth in one.report.truths:
            rows.setdefault((truth.truth, truth.common), [None] * len(measured))[number] = truth
    if len({name for name, _ in rows}) < 2:
        return says_nothing(TITLE, NOTHING, caption=caption, theme=theme if for_file else None)
    none = Measure(value=None, reason="not measured")
    styles = model_styles([one.model for one in measured], theme=theme)
    return whiskers.shared(
        [(one.name, style) for one, style in zip(measured, styles, strict=True)],
        [
            Line(
                name=_named(next(truth for truth in own if truth is not None)),
                measures=[
                    None if truth is None else [truth.metrics.get(name, none) for name in NAMES] for truth in own
                ],
            )
            for own in rows.values()
        ],
        [TITLES[name] for name in NAMES],
        title=TITLE,
        caption=caption,
        theme=theme if for_file else None,
        width=WIDTH if for_file else None,
    )


def _named(truth: Truth) -> str:
    which = "films that all speak of" if truth.common else "all its films"
    return f"<b>{escape(truth.truth)}</b>, {which}<br>{truth.films:,} films, {truth.positive_films:,} positive"
