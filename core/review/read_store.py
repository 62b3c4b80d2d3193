"""Reads in the database: saved once, never changed; a later one of the same reader counts instead."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, RowMapping, func, insert, select

from core.base.errors import InputError
from core.review.answer import Answer
from core.store.ledger import Ledger
from core.store.tables import ERASED, reads

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from core.base.paths import Workspace

READER, ADJUDICATOR = "reader", "adjudicator"
FIRST, WITH_MODEL = 1, 2
READ_FIELDS = tuple(column.name for column in reads.columns if column.name not in ("read_id", "answer"))
STANDS = reads.c.image_sha256 != ERASED  # of an erased read only its place is left
ACTIONS = {FIRST: "first answer", WITH_MODEL: "answer with the model"}


@dataclass(frozen=True, kw_only=True)
class Read:
    """One answer of one reader on one case, as it was saved."""

    read_id: int
    key: str
    worklist: str
    image_id: str
    image_sha256: str
    reader: str
    role: str
    stage: int
    answer: Answer
    seen: dict[str, Any]
    seconds: float
    supersedes: int | None
    created_at: float

    @classmethod
    def from_row(cls, row: RowMapping) -> Self:
        """Read back a row of the table."""
        return cls(**{**row, "answer": Answer.from_dict(row["answer"])})


def final(own: Sequence[Read]) -> Read | None:
    """Return the read that counts of one reader's reads on a case: the last one with the model, if there is one."""
    return next((read for read in reversed(own) if read.stage == WITH_MODEL), None)


class Reads:
    """Saves and finds reads; safe to use from several processes and threads at once.

    Rows only come, so what was read from the database once is kept, and only what came since is asked for; after an
    erasure all are read again.
    """

    def __init__(self, workspace: Workspace, engine: Engine | None = None) -> None:
        self.ledger = Ledger(workspace, engine)
        self._queries = self.ledger.engine.execution_options(writes=False)
        self._lock = threading.Lock()
        self._last = 0
        self._erased = 0
        self._known: dict[str, dict[str, list[Read]]] = defaultdict(lambda: defaultdict(list))

    def of_worklist(self, name: str) -> dict[str, tuple[Read, ...]]:
        """Return a worklist's reads by image id, each in the order they were saved."""
        with self._lock:
            self._catch_up()
            return {image_id: tuple(found) for image_id, found in self._known[name].items()}

    def of_case(self, worklist: str, image_id: str) -> tuple[Read, ...]:
        """Return the reads of one case in the order they were saved."""
        with self._lock:
            self._catch_up()
            return tuple(self._known[worklist][image_id])

    def all(self) -> list[Read]:
        """Return all reads in the order they were saved."""
        with self._queries.begin() as connection:
            query = select(reads).where(STANDS).order_by(reads.c.read_id)
            return [Read.from_row(row) for row in connection.execute(query).mappings()]

    def last_id(self) -> int:
        """Return the number of the newest read, 0 before the first."""
        with self._lock:
            self._catch_up()
            return self._last

    def _catch_up(self) -> None:
        with self._queries.begin() as connection:
            # By the film's name, which stands in an index.
            erased = connection.scalar(select(func.count()).where(reads.c.image_id == ERASED)) or 0
            if (connection.scalar(select(func.max(reads.c.read_id))) or 0) < self._last or erased != self._erased:
                self._last = 0  # another database was put in this one's place, or a patient was erased
                self._known.clear()
            self._erased = erased
            query = select(reads).where(reads.c.read_id > self._last, STANDS).order_by(reads.c.read_id)
            for row in connection.execute(query).mappings():
                read = Read.from_row(row)
                self._known[read.worklist][read.image_id].append(read)
                self._last = read.read_id


def in_transaction(connection: Connection, worklist: str, image_id: str) -> tuple[Read, ...]:
    """Return the reads of one case as a transaction sees them."""
    case = (reads.c.worklist == worklist, reads.c.image_id == image_id, STANDS)
    query = select(reads).where(*case).order_by(reads.c.read_id)
    return tuple(Read.from_row(row) for row in connection.execute(query).mappings())


def with_key(connection: Connection, key: str) -> Read | None:
    """Return the read that was saved under a key, if one was."""
    row = connection.execute(select(reads).where(reads.c.key == key, STANDS)).mappings().first()
    return None if row is None else Read.from_row(row)


def add(connection: Connection, read: Read) -> Read:
    """Insert a read and return it with its number.

    Raises:
        InputError: If its key is too long to be one.
    """
    if not 8 <= len(read.key) <= 64:
        msg = f"Expected a key of 8 to 64 characters, found {len(read.key)}; reload the page."
        raise InputError(msg)
    values = {name: getattr(read, name) for name in READ_FIELDS}
    done = connection.execute(insert(reads).values(**values, answer=read.answer.to_dict()))
    assert done.inserted_primary_key is not None  # noqa: S101 (an insert of one row has one)
    return replace(read, read_id=int(done.inserted_primary_key[0]))
