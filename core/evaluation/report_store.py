"""Evaluation reports on disk, one JSON file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base import files
from core.base.errors import InputError
from core.evaluation.report import EvaluationReport

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace


def save(workspace: Workspace, report: EvaluationReport) -> Path:
    """Write a report; an older answer to the same question is replaced."""
    path = workspace.report(report.report_id)
    files.write_json(path, report.to_dict())
    return path


def load(workspace: Workspace, report_id: str) -> EvaluationReport:
    """Read a report.

    Raises:
        InputError: If there is no such report.
    """
    path = workspace.report(report_id)
    if not path.exists():
        ids = report_ids(workspace)
        found = f"choose from {', '.join(ids[:5])}." if ids else "there is none yet; make one with `evaluate`."
        msg = f"Expected an evaluation report, found none named {report_id!r}; {found}"
        raise InputError(msg)
    return EvaluationReport.from_dict(files.read_json(path))


def report_ids(workspace: Workspace) -> list[str]:
    """Return the names of all reports in alphabetical order."""
    return sorted(path.stem for path in workspace.reports.glob("*.json"))
