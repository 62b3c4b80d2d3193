"""What a case is to each reader: to be read, to be adjudicated, read; and what counts as settled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.base.errors import InputError
from core.data import truth
from core.review import practice, progress, reading_list, saving
from core.review.read_store import FIRST, Reads
from core.review.reads import case_view, read_table
from core.triage.worklists import Worklists
from tests.review.listed import LEFT, NONE, answered, given, reading


def states(reads, of, reader, image_id):
    found = progress.of_reader(reads.of_case(of.worklist.name, image_id), reader, of)
    return found.outcome, found.state


def test_where_anybody_may_read_one_reader_is_enough(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = of.listed[0]
    assert states(reads, of, "Ada", image_id) == ("pending", "to read")

    answered(reads, of, image_id, "Ada")

    assert states(reads, of, "Ada", image_id) == ("one reader", "read")
    assert states(reads, of, "Grace", image_id) == ("one reader", "read")


def test_a_wish_for_a_second_reader_opens_the_case_again_for_others(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    image_id = of.listed[0]

    answered(reads, of, image_id, "Ada", NONE | {"second_reader": True})

    assert states(reads, of, "Ada", image_id) == ("pending", "read")
    assert states(reads, of, "Grace", image_id) == ("pending", "to read")
    answered(reads, of, image_id, "Grace")
    assert states(reads, of, "Grace", image_id) == ("agreement", "read")


def test_a_disagreement_goes_to_a_third_reader(workspace):
    of = reading(workspace, readers=("Ada", "Grace"))
    reads = Reads(workspace)
    image_id = of.listed[0]
    assert states(reads, of, "Mary", image_id) == ("pending", "not yours")

    answered(reads, of, image_id, "Ada", NONE)
    answered(reads, of, image_id, "Grace", LEFT)

    assert states(reads, of, "Ada", image_id) == ("disagreement", "read")
    assert states(reads, of, "Mary", image_id) == ("disagreement", "adjudicate")
    third = answered(reads, of, image_id, "Mary", LEFT)
    assert third.role == "adjudicator"
    assert states(reads, of, "Mary", image_id) == ("adjudication", "read")


def test_a_named_reader_who_wishes_another_sends_the_case_to_adjudication(workspace):
    of = reading(workspace, readers=("Ada",))
    reads = Reads(workspace)

    answered(reads, of, of.listed[0], "Ada", NONE | {"second_reader": True})

    assert states(reads, of, "Mary", of.listed[0]) == ("disagreement", "adjudicate")


def test_settled_answers_are_shown_to_those_who_gave_theirs(workspace):
    of = reading(workspace, readers=("Ada", "Grace"))
    reads = Reads(workspace)
    image_id = of.listed[0]
    answered(reads, of, image_id, "Ada")
    hidden = case_view("Ada", image_id, reads=reads, reading=of, workspace=workspace)
    answered(reads, of, image_id, "Grace")

    shown = case_view("Ada", image_id, reads=reads, reading=of, workspace=workspace)

    assert hidden.others == []
    assert [other["reader"] for other in shown.others] == ["Grace"]


def test_reads_of_another_process_are_found(workspace):
    of = reading(workspace)
    here, there = Reads(workspace), Reads(workspace)
    assert here.of_worklist("first") == {}

    read = answered(there, of, of.listed[2], "Ada")

    assert here.of_case("first", of.listed[2])[-1] == read
    assert here.last_id() == read.read_id


def test_only_settled_random_checks_are_counted(workspace):
    of = reading(workspace, films=90)
    reads = Reads(workspace)
    drawn = [name for name in of.listed if of.row(name)["random_check"]]
    assert len(drawn) >= 2
    answered(reads, of, drawn[0], "Ada", LEFT)
    answered(reads, of, drawn[1], "Ada", NONE | {"second_reader": True})
    other = next(name for name in of.listed if name not in drawn)
    answered(reads, of, other, "Ada", LEFT)

    seen, patients = progress.checked_at_random(reads.of_worklist("first"), of)

    assert seen == [True]
    assert patients == [str(of.row(drawn[0])["patient_id"])]


def phantoms(workspace):
    """Make the report's labels the phantoms' own truth."""
    known = truth.load(workspace, "made")
    return known.assign(truth=truth.PHANTOM, side="left", size_share=0.2, drain=0)


def test_a_practice_round_has_five_phantoms_and_tells_the_truth_only_at_its_end(workspace):
    lender = reading(workspace, films=60)
    truths = phantoms(workspace)

    made = Worklists(workspace).save(practice.begin(lender, truths, "Ada", 1))
    of = reading_list.load(workspace, made)
    reads = Reads(workspace)
    image_id = of.order("Ada")[0]
    before = case_view("Ada", image_id, reads=reads, reading=of, workspace=workspace)
    answered(reads, of, image_id, "Ada", LEFT)
    after = case_view("Ada", image_id, reads=reads, reading=of, workspace=workspace)

    assert len(of.listed) == 5
    assert (made.purpose, made.read_mode, made.readers) == ("practice", "blinded", ("Ada",))
    assert practice.truth_lines(before, image_id, of, truths) == []
    assert practice.truth_lines(after, image_id, of, truths)[0].endswith(("pneumothorax", "no drain"))
    assert practice.truth_lines(after, image_id, lender, truths) == []
    assert practice.result(of, truths, reads.of_worklist(made.name)).startswith("Of 1 phantoms your first answer")
    assert read_table(workspace, made.name)["purpose"].unique().tolist() == ["practice"]


def test_another_round_has_other_films_and_the_same_round_the_same(workspace):
    lender = reading(workspace, films=60)
    truths = phantoms(workspace)

    films = [practice.begin(lender, truths, "Ada", number).films for number in (1, 1, 2)]

    assert films[0] == films[1] != films[2]


def test_a_practice_round_takes_no_film_that_waits_in_a_worklist(workspace):
    lender = reading(workspace, films=600)
    truths = phantoms(workspace)

    made = practice.begin(lender, truths, "Ada", 1, taken=lender.listed)

    assert not set(made.films) & set(lender.listed)


def test_a_list_that_shows_what_a_blinded_one_hides_is_closed_until_that_is_answered(workspace):
    shown = reading(workspace)
    blind = reading(workspace, name="blind", read_mode="blinded", readers=("Ada", "Grace"))
    reads = Reads(workspace)

    def unread(reader):
        return progress.unread_blinded(shown, blind, reads.of_worklist("blind"), reader)

    assert (unread("Ada"), unread("Mary")) == (len(shown.listed), 0)
    answered(reads, blind, blind.listed[0], "Ada")
    assert (unread("Ada"), unread("Grace")) == (len(shown.listed) - 1, len(shown.listed))
    assert progress.unread_blinded(blind, shown, {}, "Ada") == 0


def test_a_list_is_closed_too_where_it_shows_the_same_pixels_under_another_name_or_in_another_data_set(workspace):
    shown = reading(workspace)
    blind = reading(workspace, name="blind", read_mode="blinded", readers=("Ada", "Grace"))
    films = shown.films.assign(image_id="other-" + shown.films["image_id"])
    listed = tuple(f"other-{name}" for name in shown.listed[:3])
    for dataset in (shown.worklist.dataset, "elsewhere"):
        twin = replace(shown, worklist=replace(shown.worklist, dataset=dataset), films=films, listed=listed)
        assert progress.unread_blinded(twin, blind, {}, "Ada") == 3
        unknown = replace(twin, films=films.assign(sha256=None))  # a table without images
        assert progress.unread_blinded(unknown, replace(blind, films=blind.films.assign(sha256=None)), {}, "Ada") == 0


def test_what_tells_a_label_is_kept_from_those_who_still_have_to_answer(workspace):
    reads = Reads(workspace)
    shown, blind = reading(workspace), reading(workspace, name="blind", read_mode="blinded")
    named = reading(workspace, name="named", readers=("Ada", "Grace"))

    def kept(of, reader):
        return progress.kept_from(of, reads.of_worklist(of.worklist.name), reader)

    assert kept(shown, "Ada") == set()
    assert kept(blind, "Mary") == set(blind.listed)
    assert (kept(named, "Ada"), kept(named, "Mary")) == (set(named.listed), set())

    image_id = named.listed[0]
    saving.save(reads, blind, given(blind, image_id, "Mary", stage=FIRST))
    assert image_id in kept(blind, "Mary")  # until the last answer, as on Review
    for reader, found in (("Ada", NONE), ("Grace", LEFT)):
        answered(reads, named, image_id, reader, found)
    assert image_id not in kept(named, "Ada")
    assert kept(named, "Mary") == {image_id}  # who could adjudicate it


def test_without_phantoms_there_is_nothing_to_practise_on(workspace):
    lender = reading(workspace)

    with pytest.raises(InputError, match="to practise on that no worklist lists, found too few in made test"):
        practice.begin(lender, truth.load(workspace, "made"), "Ada", 1)


def test_the_table_of_reads_names_what_the_answers_call(workspace):
    of = reading(workspace)
    reads = Reads(workspace)
    assert len(read_table(workspace)) == 0
    assert {"right_grade", "called", "patient_id", "random_check"} <= set(read_table(workspace).columns)

    answered(reads, of, of.listed[0], "Ada", LEFT)
    table = read_table(workspace)

    assert table["called"].tolist() == ["present", "present"]
    assert table["left_grade"].tolist() == [4.0, 4.0]
    assert table["patient_id"].tolist() == [of.row(of.listed[0])["patient_id"]] * 2
    workspace.predictions(of.worklist.checkpoint_id, "made", "patient", "test").unlink()
    assert read_table(workspace)["patient_id"].isna().all()
