"""Dose-response reports on disk, one JSON file each, among the other reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.evaluation import report_store
from core.evaluation.dose_report import PREFIX, DoseReport

if TYPE_CHECKING:
    from core.base.paths import Workspace


def report_name(dataset: str, split: str, synthetic: str) -> str:
    """Return the name of the report on a synthetic data set among a split's films; a long one ends in its hash.

    Examples:
        >>> report_name("phantoms", "patient", "made")
        'dose-response-phantoms-patient-made'
    """
    return report_store.short(f"{PREFIX}{dataset}-{split}-{synthetic}")


def load(workspace: Workspace, report_id: str) -> DoseReport:
    """Read a report.

    Raises:
        InputError: If there is no such report, or it was written by another version.
    """
    return report_store.known(
        workspace.report(report_id),
        DoseReport,
        called="a dose-response report",
        ids=report_store.report_ids(workspace, PREFIX),
        command="dose-response",
    )
