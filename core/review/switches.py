"""What is off unless an administrator turned it on: each decision with who, when and why; nothing is overwritten.

The newest decision counts, and without one a switch is off.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import RowMapping, Select, select

from core.base.errors import InputError
from core.review import rights
from core.review.once import checked_key, checked_reason, insert_once
from core.review.proposal_store import when
from core.store.ledger import readable
from core.store.tables import switches

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from core.store.ledger import Ledger

COUNTERFACTUAL = "counterfactual"
TITLES = {COUNTERFACTUAL: "The counterfactual of a case on Review"}
WORDS = {True: "on", False: "off"}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One turn of a switch."""

    switch_id: int
    key: str
    name: str
    """One of `TITLES`."""
    turned_on: bool
    reason: str
    decided_by: str
    created_at: float
    """Seconds since 1970, UTC."""


def history(engine: Engine, name: str) -> list[Decision]:
    """Return all decisions on a switch, the newest first.

    Raises:
        InputError: If the store cannot be read.
    """
    with readable(), engine.execution_options(writes=False).begin() as connection:
        return [_decision(row) for row in connection.execute(_newest_first(name)).mappings()]


def is_on(engine: Engine, name: str) -> bool:
    """Tell whether a switch is on.

    Raises:
        InputError: If the store cannot be read.
    """
    with readable(), engine.execution_options(writes=False).begin() as connection:
        newest = connection.execute(_newest_first(name).limit(1)).mappings().first()
    return newest is not None and bool(newest["turned_on"])


def turn(
    ledger: Ledger, name: str, *, on: bool, key: str, reader: str, reason: str, known: int | None = None
) -> Decision:
    """Turn a switch on or off; sent again under its key it is the decision that was made.

    Args:
        ledger: Of the store.
        name: One of `TITLES`.
        on: To what.
        key: Made by the form.
        reader: Who decides.
        reason: Why, in a sentence.
        known: The newest decision that the reader saw; None: there was none.

    Raises:
        InputError: If there is no such switch, the reader lacks the right, there is no reason, it stands so
            already, or somebody else turned it meanwhile; nothing is changed then.
    """
    if name not in TITLES:
        msg = f"Expected a switch, found {name!r}; choose from {', '.join(TITLES)}."
        raise InputError(msg)
    who = rights.checked_reader(reader)
    rights.require(who, rights.ADMINISTER)
    said = checked_reason(reason)
    values = {"key": checked_key(key), "name": name, "turned_on": on, "reason": said, "decided_by": who}
    with ledger.writing() as page:
        found = [_decision(row) for row in page.connection.execute(_newest_first(name)).mappings()]
        before = next((one for one in found if one.key == key), None)
        if before is not None:
            if {column: getattr(before, column) for column in values} != values:
                msg = "Expected a new key for a new decision, found one that another decision has; reload the page."
                raise InputError(msg)
            return before
        newest = found[0] if found else None
        if (None if newest is None else newest.switch_id) != known:
            stands = "nobody has turned it" if newest is None else decided(newest)
            msg = f"Not turned: the switch was turned meanwhile ({stands}); look again before you turn it."
            raise InputError(msg)
        if on == (newest is not None and newest.turned_on):
            msg = f"Expected a switch to turn {WORDS[on]}, found it {WORDS[on]} already; reload the page."
            raise InputError(msg)
        switch_id = insert_once(page, switches, values | {"created_at": time.time()})
        about = {"switch": TITLES[name], "reason": said}
        page.record(f"{name} turned {WORDS[on]}", actor=who, about=about, row=(switches, switch_id))
        row = page.connection.execute(select(switches).where(switches.c.switch_id == switch_id)).mappings().one()
        return _decision(row)


def decided(decision: Decision) -> str:
    """Say what was decided, by whom and when, in local time.

    Examples:
        >>> from datetime import datetime
        >>> at = datetime(2026, 11, 27, 21, 3).timestamp()
        >>> about = {"switch_id": 1, "key": "0" * 8, "name": COUNTERFACTUAL, "reason": "A course.", "created_at": at}
        >>> decided(Decision(turned_on=True, decided_by="Grace", **about))
        'turned on by Grace on 27 Nov 2026 at 21:03'
    """
    return f"turned {WORDS[decision.turned_on]} by {decision.decided_by} on {when(decision.created_at)}"


def _newest_first(name: str) -> Select[tuple[object, ...]]:
    return select(switches).where(switches.c.name == name).order_by(switches.c.switch_id.desc())


def _decision(row: RowMapping) -> Decision:
    return Decision(**{name: row[name] for name in Decision.__dataclass_fields__})
