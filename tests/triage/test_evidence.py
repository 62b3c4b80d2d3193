"""Evidence is computed at one cut: a worklist's own, whatever is in force now, else the one in force."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.errors import InputError
from core.store.ledger import Ledger
from core.triage import cases, evidence, reasons
from core.triage.signals import COLUMN
from tests.app import listed
from tests.review import proposed

PLACE = ("made", "patient", "test")


@pytest.fixture
def card(workspace):
    return proposed.make(workspace)


@pytest.fixture
def activated(workspace, card):
    proposed.activated(workspace, Ledger(workspace), card, threshold=0.75)
    return card


def test_the_point_in_force_is_the_cut(workspace, card, activated):
    found = evidence.load(workspace, card, *PLACE)

    assert found.cut == 0.75
    assert evidence.in_force(workspace, card).said.startswith("Grace's 'night shift' proposed by Ada, activated ")
    wrong = (found.probabilities >= 0.75) != (found.labels == 1)
    np.testing.assert_array_equal(found.errors, wrong)


def test_a_worklist_s_cut_gives_what_it_gave_before(workspace, card):
    before = evidence.load(workspace, card, *PLACE)
    told = [reasons.of(case, listed.policy()) for case in cases.cases(before, listed.policy()).to_dict("records")]
    proposed.activated(workspace, Ledger(workspace), card, threshold=0.75)

    after = evidence.load(workspace, card, *PLACE, cut=listed.CUT)

    assert after.cut == listed.CUT
    assert before.films.equals(after.films)
    np.testing.assert_array_equal(before.errors, after.errors)
    again = cases.cases(after, listed.policy())
    assert again.equals(cases.cases(before, listed.policy()))
    assert told == [reasons.of(case, listed.policy()) for case in again.to_dict("records")]
    new = evidence.load(workspace, card, *PLACE)
    assert not new.films[COLUMN + "cut_distance"].equals(after.films[COLUMN + "cut_distance"])


def test_without_any_point_nothing_is_told(workspace, card):
    with pytest.raises(InputError, match="Expected an operating point on the card of 'cnn-made-20260101-0a1b2c3d'"):
        evidence.load(workspace, card | {"operating_points": {}}, *PLACE)
