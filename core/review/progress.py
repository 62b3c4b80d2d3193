"""How far a case is, and what it is to one reader: to be read, to be adjudicated, read; whose answers may be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from core.review.answer import PRESENT, disagree
from core.review.read_store import ADJUDICATOR, FIRST, READER, WITH_MODEL, Read, final

if TYPE_CHECKING:
    from core.review.reading_list import ReadingList

TO_READ, ADJUDICATE, DONE, NOT_YOURS = "to read", "adjudicate", "read", "not yours"
PENDING, ONE_READER, AGREEMENT, DISAGREEMENT, ADJUDICATION = (
    *("pending", "one reader", "agreement"),
    *("disagreement", "adjudication"),
)
SETTLED = (ONE_READER, AGREEMENT, ADJUDICATION)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A case as it stands for one reader."""

    outcome: str
    """`pending`, `one reader`, `agreement`, `disagreement` or `adjudication`."""
    state: str
    """`to read`, `adjudicate`, `read` or `not yours`."""
    role: str | None
    """In which the reader answers: `reader`, `adjudicator`; None: not at all."""
    own: tuple[Read, ...]
    """The reader's own reads, in their order."""
    others: tuple[Read, ...]
    """What counts of each other reader, as far as this one may see it."""

    @property
    def stage(self) -> int:
        """The stage that the next answer has: 1 until the first one is stored."""
        return FIRST if not self.own else WITH_MODEL

    @property
    def first(self) -> Read | None:
        """The reader's answer before anything of the model was seen."""
        return next((read for read in self.own if read.stage == FIRST), None)

    @property
    def last(self) -> Read | None:
        """The reader's read that counts, or None before it."""
        return final(self.own)

    @property
    def expected(self) -> int | None:
        """The newest read that this reader may know of: what a new one must have been written against."""
        return max((read.read_id for read in (*self.own, *self.others)), default=None)


def outcome(reads: Sequence[Read], readers: Sequence[str]) -> str:
    """Return how far a case is: whether enough readers have answered, and whether they agree.

    A wish for a second reader is granted: where anybody may read, a second one must; in a list of
    named readers the case goes to adjudication.

    Args:
        reads: All reads of the case, in their order.
        readers: The named readers of the worklist; none: anybody, and one is enough.
    """
    finals = _finals(reads, READER)
    if _finals(reads, ADJUDICATOR):
        return ADJUDICATION
    wished = any(read.answer.second_reader for read in finals.values())
    needed = len(readers) if readers else 1 + wished
    if len(finals) < needed:
        return PENDING
    if any(disagree(one.answer, other.answer) for one, other in combinations(finals.values(), 2)):
        return DISAGREEMENT
    if readers and wished:
        return DISAGREEMENT
    return AGREEMENT if len(finals) > 1 else ONE_READER


def of_reader(reads: Sequence[Read], reader: str, reading: ReadingList) -> Progress:
    """Return how a case stands for a reader.

    Args:
        reads: All reads of the case, in their order.
        reader: The reader's name.
        reading: The list the case stands in.
    """
    readers = reading.worklist.readers
    own = tuple(read for read in reads if read.reader == reader)
    stands = outcome(reads, readers)
    if own:
        role: str | None = own[-1].role
    elif stands == DISAGREEMENT:
        role = ADJUDICATOR
    else:
        role = READER if not readers or reader in readers else None
    if final(own) is not None:
        state = DONE
    elif role is None:
        state = NOT_YOURS
    elif role == ADJUDICATOR:
        state = ADJUDICATE
    elif own or stands == PENDING:
        state = TO_READ
    else:  # anybody may read it, and somebody has
        state = DONE
    return Progress(outcome=stands, state=state, role=role, own=own, others=_seen(reads, reader, own, stands, reading))


def states(reads: Mapping[str, Sequence[Read]], reader: str, reading: ReadingList) -> dict[str, str]:
    """Return what each listed case is to a reader, in the order in which the reader goes through them.

    Args:
        reads: The worklist's reads by image id.
        reader: The reader's name.
        reading: The list.
    """
    readers = reading.worklist.readers
    found = dict.fromkeys(reading.order(reader), TO_READ if not readers or reader in readers else NOT_YOURS)
    for image_id, own in reads.items():
        if image_id in found:
            found[image_id] = of_reader(own, reader, reading).state
    return found


