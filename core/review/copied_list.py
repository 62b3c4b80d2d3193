"""A worklist of the same films for other readers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.base.paths import checked_name
from core.data.intake import DATASET
from core.review import intake, rights
from core.review.reading_list import BLINDED, OPEN

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.triage.worklists import Worklist


def copied(
    workspace: Workspace, worklist: Worklist, *, name: str, readers: Sequence[str], blinded: bool, by: str
) -> Worklist:
    """Return a worklist of the same films under another name, for other readers; `Worklists.save` keeps it.

    Args:
        workspace: Where everything lies.
        worklist: The list whose model, cut, policy and films it takes over.
        name: Of the new one.
        readers: Names; none: anybody.
        blinded: Whether nothing of the model is seen before a reader's first answer.
        by: Who makes it.

    Raises:
        InputError: If the name cannot stand in a file name, a reader's name is no name, or stands twice; of films
            that were taken in also as `intake.checked_readers`.
    """
    if worklist.dataset == DATASET:
        told = [by, worklist.created_by]
        named = intake.checked_readers(workspace, worklist.films or (), readers, blinded=blinded, told=told)
    else:
        named = rights.checked_readers(readers)
    return replace(
        worklist,
        name=checked_name(name.strip(), "worklist"),
        readers=named,
        read_mode=BLINDED if blinded else OPEN,
        created_at=time.time(),
        created_by=by,
    )
