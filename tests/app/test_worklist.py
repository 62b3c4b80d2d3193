"""The listing of a worklist: what it may know, how it is filtered, what it says of what it leaves out."""

import re
from dataclasses import replace

import pytest

from app import navigation, resources, worklist, worklist_rows, worklist_words
from core.base.errors import InputError
from core.review.read_store import Reads
from core.triage import cases, evidence
from core.triage.policy import SUSPECTED, UNSURE
from tests.app import listed
from tests.review.listed import NONE, answered


@pytest.fixture
def listing(workspace):
    listed.make(workspace, films=120)
    return worklist.read(listed.save(workspace))


def every_case(workspace):
    found = evidence.load(workspace, listed.CARD, "made", "patient", "test")
    return cases.cases(found, listed.policy())


def test_it_holds_the_listed_films_in_the_order_of_the_cases(workspace, listing):
    table = every_case(workspace)

    assert listing.films["image_id"].tolist() == table.loc[table["listed"], "image_id"].tolist()
    assert set(listing.films["zone"]) == {SUSPECTED, UNSURE}
    assert listing.counts == cases.counts(table)


def test_it_knows_neither_labels_nor_random_checks(workspace, listing):
    table = every_case(workspace)
    hidden = table[table["listed"]].reset_index(drop=True)
    assert hidden["random_check"].sum() >= 3

    assert not {"label", "random_check"} & set(listing.films)
    unsure = hidden["zone"] == UNSURE
    for name in listing.films:  # no column tells the random checks among the unsure
        values = listing.films.loc[unsure, name].astype(str)
        told = set(values[hidden["random_check"]])
        assert name == "value" or len(told) != 1 or told & set(values[~hidden["random_check"]])


def test_it_is_computed_once_until_a_file_changes(workspace, monkeypatch):
    listed.make(workspace)
    kept = listed.save(workspace)
    computed = []
    monkeypatch.setattr(cases, "cases", lambda *given, own=cases.cases: computed.append(1) or own(*given))

    first = worklist.read(kept)
    assert worklist.read(kept) is first
    listed.make(workspace, seed=1)
    second = worklist.read(kept)

    assert len(computed) == 2
    assert second.films["image_id"].tolist() != first.films["image_id"].tolist()


@pytest.fixture
def films_of_ada(listing):
    return worklist.of_reader(listing, "Ada")


def test_segment_and_filters_hold_together_and_the_order_stays(listing, films_of_ada):
    films = worklist.filtered(
        films_of_ada, segment=UNSURE, chosen={"view": ["AP"], "sex": ["F", "M"], "source": []}, uncertain=False
    )

    expected = listing.films.query("zone == 'unsure' and view == 'AP'")
    assert films["image_id"].tolist() == expected["image_id"].tolist()
    assert 0 < len(films) < len(listing.films)


def test_the_research_order_is_that_of_the_signal_alone(listing, films_of_ada):
    films = worklist.filtered(films_of_ada, segment=worklist.ALL, chosen={}, uncertain=True)

    assert films["value"].is_monotonic_decreasing
    assert sorted(films["image_id"]) == sorted(listing.films["image_id"])
    assert not (films["zone"] == SUSPECTED).is_monotonic_decreasing  # an unsure film may stand above a suspected one


def test_the_foot_counts_what_is_not_listed_and_is_no_negative_report(listing):
    said = worklist_words.foot_sentence(listing)

    count = listing.counts.not_suspected
    assert said.startswith(f"{count} films are not suspected and not listed; this is not a negative report: the model")
    assert "No limit on missed cases is certified: 30 % of the films may be unsure, by budget." in said
    assert said.endswith("Random checks: none read yet.")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "10 % (90 %), certified on 143 positive patients of made val"),
        ({"dataset": "other"}, "10 % (90 %), not certified for this data set."),
        ({"truth": "adjudicated"}, "10 % (90 %), not certified for this label."),
        ({"checkpoint_id": "cnn-other-20260101-00000000"}, "10 % (90 %), not certified for this checkpoint."),
        ({"weights_sha256": "0" * 64}, "10 % (90 %), not certified for this checkpoint."),
    ],
)
def test_a_limit_is_certified_for_its_own_scope_only(listing, changed, expected):
    found = listed.certificate()
    limit = listed.policy(
        kind="limit", budget=None, certificate=listed.certificate(scope=dict(found.scope) | changed), random_share=0.05
    )

    said = worklist_words.foot_sentence(replace(listing, reading=replace(listing.reading, policy=limit)))

    assert f"Limit on missed cases: {expected}" in said


