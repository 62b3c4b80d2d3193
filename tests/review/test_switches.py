"""A switch is off until somebody with the right turns it, with a reason; every decision stays."""

from __future__ import annotations

import pytest

from core.base import roles
from core.base.errors import InputError
from core.review import audit_log, switches
from core.review.switches import COUNTERFACTUAL
from core.store.ledger import Ledger
from core.store.verification import verify
from tests.store.filled import past_the_program


def turned(ledger: Ledger, *, on: bool, key: str = "key-0001", reader: str = "Ada", **about) -> switches.Decision:
    values = {"reason": "A course for residents.", "known": None}
    return switches.turn(ledger, COUNTERFACTUAL, on=on, key=key, reader=reader, **values | about)


def test_it_is_off_until_it_is_turned_on_and_the_newest_decision_counts(workspace):
    ledger = Ledger(workspace)
    assert not switches.is_on(ledger.engine, COUNTERFACTUAL)

    first = turned(ledger, on=True)
    assert switches.is_on(ledger.engine, COUNTERFACTUAL)
    second = turned(ledger, on=False, key="key-0002", reader="Grace", reason="It\n misleads.", known=first.switch_id)

    assert not switches.is_on(ledger.engine, COUNTERFACTUAL)
    assert switches.history(ledger.engine, COUNTERFACTUAL) == [second, first]
    assert (second.reason, second.decided_by, second.turned_on) == ("It misleads.", "Grace", False)
    assert verify(workspace).faults == []


def test_each_decision_is_an_entry_of_the_audit(workspace):
    ledger = Ledger(workspace)
    turned(ledger, on=True)

    newest = audit_log.search(ledger.engine).entries[0]

    assert (newest.actor, newest.action, newest.row) == ("Ada", "counterfactual turned on", "switches 1")
    assert newest.about["reason"] == "A course for residents."


def test_a_double_click_is_one_decision(workspace):
    ledger = Ledger(workspace)

    assert turned(ledger, on=True) == turned(ledger, on=True)

    assert len(switches.history(ledger.engine, COUNTERFACTUAL)) == 1
    with pytest.raises(InputError, match="found one that another decision has"):
        turned(ledger, on=True, reason="Another reason.")


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        ({"reason": "  "}, "Expected a reason of 1 to 1000 characters, found none"),
        ({"reader": " "}, "Expected a reader's name"),
        ({"key": "short"}, "Expected a key of 8 to 64 characters, found 5"),
        ({"on": False}, "Expected a switch to turn off, found it off already"),
        ({"known": 7}, r"Not turned: the switch was turned meanwhile \(nobody has turned it\)"),
    ],
)
def test_what_is_refused_changes_nothing(workspace, about, sentence):
    ledger = Ledger(workspace)

    with pytest.raises(InputError, match=sentence):
        turned(ledger, **{"on": True} | about)

    assert switches.history(ledger.engine, COUNTERFACTUAL) == []


def test_who_lacks_the_right_turns_nothing(workspace, monkeypatch):
    ledger = Ledger(workspace)
    monkeypatch.setitem(roles._told, "by", lambda _name: roles.RESEARCHER)

    with pytest.raises(InputError, match="Expected the right to administer, found that Ada lacks it"):
        turned(ledger, on=True)


def test_there_is_no_other_switch(workspace):
    with pytest.raises(InputError, match="Expected a switch, found 'lights'"):
        switches.turn(Ledger(workspace), "lights", on=True, key="key-0001", reader="Ada", reason="Dark.")


def test_one_that_was_turned_meanwhile_must_be_looked_at_again(workspace):
    ledger = Ledger(workspace)
    turned(ledger, on=True)

    with pytest.raises(InputError, match=r"turned meanwhile \(turned on by Ada on "):
        turned(ledger, on=False, key="key-0002", known=None)


def test_a_decision_that_was_changed_past_the_program_is_named(workspace):
    ledger = Ledger(workspace)
    turned(ledger, on=True)
    ledger.engine.dispose()
    with past_the_program(workspace) as database:
        database.execute("UPDATE switches SET turned_on = 0")

    assert [(fault.table, fault.row) for fault in verify(workspace).faults] == [("switches", "1")]
