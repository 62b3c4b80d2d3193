"""A worklist of the films whose labels are probably wrong, for readers who must not know that they are suspected.

It is a blinded list of films chosen one by one: nothing of the model is seen before the first
answer, and the order tells nothing. Its cut is the one in force, its policy the usual budget, so
what a reader sees after the answer is what any worklist of that cut would show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.base.errors import InputError
from core.base.paths import checked_name
from core.data import radiographs
from core.triage import chosen_films, decision, evidence
from core.triage.chosen_films import BLINDED, BUDGET

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.triage.worklists import Worklist


def worklist(
    workspace: Workspace,
    card: dict[str, Any],
    question: Mapping[str, str],
    films: Sequence[str],
    *,
    name: str,
    readers: Sequence[str] = (),
    created_by: str,
) -> Worklist:
    """Return a worklist of suspected films; `Worklists.save` keeps it.

    Args:
        workspace: Where everything lies.
        card: The checkpoint's card.
        question: dataset, split, part and truth that the films were suspected by.
        films: Image ids, as `evaluation.label_errors.suspected` gave them.
        name: Of the worklist.
        readers: Who all read it, hidden from each other; none: anybody.
        created_by: Who sends them.

    Raises:
        InputError: If there is no film, one is not of the part or has no pixels, the name cannot
            stand in a file name, or predictions are missing or stale.
    """
    own = checked_name(name.strip(), "worklist")
    if not films:
        msg = "Expected films whose labels are suspected, found none; there is nothing to read."
        raise InputError(msg)
    _refuse_without_pixels(workspace, question["dataset"], films)
    place = (question["dataset"], question["split"])
    point = evidence.in_force(workspace, card)
    cut, truth = point.threshold.value, question["truth"]
    val = evidence.load(workspace, card, *place, "val", truth=truth, cut=cut)
    part = question["part"]
    shown = val if part == "val" else evidence.load(workspace, card, *place, part, truth=truth, cut=cut)
    strange = sorted(set(films) - set(shown.films["image_id"]))
    if strange:
        msg = (
            f"Expected films of part {part} of {'/'.join(place)}, found {len(strange):,} of {len(films):,} "
            "that are not; look for suspected labels again."
        )
        raise InputError(msg)
    policy = decision.by_budget(decision.choose(val.fold("tune"), draws=0), shown, share=BUDGET)
    return chosen_films.worklist(
        card,
        point,
        policy,
        films,
        place=(*place, part),
        truth=truth,
        name=own,
        read_mode=BLINDED,
        readers=readers,
        created_by=created_by,
    )


def _refuse_without_pixels(workspace: Workspace, dataset: str, films: Sequence[str]) -> None:
    table = radiographs.load(workspace, dataset)
    own = table[table["image_id"].isin(set(films))]
    without = int((own["path"].isna() | own["sha256"].isna()).sum())
    if without:
        msg = (
            f"Expected films with pixels to read, found that {without:,} of {len(films):,} have none, as {dataset!r} "
            "is a table only; index it with --images."
        )
        raise InputError(msg)
