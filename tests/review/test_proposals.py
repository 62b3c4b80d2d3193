"""Operating points: one reader proposes, another activates; nothing is overwritten, and nothing counts by stealth."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as with_values
from hypothesis import strategies as st

from core.base import files, roles
from core.base.errors import InputError
from core.data import truth as truths
from core.evaluation import points_in_force
from core.review import audit_log, proposal_store, proposals, saving
from core.review.read_store import Reads
from core.store.ledger import Ledger
from core.store.verification import verify
from tests.app import listed
from tests.review import proposed
from tests.review.listed import given as answer_of
from tests.review.listed import reading
from tests.store import filled


@pytest.fixture
def card(workspace):
    return proposed.make(workspace)


@pytest.fixture
def ledger(card, workspace):
    return Ledger(workspace)


def in_force(workspace, card):
    return points_in_force.in_force(workspace, card).value


def test_a_proposal_counts_only_once_another_reader_has_activated_it(workspace, card, ledger):
    one = proposed.proposed(workspace, ledger, card)
    assert in_force(workspace, card) == listed.CUT

    proposals.activate(ledger, card, one.proposal_id, key=proposed.key(), reader="Grace", known=None)

    point = points_in_force.in_force(workspace, card)
    assert (point.value, point.rule, point.fold) == (0.25, "chosen", "tune")
    assert (point.name, point.set_by, point.films) == ("night shift", "Grace", proposed.TUNE)
    assert point.set_at.endswith("+00:00")


def test_the_figures_are_those_measured_on_the_labelled_films_of_tune(workspace, card, ledger):
    one = proposed.proposed(workspace, ledger, card)

    table = files.read_parquet(workspace.predictions(listed.CHECKPOINT, "made", "patient", "val"))[: proposed.TUNE]
    label = table["image_id"].map(truths.labels(workspace, "made")).to_numpy(float)
    called = table["probability"].to_numpy() >= 0.25
    assert one.positive_films == label.sum()
    assert one.figures == {
        "sensitivity": called[label == 1].mean(),
        "specificity": (~called)[label == 0].mean(),
        "true_positive": (called & (label == 1)).sum(),
        "false_positive": (called & (label == 0)).sum(),
        "false_negative": (~called & (label == 1)).sum(),
        "true_negative": (~called & (label == 0)).sum(),
        "ppv": None,  # what else the form showed stays as it was shown
        "alerts_a_day": 62.5,
    }


REFUSED = [
    ({"part": "test", "fold": None}, "Expected a threshold chosen on the fold tune of val, found test"),
    ({"part": "train", "fold": None}, "Expected a threshold chosen on the fold tune of val, found train"),
    ({"part": "test", "fold": "tune"}, "Expected a threshold chosen on the fold tune of val, found test"),
    ({"fold": "certify"}, "Expected a threshold chosen on the fold tune of val, found the fold certify"),
    ({"fold": None}, "Expected a threshold chosen on the fold tune of val, found val"),
    ({"split": "other"}, "Expected a split of data set 'made', found none named 'other'"),
    ({"threshold": 1.01}, "Expected a threshold from 0 to 1, found 1.01"),
    ({"threshold": -0.01}, "Expected a threshold from 0 to 1, found -0.01"),
    ({"threshold": float("nan")}, "Expected a threshold from 0 to 1, found nan"),
    ({"name": "  "}, "Expected a name of 1 to 36 letters, digits"),
    ({"name": "![x](https://evil.example/p.png)"}, "Expected a name of 1 to 36 letters, digits"),
    ({"name": "n" * 37}, "Expected a name of 1 to 36 letters, digits"),
    ({"reason": " \n "}, "Expected a reason of 1 to 1000 characters, found none"),
    ({"reason": "r" * 1001}, "Expected a reason of 1 to 1000 characters, found 1001"),
    ({"reason": "a\x00b"}, "found some that cannot be printed"),
    ({"reader": ""}, "Expected a reader's name of 1 to 60 letters"),
    ({"reader": "command line"}, "which stands for the program itself"),
    ({"truth": "nobody"}, "found none named 'nobody'"),
    ({"figures": {"ppv": float("inf")}}, "Expected figures that are numbers"),
    ({"key": "short"}, "Expected a key of 8 to 64 characters, found 5"),
]


def test_what_may_not_be_proposed_is_refused_in_a_sentence_and_leaves_nothing(workspace, card, ledger):
    for about, sentence in REFUSED:
        with pytest.raises(InputError) as refused:
            proposed.proposed(workspace, ledger, card, **about)
        assert sentence in str(refused.value), about

    assert proposal_store.history(ledger.engine, card).proposals == []


def test_the_tune_of_a_split_that_the_checkpoint_did_not_learn_from_is_refused(workspace, card, ledger):
    path = workspace.split("made", "patient")
    for ending in (".parquet", ".json"):
        path.with_name(f"later{ending}").write_bytes(path.with_suffix(ending).read_bytes())
    later = path.with_name("later.json")
    files.write_json(later, files.read_json(later) | {"table_sha256": "0" * 64})

    with pytest.raises(InputError, match="found later as it is now, whose tune may hold films it learnt from"):
        proposed.proposed(workspace, ledger, card, split="later")


def test_its_own_split_made_anew_is_refused(workspace, card, ledger):
    path = workspace.split("made", "patient").with_suffix(".json")
    files.write_json(path, files.read_json(path) | {"table_sha256": "0" * 64})

    with pytest.raises(InputError, match="found patient as it is now"):
        proposed.proposed(workspace, ledger, card)


def test_the_tune_of_another_data_set_may_choose(workspace, card, ledger):
    elsewhere = card | {"dataset": "learnt", "split_sha256": "f" * 64}

    assert proposed.proposed(workspace, ledger, elsewhere).dataset == "made"


def test_predictions_that_are_gone_are_said(workspace, card, ledger):
    workspace.predictions(listed.CHECKPOINT, "made", "patient", "val").unlink()

    with pytest.raises(InputError, match="--part val` first"):
        proposed.proposed(workspace, ledger, card)


@pytest.mark.parametrize("reader", ["Ada", " ada ", "ADA", "Ａda"])
def test_nobody_activates_an_own_proposal_however_the_name_is_written(workspace, card, ledger, reader):
    one = proposed.proposed(workspace, ledger, card)

    with pytest.raises(InputError, match="who proposed it; ask a second reader"):
        proposals.activate(ledger, card, one.proposal_id, key=proposed.key(), reader=reader, known=None)

    assert in_force(workspace, card) == listed.CUT


def test_a_name_without_the_right_does_nothing(workspace, card, ledger, monkeypatch):
    one = proposed.proposed(workspace, ledger, card)
    monkeypatch.setitem(roles._told, "by", lambda _name: roles.CLINICIAN)

    with pytest.raises(InputError, match="Expected the right to propose, found that Ada lacks it"):
        proposed.proposed(workspace, ledger, card)
    with pytest.raises(InputError, match="Expected the right to propose, found that Ada lacks it"):
        proposals.withdraw(ledger, card, one.proposal_id, key=proposed.key(), reader="Ada")
    with pytest.raises(InputError, match="Expected the right to activate, found that Grace lacks it"):
        proposals.activate(ledger, card, one.proposal_id, key=proposed.key(), reader="Grace", known=None)
    with pytest.raises(InputError, match="Expected the right to activate, found that Grace lacks it"):
        proposals.decline(ledger, card, one.proposal_id, key=proposed.key(), reader="Grace", reason="No.")


def test_what_is_decided_is_decided_once(workspace, card, ledger):
    one = proposed.proposed(workspace, ledger, card)
    made = proposals.decline(ledger, card, one.proposal_id, key="key-declined", reader="Grace", reason="Too many.")
    assert (made.decision, made.reason) == ("declined", "Too many.")

    for step in (
        lambda: proposals.activate(ledger, card, one.proposal_id, key=proposed.key(), reader="Grace", known=None),
        lambda: proposals.withdraw(ledger, card, one.proposal_id, key=proposed.key(), reader="Ada"),
        lambda: proposals.decline(ledger, card, one.proposal_id, key=proposed.key(), reader="Edith", reason="No."),
    ):
        with pytest.raises(InputError, match="found 'night shift' declined by Grace on "):
            step()
    assert in_force(workspace, card) == listed.CUT


def test_to_decline_asks_for_a_reason_and_to_withdraw_for_the_proposer(workspace, card, ledger):
    one = proposed.proposed(workspace, ledger, card)
    with pytest.raises(InputError, match="Expected a reason of 1 to 1000 characters, found none"):
        proposals.decline(ledger, card, one.proposal_id, key=proposed.key(), reader="Grace", reason=" ")
    with pytest.raises(InputError, match="Expected Ada, who proposed this, to withdraw it, found Grace"):
        proposals.withdraw(ledger, card, one.proposal_id, key=proposed.key(), reader="Grace")

    proposals.withdraw(ledger, card, one.proposal_id, key=proposed.key(), reader="Ada")

    (there,) = proposal_store.history(ledger.engine, card).proposals
    assert there.decision.decision == "withdrawn"


def test_sent_twice_under_one_key_it_is_done_once(workspace, card, ledger):
    given = proposed.given()
    one = proposals.propose(workspace, ledger, card, given)
    assert proposals.propose(workspace, ledger, card, given) == one
    with pytest.raises(InputError, match="Expected a new key for a new proposal"):
        proposals.propose(workspace, ledger, card, replace(given, threshold=0.3))
    about = {"key": "key-activate", "reader": "Grace", "known": None}
    made = proposals.activate(ledger, card, one.proposal_id, **about)

    assert proposals.activate(ledger, card, one.proposal_id, **about) == made
    assert len(proposal_store.history(ledger.engine, card).proposals) == 1
    assert verify(workspace).entries == 3  # the store begun, proposed, activated


def test_the_newest_activation_counts_whenever_it_was_proposed(workspace, card, ledger):
    older = proposed.proposed(workspace, ledger, card, threshold=0.2)
    proposed.activated(workspace, ledger, card, threshold=0.3)
    known = proposal_store.history(ledger.engine, card).known
    proposals.activate(ledger, card, older.proposal_id, key=proposed.key(), reader="Grace", known=known)

    assert in_force(workspace, card) == 0.2


def test_who_did_not_see_what_is_in_force_now_changes_nothing(workspace, card, ledger):
    later = proposed.proposed(workspace, ledger, card, threshold=0.3)
    proposed.activated(workspace, ledger, card, threshold=0.2)

    with pytest.raises(InputError, match=r"Not activated: the operating point was changed meanwhile \(Grace's 'night"):
        proposals.activate(ledger, card, later.proposal_id, key=proposed.key(), reader="Grace", known=None)

    assert in_force(workspace, card) == 0.2


def test_what_was_proposed_for_other_weights_never_counts(workspace, card, ledger):
    proposed.activated(workspace, ledger, card)
    waiting = proposed.proposed(workspace, ledger, card, threshold=0.3)
    retrained = card | {"weights_sha256": "f" * 64}

    assert in_force(workspace, retrained) == listed.CUT
    assert proposal_store.history(ledger.engine, retrained).proposals == []
    with pytest.raises(InputError, match="found other weights; propose a point for these"):
        proposals.activate(ledger, retrained, waiting.proposal_id, key=proposed.key(), reader="Grace", known=None)


def test_a_proposal_of_another_checkpoint_is_none_of_this_one(workspace, card, ledger):
    one = proposed.proposed(workspace, ledger, card)
    other = card | {"checkpoint_id": "vit-made-20260101-0a1b2c3d"}

    with pytest.raises(InputError, match="Expected a proposal for vit-made"):
        proposals.activate(ledger, other, one.proposal_id, key=proposed.key(), reader="Grace", known=None)
    with pytest.raises(InputError, match="found none of number 99"):
        proposals.withdraw(ledger, card, 99, key=proposed.key(), reader="Ada")


def test_one_can_go_back_to_the_point_chosen_at_training(workspace, card, ledger):
    proposed.activated(workspace, ledger, card)
    workspace.predictions(listed.CHECKPOINT, "made", "patient", "val").unlink()  # nothing is measured anew

    back = proposals.propose_card(ledger, card, key=proposed.key(), reader="Grace", reason="It served us better.")
    known = proposal_store.history(ledger.engine, card).known
    proposals.activate(ledger, card, back.proposal_id, key=proposed.key(), reader="Ada", known=known)

    assert (back.origin, back.threshold, back.films) == ("card", listed.CUT, 100)
    assert back.figures == {"sensitivity": 0.75, "specificity": 0.5}
    point = points_in_force.in_force(workspace, card)
    assert (point.value, point.name, point.set_by) == (listed.CUT, "as at training", "Ada")


def test_without_a_point_on_the_card_there_is_nothing_to_go_back_to(workspace, card, ledger):
    without = card | {"operating_points": {}}
    with pytest.raises(InputError, match="Expected an operating point on the checkpoint's card, found none"):
        proposals.propose_card(ledger, without, key=proposed.key(), reader="Ada", reason="Back.")

    assert points_in_force.in_force(workspace, without) is None
    proposed.activated(workspace, ledger, without)
    assert in_force(workspace, without) == 0.25


def test_the_audit_tells_each_step_in_words(workspace, card, ledger):
    first, second, third = (proposed.proposed(workspace, ledger, card, threshold=value) for value in (0.1, 0.2, 0.3))
    proposals.activate(ledger, card, first.proposal_id, key=proposed.key(), reader="Grace", known=None)
    proposals.decline(ledger, card, second.proposal_id, key=proposed.key(), reader="Edith", reason="Too many alarms.")
    proposals.withdraw(ledger, card, third.proposal_id, key=proposed.key(), reader="Ada")

    entries = audit_log.search(ledger.engine, "operating point").entries
    assert [(one.actor, one.action, one.row) for one in reversed(entries)] == [
        *(("Ada", "operating point proposed", f"proposals {number}") for number in (1, 2, 3)),
        ("Grace", "operating point activated", "decisions 1"),
        ("Edith", "operating point declined", "decisions 2"),
        ("Ada", "operating point withdrawn", "decisions 3"),
    ]
    assert audit_log.about_words(entries[1].about) == (
        f"checkpoint {listed.CHECKPOINT}, name night shift, cut 0.2, reason Too many alarms., proposed by Ada"
    )
    assert verify(workspace).faults == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE proposals SET threshold = 0.9", "Row 1 of proposals was changed after entry 2 had sealed it."),
        ("UPDATE decisions SET decided_by = 'Eve'", "Row 1 of decisions was changed after entry 3 had sealed it."),
        ("DELETE FROM decisions", "Row 1 of decisions is gone; entry 3 speaks of it."),
        (
            "INSERT INTO decisions SELECT 2, 'another key', 2, decision, reason, decided_by, created_at FROM decisions",
            "Row 2 of decisions has no entry: it was inserted past the program.",
        ),
    ],
)
def test_what_was_done_past_the_program_is_found(workspace, card, ledger, statement, fault):
    proposed.activated(workspace, ledger, card)
    proposed.proposed(workspace, ledger, card, threshold=0.9)
    ledger.engine.dispose()
    with filled.past_the_program(workspace) as connection:
        connection.execute(statement)

    assert [found.sentence for found in verify(workspace).faults] == [fault]


def test_an_open_worklist_keeps_its_cut_and_a_read_stores_it(workspace, card, ledger):
    of = reading(workspace)
    before = of.films.copy()
    proposed.activated(workspace, ledger, card, threshold=0.8)

    again = reading(workspace)

    assert again.worklist.cut == listed.CUT
    assert before.equals(again.films)  # zones, signals and what the reasons are told from
    image = again.listed[0]
    saved = saving.save(Reads(workspace), again, answer_of(again, image, "Ada", stage=1))
    assert saved.seen["cut"] == listed.CUT


@pytest.fixture(scope="module")
def processes():
    """Processes that start at once, since what they import is imported."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork server")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.review.proposed"])
    return context


