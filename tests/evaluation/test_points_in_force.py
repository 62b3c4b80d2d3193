"""The operating point in force: the card's, until one was activated in the database for these weights."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from alembic import command

from core.base.errors import InputError
from core.evaluation import operating_point, points_in_force
from core.store.ledger import Ledger
from tests.store import filled
from tests.store.moved import moved

CARD = {
    **{name: filled.WORKLIST[name] for name in ("checkpoint_id", "weights_sha256", "dataset", "split")},
    "created_at": "2026-01-01T00:00:00+00:00",
    "operating_points": {"youden": {"rule": "youden", "threshold": 0.41}},
    "parts": {"val": {"films": 100, "positive_films": 30}},
}


def test_without_a_database_it_is_the_card_s_and_none_is_made(workspace):
    assert points_in_force.in_force(workspace, CARD) == operating_point.of_card(CARD)
    assert points_in_force.in_force(workspace, CARD | {"operating_points": {}}) is None

    assert not workspace.root.exists()


def test_what_only_waits_or_was_declined_or_withdrawn_does_not_count(workspace):
    ledger = Ledger(workspace)
    for number, decision in enumerate((None, "declined", "withdrawn")):
        filled.add_proposal(ledger, f"p{number}", decision=decision)

    assert points_in_force.in_force(workspace, CARD) == operating_point.of_card(CARD)


def test_the_newest_activation_counts_and_says_by_whom(workspace):
    ledger = Ledger(workspace)
    filled.add_proposal(ledger, "p0", decision="activated")
    filled.add_proposal(ledger, "p1", decision="activated")
    filled.add_proposal(ledger, "p2")

    found = points_in_force.told(workspace, CARD)

    assert found.threshold.model_dump() == {
        "value": 0.35,
        "rule": "chosen",
        "checkpoint_id": CARD["checkpoint_id"],
        "dataset": "made",
        "split": "patient",
        "fold": "tune",
        "films": 155,
        "positive_films": 56,
        "name": "night shift p1",
        "set_by": "Grace",
        "set_at": "2026-01-01T00:00:01+00:00",
    }
    assert found.said == "Grace's 'night shift p1' proposed by Ada, activated 1 Jan 2026"
    assert points_in_force.told(workspace, CARD | {"checkpoint_id": "another"}).decision_id is None
    assert points_in_force.told(workspace, CARD | {"weights_sha256": "f" * 64}).decision_id is None


def test_the_card_s_own_says_where_it_was_chosen():
    assert points_in_force.of_card(CARD).said == "youden on tune, at training, 2026-01-01"


def test_the_longest_names_fit_into_a_worklist(workspace):
    at = points_in_force.of_card(CARD)
    point = at.threshold.model_copy(update={"name": "n" * 36, "set_by": "s" * 60})
    said = points_in_force.InForce(threshold=point, since=at.since, proposed_by="p" * 60, decision_id=1).said

    assert len(said) <= 200


def test_a_database_from_before_the_operating_points_has_the_card_s_and_is_left_as_it_is(workspace):
    ledger = filled.fill(workspace)
    moved(ledger.engine, command.downgrade, "0004")
    ledger.engine.dispose()

    assert points_in_force.in_force(workspace, CARD) == operating_point.of_card(CARD)

    with closing(sqlite3.connect(filled.database(workspace))) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0004",)]


def test_a_database_that_cannot_be_read_is_said_and_no_cut_is_guessed(workspace):
    filled.fill(workspace).engine.dispose()
    filled.database(workspace).write_bytes(b"no database" * 1000)

    with pytest.raises(InputError, match="Expected a store that can be read, found that it cannot"):
        points_in_force.in_force(workspace, CARD)
