"""Taking films in and sending them to readers, each for who has the right to it and for the films they brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core.base.errors import InputError
from core.data import intake
from core.review import rights
from core.review.reading_list import BLINDED, OPEN
from core.triage import intake_list
from core.triage.worklists import Worklist, Worklists

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.intake import Received


def receive(workspace: Workspace, contents: Iterable[bytes], *, by: str, anyway: bool = False) -> Iterator[Received]:
    """Take in files for a reader, as `data.intake.receive` does it.

    Raises:
        InputError: If the reader lacks the right, or as `data.intake.receive`.
    """
    rights.require(by, rights.INTAKE)
    return intake.receive(workspace, contents, by=by, anyway=anyway)


def send(
    worklists: Worklists,
    workspace: Workspace,
    card: dict[str, Any],
    films: Sequence[str],
    *,
    name: str,
    readers: Sequence[str],
    blinded: bool,
    by: str,
) -> Worklist:
    """Make a worklist of films that a reader took in, and save it.

    Args:
        worklists: Where they are kept.
        workspace: Where everything lies.
        card: Of the checkpoint whose predictions order the films.
        films: Image ids.
        name: Of the worklist.
        readers: Names; none: anybody.
        blinded: Whether nothing of the model is seen before a reader's first answer.
        by: Who sends them: the one who took them in.

    Raises:
        InputError: If the right is lacking, a film is another's, a name is none, a blinded list names its sender or
            nobody, or as `intake_list.worklist`.
    """
    rights.require(by, rights.INTAKE)
    named = rights.checked_readers(readers)
    others = len(set(films) - set(intake.received(workspace, by)["image_id"]))
    if others:
        msg = (
            f"Expected films that {by} took in, found that {others:,} of {len(set(films)):,} are not; choose from your "
            "own."
        )
        raise InputError(msg)
    if blinded and (not named or any(rights.same_reader(by, one) for one in named)):
        found = f"{by} among them" if named else "nobody named"
        msg = (
            f"Expected other readers than {by}, who may have seen here what the model says, for a blinded worklist, "
            f"found {found}; name others, or send it open."
        )
        raise InputError(msg, field="readers")
    made = intake_list.worklist(
        workspace,
        card,
        films,
        name=name,
        read_mode=BLINDED if blinded else OPEN,
        readers=named,
        created_by=by,
    )
    return worklists.save(made)
