"""The house layout of every figure, and the stamp that says what it was made of.

On a page the text keeps the colour and font that Streamlit's theme gives it, on a background
that shows the page through, so one figure serves light and dark. For a file, name the theme.
"""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from core.evaluation.report import EvaluationReport
from core.figures.palette import BACKGROUND, HAIRLINE, QUIET, TEXT, Theme

MARGINS = {"l": 8, "r": 16, "t": 36, "b": 8, "pad": 4}  # pixels; titles and ticks add their own
KINDS = {"phantom": "phantoms", "real": "real films", "synthetic": "synthetic images"}
TICKS_HEIGHT, TITLE_HEIGHT, STAMP_HEIGHT = 26, 26, 36  # pixels, below the axes; a stamp has two lines


def house(
    figure: go.Figure,
    *,
    title: str,
    x_title: str,
    y_title: str,
    height: int,
    width: int | None = None,
    caption: str = "",
    theme: Theme | None = None,
) -> go.Figure:
    """Give a figure the house layout, in place, and return it.

    Args:
        figure: With its series.
        title: A few words; what is shown, not how.
        x_title: Name and unit of the x axis, or nothing where the ticks are names.
        y_title: Name and unit of the y axis, or nothing.
        height: Pixels.
        width: Pixels; None fills the column.
        caption: The stamp, drawn small below the axis.
        theme: For a file: its colours. None leaves text and background to the page.
    """
    below = TICKS_HEIGHT + (TITLE_HEIGHT if x_title else 0)
    figure.update_layout(
        template="none",
        title={"text": title, "x": 0, "y": 1, "yanchor": "top", "pad": {"t": 8, "l": 8}},
        title_font={"size": 15},
        height=height,
        width=width,
        margin=MARGINS | ({"b": below + STAMP_HEIGHT} if caption else {}),
        paper_bgcolor="rgba(0,0,0,0)" if theme is None else BACKGROUND[theme],
        plot_bgcolor="rgba(0,0,0,0)",
        font={"size": 13} | ({} if theme is None else {"color": TEXT[theme], "family": "Source Sans 3, sans-serif"}),
        hovermode="closest",
        showlegend=False,
        barcornerradius=2,
    )
    for axis, axis_title in (("xaxis", x_title), ("yaxis", y_title)):
        figure.update_layout(
            {
                axis: {
                    "title": {"text": axis_title, "font": {"size": 13}, "standoff": 8},
                    "gridcolor": HAIRLINE,
                    "gridwidth": 1,
                    "linecolor": HAIRLINE,
                    "zeroline": False,
                    "ticks": "",
                    "automargin": True,
                    "fixedrange": True,
                }
            }
        )
    if caption:
        figure.add_annotation(
            text=caption,
            x=0,
            y=0,
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="top",
            yshift=-below,
            align="left",
            showarrow=False,
            font={"size": 11, "color": QUIET},
        )
    return figure


def says_nothing(
    title: str, reason: str, *, height: int = 240, caption: str = "", theme: Theme | None = None
) -> go.Figure:
    """Return an empty figure with a sentence where the curves would be.

    Args:
        title: As of the figure it stands for.
        reason: Why there is nothing to draw.
        height: Pixels.
        caption: The stamp.
        theme: For a file: its colours. None leaves text and background to the page.
    """
    figure = house(go.Figure(), title=title, x_title="", y_title="", height=height, caption=caption, theme=theme)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=reason, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False)
    return figure


def legend_above(figure: go.Figure) -> None:
    """Show the legend in one line between title and axes."""
    figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1.0,
            "xanchor": "left",
            "yanchor": "bottom",
            "bgcolor": "rgba(0,0,0,0)",
            "title": {"text": ""},
        },
        margin_t=60,
    )


def kinds_words(kinds: Mapping[str, int]) -> str:
    """Name the kinds of images that there are.

    Args:
        kinds: Images by source: real, phantom, synthetic.

    Examples:
        >>> kinds_words({"phantom": 3, "real": 0}), kinds_words({"phantom": 3, "real": 2})
        ('phantoms', 'phantoms and real films')
    """
    return " and ".join(KINDS.get(kind, kind) for kind, count in kinds.items() if count)


def stamp(*, dataset: str, part: str, kinds: Mapping[str, int], version: str, counts: str = "", truth: str = "") -> str:
    """Return the two short lines that every exported figure carries.

    Args:
        dataset: Name of the data set.
        part: Name of the part, or what else was measured on.
        kinds: Films by source: real, phantom, synthetic.
        version: PleuraScope's version.
        counts: Such as "412 films, 298 patients, 38 positive".
        truth: Source of the labels that count as right.

    Examples:
        >>> stamp(dataset="demo", part="test", kinds={"phantom": 3}, version="1.0", counts="3 films")
        '<b>PHANTOMS</b> · demo, test · 3 films<br>PleuraScope 1.0'
    """
    marks = [
        f"<b>{word}</b>" for kind, word in (("phantom", "PHANTOMS"), ("synthetic", "GENERATED")) if kinds.get(kind)
    ]
    first = [*marks, f"{dataset}, {part}", counts]
    second = [f"against {truth}" if truth else "", f"PleuraScope {version}"]
    return "<br>".join(" · ".join(words for words in line if words) for line in (first, second))


def stamp_of(report: EvaluationReport) -> str:
    """Return the stamp of a figure made from one evaluation report."""
    counts = report.counts
    return stamp(
        dataset=report.dataset,
        part="tune (val)" if report.part == "val" else report.part or "all",  # of val only that fold is measured
        kinds=report.kinds,
        version=report.versions.get("pleurascope", ""),
        counts=f"{counts.films:,} films, {counts.patients:,} patients, {counts.positive_films:,} positive",
        truth=report.truth,
    )
