"""The LoopReport drawn: the AUROC by the films read, unsure first and at random; and what is to be concluded."""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go

from core import __version__
from core.evaluation.comparison import ALPHA
from core.evaluation.loop_report import NONE, RANDOM, UNSURE, Arm, LoopReport, Simulated
from core.evaluation.seeds import Tested
from core.figures.palette import FIRST, QUIET, SECOND, Style, Theme, faded
from core.figures.realism_words import MIXED, told
from core.figures.style import house, kinds_words, legend_above, says_nothing, stamp

HEIGHT = 340  # pixels
BAND = 0.14  # opacity
TITLE = "AUROC by the number of films read"
STYLES: dict[str, tuple[str, Style]] = {UNSURE: ("Unsure films first", FIRST), RANDOM: ("Films at random", SECOND)}
METRICS = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "brier": "Brier (lower is better)",
    "sensitivity": "Sensitivity at its own cut",
    "specificity": "Specificity at its own cut",
}
BANDS = (
    "Bands are 95 % intervals for other patients and these seeds, open marks are single seeds. All arms are measured "
    "on the same patients, so bands may overlap where arms differ: the table has the paired differences."
)


def curve(report: LoopReport, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw the gain curve of a simulation: a line and a band for each way to choose films, seeds as rings.

    Args:
        report: What was measured.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    found = report.simulated
    if found is None:
        reason = "Reads of real readers make one point: before and after."
        return says_nothing(TITLE, reason, height=HEIGHT, caption=caption, theme=theme)
    if not any(arm.auroc.value is not None for arm in found.arms):
        reason = next((arm.auroc.reason for arm in found.arms if arm.auroc.reason), "No arm was measured.")
        return says_nothing(TITLE, escape(reason), height=HEIGHT, caption=caption, theme=theme)
    figure = go.Figure()
    for strategy, (name, style) in STYLES.items():
        arms = [arm for arm in found.arms if arm.strategy in (NONE, strategy) and arm.auroc.value is not None]
        _band(figure, arms, style)
        _seeds(figure, [arm for arm in arms if arm.strategy == strategy], style)
        figure.add_trace(
            go.Scatter(
                x=[arm.reads for arm in arms],
                y=[arm.auroc.value for arm in arms],
                name=name,
                mode="lines+markers",
                line={"color": style.colour, "dash": style.dash, "width": style.width},
                marker={"color": style.colour, "symbol": style.marker, "size": 9},
                customdata=[[told(arm.auroc)] for arm in arms],
                hovertemplate=f"{name}: %{{x:,}} films read<br>%{{customdata[0]}}<extra></extra>",
                showlegend=True,
            )
        )
    house(
        figure,
        title=TITLE,
        x_title="Films read by the simulated reader",
        y_title="AUROC (higher is better)",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )
    legend_above(figure)
    figure.update_xaxes(tickvals=sorted({arm.reads for arm in found.arms}), tickformat=",")
    return figure


def _band(figure: go.Figure, arms: list[Arm], style: Style) -> None:
    known = [arm for arm in arms if arm.auroc.low is not None]
    if len(known) < 2:
        return
    reads = [arm.reads for arm in known]
    figure.add_trace(
        go.Scatter(
            x=[*reads, *reversed(reads)],
            y=[*(arm.auroc.high for arm in known), *(arm.auroc.low for arm in reversed(known))],
            mode="lines",
            fill="toself",
            fillcolor=faded(style.colour, opacity=BAND),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    )


def _seeds(figure: go.Figure, arms: list[Arm], style: Style) -> None:
    figure.add_trace(
        go.Scatter(
            x=[arm.reads for arm in arms for _ in arm.auroc_of_seeds],
            y=[area for arm in arms for area in arm.auroc_of_seeds],
            mode="markers",
            marker={"color": QUIET, "symbol": f"{style.marker}-open", "size": 6},
            hovertemplate="one seed: %{y:.3f}<extra></extra>",
            showlegend=False,
        )
    )


def conclusion(report: LoopReport) -> str:
    """Say what may be concluded, and what not, for the line below the figure."""
    found = report.simulated
    if found is None:
        return (
            "One training before and one after: what stands above holds for these two. "
            "Whether further reads pay is told by the simulation, not by this."
        )
    gains = [one.value or 0 for one in found.per_100.values() if _counts(one)]
    if not gains:
        return f"No evidence that reads help in this setting. {BANDS}"
    verb = "help" if min(gains) > 0 else "harm" if max(gains) < 0 else "help or harm, by which films are read,"
    matters = _counts(found.per_100_difference)
    which = "it matters which films are read" if matters else "no evidence that it matters which films are read"
    return f"Reads {verb} in this setting, and {which}. {BANDS}"


def _counts(one: Tested) -> bool:
    return one.p is not None and one.p < ALPHA


def whose(report: LoopReport, *, title: str) -> str:
    """Say what was trained and measured, on whose films.

    Args:
        report: What was measured.
        title: Of the model that learnt.
    """
    mixed = f" {MIXED}" if report.kinds.get("phantom") and report.kinds.get("real") else ""
    return (
        f"{title}, {report.image_size} px{_how(report.simulated)}, measured on {report.films:,} films of "
        f"{report.patients:,} patients, {report.positive_films:,} positive, of {report.part} of "
        f"{report.dataset}/{report.split} by {report.truth} ({kinds_words(report.kinds)}).{mixed}"
    )


def _how(found: Simulated | None) -> str:
    if found is None:
        return ""
    learnt = "whole networks" if found.whole else "heads on the features of the network that began"
    return f", {learnt}, {len(found.seeds)} seeds an arm, a reader who errs on {100 * found.error_rate:g} %"


def stamp_of(report: LoopReport) -> str:
    """Return the stamp of a figure made from a report."""
    return stamp(
        dataset=f"{report.dataset}/{report.split}",
        part=report.part,
        kinds=report.kinds,
        version=__version__,
        counts=f"{report.films:,} films, {report.patients:,} patients, {report.positive_films:,} positive",
        truth=report.truth,
    )


def table(report: LoopReport) -> dict[str, list[str]]:
    """Return what a report measured as the columns of a table in words."""
    if report.simulated is not None:
        return _arms(report.simulated)
    rows = [] if report.before_after is None else report.before_after.measures
    by_reads = None if report.before_after is None else report.before_after.by_reads
    named = [(METRICS.get(one.metric, one.metric), one) for one in rows]
    if by_reads is not None and report.before_after is not None:
        named.append((f"AUROC by the reads of {report.before_after.by_reads_films:,} films of test", by_reads))
    return {
        "Measure": [name for name, _ in named],
        "Before": [told(one.before) for _, one in named],
        "After": [told(one.after) for _, one in named],
        "After less before": [told(one.difference, form="+.3f") for _, one in named],
        "p": [_p(one.difference.p_value) for _, one in named],
    }


def _p(value: float | None) -> str:
    return "" if value is None else "< 0.001" if value < 0.001 else f"{value:.3f}"


def _arms(found: Simulated) -> dict[str, list[str]]:
    columns: dict[str, list[str]] = {
        name: [] for name in ("Films read", "Chosen", "Wrong answers", "AUROC", "Against no reads", "Against random")
    }
    for arm in found.arms:
        columns["Films read"].append(f"{arm.reads:,}")
        columns["Chosen"].append(arm.strategy if arm.reads else "")
        columns["Wrong answers"].append(f"{arm.wrong:.1f}" if arm.reads else "")
        columns["AUROC"].append(told(arm.auroc))
        columns["Against no reads"].append(told(arm.gain, form="+.3f") if arm.reads else "")
        columns["Against random"].append("" if arm.against_random is None else told(arm.against_random, form="+.3f"))
    for strategy, gain in found.per_100.items():
        difference = found.per_100_difference if strategy == UNSURE else None
        columns["Films read"].append("for 100")
        columns["Chosen"].append(strategy)
        columns["Wrong answers"].append("")
        columns["AUROC"].append("")
        columns["Against no reads"].append(told(gain, form="+.3f"))
        columns["Against random"].append("" if difference is None else told(difference, form="+.3f"))
    return columns
