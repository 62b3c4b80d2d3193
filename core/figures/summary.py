"""Several checkpoints on one page: the verdicts first, then measures, ROC, precision-recall and calibration."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.figures import placed
from core.figures.calibration import calibration
from core.figures.curves import Measured, precision_recall, roc
from core.figures.metrics import dots
from core.figures.palette import QUIET, Theme
from core.figures.style import STAMP_HEIGHT, house
from core.figures.whiskers import ROW

WIDTH = 1240  # pixels
SQUARE = 340  # pixels
LINE, LINE_HEIGHT = 140, 24  # characters of a verdict in a line, pixels of it
HEAD, HEADS, BETWEEN, FOOT = 56, 44, 84, 60  # pixels: title; panels' titles; measures to curves; ticks and axis titles
NAMES = 0.21  # of the width, for the names of the checkpoints


def summary(
    measured: Sequence[Measured],
    verdicts: Sequence[str],
    *,
    title: str,
    caption: str,
    theme: Theme = "light",
) -> go.Figure:
    """Put checkpoints measured on one part on a page.

    Args:
        measured: From top to bottom.
        verdicts: Sentences, as the statistics have them.
        title: What is compared, on what.
        caption: The stamp.
        theme: Of the file.
    """
    lines = [line for sentence in verdicts for line in textwrap.wrap(sentence, LINE)]
    rows = ROW * len(measured)
    top = HEAD + LINE_HEIGHT * len(lines) + HEADS
    area = rows + BETWEEN + SQUARE
    height = top + area + FOOT + STAMP_HEIGHT
    page = house(go.Figure(), title=title, x_title="", y_title="", height=height, width=WIDTH, theme=theme)
    page.update_layout(margin={"t": top, "b": FOOT + STAMP_HEIGHT, "l": 24, "r": 32}, title_font={"size": 18})
    upper = 1 - rows / area
    table = dots(measured, theme=theme)
    placed.into(page, table, x=(NAMES, 1), y=(upper, 1))
    thirds = ((0.03, 0.3), (0.37, 0.64), (0.71, 0.98))
    for draw, third in zip((roc, precision_recall, calibration), thirds, strict=True):
        placed.into(page, draw(measured, keyed=False, theme=theme), x=third, y=(0, SQUARE / area))
    page.update_yaxes(automargin=False)  # the boxes leave the room themselves
    words = {"xref": "paper", "yref": "paper", "xanchor": "left", "align": "left", "showarrow": False}
    for number, line in enumerate(lines):
        shift = HEADS + LINE_HEIGHT * (len(lines) - number)
        page.add_annotation(text=escape(line), x=0, y=1, yanchor="top", yshift=shift, font={"size": 15}, **words)
    small = {"size": 11, "color": QUIET}
    page.add_annotation(text=caption, x=0, y=0, yanchor="top", yshift=-FOOT, font=small, **words)
    return page
