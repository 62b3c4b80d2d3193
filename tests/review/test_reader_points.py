from __future__ import annotations

import pandas as pd
import pytest

from core.base.statistics import clustered_proportion
from core.review.reader_points import reader_points
from tests.review.made import answers, read, table

TRUTH = "pppppaaaaaaa"


def labels(letters: str = TRUTH) -> pd.Series:
    """The reference standard of the films 0, 1, ...: p(resent), a(bsent) or unknown."""
    known = {"p": 1, "a": 0, "?": None}
    return pd.Series({f"film {at:03d}": known[letter] for at, letter in enumerate(letters)}, dtype="Int64")


def test_a_readers_calls_make_sensitivity_and_specificity_with_intervals_by_patient():
    (point,) = reader_points(table(*answers("Ada", "ppppaaaaaaap")), labels())

    assert (point.reader, point.films, point.patients) == ("Ada", 12, 12)
    expected = clustered_proportion(pd.Series([1, 1, 1, 1, 0]).to_numpy(), pd.Series(list("abcde")).to_numpy())
    assert (point.sensitivity.value, point.sensitivity.low, point.sensitivity.high) == expected
    assert point.specificity.value == pytest.approx(6 / 7)


def test_what_was_seen_of_the_model_moves_no_point():
    before, after = answers("Ada", "ppppaaaaaaap"), answers("Ada", "pppppaaaaaaa", stage=2)

    assert reader_points(table(*before, *after), labels()) == reader_points(table(*before), labels())


def test_a_film_counts_once_by_the_first_answer():
    first = answers("Ada", "pppppaaaaaaa")
    again = [one | {"worklist": "second"} for one in answers("Ada", "aaaaappppppp")]

    (point,) = reader_points(table(*first, *again), labels())

    assert (point.films, point.sensitivity.value, point.specificity.value) == (12, 1.0, 1.0)


@pytest.mark.parametrize(("called", "truth"), [("ppppaaaaaaaa", "ppppaaaaaaaa"), ("ppppcaaaaaaa", TRUTH)])
def test_too_few_films_of_a_class_make_no_point(called, truth):
    assert reader_points(table(*answers("Ada", called)), labels(truth)) == []


def test_films_without_a_label_and_practice_do_not_count():
    practice = [one | {"purpose": "practice"} for one in answers("Ada", "ppppaaaaaaap")]

    assert reader_points(table(*practice), labels()) == []
    assert reader_points(table(*answers("Ada", "pppppaaaaaaa")), labels("ppppp???????")) == []
    assert reader_points(table(read("elsewhere", "Ada", "present")), labels()) == []
