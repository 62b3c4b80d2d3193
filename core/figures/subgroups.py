"""How a checkpoint does in parts of the films: a forest by subgroup, and whether it looks at the drain."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

from core.evaluation.report import Measure, Shortcut, Subgroup
from core.figures import whiskers
from core.figures.curves import Measured
from core.figures.palette import QUIET, Theme, model_styles
from core.figures.style import says_nothing
from core.figures.whiskers import Line

TITLE, DRAIN = "By subgroup, 95 % intervals by patient", "With and without a chest drain"
NOTHING = "No subgroup is known of these films, or the report was made before they were measured."
NO_DRAIN = "It is not known of these films who has a chest drain."
PANELS = {"auroc": "AUROC", "sensitivity": "Sensitivity", "specificity": "Specificity"}
WIDTH = 1100  # pixels of a file
SENTENCE = 150  # characters of a sentence in a line


def forest(
    measured: Sequence[Measured], *, caption: str = "", theme: Theme = "light", for_file: bool = False
) -> go.Figure:
    """Draw AUROC, sensitivity and specificity a row a subgroup; those that say little are grey.

    Args:
        measured: Checkpoints measured on the same part; of one alone the values are written too.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    groups: dict[tuple[str, str], Subgroup] = {}
    for one in measured:
        for group in one.report.subgroups:
            groups.setdefault((group.by, group.group), group)
    if not groups:
        return says_nothing(TITLE, NOTHING, caption=caption, theme=theme if for_file else None)
    found = [{(group.by, group.group): group for group in one.report.subgroups} for one in measured]
    rows = [(_named(group), [own.get(place) for own in found]) for place, group in groups.items()]
    return _table(measured, rows, title=TITLE, caption=caption, theme=theme, for_file=for_file)


def shortcut(
    measured: Sequence[Measured], *, caption: str = "", theme: Theme = "light", for_file: bool = False
) -> go.Figure:
    """Draw the positives with a drain and those without, each against all negatives, and what painting it over does.

    Args:
        measured: Checkpoints measured on the same part.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    found = [one.report.shortcut for one in measured]
    if not any(found):
        return says_nothing(DRAIN, NO_DRAIN, caption=caption, theme=theme if for_file else None)
    rows = []
    for side in ("with_drain", "without_drain"):
        own = [None if one is None else getattr(one, side) for one in found]
        group = next((group for group in own if group is not None), None)
        if group is not None:
            words = "positives with a drain" if side == "with_drain" else "positives without"
            rows.append((f"{words}<br>{_counts(group)}", own))
    masked = [painted_over(one) for one in found]
    names = [one.name for one in measured]
    sentences = [f"{name}: {text}" for name, text in zip(names, masked, strict=True) if text]
    told = "<br>".join(line for sentence in sentences for line in textwrap.wrap(sentence, SENTENCE))
    foot = f"{told}<br><br>{caption}" if told and caption else told or caption
    figure = _table(measured, rows, title=DRAIN, caption=foot, theme=theme, for_file=for_file)
    if told:
        more = 16 * (told.count("<br>") + 2)
        figure.update_layout(height=figure.layout.height + more, margin_b=figure.layout.margin.b + more)
    return figure


def painted_over(found: Shortcut | None) -> str:
    """Say what painting the drain over does to the probability, in a sentence; nothing where it was not tried."""
    if found is None or not found.masked_films:
        return ""
    if found.mean_change.value is None:
        return f"Drain painted over on {found.masked_films:,} films: {found.mean_change.reason}."
    lost = "" if found.calls_lost is None else f"; {found.calls_lost:,} are no longer called positive"
    told = (
        f"With the drain painted over, the probability of {found.masked_films:,} films of {found.masked_patients:,} "
        f"patients changes by {_moved(found.mean_change)} on average{lost}."
    )
    if found.control_change.value is not None:
        told += (
            f" Painting the same place on the other side moves it by {_moved(found.control_change)}: only what goes "
            f"beyond that, {_moved(found.beyond_control)}, speaks of the drain."
        )
    return told


def _moved(change: Measure) -> str:
    if change.value is None or change.low is None or change.high is None:
        return "nothing known" if change.value is None else f"{change.value:+.3f}"
    return f"{change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f})"


def _table(
    measured: Sequence[Measured],
    rows: Sequence[tuple[str, Sequence[Subgroup | None]]],
    *,
    title: str,
    caption: str,
    theme: Theme,
    for_file: bool,
) -> go.Figure:
    styles = model_styles([one.model for one in measured], theme=theme)
    lines = [
        Line(
            name=name,
            measures=[None if group is None else [getattr(group, panel) for panel in PANELS] for group in groups],
            quiet=[None if group is None else group.warning for group in groups],
        )
        for name, groups in rows
    ]
    return whiskers.shared(
        [(one.name, style) for one, style in zip(measured, styles, strict=True)],
        lines,
        list(PANELS.values()),
        title=title,
        caption=caption,
        theme=theme if for_file else None,
        width=WIDTH if for_file else None,
    )


def _named(group: Subgroup) -> str:
    few = f"<span style='color:{QUIET}'>, too few</span>" if group.warning else ""
    return f"<b>{escape(group.by)}: {escape(group.group)}</b><br>{_counts(group)}{few}"


def _counts(group: Subgroup) -> str:
    return f"{group.films:,} films, {group.positive_films:,} positive"