def test_a_limit_that_could_not_be_certified_says_why(listing):
    found = listed.certificate(certified=False, threshold=None, reason="It needs at least 22 positive patients.")

    limit = listed.policy(kind="limit", certificate=found)
    said = worklist_words.foot_sentence(replace(listing, reading=replace(listing.reading, policy=limit)))

    assert "Limit on missed cases: 10 % (90 %), not certified. It needs at least 22 positive patients." in said
    assert "every film below the cut" in worklist.policy_line(listed.policy(kind="limit", certificate=found))


def test_a_policy_of_another_version_is_refused_with_the_command(workspace):
    listed.make(workspace)
    kept = replace(listed.save(workspace), policy={"kind": "budget"}, name="older")

    with pytest.raises(InputError, match=r"'older' was saved by another one; make it again: `python -m core triage"):
        worklist.read(kept)


def test_a_row_says_what_is_known_in_words_and_escapes_it(listing, monkeypatch):
    monkeypatch.setattr(resources, "thumbnail", lambda _film, *, size: b"jpeg")
    case = listing.films.iloc[0].to_dict() | {"view": "<b>"}

    row = worklist_rows.row(
        [worklist_rows.film(case, alt='"><script>'), worklist_rows.zone(case["zone"]), worklist_rows.person(case)],
        blinded=False,
    )

    assert "<script" not in row
    assert 'src="data:image/jpeg;base64,anBlZw=="' in row
    assert re.search(r">●</b> suspected<", row)


def test_unknown_facts_are_left_out_of_a_row(listing):
    case = listing.films.iloc[0].to_dict() | {"view": None, "sex": None, "age_years": None, "follow_up": None}

    assert worklist_rows.person(case) == "unknown"
    assert worklist_rows.history(case | {"priors": 0}) == "no prior"


def test_the_sidebar_is_closed_where_films_are_read():
    assert navigation.sidebar("worklist") == "collapsed"
    assert {navigation.sidebar(name) for name in ("", "compare", "training")} == {"auto"}


def test_each_reader_has_their_own_states_and_the_checks_are_counted_once_they_are_read(workspace, listing):
    reads = Reads(workspace)
    drawn = next(name for name in listing.reading.listed if listing.reading.row(name)["random_check"])
    answered(reads, listing.reading, drawn, "Ada", NONE)

    ada, grace = (worklist.of_reader(listing, name).set_index("image_id") for name in ("Ada", "Grace"))

    assert ada.loc[drawn, ["state", "today"]].tolist() == ["read", True]
    assert grace.loc[drawn, ["state", "today"]].tolist() == ["read", False]
    assert worklist.filtered(ada, segment=worklist.TODAY, chosen={}, uncertain=False).index.tolist() == [drawn]
    assert drawn not in worklist.filtered(ada, segment=worklist.ALL, chosen={}, uncertain=False).index
    assert re.search(r"Random checks: 0 of 1 missed \(0.0 to \d+.\d %\)\.$", worklist_words.foot_sentence(listing))


def test_a_blinded_list_holds_no_column_of_the_model_and_keeps_its_checks_back(workspace, listing):
    kept = listed.save(workspace, name="blind", read_mode="blinded", readers=("Ada", "Grace"))
    blind = worklist.read(kept)

    films = worklist.of_reader(blind, "Ada")

    assert set(films) == {*worklist.BLINDED_COLUMNS, "name", "state", "today"}
    assert films["image_id"].tolist() == blind.reading.order("Ada") != list(blind.reading.listed)
    assert worklist_words.lead_sentence(films, blinded=True) == f"{len(films)} to read."
    assert worklist_words.foot_sentence(blind).endswith("Random checks: told when every case is settled.")
