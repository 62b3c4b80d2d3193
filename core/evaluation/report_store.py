"""Evaluation reports on disk, one JSON file each."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pydantic import BaseModel

from core.base import files, stored
from core.base.errors import InputError
from core.evaluation.external import PREFIX
from core.evaluation.prediction_store import SIGNALS
from core.evaluation.report import EvaluationReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.base.paths import Workspace

LONGEST = 80  # characters of a report's name

Kind = TypeVar("Kind", bound=BaseModel)


class Reported(Protocol):
    """A report of any kind that lies among the others under its name."""

    @property
    def report_id(self) -> str:
        """Its name."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""


def save(workspace: Workspace, report: Reported) -> Path:
    """Write a report of any kind; an older answer to the same question is replaced."""
    path = workspace.report(report.report_id)
    files.write_json(path, report.to_dict())
    return path


def load(workspace: Workspace, report_id: str) -> EvaluationReport:
    """Read a report.

    Raises:
        InputError: If there is no such report, or it was written by another version.
    """
    return known(
        workspace.report(report_id),
        EvaluationReport,
        called="an evaluation report",
        ids=report_ids(workspace),
        command="evaluate",
    )


def read(path: Path, kind: type[Kind]) -> Kind:
    """Read a file of numbers as what it should hold.

    Raises:
        InputError: If it is damaged, or holds what another version wrote.
    """
    return stored.read(path, kind, cure="remove the file and measure again")


def known(path: Path, kind: type[Kind], *, called: str, ids: Sequence[str], command: str) -> Kind:
    """Read one of several reports by its file.

    Args:
        path: Where it lies if it is there.
        kind: What it should hold.
        called: What it is, with its article.
        ids: The names of those there are.
        command: What makes one.

    Raises:
        InputError: If it is not there, the sentence lists those there are; it is damaged, or another version's.
    """
    if path.stem not in ids:
        found = f"choose from {', '.join(ids[:5])}." if ids else f"there is none yet; make one with `{command}`."
        msg = f"Expected {called}, found none named {path.stem!r}; {found}"
        raise InputError(msg)
    return read(path, kind)


def short(name: str) -> str:
    """Return a report's name as short as it may be; a long one ends in its hash.

    Examples:
        >>> short("realism-made")
        'realism-made'
    """
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def outdated(workspace: Workspace, report: EvaluationReport) -> bool:
    """Tell whether predictions or labels were written since a report was made of them.

    The operating point of a table from elsewhere is chosen on its predictions of tune, so these count too.
    """
    own = [
        workspace.predictions(report.checkpoint_id, report.dataset, report.split, part)
        for part in dict.fromkeys([report.part, *(["val"] if report.checkpoint_id.startswith(PREFIX) else [])])
    ]
    made_of = [*own, *(path.with_suffix(SIGNALS) for path in own), workspace.truth(report.dataset)]
    newest = max((path.stat().st_mtime for path in made_of if path.exists()), default=0.0)
    return newest >= datetime.fromisoformat(report.created_at).timestamp() + 1  # told in whole seconds


def report_ids(workspace: Workspace, prefix: str = "") -> list[str]:
    """Return the names of all reports, or of those of one kind by how they begin, in alphabetical order."""
    return sorted(path.stem for path in workspace.reports.glob(f"{prefix}*.json"))
