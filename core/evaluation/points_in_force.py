"""The operating point in force: the one that was activated last, else the one on the checkpoint's card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping, inspect, select

from core.evaluation import operating_point
from core.evaluation.report import Threshold
from core.store.engine import as_it_stands
from core.store.ledger import readable
from core.store.tables import decisions, proposals

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.base.paths import Workspace

CHOSEN = "chosen"  # the rule of a point that a reader activated
ACTIVATED, DECLINED, WITHDRAWN = "activated", "declined", "withdrawn"


@dataclass(frozen=True, kw_only=True)
class InForce:
    """A checkpoint's operating point in force, and where it comes from."""

    threshold: Threshold
    since: datetime | None
    """When it was activated, or the checkpoint made; None where the card does not say."""
    proposed_by: str | None = None
    """None for the card's own, as is `decision_id`."""
    decision_id: int | None = None
    """Of its activation."""

    @property
    def said(self) -> str:
        """Who set it, and when, as a worklist keeps it; at most 200 characters."""
        point, since = self.threshold, self.since
        if self.decision_id is None:
            return f"{point.rule} on tune, at training" + ("" if since is None else f", {since:%Y-%m-%d}")
        day = "" if since is None else f", activated {since.day} {since:%b %Y}"
        return f"{point.set_by}'s '{point.name}' proposed by {self.proposed_by}{day}"


def in_force(workspace: Workspace, card: Mapping[str, Any]) -> Threshold | None:
    """Return a checkpoint's operating point in force; None if its card has none and nobody activated one.

    Args:
        workspace: Whose database holds what was activated; one without a database has the card's point.
        card: The checkpoint's card.

    Raises:
        InputError: If the database cannot be read.
    """
    found = told(workspace, card)
    return None if found is None else found.threshold


def told(workspace: Workspace, card: Mapping[str, Any]) -> InForce | None:
    """Return a checkpoint's operating point in force with where it comes from; see `in_force`."""
    engine = as_it_stands(workspace)
    if engine is None:
        return of_card(card)
    with readable(), engine.begin() as connection:
        # A database that nothing was written to since the tables came is not migrated for being read.
        there = inspect(connection).has_table(decisions.name)
        found = latest(connection, card) if there else None
    return of_card(card) if found is None else found


def latest(connection: Connection, card: Mapping[str, Any]) -> InForce | None:
    """Return what was activated last for a checkpoint of these weights, as a transaction sees it; None: nothing."""
    query = (
        select(proposals, decisions.c.decision_id, decisions.c.decided_by, decisions.c.created_at.label("decided_at"))
        .join(decisions, decisions.c.proposal_id == proposals.c.proposal_id)
        .where(
            decisions.c.decision == ACTIVATED,
            proposals.c.checkpoint_id == card["checkpoint_id"],
            proposals.c.weights_sha256 == card["weights_sha256"],
        )
        .order_by(decisions.c.decision_id.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else _activated(row)


def of_card(card: Mapping[str, Any]) -> InForce | None:
    """Return the operating point chosen at training, or None."""
    point = operating_point.of_card(card)
    if point is None:
        return None
    made = card.get("created_at")
    return InForce(threshold=point, since=None if made is None else datetime.fromisoformat(made))


def _activated(row: RowMapping) -> InForce:
    at = datetime.fromtimestamp(row["decided_at"], UTC)
    return InForce(
        threshold=Threshold(
            value=row["threshold"],
            rule=CHOSEN,
            checkpoint_id=row["checkpoint_id"],
            dataset=row["dataset"],
            split=row["split"],
            fold="tune",
            films=row["films"],
            positive_films=row["positive_films"],
            name=row["name"],
            set_by=row["decided_by"],
            set_at=at.isoformat(timespec="seconds"),
        ),
        since=at,
        proposed_by=row["proposed_by"],
        decision_id=row["decision_id"],
    )
