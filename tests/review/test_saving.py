"""Saving: once a key, never over another, only for the picture that was drawn."""

from __future__ import annotations

import multiprocessing
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from core.base.errors import InputError, PleuraScopeError
from core.base.paths import Workspace
from core.review import read_store, reading_list, saving
from core.review.answer import Answer
from core.review.read_store import FIRST, WITH_MODEL, Reads
from core.review.saving import CaseChanged
from core.store.verification import verify
from core.triage.worklists import Worklists
from tests.review.listed import LEFT, NONE, answered, given, reading


def test_both_answers_are_stored_with_what_was_seen(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = of.listed[0]
    first = saving.save(reads, of, given(of, image_id, "Ada", stage=FIRST, answer=LEFT, heat_map=True))
    second = saving.save(
        reads, of, given(of, image_id, "Ada", stage=WITH_MODEL, answer=NONE, expected=first.read_id, heat_map=True)
    )

    kept = Reads(workspace).of_case("first", image_id)

    assert kept == (first, second)
    assert (first.stage, first.seen["zone"], first.seen["probability"], first.seen["reasons"]) == (
        1,
        "suspected",
        None,
        [],
    )
    assert not first.seen["heat_map"]
    assert second.seen["probability"] == pytest.approx(of.row(image_id)["probability"])
    assert second.seen["reasons"]
    assert second.seen["heat_map"]
    assert second.supersedes == first.read_id
    assert second.seconds == 12.5


def test_a_first_answer_of_a_blinded_list_saw_no_zone(workspace):
    of = reading(workspace, read_mode="blinded")
    reads = Reads(workspace)

    read = saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST))

    assert read.seen["zone"] is None
    assert read.seen["read_mode"] == "blinded"


def test_the_same_key_is_one_read(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    once = given(of, of.listed[0], "Ada", stage=FIRST)

    assert saving.save(reads, of, once) == saving.save(reads, of, once)
    assert len(reads.all()) == 1


def test_a_key_of_another_answer_is_refused(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST, key="the-same-key"))

    with pytest.raises(InputError, match="Expected a new key for a new answer, found one that another answer has"):
        saving.save(reads, of, given(of, of.listed[1], "Ada", stage=FIRST, key="the-same-key"))


def test_another_picture_is_refused(workspace):
    of = reading(workspace)

    with pytest.raises(InputError, match="Expected the film as it was indexed on the screen, found another picture"):
        saving.save(Reads(workspace), of, given(of, of.listed[0], "Ada", stage=FIRST, image_sha256="0" * 64))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"seconds": -1.0}, "Expected stage 1 or 2 and 0 to 43200 seconds, found 1 and -1.0"),
        ({"stage": 3}, "Expected stage 1 or 2 and 0 to 43200 seconds, found 3 and 12.5"),
        ({"stage": 2}, "Expected an answer of stage 1, found one of stage 2; reload the page."),
        ({"key": "short"}, "Expected a key of 8 to 64 characters, found 5; reload the page."),
        (
            {"answer": NONE | {"regions": [{"kind": "ellipse", "points": [[0, 0], [65, 10]]}]}},
            "Expected regions within the film, found one that reaches beyond it",
        ),
        (
            {"answer": NONE | {"left": {"grade": 1, "change": "resolved"}}},
            "Expected a change against the prior only where there is a prior film, found one",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(workspace, change, sentence):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = next(name for name in of.listed if not of.priors(name))

    with pytest.raises(InputError, match=sentence):
        saving.save(reads, of, given(of, image_id, "Ada", **{"stage": FIRST} | change))

    assert reads.all() == []


def test_a_read_made_meanwhile_is_shown_and_nothing_is_lost(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = of.listed[0]
    mine = saving.save(reads, of, given(of, image_id, "Ada", stage=FIRST, answer=NONE))
    theirs = answered(reads, of, image_id, "Grace", LEFT)
    late = given(of, image_id, "Ada", stage=WITH_MODEL, answer=NONE, expected=mine.read_id)

    with pytest.raises(CaseChanged, match=r"Not saved: this case was read meanwhile, at .* by Grace") as refused:
        saving.save(reads, of, late)
    again = saving.save(
        reads, of, given(of, image_id, "Ada", stage=WITH_MODEL, answer=NONE, expected=refused.value.newer[-1].read_id)
    )

    assert refused.value.newer == (theirs,)
    assert again in reads.of_case("first", image_id)
    assert again.seen["others"] == [theirs.read_id]


def test_a_second_window_of_the_same_reader_cannot_answer_first_again(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST))

    with pytest.raises(CaseChanged, match="by you, in another window"):
        saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST, answer=LEFT))


def test_readers_hidden_from_each_other_do_not_disturb_each_other(workspace):
    of = reading(workspace, readers=("Ada", "Grace"))
    reads = Reads(workspace)
    image_id = of.listed[0]
    answered(reads, of, image_id, "Grace", LEFT)

    read = saving.save(reads, of, given(of, image_id, "Ada", stage=FIRST, expected=None))

    assert read.seen["others"] == []


