"""Measures of checkpoints side by side, each with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from core.evaluation.report import Measure
from core.evaluation.side_by_side import OLDER
from core.figures import whiskers
from core.figures.curves import Measured
from core.figures.palette import Theme, model_styles
from core.figures.whiskers import Entry

FILE_WIDTH = 1100  # pixels of a file: four panels beside the names

TITLES = {
    "auroc": "AUROC",
    "auroc_no_finding": "AUROC against No Finding",
    "partial_auroc_90": "Partial AUROC, specificity over 90 %",
    "average_precision": "Average precision",
    "sensitivity_at_specificity_95": "Sensitivity at 95 % specificity",
    "specificity_at_sensitivity_95": "Specificity at 95 % sensitivity",
    "brier": "Brier (lower is better)",
    "log_loss": "Log-loss (lower is better)",
    "ece": "Calibration error (lower is better)",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "mcc": "Matthews correlation",
    "ppv_at_prevalence": "PPV at the chosen prevalence",
    "npv_at_prevalence": "NPV at the chosen prevalence",
    "prevalence": "Prevalence",
}
HEADLINES = ("auroc", "average_precision", "sensitivity_at_specificity_95", "brier")
MANY = (*HEADLINES, "sensitivity", "specificity", "ppv", "npv", "f1", "mcc", "ece", "log_loss")


def dots(
    measured: Sequence[Measured],
    *,
    names: Sequence[str] = HEADLINES,
    besides: Mapping[str, Sequence[str]] | None = None,
    caption: str = "",
    theme: Theme = "light",
    for_file: bool = False,
) -> go.Figure:
    """Draw a row a checkpoint and a column a measure: the value, its 95 % interval, and both in figures.

    Args:
        measured: Checkpoints measured on the same part, from top to bottom.
        names: Keys of `TITLES`.
        besides: Further columns in words, by their title, such as parameters: a text a checkpoint.
        caption: The stamp.
        theme: What the figure stands on; it decides the ensemble's colour.
        for_file: Whether text and background take the theme's colours instead of the page's.
    """
    styles = model_styles([one.model for one in measured], theme=theme)
    return whiskers.table(
        [
            Entry(row=row, name=one.name, style=style, measures=[measure_of(one, name) for name in names])
            for row, (one, style) in enumerate(zip(measured, styles, strict=True))
        ],
        [TITLES[name] for name in names],
        ticks=[one.name for one in measured],
        besides=besides,
        in_a_band=4 if for_file else max(4, len(names) + len(besides or {})),
        title="Measures with 95 % intervals by patient" if for_file else "",
        caption=caption,
        theme=theme if for_file else None,
        width=FILE_WIDTH if for_file else None,
    )


def measure_of(one: Measured, name: str) -> Measure:
    """Return a measure of a checkpoint, null with the reason where its report is from before it was measured."""
    return one.report.metrics.get(name, OLDER)
