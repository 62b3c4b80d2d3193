"""Saves an answer: once a key, against what the reader knew, and only for the picture that was drawn."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from core.base.errors import InputError, PleuraScopeError
from core.review import progress, read_store, rights, words
from core.review.answer import SIDES, Answer
from core.review.read_store import ACTIONS, ADJUDICATOR, FIRST, WITH_MODEL, Read, Reads
from core.review.reads import told_reasons, unanswered_priors
from core.store.tables import reads as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.review.progress import Progress
    from core.review.reading_list import ReadingList

LONGEST_S = 12 * 3600.0  # that a window can have been visible for one answer


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a reader's form hands over."""

    key: str
    """Made by the form: the same answer sent twice has the same one."""
    reader: str
    image_id: str
    image_sha256: str
    """Of the decoded pixels that were drawn."""
    stage: int
    expected: int | None
    """The newest read that the reader knew of."""
    answer: Answer
    seconds: float
    """That the window was visible."""
    role: str | None = None
    """In which the form asked: `reader` or `adjudicator`; None: in whichever it is."""
    heat_map: bool = False
    """Whether the heat map was looked at."""
    more: bool = False
    """Whether the drawer with similar films and signals was opened."""
    counterfactual: dict[str, str] | None = None
    """The counterfactual that was looked at, as `Counterfactual.seen` names it."""


class CaseChanged(PleuraScopeError):
    """Somebody, perhaps the reader in another window, has read the case meanwhile; nothing was saved."""

    def __init__(self, message: str, newer: Sequence[Read]) -> None:
        super().__init__(message)
        self.newer = tuple(newer)


def save(reads: Reads, reading: ReadingList, given: Given) -> Read:
    """Save one answer and return it; sent again under its key it is the one that was saved.

    Args:
        reads: Where reads are kept.
        reading: The list that the case stands in.
        given: What the form handed over.

    Returns:
        The read, after the commit.

    Raises:
        InputError: If the case is not in the list, another picture was drawn, the answer does not fit
            the film, or the reader may not read it.
        CaseChanged: If the case was read meanwhile; what was read is in it.
        PleuraScopeError: If the database cannot be written.
    """
    try:
        return _saved(reads, reading, given)
    except DBAPIError as error:
        msg = f"Not saved: the database cannot be written ({error.orig}). Your answer is kept in the form; try again."
        raise PleuraScopeError(msg) from None


def _saved(reads: Reads, reading: ReadingList, given: Given) -> Read:
    film = _checked(reading, given)
    worklist = reading.worklist.name
    untold = unanswered_priors(given.reader, given.image_id, reads=reads, reading=reading)
    with reads.ledger.writing() as page:
        before = read_store.with_key(page.connection, given.key)
        if before is not None:
            return _same(before, worklist, given)
        there = read_store.in_transaction(page.connection, worklist, given.image_id)
        stands = progress.of_reader(there, given.reader, reading)
        if stands.role is None:
            named = " and ".join(reading.worklist.readers)
            msg = f"Expected a reader of this worklist ({named}), found {given.reader}; choose another worklist."
            raise InputError(msg)
        rights.require(given.reader, rights.ADJUDICATE if stands.role == ADJUDICATOR else rights.READ)
        _check_unchanged(stands, given)
        read = read_store.add(
            page.connection,
            Read(
                read_id=0,
                key=given.key,
                worklist=worklist,
                image_id=given.image_id,
                image_sha256=given.image_sha256,
                reader=given.reader,
                role=stands.role,
                stage=given.stage,
                answer=given.answer,
                seen=_seen(reading, film, stands, given, untold=untold),
                seconds=given.seconds,
                supersedes=stands.own[-1].read_id if stands.own else None,
                created_at=time.time(),
            ),
        )
        about = {"worklist": worklist, "case": reading.names[given.image_id], "stage": read.stage, "role": read.role}
        page.record(
            ACTIONS[read.stage],
            actor=given.reader,
            about=about | {"seconds": round(read.seconds, 1)},
            row=(table, read.read_id),
        )
    return read


