"""The simulated reader, what is known to begin with, and which films are read first."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.review import loop_simulated as drawn

SEEDS = st.integers(0, 2**31 - 1)
RATES = st.floats(0, 0.5)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=50), SEEDS)
def test_a_reader_without_errors_tells_the_truth(truth, seed):
    truth = np.array(truth)

    assert (drawn.answers(truth, 0.0, seed) == truth).all()


@given(st.lists(st.integers(0, 1), min_size=1, max_size=50), RATES, RATES, SEEDS)
def test_a_reader_with_a_larger_rate_errs_where_one_with_a_smaller_does(truth, one, other, seed):
    truth = np.array(truth)
    few, many = (drawn.answers(truth, rate, seed) != truth for rate in sorted((one, other)))

    assert not (few & ~many).any()


def test_the_rate_is_kept_and_half_tells_nothing():
    truth = np.tile([0, 1], 20_000)

    assert abs((drawn.answers(truth, 0.05, 1) != truth).mean() - 0.05) < 0.005
    assert abs(np.corrcoef(drawn.answers(truth, 0.5, 1), truth)[0, 1]) < 0.02


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=40), st.floats(0.01, 1), st.floats(0.01, 1), SEEDS)
def test_what_is_known_goes_by_patient_and_grows_with_the_share(patients, one, other, seed):
    patients = np.array(patients)
    less, more = (drawn.known_films(patients, share, seed) for share in sorted((one, other)))

    for known in (less, more):
        assert known.any()
        assert not set(patients[known]) & set(patients[~known])
    assert not (less & ~more).any()
    assert drawn.known_films(patients, 1.0, seed).all()


def test_the_films_of_the_largest_entropy_are_read_first():
    assert drawn.unsure_first(np.array([0.1, 0.6, 0.3, 0.6])).tolist() == [1, 3, 2, 0]


@given(st.integers(0, 60), SEEDS)
def test_at_random_every_film_comes_once(films, seed):
    assert sorted(drawn.at_random(films, seed).tolist()) == list(range(films))


@given(st.lists(st.integers(1, 900), min_size=1, max_size=6), st.integers(1, 400))
def test_no_more_is_read_than_there_is(asked, pool):
    found = drawn.budgets(tuple(asked), pool)

    assert list(found) == sorted(set(found))
    assert max(found) == min(max(asked), pool)
    assert set(found) - {pool} <= set(asked)


def test_an_answer_stands_in_the_place_of_what_was_known():
    begin, given_ = np.array([0.0, 1.0, np.nan, np.nan]), np.array([1, 1, 0, 1])

    after = drawn.labels(begin, np.array([0, 2]), given_)

    assert after[:3].tolist() == [1, 1, 0]
    assert np.isnan(after[3])
    assert begin[0] == 0  # left as it was
