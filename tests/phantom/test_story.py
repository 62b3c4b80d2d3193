"""The plan of a cohort: its shares, its stories, its noisy reports."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
import pytest

from core.phantom.story import PlannedFilm, plan


@pytest.fixture(scope="module")
def cohort() -> list[PlannedFilm]:
    return plan(1500, seed=1)


@pytest.fixture(scope="module")
def patients(cohort):
    return [list(films) for _, films in groupby(cohort, key=lambda film: film.patient)]


def test_two_patients_in_five_have_a_pneumothorax_at_some_time(patients):
    ill = [any(film.film.air for film in films) for films in patients]

    assert np.mean(ill) == pytest.approx(0.4)


def test_patients_have_one_to_six_films_and_about_1_7_on_average(patients):
    counts = [len(films) for films in patients]

    assert (min(counts), max(counts)) == (1, 6)
    assert np.mean(counts) == pytest.approx(1.7, abs=0.1)


def test_reports_miss_a_tenth_of_the_positives_and_call_three_in_a_hundred_negatives(cohort):
    positive = [film.reported for film in cohort if film.film.air]
    negative = [film.reported for film in cohort if not film.film.air]

    assert 1 - np.mean(positive) == pytest.approx(0.10, abs=0.025)  # about 2.5 standard errors
    assert np.mean(negative) == pytest.approx(0.03, abs=0.011)
    assert all(("Pneumothorax" in film.findings) == film.reported for film in cohort)
    assert all(film.findings == ("No Finding",) or "No Finding" not in film.findings for film in cohort)


def test_a_pneumothorax_stays_on_its_side_and_stays_gone(patients):
    for films in patients:
        sides = {film.film.air.side for film in films if film.film.air}
        present = "".join("x" if film.film.air else "." for film in films)
        assert len(sides) <= 1
        assert "x." not in present or "x" not in present[present.index("x.") + 1 :]


def test_with_a_drain_in_place_it_is_smaller_on_the_next_film(patients):
    shrunk = [
        (after.film.air.apex + after.film.air.hilum) < (before.film.air.apex + before.film.air.hilum)
        for films in patients
        for before, after in pairwise(films)
        if before.film.air and after.film.air and after.film.drain and before.film.air.kind == after.film.air.kind
    ]

    assert len(shrunk) > 50
    assert np.mean(shrunk) > 0.95  # the smallest rim that counts may stay as it is


def test_most_treated_ones_have_a_drain_and_a_few_films_have_one_without(cohort):
    with_air = [film.film.drain == film.film.air.side for film in cohort if film.film.air and film.film.drain]
    without = [bool(film.film.drain) for film in cohort if not film.film.air]

    assert all(with_air)
    assert sum(with_air) > 200
    assert 0.01 < np.mean(without) < 0.08


def test_the_first_patients_of_a_larger_cohort_are_those_of_a_smaller_one():
    small, large = plan(4, seed=5), plan(9, seed=5)

    assert large[: len(small)] == small


def test_another_seed_tells_other_stories():
    assert plan(3, seed=0) != plan(3, seed=1)


def test_every_view_and_kind_occurs(cohort):
    assert {film.film.view for film in cohort} == {"PA", "AP"}
    assert not any(film.film.supine for film in cohort if film.film.view == "PA")
    assert {film.film.air.kind for film in cohort if film.film.air} == {
        *("apical", "lateral", "basal", "deep_sulcus", "tension")
    }