def _checked(reading: ReadingList, given: Given) -> dict[str, Any]:
    """Return the film's row, after everything was checked that needs no database."""
    if given.image_id not in reading.names:
        msg = f"Expected a case of the worklist {reading.worklist.name}, found another film; open it from the worklist."
        raise InputError(msg)
    film = reading.row(given.image_id)
    if given.image_sha256 != film["sha256"]:
        msg = "Expected the film as it was indexed on the screen, found another picture drawn; reload the page."
        raise InputError(msg)
    if given.stage not in (FIRST, WITH_MODEL) or not 0 <= given.seconds <= LONGEST_S:
        msg = (
            f"Expected stage 1 or 2 and 0 to {LONGEST_S:.0f} seconds, found {given.stage} and {given.seconds}; reload."
        )
        raise InputError(msg)
    for region in given.answer.regions:
        if not all(0 <= x <= film["width"] and 0 <= y <= film["height"] for x, y in region.points):
            msg = "Expected regions within the film, found one that reaches beyond it; mark it again."
            raise InputError(msg, field="regions")
    if any(getattr(given.answer, name).change for name in SIDES) and not reading.priors(given.image_id):
        msg = "Expected a change against the prior only where there is a prior film, found one; take it away."
        raise InputError(msg, field="change")
    return film


def _same(before: Read, worklist: str, given: Given) -> Read:
    there = (before.worklist, before.image_id, before.reader, before.stage, before.answer)
    if there != (worklist, given.image_id, given.reader, given.stage, given.answer):
        msg = "Expected a new key for a new answer, found one that another answer has; reload the page."
        raise InputError(msg)
    return before


def _check_unchanged(stands: Progress, given: Given) -> None:
    """Refuse an answer that was written without knowing of a newer one, or as something else than it would be."""
    if given.role is not None and given.role != stands.role:
        msg = (
            "Not saved: readers have disagreed on this case meanwhile, so it asks for an adjudication now. Your answer "
            "is kept in the form; save again if it stands as one."
        )
        raise InputError(msg)
    known = given.expected or 0
    newer = [read for read in (*stands.own, *stands.others) if read.read_id > known]
    if not newer and given.stage == stands.stage:
        return
    if not newer:  # a first answer that is not stored, or one that is: the form is of another state
        msg = f"Expected an answer of stage {stands.stage}, found one of stage {given.stage}; reload the page."
        raise InputError(msg)
    last = newer[-1]
    who = "you, in another window" if last.reader == given.reader else last.reader
    at = time.strftime("%H:%M", time.localtime(last.created_at))
    msg = (
        f"Not saved: this case was read meanwhile, at {at} by {who} ({words.answer(last.answer)}). Your answer is kept "
        "in the form; save again if it stands."
    )
    raise CaseChanged(msg, newer)


def _seen(
    reading: ReadingList, film: dict[str, Any], stands: Progress, given: Given, *, untold: set[str]
) -> dict[str, Any]:
    """Return what the reader had seen when answering."""
    after = given.stage == WITH_MODEL
    worklist = reading.worklist
    return {
        "read_mode": worklist.read_mode,
        **{name: getattr(worklist, name) for name in ("checkpoint_id", "weights_sha256", "dataset", "split", "part")},
        "cut": worklist.cut,
        "zone": film["zone"] if after or not reading.blinded else None,
        "probability": float(film["probability"]) if after else None,
        "reasons": told_reasons(film, reading, untold=bool(untold)) if after else [],
        # What was once looked at was seen, also by an answer that is given later.
        "heat_map": after and (given.heat_map or any(read.seen["heat_map"] for read in stands.own)),
        "more": after and (given.more or any(read.seen["more"] for read in stands.own)),
        "counterfactual": (given.counterfactual or _looked_at(stands)) if after else None,
        "priors": [one for one in reading.priors(given.image_id) if one not in untold] if after else [],
        "others": [read.read_id for read in stands.others],
    }


def _looked_at(stands: Progress) -> dict[str, str] | None:
    """Return the counterfactual that the reader looked at for an earlier answer on the case."""
    found: list[dict[str, str] | None] = [read.seen.get("counterfactual") for read in stands.own]
    return next((one for one in reversed(found) if one is not None), None)
