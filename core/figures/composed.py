"""Pages put together for files: four figures on one, and one case with its film and reasons."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.figures import placed
from core.figures.palette import BACKGROUND, QUIET, TEXT, Theme
from core.figures.style import house

WIDTH, HEIGHT = 1240, 900  # pixels of a page of four
CASE_WIDTH, CASE_HEIGHT = 1100, 620
ACROSS, UP = (0.435, 0.565), (0.39, 0.61)  # where the left and the lower boxes end and the others begin
LINE = 68  # characters of a case's sentences in a line


def four(figures: Sequence[go.Figure], *, title: str, caption: str, theme: Theme = "light") -> go.Figure:
    """Put four figures on one page, each with its title, its key and its axes.

    Args:
        figures: Four, none with a stamp of its own.
        title: Of the page.
        caption: The stamp.
        theme: Of the file.
    """
    page = go.Figure()
    house(page, title=title, x_title="", y_title="", height=HEIGHT, width=WIDTH, caption="", theme=theme)
    page.update_layout(margin={"t": 120, "b": 130, "l": 16, "r": 40}, title_font={"size": 18})
    for number, figure in enumerate(figures):
        down, right = divmod(number, 2)
        placed.into(
            page,
            figure,
            x=(ACROSS[1], 1) if right else (0, ACROSS[0]),
            y=(0, UP[0]) if down else (UP[1], 1),
        )
    page.add_annotation(text=caption, **_at_foot(-70))
    return page


def case(
    film: bytes | None,
    *,
    title: str,
    sentences: Sequence[str],
    spread: go.Figure | None,
    caption: str,
    theme: Theme = "light",
) -> go.Figure:
    """Put one case on a page: its film, what the model says of it, and its passes or members.

    Args:
        film: A picture as PNG, marked where it is not a real film; None where its file is gone.
        title: Names the case.
        sentences: Probability, zone and reasons.
        spread: Histogram of the passes or the members' probabilities, without a stamp; None where there are none.
        caption: The stamp.
        theme: Of the file.
    """
    page = go.Figure() if spread is None else go.Figure(spread)
    named = escape(title)  # an id is whatever a table says
    house(page, title=named, x_title="", y_title="", height=CASE_HEIGHT, width=CASE_WIDTH, caption="", theme=theme)
    page.update_layout(margin={"t": 64, "b": 100, "l": 24, "r": 24}, title_font={"size": 18})
    right = {"domain": [0.52, 1]}
    if spread is None:
        page.update_layout(xaxis={"visible": False} | right, yaxis={"visible": False})
    else:
        page.update_layout(xaxis=right | {"title": spread.layout.xaxis.title}, yaxis={"domain": [0, 0.42]})
        page.update_yaxes(title=spread.layout.yaxis.title, automargin=True)
        page.add_annotation(
            text=f"<b>{spread.layout.title.text}</b>", x=0.52, y=0.42, yshift=34, **_paper("left", "bottom")
        )
    if film is None:
        page.add_annotation(text="No image file.", x=0.22, y=0.5, **_paper("center", "middle"))
    else:
        source = "data:image/png;base64," + base64.b64encode(film).decode()
        place = {"x": 0, "y": 1, "sizex": 0.46, "sizey": 1, "xref": "paper", "yref": "paper", "layer": "above"}
        page.add_layout_image(source=source, xanchor="left", yanchor="top", sizing="contain", **place)
    lines = "<br>".join("<br>".join(textwrap.wrap(escape(sentence), LINE)) for sentence in sentences)
    page.add_annotation(text=lines, x=0.52, y=1, align="left", font={"size": 14}, **_paper("left", "top"))
    page.add_annotation(text=caption, **_at_foot(-52))
    return page.update_layout(paper_bgcolor=BACKGROUND[theme], font={"color": TEXT[theme]})


def _paper(across: str, up: str) -> dict[str, object]:
    return {"xref": "paper", "yref": "paper", "xanchor": across, "yanchor": up, "showarrow": False}


def _at_foot(shift: int) -> dict[str, object]:
    small = {"size": 11, "color": QUIET}
    return {"x": 0, "y": 0, "yshift": shift, "align": "left", "font": small, **_paper("left", "top")}
