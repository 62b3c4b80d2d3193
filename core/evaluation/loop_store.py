"""Reports of what the reads brought, on disk, one JSON file each, among the other reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.base.errors import InputError
from core.evaluation import report_store
from core.evaluation.loop_report import PREFIX, SIMULATED, WHOLE, LoopReport

if TYPE_CHECKING:
    from core.base.paths import Workspace


def report_name(checkpoint_id: str, *, simulated: bool = False, whole: bool = False) -> str:
    """Return the name of the report on a checkpoint; a long one ends in its hash.

    Args:
        checkpoint_id: The checkpoint before.
        simulated: Whether its reader is simulated.
        whole: Whether whole networks learnt in the simulation.

    Examples:
        >>> report_name("cnn-nih-1"), report_name("cnn-nih-1", simulated=True)
        ('loop-cnn-nih-1', 'loop-cnn-nih-1-simulated')
    """
    ending = (SIMULATED if simulated else "") + (WHOLE if whole else "")
    return report_store.short(f"{PREFIX}{checkpoint_id}{ending}")


def load(workspace: Workspace, report_id: str) -> LoopReport:
    """Read a report.

    Raises:
        InputError: If there is no such report, or it was written by another version.
    """
    return report_store.known(
        workspace.report(report_id),
        LoopReport,
        called="a report of what reads brought",
        ids=report_store.report_ids(workspace, PREFIX),
        command="loop",
    )


def of_dataset(workspace: Workspace, dataset: str | None = None) -> list[LoopReport]:
    """Return the reports on a data set, or on all, the newest first; one of another version is as if not there."""
    found = []
    for name in report_store.report_ids(workspace, PREFIX):
        try:
            found.append(load(workspace, name))
        except InputError:
            continue
    own = [one for one in found if dataset in (None, one.dataset)]
    return sorted(own, key=lambda one: (one.created_at, one.report_id), reverse=True)
