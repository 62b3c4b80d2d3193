"""Operating points on a page: two sessions, one that proposes and one that activates."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app import operating_points, resources, state
from core.evaluation import points_in_force
from core.review import proposal_store, proposals
from core.store.ledger import Ledger
from tests.app import listed
from tests.review import proposed


def script(part: str, fold: str | None, threshold: float) -> None:
    from app import operating_points, resources

    place = {"dataset": "made", "split": "patient", "part": part, "fold": fold, "truth": "report"}
    figures = {"sensitivity": 0.9, "ppv": None, "alerts_a_day": 62.5}
    (card,) = resources.checkpoint_cards()
    operating_points.draw(card, place=place, threshold=threshold, figures=figures)


@pytest.fixture
def card(workspace):
    return proposed.make(workspace)


def opened(reader, *, part="val", fold="tune", threshold=0.25):
    at = AppTest.from_function(script, args=(part, fold, threshold), default_timeout=60)
    if reader is not None:
        at.session_state[state.READER.name] = reader
    at.run()
    assert not at.exception
    return at


def clicked(at, key):
    next(button for button in at.button if button.key == key).click().run()
    assert not at.exception
    return at


def keys(at):
    return {button.key for button in at.button}


def said(at):
    return [one.value for one in (*at.info, *at.error)]


def text(at):
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(element.value) for element in (*at.caption, *at.markdown)] + html)


def propose(at, name="night shift", reason="Fewer missed at night."):
    clicked(at, "operating_points.propose")
    at.text_input(key=operating_points.NAME).set_value(name)
    at.text_area(key=operating_points.REASON).set_value(reason)
    return clicked(at, "operating_points.file")


def rows(card):
    return proposal_store.history(resources.reads().ledger.engine, card).proposals


def test_one_session_proposes_and_another_activates(workspace, card):
    ada, grace = opened("Ada"), opened("Grace")
    assert "In force: 0.400, chosen at training (youden on tune)" in text(ada)

    propose(ada)
    assert said(ada) == ['"night shift" (0.250) is proposed. It counts once another reader has activated it.']
    assert "operating_points.withdraw.1" in keys(ada)
    assert "operating_points.activate.1" not in keys(ada)
    assert "A reader of another name activates it." in text(ada)
    assert points_in_force.in_force(workspace, card).value == listed.CUT

    grace.run()
    assert "Fewer missed at night." in text(grace)
    assert "PPV not measurable" in text(grace)
    clicked(grace, "operating_points.activate.1")

    assert said(grace)[0].startswith('"night shift" (0.250) is in force. Open worklists keep the point')
    assert 'In force: 0.250, "night shift", proposed by Ada, activated by Grace on ' in text(grace)
    assert resources.card_cut(card) == 0.25
    table = grace.dataframe[0].value
    assert table[["Name", "State", "Proposed by", "Decided by"]].values.tolist() == [
        ["night shift", "in force", "Ada", "Grace"]
    ]


def test_the_button_is_off_where_nothing_may_be_chosen_and_says_why(workspace, card):
    for part, fold in (("test", None), ("train", None), ("val", "certify")):
        at = opened("Ada", part=part, fold=fold)
        assert at.button(key="operating_points.propose").disabled
        assert "Chosen on tune only: test is measured, never chosen from." in text(at)
    at = opened(None)
    assert at.button(key="operating_points.propose").disabled
    assert "Say who you are first" in text(at)


def test_a_name_is_asked_for_on_the_spot(workspace, card):
    at = opened(None)

    at.text_input(key="review.name.text").set_value("Edith")
    at.button[[button.label for button in at.button].index("Go on")].click().run()

    assert not at.exception
    assert not at.button(key="operating_points.propose").disabled


def test_without_a_name_or_a_reason_the_form_stays_and_says_so(workspace, card):
    at = propose(opened("Ada"), name="")
    assert said(at)[0].startswith("Expected a name of 1 to 36 letters")

    at.text_input(key=operating_points.NAME).set_value("night shift")
    at.text_area(key=operating_points.REASON).set_value(" ")
    clicked(at, "operating_points.file")
    assert said(at)[0].startswith("Expected a reason of 1 to 1000 characters, found none")

    at.text_area(key=operating_points.REASON).set_value("Fewer missed.")
    clicked(at, "operating_points.file")
    assert len(rows(card)) == 1


def test_a_form_that_is_sent_twice_files_one_proposal(workspace, card, monkeypatch):
    at = opened("Ada")
    filed = proposals.propose
    monkeypatch.setattr(proposals, "propose", lambda *given: (filed(*given), filed(*given))[0])

    propose(at)

    assert len(rows(card)) == 1
    assert said(at)[0].startswith('"night shift" (0.250) is proposed.')


def test_two_sessions_that_activate_at_once_one_wins_and_the_other_is_told(workspace, card):
    ledger = Ledger(workspace)
    for threshold in (0.2, 0.3):
        proposed.proposed(workspace, ledger, card, threshold=threshold)
    grace, edith = opened("Grace"), opened("Edith")

    clicked(grace, "operating_points.activate.1")
    clicked(edith, "operating_points.activate.2")  # drawn before Grace's click

    assert said(edith)[0].startswith("Not activated: the operating point was changed meanwhile (Grace's 'night shift'")
    assert points_in_force.in_force(workspace, card).value == 0.2
    clicked(edith, "operating_points.activate.2")  # now she has seen it
    assert points_in_force.in_force(workspace, card).value == 0.3


def test_the_same_one_activated_in_two_sessions_counts_once(workspace, card):
    proposed.proposed(workspace, Ledger(workspace), card)
    grace, edith = opened("Grace"), opened("Edith")

    clicked(grace, "operating_points.activate.1")
    clicked(edith, "operating_points.activate.1")

    assert said(edith)[0].startswith("Expected a proposal that waits, found 'night shift' activated by Grace on ")
    assert points_in_force.in_force(workspace, card).set_by == "Grace"


def test_a_proposal_is_declined_with_a_reason_or_withdrawn(workspace, card):
    ledger = Ledger(workspace)
    for threshold in (0.2, 0.3):
        proposed.proposed(workspace, ledger, card, threshold=threshold)
    grace = clicked(opened("Grace"), "operating_points.decline.1")
    assert said(grace)[0].startswith("Expected a reason of 1 to 1000 characters")

    grace.text_input(key="operating_points.why.1").set_value("Too many alarms.")
    clicked(grace, "operating_points.decline.1")
    ada = clicked(opened("Ada"), "operating_points.withdraw.2")

    assert said(ada) == ['"night shift" is withdrawn.']
    table = ada.dataframe[0].value
    assert table[["State", "Decided by", "Why declined"]].values.tolist() == [
        ["withdrawn", "Ada", ""],
        ["declined", "Grace", "Too many alarms."],
    ]


def test_the_point_chosen_at_training_can_be_proposed_again_once(workspace, card):
    assert "operating_points.back" not in keys(opened("Ada"))
    proposed.activated(workspace, Ledger(workspace), card)

    grace = clicked(opened("Grace"), "operating_points.back")
    assert "operating_points.back" not in keys(grace)  # it waits
    ada = clicked(opened("Ada"), "operating_points.activate.2")

    assert 'In force: 0.400, "as at training", proposed by Grace, activated by Ada' in text(ada)
    assert "operating_points.back" not in keys(ada)
    assert ada.dataframe[0].value["State"].tolist() == ["in force", "was in force"]


def test_what_somebody_typed_is_shown_as_text(workspace, card):
    reason = "<b>bold</b> ![x](https://evil.example/p.png)"
    proposed.proposed(workspace, Ledger(workspace), card, reason=reason)

    at = opened("Grace")

    assert "&lt;b&gt;bold&lt;/b&gt;" in text(at)
    assert not [one for one in (*at.markdown, *at.caption) if "evil.example" in str(one.value)]


def test_evidence_is_cached_by_its_cut(workspace, card):
    place = (listed.CHECKPOINT, "made", "patient", "test", "report")
    before, key = resources.evidence(*place)
    proposed.activated(workspace, Ledger(workspace), card, threshold=0.75)

    after, other = resources.evidence(*place)
    kept, same = resources.evidence(*place, cut=listed.CUT)

    assert (before.cut, after.cut) == (listed.CUT, 0.75)
    assert kept is before
    assert same == key != other
