"""Reports of several checkpoints on one part, as one table to read down a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from core.evaluation.report import EvaluationReport, Measure, Threshold

FEW_PATIENTS = 10  # of either class; below, intervals promise more than they know
OLDER = Measure(value=None, reason="measured by an older version; evaluate again")
TITLES = {
    "auroc": "AUROC, against all others",
    "auroc_no_finding": "AUROC, against No Finding only",
    "average_precision": "Average precision",
    "partial_auroc_90": "Partial AUROC, specificity 90 to 100 %",
    "sensitivity_at_specificity_95": "Sensitivity at a specificity of 95 %",
    "specificity_at_sensitivity_95": "Specificity at a sensitivity of 95 %",
    "brier": "Brier",
    "log_loss": "Log-loss",
    "ece": "Calibration error",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "ppv_at_prevalence": "PPV at the chosen prevalence",
    "npv_at_prevalence": "NPV at the chosen prevalence",
    "f1": "F1",
    "mcc": "Matthews correlation",
}
HELP = {
    "auroc": "Chance that a film with a pneumothorax gets a higher probability than one without; 0.5 is guessing.",
    "auroc_no_finding": "The same, against films without any finding only: the easier task.",
    "average_precision": "Area under precision against recall; guessing gives the prevalence.",
    "partial_auroc_90": "The AUROC where false alarms are rare; on McClish's scale, where 0.5 is guessing.",
    "sensitivity_at_specificity_95": "Share of the films with a pneumothorax found when 1 in 20 of the others alarms.",
    "specificity_at_sensitivity_95": "Share of the films without one that stay silent when 1 in 20 with one is missed.",
    "brier": "Mean squared error of the probability; lower is better.",
    "log_loss": "Surprise at the labels in nats; it punishes being sure and wrong; lower is better.",
    "ece": "How far probabilities are from how often they come true, on average over ten bins; lower is better.",
    "sensitivity": "Share of the films with a pneumothorax that are called positive at the threshold.",
    "specificity": "Share of the films without one that are called negative at the threshold.",
    "ppv": "Share of the positive calls that are right, at the prevalence of this part.",
    "npv": "Share of the negative calls that are right, at the prevalence of this part.",
    "ppv_at_prevalence": "PPV if films with a pneumothorax were as frequent as chosen.",
    "npv_at_prevalence": "NPV if films with a pneumothorax were as frequent as chosen.",
    "f1": "Harmonic mean of sensitivity and PPV.",
    "mcc": "Correlation of call and label; 0 is guessing, and it counts both classes alike.",
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
    chosen = any(report.chosen_prevalence is not None for report in reports)
    names = [name for name in TITLES if chosen or not name.endswith("_at_prevalence")]
    columns = {report.checkpoint_id: [words(report.metrics.get(name, OLDER)) for name in names] for report in reports}
    thresholds = ["none" if report.threshold is None else _point(report.threshold) for report in reports]
    table = pd.DataFrame({"Measure": [TITLES[name] for name in names]} | columns)
    last = pd.DataFrame([["Threshold", *thresholds]], columns=table.columns)
    return pd.concat([table, last], ignore_index=True)


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
        widest = max(halves)
        known = f"AUROC known to within about {widest:.{2 if widest >= 0.01 else 3}f}"
    return (
        f"{counts.films:,} films, {counts.patients:,} patients, {counts.positive_films:,} with a pneumothorax: {known}."
    )


def fitting(
    reports: Iterable[EvaluationReport],
    *,
    dataset: str,
    split: str,
    split_sha256: str,
    part: str,
    truth: str,
    negatives: str = "all",
) -> list[EvaluationReport]:
    """Return the reports that answer one question on the split as it is now, to stand side by side.

    Of a checkpoint that was measured with several chosen prevalences the newest report counts.
    """
    asked = (dataset, split, split_sha256, part, truth, negatives)
    found: dict[str, EvaluationReport] = {}
    for report in reports:
        own = (report.dataset, report.split, report.split_sha256, report.part, report.truth, report.negatives)
        known = found.get(report.checkpoint_id)
        if own == asked and (known is None or known.created_at <= report.created_at):
            found[report.checkpoint_id] = report
    return list(found.values())


def _point(threshold: Threshold) -> str:
    how = threshold.rule if threshold.name is None else f"{threshold.name}, activated by {threshold.set_by}, chosen"
    return f"{threshold.value:.3f} ({how} on tune)"
