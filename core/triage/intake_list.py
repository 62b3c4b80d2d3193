"""Films that were taken in, in zones and on worklists: by the cut in force and what the checkpoint's own val chose.

Nothing is known of films from outside, so which signal orders the unsure ones, and from which value on, comes from
the part val of the split that the checkpoint learnt from. A film's zone then depends on itself alone: not on what
else was taken in with it, and not on what comes later. Nobody drew these films, so none is a random check.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.base.errors import InputError
from core.data import intake
from core.data.truth import REPORT
from core.triage import chosen_films, decision, evidence
from core.triage.chosen_films import ALL, BUDGET

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.triage.decision import Policy
    from core.triage.evidence import Evidence
    from core.triage.worklists import Worklist


def policy(val: Evidence) -> Policy:
    """Return by which rule films from outside are unsure: chosen on the fold tune, its threshold a share of all val.

    Args:
        val: The films of the part val that the checkpoint learnt beside, with its cut in force.

    Raises:
        InputError: If no film of tune has a label.
    """
    chosen = decision.choose(val.fold("tune"), draws=0)
    return replace(decision.by_budget(chosen, val, share=BUDGET), random_share=0.0)


def worklist(
    workspace: Workspace,
    card: dict[str, Any],
    films: Sequence[str],
    *,
    name: str,
    read_mode: str,
    readers: Sequence[str] = (),
    created_by: str,
) -> Worklist:
    """Return a worklist of films that were taken in; `Worklists.save` keeps it.

    Args:
        workspace: Where everything lies.
        card: The checkpoint's card.
        films: Image ids, of which the checkpoint's predictions must have been made.
        name: Of the worklist.
        read_mode: `open` or `blinded`.
        readers: Who all read it, hidden from each other; none: anybody.
        created_by: Who sends them.

    Raises:
        InputError: If there is no film, the name cannot stand in a file name, predictions of the films or of the
            checkpoint's own val are missing or stale, or the checkpoint has no cut.
    """
    if not films:
        msg = "Expected films to send to a worklist, found none chosen; choose at least one."
        raise InputError(msg)
    point = evidence.in_force(workspace, card)
    chosen_films.predictions(workspace, card, intake.DATASET, films)
    val = evidence.load(
        workspace, card, card["dataset"], card["split"], "val", truth=card["labels"], cut=point.threshold.value
    )
    return chosen_films.worklist(
        card,
        point,
        policy(val),
        films,
        place=(intake.DATASET, ALL, ALL),
        truth=REPORT,
        name=name,
        read_mode=read_mode,
        readers=readers,
        created_by=created_by,
    )
