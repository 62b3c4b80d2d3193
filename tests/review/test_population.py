from __future__ import annotations

import pytest

from core.review.population import populations, sentence
from core.triage.random_checks import missed_so_far
from tests.review import made
from tests.review.made import answers, read


def table(*reads: dict):
    """Return reads as a table, all of them given after the model was seen."""
    return made.table(*reads).assign(stage=2)


def checks(called: str, **values) -> list[dict]:
    """Reads of random checks, on films of their own."""
    meaning = {"p": "present", "a": "absent", "c": "cannot tell"}
    return [
        read(f"check {number:03d}", "Ada", meaning[letter], random_check=True, **values)
        for number, letter in enumerate(called)
    ]


def test_only_random_checks_speak_of_the_films_not_suspected():
    (found,) = populations(table(*answers("Ada", "pppp"), *checks("paaac")))

    assert (found.checks, found.checks_with_finding, found.unsettled) == (4, 1, 1)
    assert "Left out, since no reader could tell or readers differ: 1 film. The share" in sentence(found)
    expected = missed_so_far([True, False, False, False], list("abcd"))
    assert (found.missed.value, found.missed.low, found.missed.high) == expected


def test_all_films_are_estimated_by_weighting_once_every_listed_film_is_read():
    # Of six listed films other than checks four have the finding; four checks stand for 4 / 0.05 = 80 films.
    (found,) = populations(table(*answers("Ada", "ppppaa"), *checks("paaa")))

    missed = missed_so_far([True, False, False, False], list("abcd"))
    assert (found.listed, found.read) == (10, 10)
    assert found.estimate.value == pytest.approx((4 + 80 * 0.25) / 86)
    assert found.estimate.low == pytest.approx((4 + 80 * missed.low) / 86)
    assert found.estimate.high == pytest.approx((4 + 80 * missed.high) / 86)
    assert sentence(found) == (
        "Worklist first: 1 of 4 random checks had the finding, so 25.0 % (4.6 to 69.9 %) of the films not suspected "
        "have it. "
        f"Of all films of made, test {100 * found.estimate.value:.1f} % ({100 * found.estimate.low:.1f} to "
        f"{100 * found.estimate.high:.1f} %) have it, by weighting."
    )


def test_while_listed_films_are_unread_all_films_are_not_known():
    (found,) = populations(table(*answers("Ada", "pp"), *checks("a")))

    assert found.missed.value == 0
    assert found.estimate.value is None
    assert sentence(found) == (
        "Worklist first: 0 of 1 random check had the finding, so 0.0 % (0.0 to 79.3 %) of the films not suspected "
        "have it. "
        "The share of all films of made, test is not known: 7 of the 10 listed films are unread."
    )


def test_without_a_random_check_nothing_is_known():
    (found,) = populations(table(*answers("Ada", "ppaa")))

    assert (found.missed.value, found.estimate.value) == (None, None)
    assert sentence(found) == "Worklist first: not known: no random check has been read."


def test_a_list_whose_predictions_are_gone_says_so():
    (found,) = populations(table(*checks("a", listed=float("nan"))))

    assert found.listed is None
    assert found.estimate.reason == "not known: how many films the worklist lists is not known"


def test_the_third_reader_decides_a_random_check():
    third = read("check 000", "Alan", "present", random_check=True, role="adjudicator", stage=2)

    (found,) = populations(table(*checks("a"), third))

    assert (found.checks, found.checks_with_finding) == (1, 1)


def test_each_worklist_stands_alone():
    found = populations(table(*checks("a"), *checks("p", worklist="second")))

    assert [(one.worklist, one.checks_with_finding) for one in found] == [("first", 0), ("second", 1)]
