"""Comparisons on disk, one JSON file each, beside the evaluation reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base import files
from core.base.paths import checked_name
from core.evaluation import report_store
from core.evaluation.comparison import Comparison

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace


def path_of(workspace: Workspace, comparison_id: str) -> Path:
    """Return where a comparison lies."""
    return workspace.reports / "comparisons" / f"{checked_name(comparison_id, 'comparison')}.json"


def save(workspace: Workspace, comparison: Comparison) -> Path:
    """Write a comparison; an older answer to the same question is replaced."""
    path = path_of(workspace, comparison.comparison_id)
    files.write_json(path, comparison.to_dict())
    return path


def load(workspace: Workspace, comparison_id: str) -> Comparison:
    """Read a comparison.

    Raises:
        InputError: If there is no such comparison, or it was written by another version.
    """
    return report_store.known(
        path_of(workspace, comparison_id),
        Comparison,
        called="a comparison",
        ids=comparison_ids(workspace),
        command="compare",
    )


def comparison_ids(workspace: Workspace) -> list[str]:
    """Return the names of all comparisons in alphabetical order."""
    return sorted(path.stem for path in (workspace.reports / "comparisons").glob("*.json"))
