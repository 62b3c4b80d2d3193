"""Dose-response reports on disk, one JSON file each, among the other reports."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from core.base import files
from core.base.errors import InputError
from core.evaluation import report_store
from core.evaluation.dose_report import PREFIX, DoseReport

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace

LONGEST = 80  # characters of a report's name


def report_name(dataset: str, split: str, synthetic: str) -> str:
    """Return the name of the report on a synthetic data set among a split's films; a long one ends in its hash.

    Examples:
        >>> report_name("phantoms", "patient", "made")
        'dose-response-phantoms-patient-made'
    """
    name = f"{PREFIX}{dataset}-{split}-{synthetic}"
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def save(workspace: Workspace, report: DoseReport) -> Path:
    """Write a report; an older answer to the same question is replaced."""
    path = workspace.report(report.report_id)
    files.write_json(path, report.to_dict())
    return path


def load(workspace: Workspace, report_id: str) -> DoseReport:
    """Read a report.

    Raises:
        InputError: If there is no such report, or it was written by another version.
    """
    path = workspace.report(report_id)
    if not report_id.startswith(PREFIX) or not path.exists():
        ids = report_ids(workspace)
        found = f"choose from {', '.join(ids[:5])}." if ids else "there is none yet; make one with `dose-response`."
        msg = f"Expected a dose-response report, found none named {report_id!r}; {found}"
        raise InputError(msg)
    return report_store.read(path, DoseReport)


def report_ids(workspace: Workspace) -> list[str]:
    """Return the names of the dose-response reports in alphabetical order."""
    return sorted(path.stem for path in workspace.reports.glob(f"{PREFIX}*.json"))
