"""`triage` as a person runs it: zones by budget or by limit, a saved worklist, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest

from core.base import files
from core.models import cards
from core.review import proposals
from core.review.proposals import Given
from core.store.ledger import Ledger
from core.triage.decision import Policy
from core.triage.worklists import Worklists

PLACE = ("--dataset", "phantoms", "--split", "patient")


@pytest.fixture
def checkpoint(study) -> str:
    return cards.checkpoint_ids(study)[0]


def test_a_budget_parts_the_films_into_three_zones(study, checkpoint, done):
    summary, made = done("triage", checkpoint, *PLACE, "--part", "test", "--budget", "0.2")

    films = pd.read_parquet(study.predictions(checkpoint, "phantoms", "patient", "test"))
    cut = cards.read_card(study, checkpoint)["operating_points"]["youden"]["threshold"]
    zones = made["zones"]
    assert sum(zones.values()) == made["films"] == len(films)
    assert zones["suspected"] == (films["probability"] >= cut).sum()
    below = len(films) - zones["suspected"]
    assert zones["unsure"] <= 0.2 * len(films) + 0.3 * below  # with the random checks
    assert made["certified"] is False
    assert made["policy"]["kind"] == "budget"
    assert "by budget" in summary
    assert {row["signal"] for row in made["bench"]["tune"]["rows"]} >= {"cut_distance", "pass_spread"}


def test_a_number_a_day_is_the_same_as_its_share(study, checkpoint, done):
    _, share = done("triage", checkpoint, *PLACE, "--part", "test", "--budget", "0.1")
    _, number = done("triage", checkpoint, *PLACE, "--part", "test", "--budget", "20", "--films-a-day", "200")

    assert number["zones"] == share["zones"]
    assert number["policy"]["budget"] == pytest.approx(0.1)


def test_too_few_positives_are_an_answer_with_status_0(study, checkpoint, done):
    summary, made = done("triage", checkpoint, *PLACE, "--part", "test", "--max-missed", "0.05", "--confidence", "0.9")

    assert made["certified"] is False
    assert made["positives_needed"] == 45
    assert made["zones"]["not_suspected"] == 0
    assert "not certified. A limit of 5 % missed at a confidence of 90 % needs at least 45 positive patients" in summary


def test_a_worklist_is_saved_once_and_never_replaced(study, checkpoint, done, refused):
    words = ("triage", checkpoint, *PLACE, "--part", "test", "--worklist", "monday")
    _, made = done(*words, "--budget", "0.2")
    done(*words, "--budget", "0.2")

    complaint = refused(*words, "--budget", "0.3")

    (saved,) = Worklists(study).all()
    assert made["worklist"] == saved.name == "monday"
    assert Policy.from_dict(saved.policy).budget == 0.2
    assert saved.checkpoint_id == checkpoint
    assert "found 'monday', which another has; choose a new one" in complaint


def test_a_split_made_anew_is_not_certified_with_a_checkpoint_that_may_know_its_films(study, checkpoint, done):
    path = study.checkpoint(checkpoint) / cards.CARD
    files.write_json(path, files.read_json(path) | {"split_sha256": "0" * 64})

    summary, made = done("triage", checkpoint, *PLACE, "--part", "test", "--max-missed", "0.9", "--confidence", "0.5")

    assert made["certified"] is False
    assert "may have seen films of this certify fold" in summary
    assert made["zones"]["not_suspected"] == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Expected either --budget or --max-missed, found neither"),
        (("--budget", "0.1", "--max-missed", "0.1"), "Expected either --budget or --max-missed, found both"),
        (("--budget", "-1"), "Option 'budget': input should be greater than or equal to 0"),
        (("--max-missed", "1"), "Option 'max_missed': input should be less than 1"),
        (("--max-missed", "0.1", "--confidence", "1"), "Option 'confidence': input should be less than 1"),
        (("--budget", "300"), "Expected a budget of at most the 100 films a day, found 300"),
        (("--budget", "0.1", "--truth", "nobody"), "none named 'nobody'; choose from report, phantom"),
        (("--budget", "0.1", "--worklist", "a/b"), "Expected a worklist name of"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(study, checkpoint, refused, words, sentence):
    assert sentence in refused("triage", checkpoint, *PLACE, "--part", "test", *words)


def test_missing_predictions_name_the_command_that_makes_them(study, checkpoint, refused):
    study.predictions(checkpoint, "phantoms", "patient", "val").unlink()

    complaint = refused("triage", checkpoint, *PLACE, "--part", "test", "--budget", "0.1")

    assert f"run `python -m core predict {checkpoint} --dataset phantoms --split patient --part val` first" in complaint


def test_a_new_worklist_takes_the_point_in_force_and_says_who_set_it(study, checkpoint, done):
    card = cards.read_card(study, checkpoint)
    done("triage", checkpoint, *PLACE, "--part", "test", "--budget", "0.2", "--worklist", "before")
    ledger = Ledger(study)
    given = Given(
        key="a key of ours",
        reader="Ada",
        name="night shift",
        reason="Fewer missed.",
        figures={},
        dataset="phantoms",
        split="patient",
        part="val",
        fold="tune",
        truth="report",
        threshold=0.2,
    )
    one = proposals.propose(study, ledger, card, given)
    proposals.activate(ledger, card, one.proposal_id, key="another key", reader="Grace Hopper", known=None)

    summary, made = done("triage", checkpoint, *PLACE, "--part", "test", "--budget", "0.2", "--worklist", "after")

    films = pd.read_parquet(study.predictions(checkpoint, "phantoms", "patient", "test"))
    assert made["zones"]["suspected"] == (films["probability"] >= 0.2).sum()
    assert "cut: 0.2000 (Grace Hopper's 'night shift' proposed by Ada, activated " in summary
    after, before = Worklists(study).all()
    assert (after.cut, after.policy["cut"]) == (0.2, 0.2)
    assert after.cut_from.startswith("Grace Hopper's 'night shift' proposed by Ada, activated ")
    assert before.cut == card["operating_points"]["youden"]["threshold"]
    assert before.cut_from == f"youden on tune, at training, {card['created_at'][:10]}"