def unread_blinded(reading: ReadingList, blinded: ReadingList, reads: Mapping[str, Sequence[Read]], reader: str) -> int:
    """Count the films of a list that a reader still has to read in a blinded one: it would tell what that hides.

    A film is known by its pixels, since it may stand in another data set, or in this one twice.

    Args:
        reading: The list to be shown.
        blinded: A blinded list.
        reads: The blinded list's reads by image id.
        reader: The reader's name.
    """
    if not blinded.blinded or reader not in blinded.worklist.readers or blinded.worklist.name == reading.worklist.name:
        return 0
    answered = {name for name, own in reads.items() if any(read.reader == reader for read in own)}
    hidden = blinded.films[blinded.films["image_id"].isin(set(blinded.listed) - answered)]
    shown = reading.films[reading.films["image_id"].isin(reading.listed)]
    told = shown["sha256"].isin(hidden["sha256"].dropna())
    if blinded.worklist.dataset == reading.worklist.dataset:
        told |= shown["image_id"].isin(hidden["image_id"])
    return int(told.sum())


def kept_from(reading: ReadingList, reads: Mapping[str, Sequence[Read]], reader: str) -> set[str]:
    """Return the films of a list whose labels a reader must not be told yet, since the answer is still to come.

    An open list that names nobody keeps nothing to be read from anybody: it waits for whoever comes.

    Args:
        reading: The list.
        reads: Its reads by image id.
        reader: The reader's name.
    """
    kept = (TO_READ, ADJUDICATE) if reading.blinded or reader in reading.worklist.readers else (ADJUDICATE,)
    return {name for name, state in states(reads, reader, reading).items() if state in kept}


def next_to_do(states: Mapping[str, str], after: str | None, *, count: int = 1) -> list[str]:
    """Return the next cases that wait for a reader, from the one after a case on and round to the beginning.

    Args:
        states: What `states` gave.
        after: The case to look on from; None: from the beginning.
        count: How many at most.

    Examples:
        >>> next_to_do({"a": "to read", "b": "read", "c": "adjudicate"}, "b", count=2)
        ['c', 'a']
    """
    names = list(states)
    start = 0 if after is None or after not in states else names.index(after) + 1
    waiting = [
        name for name in names[start:] + names[:start] if states[name] in (TO_READ, ADJUDICATE) and name != after
    ]
    return waiting[:count]


def checked_at_random(reads: Mapping[str, Sequence[Read]], reading: ReadingList) -> tuple[list[bool], list[str]]:
    """Return, of the random checks that were read: whether the finding was seen, and the patient.

    A case that readers still have to agree on does not count yet.
    """
    seen, patients = [], []
    for image_id in reading.films.loc[reading.films["random_check"], "image_id"]:
        own = reads.get(image_id, ())
        if outcome(own, reading.worklist.readers) not in SETTLED:
            continue
        last = list({**_finals(own, READER), **_finals(own, ADJUDICATOR)}.values())[-1]
        seen.append(last.answer.called == PRESENT)
        patients.append(str(reading.row(image_id)["patient_id"]))
    return seen, patients


def _finals(reads: Sequence[Read], role: str) -> dict[str, Read]:
    """Return the read that counts of each reader who has answered with the model, the last to answer last."""
    found: dict[str, Read] = {}
    for read in reads:
        if read.stage == WITH_MODEL and read.role == role:
            found.pop(read.reader, None)
            found[read.reader] = read
    return found


def _seen(
    reads: Sequence[Read], reader: str, own: Sequence[Read], stands: str, reading: ReadingList
) -> tuple[Read, ...]:
    """Return what counts of each other reader, where this one may see it."""
    adjudicating = bool(own) and own[-1].role == ADJUDICATOR
    settled = final(own) is not None and stands in SETTLED
    if reading.hidden and not adjudicating and not settled:
        return ()
    both = {**_finals(reads, READER), **_finals(reads, ADJUDICATOR)}
    return tuple(read for name, read in both.items() if name != reader)
