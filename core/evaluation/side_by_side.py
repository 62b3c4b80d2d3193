"""Reports of several checkpoints on one part, as one table to read down a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from core.evaluation.report import EvaluationReport, Measure

FEW_PATIENTS = 10  # of either class; below, percentiles of a bootstrap promise more than they know
TITLES = {
    "auroc": "AUROC, against all others",
    "auroc_no_finding": "AUROC, against No Finding only",
    "average_precision": "Average precision",
    "brier": "Brier",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
}
HELP = {
    "auroc": "Chance that a film with a pneumothorax gets a higher probability than one without; 0.5 is guessing.",
    "auroc_no_finding": "The same, against films without any finding only: the easier task.",
    "average_precision": "Area under precision against recall; guessing gives the prevalence.",
    "brier": "Mean squared error of the probability; lower is better.",
    "sensitivity": "Share of the films with a pneumothorax that are called positive at the threshold.",
    "specificity": "Share of the films without one that are called negative at the threshold.",
    "ppv": "Share of the positive calls that are right, at the prevalence of this part.",
    "npv": "Share of the negative calls that are right, at the prevalence of this part.",
    "f1": "Harmonic mean of sensitivity and PPV.",
}


def words(measure: Measure, *, sign: str = "") -> str:
    """Return a measure with its interval, or why there is none.

    Args:
        measure: The measure.
        sign: "+" shows that of a difference, also where it is positive.

    Examples:
        >>> words(Measure(value=0.9, low=0.85, high=0.94)), words(Measure(value=None, reason="no positive film"))
        ('0.900 (0.850 to 0.940)', 'none: no positive film')
    """
    if measure.value is None:
        return f"none: {measure.reason}"
    if measure.low is None or measure.high is None:
        return f"{measure.value:{sign}.3f}, {measure.reason}"
    return f"{measure.value:{sign}.3f} ({measure.low:{sign}.3f} to {measure.high:{sign}.3f})"


def measures_table(reports: Sequence[EvaluationReport]) -> pd.DataFrame:
    """Return one row a measure and one column a checkpoint, values with their 95 % intervals."""
    columns = {report.checkpoint_id: [words(report.metrics[name]) for name in TITLES] for report in reports}
    thresholds = [
        "none" if report.threshold is None else f"{report.threshold.value:.3f} ({report.threshold.rule} on tune)"
        for report in reports
    ]
    table = pd.DataFrame({"Measure": list(TITLES.values())} | columns)
    last = pd.DataFrame([["Threshold", *thresholds]], columns=table.columns)
    return pd.concat([table, last], ignore_index=True)


def confusion_table(report: EvaluationReport) -> pd.DataFrame:
    """Return the films by reference standard (rows) and call at the threshold (columns)."""
    found = report.confusion
    if found is None:
        return pd.DataFrame()
    return pd.DataFrame(
        {
            "Reference standard": ["pneumothorax", "no pneumothorax"],
            "Called positive": [found.true_positive, found.false_positive],
            "Called negative": [found.false_negative, found.true_negative],
        }
    )


def lead_sentence(reports: Sequence[EvaluationReport]) -> str:
    """Say what was measured on, and how well that much data can know an AUROC."""
    counts = reports[0].counts
    intervals = [report.metrics["auroc"] for report in reports]
    halves = [
        (measure.high - measure.low) / 2
        for measure in intervals
        if measure.low is not None and measure.high is not None
    ]
    if not counts.positive_films or counts.positive_films == counts.films:
        known = "no AUROC: one class only"
    elif min(counts.positive_patients, counts.patients - counts.positive_patients) < FEW_PATIENTS:
        known = f"with fewer than {FEW_PATIENTS} patients in a class an AUROC says little"
    elif not halves:
        known = "too few patients to know an AUROC"
    else:
        known = f"AUROC known to within about {max(halves):.2f}"
    return (
        f"{counts.films:,} films, {counts.patients:,} patients, {counts.positive_films:,} with a pneumothorax: {known}."
    )


def fitting(
    reports: Iterable[EvaluationReport], *, dataset: str, split: str, split_sha256: str, part: str, truth: str
) -> list[EvaluationReport]:
    """Return the reports that answer one question on the split as it is now, to stand side by side."""
    asked = (dataset, split, split_sha256, part, truth)
    return [
        report
        for report in reports
        if (report.dataset, report.split, report.split_sha256, report.part, report.truth) == asked
    ]
