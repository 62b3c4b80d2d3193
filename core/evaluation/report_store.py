"""Evaluation reports on disk, one JSON file each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from core.base import files
from core.base.errors import InputError
from core.evaluation.external import PREFIX
from core.evaluation.prediction_store import SIGNALS
from core.evaluation.report import EvaluationReport

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace


Kind = TypeVar("Kind", bound=BaseModel)


def save(workspace: Workspace, report: EvaluationReport) -> Path:
    """Write a report; an older answer to the same question is replaced."""
    path = workspace.report(report.report_id)
    files.write_json(path, report.to_dict())
    return path


def load(workspace: Workspace, report_id: str) -> EvaluationReport:
    """Read a report.

    Raises:
        InputError: If there is no such report, or it was written by another version.
    """
    path = workspace.report(report_id)
    if not path.exists():
        ids = report_ids(workspace)
        found = f"choose from {', '.join(ids[:5])}." if ids else "there is none yet; make one with `evaluate`."
        msg = f"Expected an evaluation report, found none named {report_id!r}; {found}"
        raise InputError(msg)
    return read(path, EvaluationReport)


def read(path: Path, kind: type[Kind]) -> Kind:
    """Read a file of numbers as what it should hold.

    Raises:
        InputError: If it is damaged, or holds what another version wrote.
    """
    content = files.read_json(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "its content"
        msg = (
            f"Expected what this version writes in {path.parent.name}/{path.name}, found {place}: "
            f"{first['msg'].lower()}; remove the file and measure again."
        )
        raise InputError(msg) from None


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


def report_ids(workspace: Workspace) -> list[str]:
    """Return the names of all reports in alphabetical order."""
    return sorted(path.stem for path in workspace.reports.glob("*.json"))
