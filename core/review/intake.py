"""Taking films in and sending them to readers, each for who has the right to it and for the films they brought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from core.base.errors import InputError
from core.data import intake
from core.review import rights
from core.review.reading_list import BLINDED, OPEN
from core.store.ledger import Ledger
from core.triage import intake_list
from core.triage.worklists import Worklist, Worklists

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.intake import Received


def receive(workspace: Workspace, contents: Iterable[bytes], *, by: str, anyway: bool = False) -> Iterator[Received]:
    """Take in files for a reader, as `data.intake.receive` does it.

    Raises:
        InputError: If the reader lacks the right, the store cannot be opened, or as `data.intake.receive`.
    """
    rights.require(by, rights.INTAKE)
    return _told(Ledger(workspace), intake.receive(workspace, contents, by=by, anyway=anyway), by)


def _told(ledger: Ledger, received: Iterator[Received], by: str) -> Iterator[Received]:
    """Yield what became of each file; at the end, or where somebody stops, an entry of the audit says how many."""
    taken = 0
    try:
        for one in received:
            taken += one.image_id is not None and intake.TAKEN_BEFORE not in one.warnings
            yield one
    finally:
        if taken:
            with ledger.writing() as page:  # counts alone: an image's id would outlive its erasure
                page.record("films taken in", actor=by, about={"films": taken})


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
    named = checked_readers(workspace, films, readers, blinded=blinded, told=[by])
    others = len(set(films) - set(intake.received(workspace, by)["image_id"]))
    if others:
        msg = (
            f"Expected films that {by} took in, found that {others:,} of {len(set(films)):,} are not; choose from your "
            "own."
        )
        raise InputError(msg)
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


def checked_readers(
    workspace: Workspace, films: Sequence[str], readers: Sequence[str], *, blinded: bool, told: Sequence[str]
) -> tuple[str, ...]:
    """Return who reads films that were taken in, as `rights.checked_readers` does; whoever was told reads none blinded.

    Args:
        workspace: Where the data set `intake` lies.
        films: Image ids.
        readers: Names; none: anybody.
        blinded: Whether nothing of the model is to be seen before a reader's first answer.
        told: Who may have seen what the model says, beside those who took one of the films in.

    Raises:
        InputError: If a name is none, or a blinded list names somebody who was told, or nobody.
    """
    named = rights.checked_readers(readers)
    if not blinded:
        return named
    wanted = set(films)
    people = [one for one in told if one not in rights.RESERVED]
    seen = [
        one
        for one in named
        if any(rights.same_reader(one, other) for other in people)
        or wanted & set(intake.received(workspace, one)["image_id"])
    ]
    if seen or not named:
        found = f"{' and '.join(seen)} among them" if seen else "nobody named"
        msg = (
            "Expected other readers than those who took the films in or send them, and may have seen what the model "
            f"says, for a blinded worklist, found {found}; name others, or make it open."
        )
        raise InputError(msg, field="readers")
    return named
