"""The DoseReport drawn: a measure by the share of synthetic films, seeds as dots, the control arm apart."""

from __future__ import annotations

from html import escape

import plotly.graph_objects as go

from core import __version__
from core.evaluation.dose_report import Dose, DoseReport
from core.evaluation.report import Measure
from core.figures.palette import FIRST, QUIET, SECOND, Style, Theme
from core.figures.realism_words import MIXED, told
from core.figures.style import house, kinds_words, says_nothing, stamp
from core.figures.whiskers import error_bar

HEIGHT = 320  # pixels
APART = 0.35  # of the widest dose, from it to the control arm, which stands off the scale
SEEDS_APART = 0.03  # of the axis, to the left of their dose
MEASURES = {"auroc": "AUROC", "average_precision": "Average precision", "brier": "Brier"}
BETTER = {"auroc": "higher is better", "average_precision": "higher is better", "brier": "lower is better"}


def curve(report: DoseReport, name: str, *, caption: str = "", theme: Theme | None = None) -> go.Figure:
    """Draw a measure by dose with its 95 % intervals; of the AUROC each seed too.

    Args:
        report: What was measured.
        name: A key of `MEASURES`.
        caption: The stamp.
        theme: For a file; None on a page.
    """
    title = f"{MEASURES[name]} by dose"
    doses = list(zip(_places(report.doses), report.doses, strict=True))
    if not any(_measure(dose, name).value is not None for _, dose in doses):
        reason = next((r for _, dose in doses if (r := _measure(dose, name).reason)), "No dose was measured.")
        return says_nothing(title, escape(reason), height=HEIGHT, caption=caption, theme=theme)
    figure = go.Figure()
    width = max(doses[-1][0], 1e-6)
    if name == "auroc":
        seeds = [(place, value) for place, dose in doses for value in dose.auroc_of_seeds]
        figure.add_trace(
            go.Scatter(
                x=[place - SEEDS_APART * width for place, _ in seeds],
                y=[value for _, value in seeds],
                name="each seed",
                mode="markers",
                marker={"color": QUIET, "symbol": "circle-open", "size": 7},
                hovertemplate="one seed: %{y:.3f}<extra></extra>",
            )
        )
    for is_control, style in ((False, FIRST), (True, SECOND)):
        own = [(place, dose) for place, dose in doses if (dose.classes == "both") == is_control]
        if own:
            _arm(figure, own, name, style)
    house(
        figure,
        title=title,
        x_title="Synthetic positives for 100 real ones",
        y_title=f"{MEASURES[name]} ({BETTER[name]})",
        height=HEIGHT,
        caption=caption,
        theme=theme,
    )
    figure.update_xaxes(
        tickvals=[place for place, _ in doses],
        ticktext=[_tick(dose) for _, dose in doses],
        range=[-0.12 * width, 1.14 * width],
    )
    return figure


def _arm(figure: go.Figure, doses: list[tuple[float, Dose]], name: str, style: Style) -> None:
    known = [(place, dose, found) for place, dose in doses if (found := _measure(dose, name)).value is not None]
    for place, dose, found in known:
        figure.add_trace(
            go.Scatter(
                x=[place],
                y=[found.value],
                mode="markers",
                marker={"color": style.colour, "symbol": style.marker, "size": 10},
                error_y=error_bar(found, style),
                hovertemplate=f"{dose.synthetic_films:,} synthetic films<br>{told(found)}<extra></extra>",
            )
        )
    figure.add_trace(
        go.Scatter(
            x=[place for place, _, _ in known],
            y=[found.value for _, _, found in known],
            mode="lines",
            line={"color": style.colour, "width": 1.5},
            hoverinfo="skip",
        )
    )


def _places(doses: list[Dose]) -> list[float]:
    """Return where the doses stand on the axis: at their share, the control arm beyond all of them."""
    widest = max((dose.share for dose in doses if dose.classes != "both"), default=0.0) or 1.0
    return [(1 + APART) * widest if dose.classes == "both" else dose.share for dose in doses]


def _tick(dose: Dose) -> str:
    return f"{100 * dose.share:g}" + (" (control)" if dose.classes == "both" else "")


def _measure(dose: Dose, name: str) -> Measure:
    found: Measure = getattr(dose, name)
    return found


def verdict(report: DoseReport) -> str:
    """Return the verdict in words, as the analysis wrote it."""
    return report.sentence


def whose(report: DoseReport, *, title: str) -> str:
    """Say what was trained and measured, on whose films.

    Args:
        report: What was measured.
        title: Of the model that learnt.
    """
    seeds = max((len(dose.checkpoints) for dose in report.doses), default=0)
    head = ", only the head learnt" if report.head_only else ""
    words = "" if not (report.kinds.get("phantom") and report.kinds.get("real")) else f" {MIXED}"
    return (
        f"{title}, {report.image_size} px{head}, {seeds} seed{'' if seeds == 1 else 's'} a dose, measured on "
        f"{report.films:,} films of {report.patients:,} patients, {report.positive_films:,} positive, of "
        f"{report.part} of {report.dataset}/{report.split} by {report.truth} ({kinds_words(report.kinds)}).{words}"
    )


def stamp_of(report: DoseReport) -> str:
    """Return the stamp of a figure made from a report."""
    return stamp(
        dataset=f"{report.dataset}/{report.split}",
        part=report.part,
        kinds=report.kinds,
        version=__version__,
        counts=f"with {report.synthetic}",
        truth=report.truth,
    )


def has_control(report: DoseReport) -> bool:
    """Tell whether a control arm, with synthetic films of both classes, was measured."""
    return any(dose.classes == "both" for dose in report.doses)


def table(report: DoseReport) -> dict[str, list[str]]:
    """Return the doses as the columns of a table in words."""
    columns: dict[str, list[str]] = {
        name: []
        for name in (
            "Dose",
            "Synthetic films",
            "AUROC",
            "Against none",
            "p (Holm)",
            "Average precision",
            "Brier",
            "ECE (no interval)",
        )
    }
    for dose in report.doses:
        gained = dose.auroc_difference
        columns["Dose"].append(_both(dose) if dose.classes == "both" else f"{_tick(dose)} %")
        columns["Synthetic films"].append(f"{dose.synthetic_films:,}")
        columns["AUROC"].append(told(dose.auroc))
        columns["Against none"].append("" if not dose.share else told(gained, form="+.3f"))
        columns["p (Holm)"].append("" if gained.p is None else f"{gained.p:.3f}")
        columns["Average precision"].append(told(dose.average_precision))
        columns["Brier"].append(told(dose.brier))
        # Drawing patients again makes it larger than it is, so it never has one.
        columns["ECE (no interval)"].append("" if dose.ece.value is None else f"{dose.ece.value:.3f}")
    return columns


def _both(dose: Dose) -> str:
    return f"{100 * dose.share:g} %, both classes (control)"