@pytest.mark.parametrize("one_proposal", [True, False])
def test_of_eight_processes_that_activate_at_once_one_wins(workspace, card, ledger, processes, one_proposal):
    many = [proposed.proposed(workspace, ledger, card, threshold=0.1 + 0.01 * number) for number in range(8)]
    ledger.engine.dispose()
    listening, telling = processes.Pipe(duplex=False)
    started = [
        processes.Process(
            target=proposed.activate_at_once,
            args=(workspace, card, number, many[0 if one_proposal else number].proposal_id, telling),
        )
        for number in range(8)
    ]
    for one in started:
        one.start()
    for one in started:
        one.join(120)
    told = dict(listening.recv() for _ in started)

    (winner,) = [number for number, refused in told.items() if refused is None]
    assert in_force(workspace, card) == many[0 if one_proposal else winner].threshold
    assert points_in_force.in_force(workspace, card).set_by == f"Reader {winner}"
    word = "activated by Reader" if one_proposal else "Not activated: the operating point was changed meanwhile"
    assert all(word in refused for refused in told.values() if refused is not None)
    found = verify(workspace)
    assert (found.entries, found.faults) == (1 + 8 + 1, [])


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@with_values(
    st.lists(
        st.tuples(st.sampled_from(["activate", "decline", "withdraw"]), st.integers(0, 3), st.sampled_from("ABC")),
        max_size=12,
    )
)
def test_whatever_is_tried_the_last_activation_by_another_reader_counts(workspace, card, ledger, steps):
    weights = np.random.default_rng(len(steps)).bytes(32).hex()
    own = card | {"weights_sha256": weights}  # a checkpoint of this trial's own
    table = workspace.predictions(listed.CHECKPOINT, "made", "patient", "val")
    files.write_parquet(table, files.read_parquet(table).assign(weights_sha256=weights))
    start = proposal_store.history(ledger.engine, own)
    many = [proposed.proposed(workspace, ledger, own, threshold=0.1 * n, reader="ABC"[n % 3]) for n in range(4)]
    expected, decided = start.in_force.threshold.value, set()
    for word, number, reader in steps:
        one, proposer = many[number], "ABC"[number % 3]
        allowed = number not in decided and {"withdraw": reader == proposer, "activate": reader != proposer}.get(
            word, True
        )
        about = {"key": proposed.key(), "reader": reader}
        if word == "activate":
            about["known"] = proposal_store.history(ledger.engine, own).known
        if word == "decline":
            about["reason"] = "No."
        try:
            getattr(proposals, word)(ledger, own, one.proposal_id, **about)
        except InputError:
            assert not allowed
        else:
            assert allowed
            decided.add(number)
            expected = one.threshold if word == "activate" else expected
    assert in_force(workspace, own) == expected
