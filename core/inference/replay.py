"""An audit entry taken at its word: what a reader was shown is computed anew from the film's pixels, and compared.

Nothing is taken from what was kept to be quick: the film's file is decoded again, the file of the weights is hashed
again, and the probability comes from a forward of this film alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, select

from core.base.errors import InputError
from core.inference import replayed_film
from core.inference.replayed_film import Check
from core.models import checkpoint
from core.review.read_store import Read
from core.store import audit_key, chain
from core.store.growing import contents, digest
from core.store.ledger import Ledger
from core.store.tables import ERASED, audit, reads, worklists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.base.paths import Workspace
    from core.store.chain import Entry

NEWEST = 20  # reads that are replayed where no entry is named
_ELSEWHERE = {
    "worklists": "a worklist keeps its checkpoint, its policy and its cut; `triage` computes its zones anew",
    "proposals": "a proposed cut has the figures of tune as the split was then; `evaluate` measures a part anew",
    "decisions": "it says who decided on a proposed cut; `evaluate` measures what that cut does",
    "origin_reads": "it is an answer to which of two pictures is the film, and no probability was shown",
    "switches": "it says who turned something on or off",
    "store": "it begins the chain",
}


@dataclass(frozen=True, kw_only=True)
class Replay:
    """What became of one audit entry when it was replayed."""

    entry_id: int
    action: str
    read_id: int | None = None
    case: str | None = None
    """The case's opaque name."""
    checkpoint_id: str | None = None
    not_replayed: str | None = None
    """Why nothing was computed anew: the entry tells of no probability of a film."""
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def changed(self) -> list[Check]:
        """What is no longer as it was."""
        return [check for check in self.checks if not check.same]


class Replayer:
    """Replays entries; a checkpoint that several of them name is read once.

    Raises:
        InputError: If the key of the audit cannot be read.
    """

    def __init__(self, workspace: Workspace, engine: Engine) -> None:
        self._workspace = workspace
        self._engine = engine.execution_options(writes=False)
        self._key = audit_key.read(Ledger(workspace, engine).key_file)
        self._load = lru_cache(maxsize=8)(checkpoint.load)

    def newest(self, count: int = NEWEST) -> list[int]:
        """Return the numbers of the entries of the newest reads, the newest first."""
        erased = select(audit.c.row_key).where(audit.c.row_table == reads.name, audit.c.action == ERASED)
        wanted = select(audit.c.entry_id).where(audit.c.row_table == reads.name, audit.c.row_key.not_in(erased))
        with self._engine.begin() as connection:
            return list(connection.execute(wanted.order_by(audit.c.entry_id.desc()).limit(count)).scalars())

    def replay(self, entry_id: int) -> Replay:
        """Compute anew what an entry tells of.

        A read keeps the hash of the pixels that were drawn, that of the weights, its list's cut and, once the model
        was seen, the probability; the one of an answer before that is the predictions table's. The spread over
        passes, or between members, is held against that table too, which tells how many passes there were.

        Raises:
            InputError: If there is no such entry.
        """
        with self._engine.begin() as connection:
            entry = self._entry(connection, entry_id)
            own = chain.is_ours(self._key, entry)
            about: dict[str, Any] = {"entry_id": entry_id, "action": str(entry["action"])}
            checks = list(_not_ours(own=own))
            if entry["row_table"] != reads.name or entry["action"] == ERASED:
                return Replay(**about, not_replayed=_why(entry), checks=checks)
            sealed = list(contents(connection, reads, int(entry["row_key"])))
            erased = _erased_by(connection, entry)
            if erased is not None:
                return Replay(**about, not_replayed=f"its read was erased by entry {erased}", checks=checks)
            read, cut = _read(connection, int(entry["row_key"]))
        if read is None:
            checks.append(Check(what="Read", before="saved", now="gone, or no longer readable", same=False))
            return Replay(**about, not_replayed="its read is gone; run `review verify`", checks=checks)
        as_sealed = bool(sealed) and digest(sealed[0][1]) == entry["row_digest"]
        if not as_sealed:
            checks.append(Check(what="Read", before="as it was sealed", now="changed past the program", same=False))
        try:
            film = replayed_film.replay(self._workspace, read, cut=cut, load=self._load)
            checkpoint_id = str(read.seen["checkpoint_id"])
        except (KeyError, TypeError, ValueError, AttributeError):
            if as_sealed:
                raise
            why = "what its reader had seen is no longer readable; run `review verify`"
            return Replay(**about, not_replayed=why, checks=checks)
        return Replay(
            **about,
            read_id=read.read_id,
            case=chain.about(entry).get("case") if own else None,
            checkpoint_id=checkpoint_id,
            checks=checks + film.checks,
            notes=film.notes,
        )

    def _entry(self, connection: Connection, entry_id: int) -> Entry:
        found = next((content for _, content in contents(connection, audit, entry_id)), None)
        if found is None:
            last = connection.execute(select(audit.c.entry_id).order_by(audit.c.entry_id.desc()).limit(1)).scalar()
            msg = (
                f"Expected the number of an audit entry, 1 to {last or 0}, found {entry_id}; the page Audit lists "
                "them, and `review replay` without a number takes the newest reads."
            )
            raise InputError(msg, field="entry")
        return found


def _not_ours(*, own: bool) -> Iterator[Check]:
    if not own:
        yield Check(what="Entry", before="as the program wrote it", now="changed past the program", same=False)


def _why(entry: Entry) -> str:
    if entry["action"] == ERASED:
        return "what it speaks of was erased"
    return _ELSEWHERE.get(str(entry["row_table"]), "it tells of no film")


def _erased_by(connection: Connection, entry: Entry) -> int | None:
    """Return the later entry by which the row of an entry was erased, if it was."""
    later = select(audit.c.entry_id).where(
        audit.c.row_table == entry["row_table"], audit.c.row_key == entry["row_key"], audit.c.action == ERASED
    )
    return connection.execute(later).scalar()


def _read(connection: Connection, read_id: int) -> tuple[Read | None, float | None]:
    """Return a read, None if it cannot be read any more, and its list's cut, None if the list is gone."""
    try:
        row = connection.execute(select(reads).where(reads.c.read_id == read_id)).mappings().first()
        read = None if row is None else Read.from_row(row)
    except (ValueError, TypeError, InputError):  # changed past the program into what is no read
        return None, None
    if read is None:
        return None, None
    cut = connection.execute(select(worklists.c.cut).where(worklists.c.name == read.worklist)).scalar()
    return read, None if cut is None else float(cut)