def test_a_stranger_cannot_answer_before_there_is_a_disagreement(workspace):
    of = reading(workspace, readers=("Ada", "Grace"))

    with pytest.raises(InputError, match=r"Expected a reader of this worklist \(Ada and Grace\), found Mary"):
        saving.save(Reads(workspace), of, given(of, of.listed[0], "Mary", stage=FIRST))


def test_the_same_key_with_another_answer_is_refused(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST, key="the-same-key"))

    with pytest.raises(InputError, match="Expected a new key for a new answer"):
        saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST, key="the-same-key", answer=LEFT))


def test_what_was_once_looked_at_stays_seen(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = next(name for name in of.listed if of.priors(name))
    answered(reads, of, image_id, "Ada")
    looked = saving.save(
        reads,
        of,
        given(of, image_id, "Ada", stage=WITH_MODEL, expected=reads.last_id(), heat_map=True, more=True),
    )

    later = saving.save(reads, of, given(of, image_id, "Ada", stage=WITH_MODEL, expected=looked.read_id, answer=LEFT))

    assert (later.seen["heat_map"], later.seen["more"], later.seen["priors"]) == (True, True, of.priors(image_id))
    assert not reads.of_case("first", image_id)[0].seen["priors"]


def test_nobody_becomes_an_adjudicator_unawares(workspace):
    of = reading(workspace, read_mode="blinded")
    reads = Reads(workspace)
    image_id = of.listed[0]
    answered(reads, of, image_id, "Ada", NONE | {"second_reader": True})
    answered(reads, of, image_id, "Grace", LEFT)

    with pytest.raises(InputError, match="so it asks for an adjudication now"):
        saving.save(reads, of, given(of, image_id, "Mary", stage=FIRST, role="reader"))
    read = saving.save(reads, of, given(of, image_id, "Mary", stage=FIRST, role="adjudicator"))

    assert read.role == "adjudicator"


def test_a_database_that_cannot_be_written_is_said_and_nothing_is_kept(workspace, monkeypatch):
    of = reading(workspace)
    reads = Reads(workspace)

    def full(*_given, **_more):
        statement = "INSERT INTO reads"
        raise OperationalError(statement, {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(read_store, "add", full)
    with pytest.raises(PleuraScopeError, match=r"the database cannot be written \(database or disk is full\)"):
        saving.save(reads, of, given(of, of.listed[0], "Ada", stage=FIRST))

    assert reads.all() == []
    assert verify(workspace).faults == []


def test_undoing_is_a_new_read(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = of.listed[0]
    done = answered(reads, of, image_id, "Ada", LEFT)

    undone = saving.save(reads, of, given(of, image_id, "Ada", stage=WITH_MODEL, answer=NONE, expected=done.read_id))

    assert undone.supersedes == done.read_id
    assert len(reads.of_case("first", image_id)) == 3


def write_as(number: int, image_id: str) -> None:
    """One of fifty writers: answers twice, and again whenever somebody was faster."""
    workspace = Workspace()
    of = reading_list.load(workspace, Worklists(workspace).get("first"))
    reads = Reads(workspace)
    name = f"reader {number}"
    known: int | None = None
    for stage in (FIRST, WITH_MODEL):
        while True:
            try:
                read = saving.save(
                    reads,
                    of,
                    given(of, image_id, name, stage=stage, expected=known, key=f"{number:04d}-{stage}-key"),
                )
            except CaseChanged as error:
                known = max(one.read_id for one in error.newer)
                continue
            known = max(known or 0, read.read_id)
            break


def test_fifty_writers_on_one_case_lose_nothing(workspace):
    of = reading(workspace)
    image_id = of.listed[0]
    context = multiprocessing.get_context("fork")
    with context.Pool(8) as pool:
        pool.starmap(write_as, [(number, image_id) for number in range(50)], chunksize=1)

    kept = Reads(workspace).of_case("first", image_id)

    assert len(kept) == 100
    assert len({(read.reader, read.stage) for read in kept}) == 100
    assert verify(workspace).faults == []


def test_an_answer_that_is_not_complete_is_refused():
    with pytest.raises(InputError, match="found a fault in answer: expected a grade from 0 to 4 for the left side"):
        Answer.from_dict(NONE | {"left": {"grade": None}})
    with pytest.raises(InputError, match=r"found a fault in right\.grade: input should be less than or equal to 4"):
        Answer.from_dict(NONE | {"right": {"grade": 5}})
    with pytest.raises(InputError, match="expected size, drain and change only where a side is graded 2 or more"):
        Answer.from_dict(NONE | {"right": {"grade": 1, "apex_mm": 3.0}})
    assert Answer.from_dict({"right": {}, "left": {}, "quality": "unreadable"}).called is None
