"""Realism reports on disk, one JSON file a synthetic data set, beside the evaluation reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base import files
from core.base.errors import InputError
from core.evaluation import report_store
from core.evaluation.realism_report import PREFIX, RealismReport

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace


def report_name(synthetic: str) -> str:
    """Return the name of the report of a synthetic data set; a long one ends in its hash.

    Examples:
        >>> report_name("made")
        'realism-made'
    """
    return report_store.short(f"{PREFIX}{synthetic}")


def path_of(workspace: Workspace, synthetic: str) -> Path:
    """Return where the report of a synthetic data set lies."""
    return workspace.report(report_name(synthetic))


def save(workspace: Workspace, report: RealismReport) -> Path:
    """Write a report; an older one of the same set is replaced."""
    path = path_of(workspace, report.synthetic)
    files.write_json(path, report.to_dict())
    return path


def load(workspace: Workspace, synthetic: str) -> RealismReport:
    """Read the report of a synthetic data set.

    Raises:
        InputError: If there is none, or it was written by another version.
    """
    path = path_of(workspace, synthetic)
    if not path.exists():
        msg = f"Expected a realism report of {synthetic!r}, found none; make it with `realism {synthetic}`."
        raise InputError(msg, field="synthetic")
    return report_store.read(path, RealismReport)
