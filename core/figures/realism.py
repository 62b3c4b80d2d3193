"""The RealismReport drawn: each measure beside its control, so that a number is never looked at alone."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.evaluation.realism_report import RealismReport
from core.evaluation.report import Measure
from core.figures import whiskers
from core.figures.palette import FIRST, QUIET, SECOND, THIRD, Style, Theme
from core.figures.style import house, legend_above, says_nothing
from core.figures.whiskers import Entry

HEIGHT = 320  # pixels
SMALL = ".3g"  # how distances are written, whose size is that of the features
CHANCE = 0.5  # AUROC of what cannot be told
SYNTHETIC, CONTROL, FILMS = FIRST, SECOND, THIRD  # the control: films there and back
ARMS = {
    "none": "without synthetic films",
    "positives": "with synthetic positives",
    "both": "with both classes synthetic (control)",
}
REGIONS = {
    "lung": "lung field",
    "mask": "mask of the pneumothorax",
    "boxes": "boxes of the pneumothorax",
    "rim": "rim of the lung field",
}


def origin(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how well a classifier tells synthetic images from films, with films there and back as the control.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    rows = (
        ("synthetic images", report.origin.auroc, SYNTHETIC),
        ("films there and back", report.origin.auroc_reconstructed, CONTROL),
    )
    figure = _rows(rows, title="Told from films", axis="AUROC", caption=caption, theme=theme)
    ends = [end for _, one, _ in rows for end in (one.value, one.low) if end is not None]
    figure.update_xaxes(range=[min([CHANCE, *ends]) - 0.02, 1.02], tickvals=_ticks(ends), col=1)
    return _line_at(figure, CHANCE, "cannot be told")


def kid(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the kernel distance to the films: of synthetic images, of films there and back, and of other films.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    rows = (
        ("synthetic images", report.kid, SYNTHETIC),
        ("films there and back", report.kid_reconstructed, CONTROL),
        ("other films (the floor)", report.kid_films, FILMS),
    )
    figure = _rows(rows, title="Distance to the films (KID)", axis="KID", form=SMALL, caption=caption, theme=theme)
    return _line_at(figure, 0, "the same")


def precision_recall(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw which share of the images looks like films, and which share of the films they reach.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    rows = (
        ("precision: images among films", report.precision, SYNTHETIC),
        ("recall: films among images", report.recall, SYNTHETIC),
    )
    figure = _rows(rows, title="Precision and recall", axis="Share", caption=caption, theme=theme)
    return figure.update_xaxes(range=[-0.02, 1.02], tickvals=[0, 0.5, 1], col=1)


def spectrum(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw how much fine detail films, synthetic images and films there and back hold.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    found = report.spectrum
    figure = go.Figure()
    for name, values, style in (
        ("films", found.real, FILMS),
        ("synthetic", found.synthetic, SYNTHETIC),
        ("there and back", found.reconstructed, CONTROL),
    ):
        figure.add_trace(
            go.Scatter(
                x=found.frequencies,
                y=values,
                name=name,
                mode="lines",
                line={"color": style.colour, "dash": style.dash, "width": 2},
                hovertemplate=f"{name}: %{{y:.2f}} at %{{x:.2f}} cycles a pixel<extra></extra>",
            )
        )
    house(
        figure,
        title="Power by fineness of detail",
        x_title="Cycles a pixel (right: finer)",
        y_title="Power (log10)",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )
    legend_above(figure)
    return figure


def regions(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw which share of the change lies where a pneumothorax would, and how often more than by there and back.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Where the change lies"
    if not report.regions:
        return says_nothing(title, "No region is known for these films.", caption=caption, theme=theme)
    figure = _counted(
        [
            (REGIONS.get(one.name, one.name), f"{one.images:,} images", SYNTHETIC, (one.more, one.inside))
            for one in report.regions
        ],
        ("More than there and back: share of images", "Inside: share of the change"),
        title=title,
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(range=[-0.02, 1.02], tickvals=[0, 0.5, 1])
    areas = [(row, one.area) for row, one in enumerate(report.regions) if one.area is not None]
    figure.add_trace(
        go.Scatter(
            x=[area for _, area in areas],
            y=[row for row, _ in areas],
            mode="markers",
            marker={"symbol": "line-ns-open", "color": QUIET, "size": 18, "line": {"width": 2}},
            hovertemplate="an even change would give %{x:.2f}<extra></extra>",
        ),
        row=1,
        col=2,
    )
    figure.add_vline(x=CHANCE, line={"color": QUIET, "dash": "dot", "width": 1}, row=1, col=1)
    return figure


def arms(report: RealismReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw what sending negative films there and back does to classifiers that learnt from synthetic films, or did not.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = "Does a classifier answer to the texture?"
    if not report.arms:
        return says_nothing(title, "No classifier learnt from these images.", caption=caption, theme=theme)
    unlike = Measure(value=None, reason="what the others are held against")
    styles = {"none": FILMS, "both": CONTROL}
    figure = _counted(
        [
            (
                ARMS.get(arm.name, arm.name),
                f"{arm.synthetic_films:,} synthetic films",
                styles.get(arm.name, SYNTHETIC),
                (arm.shift, unlike if arm.name == "none" else arm.shift_against_none),
            )
            for arm in report.arms
        ],
        ("Shift of the probability, there and back", "Shift against: without synthetic films"),
        title=title,
        caption=caption,
        theme=theme,
    )
    return figure.add_vline(x=0, line={"color": QUIET, "dash": "dot", "width": 1})


def _rows(
    rows: tuple[tuple[str, Measure, Style], ...],
    *,
    title: str,
    axis: str,
    form: str = ".3f",
    caption: str,
    theme: Theme | None,
) -> go.Figure:
    """Draw a row for each measure, its value and interval in words beside it."""
    return whiskers.table(
        [Entry(row=row, name=name, style=style, measures=[one]) for row, (name, one, style) in enumerate(rows)],
        [axis],
        ticks=[name for name, _, _ in rows],
        besides={"Value, 95 % interval": [_digits(one, form) for _, one, _ in rows]},
        written=False,
        title=title,
        caption=caption,
        theme=theme,
    )


def _counted(
    rows: Sequence[tuple[str, str, Style, Sequence[Measure]]],
    titles: tuple[str, str],
    *,
    title: str,
    caption: str,
    theme: Theme | None,
) -> go.Figure:
    """Draw rows of two measures, each row with its name and, below it, how many it was counted on."""
    return whiskers.table(
        [Entry(row=row, name=name, style=style, measures=both) for row, (name, _, style, both) in enumerate(rows)],
        titles,
        ticks=[f"{name}<br>{count}" for name, count, _, _ in rows],
        row_height=56,
        title=title,
        caption=caption,
        theme=theme,
    )


def _digits(measure: Measure, form: str) -> str:
    if measure.value is None:
        return ""
    if measure.low is None or measure.high is None:
        return f"<b>{measure.value:{form}}</b>  no interval"
    return f"<b>{measure.value:{form}}</b>  {measure.low:{form}} to {measure.high:{form}}"


def _ticks(ends: list[float]) -> list[float]:
    """Return round places from 0.5, or lower where a value is, to 1."""
    return [place for place in (0, 0.25, 0.5, 0.75, 1) if place >= min([CHANCE, *ends]) - 0.25]


def _line_at(figure: go.Figure, place: float, name: str) -> go.Figure:
    figure.add_vline(x=place, line={"color": QUIET, "dash": "dot", "width": 1}, row=1, col=1)
    where = {"x": place, "xref": "x", "y": 0, "yref": "y domain", "xanchor": "left", "yanchor": "bottom", "xshift": 3}
    figure.add_annotation(text=name, font={"size": 11, "color": QUIET}, showarrow=False, **where)
    return figure
