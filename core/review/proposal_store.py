"""Proposed operating points in the database, each with what was decided on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from core.base.errors import InputError
from core.evaluation import points_in_force
from core.store.ledger import readable
from core.store.tables import decisions, proposals

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping, Select

    from core.evaluation.points_in_force import InForce

CARD = "card"  # the origin of a proposal to go back to the point chosen at training; of all others it is the fold


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What became of a proposal."""

    decision_id: int
    key: str
    decision: str
    """`activated`, `declined` or `withdrawn`."""
    reason: str | None
    decided_by: str
    created_at: float
    """Seconds since 1970, UTC."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """An operating point that somebody proposed."""

    proposal_id: int
    key: str
    checkpoint_id: str
    weights_sha256: str
    dataset: str
    split: str
    split_sha256: str
    truth: str
    origin: str
    """`tune` or `card`."""
    threshold: float
    films: int
    positive_films: int
    figures: dict[str, float | None]
    name: str
    reason: str
    proposed_by: str
    created_at: float
    """Seconds since 1970, UTC."""
    decision: Decision | None
    """None while it waits."""


@dataclass(frozen=True, kw_only=True)
class History:
    """All proposals for a checkpoint, and the point in force, as one moment saw them."""

    proposals: list[Proposal]
    """The newest first; those for other weights are left out."""
    in_force: InForce | None
    """None: nothing was activated and the card has no point."""

    @property
    def waiting(self) -> list[Proposal]:
        """Those that nobody has decided on."""
        return [one for one in self.proposals if one.decision is None]

    @property
    def known(self) -> int | None:
        """The decision by which the point in force stands; None: it is the card's own."""
        return None if self.in_force is None else self.in_force.decision_id


def history(engine: Engine, card: Mapping[str, Any]) -> History:
    """Return what was proposed and decided for a checkpoint of these weights.

    Args:
        engine: Of the store.
        card: The checkpoint's card.

    Raises:
        InputError: If the store cannot be read.
    """
    query = _rows().where(
        proposals.c.checkpoint_id == card["checkpoint_id"], proposals.c.weights_sha256 == card["weights_sha256"]
    )
    with readable(), engine.execution_options(writes=False).begin() as connection:
        rows = connection.execute(query.order_by(proposals.c.proposal_id.desc())).mappings().all()
        latest = points_in_force.latest(connection, card)
    return History(proposals=[_proposal(row) for row in rows], in_force=latest or points_in_force.of_card(card))


def one(connection: Connection, proposal_id: int) -> Proposal:
    """Return one proposal as a transaction sees it.

    Raises:
        InputError: If there is none of this number.
    """
    row = connection.execute(_rows().where(proposals.c.proposal_id == proposal_id)).mappings().first()
    if row is None:
        msg = f"Expected a proposal that was filed, found none of number {proposal_id}; reload the page."
        raise InputError(msg)
    return _proposal(row)


def with_key(connection: Connection, key: str) -> Proposal | None:
    """Return the proposal that was filed under a key, if one was."""
    row = connection.execute(_rows().where(proposals.c.key == key)).mappings().first()
    return None if row is None else _proposal(row)


def decided(decision: Decision) -> str:
    """Say what was decided, by whom and when, in local time.

    Examples:
        >>> at = datetime(2026, 11, 27, 21, 3).timestamp()
        >>> about = {"decision_id": 1, "key": "0" * 8, "reason": None, "created_at": at}
        >>> decided(Decision(decision="activated", decided_by="Grace", **about))
        'activated by Grace on 27 Nov 2026 at 21:03'
    """
    return f"{decision.decision} by {decision.decided_by} on {when(decision.created_at)}"


def when(seconds: float) -> str:
    """Say a time as people here read it: day and minute, local."""
    at = datetime.fromtimestamp(seconds)
    return f"{at.day} {at:%b %Y at %H:%M}"


def _rows() -> Select[Any]:
    theirs = [column.label(f"decision.{column.name}") for column in decisions.c]
    return select(proposals, *theirs).outerjoin(decisions, decisions.c.proposal_id == proposals.c.proposal_id)


def _proposal(row: RowMapping) -> Proposal:
    made = None
    if row["decision.decision_id"] is not None:
        made = Decision(**{name: row[f"decision.{name}"] for name in Decision.__dataclass_fields__})
    return Proposal(**{column.name: row[column.name] for column in proposals.c}, decision=made)
