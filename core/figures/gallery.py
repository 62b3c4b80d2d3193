"""All figures of a question: checkpoints measured on one part, each figure with what is to be concluded from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from core.evaluation import side_by_side
from core.evaluation.comparison import Comparison
from core.figures import (
    calibration,
    conclusions,
    confusion,
    curves,
    decision,
    differences,
    efficiency,
    metrics,
    spread,
    subgroups,
    summary,
    threshold_analysis,
    training,
    truths,
)
from core.figures.curves import Measured
from core.figures.efficiency import Cost
from core.figures.palette import Theme
from core.figures.style import stamp_of
from core.figures.training import Run


@dataclass(frozen=True)
class Shown:
    """A figure as a file or a report shows it."""

    name: str
    """Of its file, without an ending."""
    figure: go.Figure
    conclusion: str


def gallery(
    measured: Sequence[Measured],
    costs: Sequence[Cost | None],
    *,
    comparison: Comparison | None = None,
    runs: Sequence[Run] = (),
    theme: Theme = "light",
) -> list[Shown]:
    """Draw everything that is known of checkpoints on one part, for files: each figure with its stamp.

    Args:
        measured: Measured on the same part.
        costs: One each; None for a table that was made elsewhere.
        comparison: Of all pairs, where there are two or more.
        runs: Their trainings.
        theme: Of the files.

    Returns:
        The summary first; of one checkpoint alone there are no differences, and a figure of
        drains or trainings is there only where one is known.
    """
    stamp = stamp_of(measured[0].report)

    def look(draw: Callable[..., go.Figure], *about: object) -> go.Figure:
        return draw(measured, *about, caption=stamp, theme=theme, for_file=True)

    verdicts = verdicts_of(comparison, measured)
    made = [
        Shown(
            "summary",
            summary.summary(measured, verdicts, title=title_of(measured), caption=stamp, theme=theme),
            conclusions.of_metrics(measured),
        ),
        Shown("roc", look(curves.roc), conclusions.of_roc(measured)),
        Shown("precision-recall", look(curves.precision_recall), conclusions.of_precision_recall(measured)),
        Shown("calibration", look(calibration.calibration), conclusions.of_calibration(measured)),
    ]
    if comparison is not None:
        names = {one.report.checkpoint_id: one.name for one in measured}
        triangle = differences.triangle(comparison.differences, names, caption=stamp, theme=theme, for_file=True)
        made.append(Shown("differences", triangle, conclusions.of_differences(comparison.differences)))
    many = metrics.dots(measured, names=metrics.MANY, caption=stamp, theme=theme, for_file=True)
    made += [
        Shown("metrics", many, conclusions.of_metrics(measured)),
        Shown("confusion", look(confusion.confusion), conclusions.of_confusion(measured)),
        Shown("threshold-analysis", look(threshold_analysis.threshold_analysis), conclusions.of_thresholds(measured)),
        Shown("probabilities", look(spread.spread), conclusions.of_spread(measured)),
        Shown("decision-curve", look(decision.decision_curve), conclusions.of_decision(measured)),
        Shown("subgroups", look(subgroups.forest), conclusions.of_subgroups(measured)),
        Shown("truths", look(truths.truths), conclusions.of_truths(measured)),
        Shown("efficiency", look(efficiency.efficiency, costs), conclusions.of_efficiency(measured, costs)),
    ]
    if any(one.report.shortcut for one in measured):
        made.append(Shown("shortcut", look(subgroups.shortcut), conclusions.of_shortcut(measured)))
    if runs:
        told = training.comparing_caption(runs)
        made += [
            Shown("training-loss", training.losses_of_runs(runs, caption=stamp, theme=theme), told),
            Shown("training-auroc", training.aurocs_of_runs(runs, caption=stamp, theme=theme), told),
        ]
    return made


def title_of(measured: Sequence[Measured]) -> str:
    """Say what was asked: of how many checkpoints, on what, against what."""
    report = measured[0].report
    against = "all others" if report.negatives == "all" else "No Finding only"
    part = "tune (val)" if report.part == "val" else report.part or "all"
    who = measured[0].name if len(measured) == 1 else f"{len(measured)} checkpoints"
    return f"{who} on {part} of {report.dataset}/{report.split or 'all'}: pneumothorax against {against}"


def verdicts_of(comparison: Comparison | None, measured: Sequence[Measured]) -> list[str]:
    """Return the verdicts on the AUROC; of a checkpoint alone, what was measured."""
    if comparison is None:
        report = measured[0].report
        auroc = side_by_side.words(metrics.measure_of(measured[0], "auroc"))
        return [side_by_side.lead_sentence([report]), f"AUROC {auroc}."]
    pairs = zip(comparison.differences, comparison.verdicts, strict=True)
    return [f"{verdict}." for difference, verdict in pairs if difference.metric == "auroc"]
