"""Worklists in the database: which films of which part are to be read, by which policy; their cases are computed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, RowMapping, insert, select

from core.base import roles
from core.base.errors import InputError
from core.data import intake
from core.store.ledger import Ledger
from core.store.tables import worklists

if TYPE_CHECKING:
    from core.base.paths import Workspace

WHEN = ("created_at", "created_by")  # not what a worklist is


@dataclass(frozen=True, kw_only=True)
class Worklist:
    """A part of a split that is to be read."""

    name: str
    checkpoint_id: str
    weights_sha256: str
    dataset: str
    split: str
    part: str
    truth: str
    policy: dict[str, Any]
    """What `Policy.to_dict` gave."""
    cut: float
    cut_from: str
    """Who set the cut, and when."""
    read_mode: str
    """`open`: zones are shown in the list. `blinded`: nothing of the model before a reader's first answer."""
    readers: tuple[str, ...]
    created_at: float
    """Seconds since 1970, UTC."""
    created_by: str
    purpose: str = "reading"
    """`reading`, or `practice`, whose reads enter no statistic."""
    films: tuple[str, ...] | None = None
    """Image ids; None: those that the policy lists."""


class Worklists:
    """Saves and finds worklists; safe to use from several processes and threads at once."""

    def __init__(self, workspace: Workspace, engine: Engine | None = None) -> None:
        self._ledger = Ledger(workspace, engine)
        self._reads = self._ledger.engine.execution_options(writes=False)

    def save(self, worklist: Worklist) -> Worklist:
        """Save a worklist and return it; saved again with the same content it stays the one it was.

        Raises:
            InputError: If whoever makes it may not, or another worklist has its name; none is ever replaced.
        """
        roles.require(worklist.created_by, right_to_make(worklist))
        with self._ledger.writing() as page:
            same = select(worklists).where(worklists.c.name == worklist.name)
            row = page.connection.execute(same).mappings().first()
            if row is None:
                key = page.connection.execute(insert(worklists).values(asdict(worklist))).inserted_primary_key
                assert key is not None  # noqa: S101 (an insert of one row has a key)
                about = {"worklist": worklist.name}
                page.record("worklist made", actor=worklist.created_by, about=about, row=(worklists, key[0]))
                return worklist
        there = _worklist(row)
        if _content(there) != _content(worklist):
            msg = f"Expected a new name for a worklist, found {worklist.name!r}, which another has; choose a new one."
            raise InputError(msg, field="worklist")
        return there

    def get(self, name: str) -> Worklist:
        """Return one worklist.

        Raises:
            InputError: If there is none of this name; the sentence lists those there are.
        """
        found = self.all()
        for one in found:
            if one.name == name:
                return one
        names = ", ".join(one.name for one in found[:5])
        hint = f"choose from {names}." if found else "there is none yet; make one with `triage --worklist`."
        msg = f"Expected a worklist, found none named {name!r}; {hint}"
        raise InputError(msg)

    def all(self) -> list[Worklist]:
        """Return all worklists, the newest first."""
        order = (worklists.c.created_at.desc(), worklists.c.worklist_id.desc())
        with self._reads.begin() as connection:
            return [_worklist(row) for row in connection.execute(select(worklists).order_by(*order)).mappings()]


def right_to_make(worklist: Worklist) -> str:
    """Return the right that making a worklist takes: anybody who reads may practise, and hand on films brought here."""
    if worklist.purpose == "practice":
        return roles.READ
    return roles.INTAKE if worklist.dataset == intake.DATASET else roles.RESEARCH


def _worklist(row: RowMapping) -> Worklist:
    values = {name: row[name] for name in Worklist.__dataclass_fields__}
    films = None if row["films"] is None else tuple(row["films"])
    return Worklist(**values | {"readers": tuple(row["readers"]), "films": films})


def _content(worklist: Worklist) -> dict[str, Any]:
    return {name: value for name, value in asdict(worklist).items() if name not in WHEN}
