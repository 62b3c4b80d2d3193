"""The spread of several probabilities of a film: against scipy and numpy, worked by hand, and what always holds."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats

from core.evaluation.uncertainty import Spread, error_of_std, spread

many = settings(deadline=None, max_examples=100)
tables = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=12),
    elements=st.floats(0, 1, allow_subnormal=False),
)


def drawn(films: int = 200, passes: int = 30) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.beta(rng.uniform(0.1, 5, (films, 1)), rng.uniform(0.1, 5, (films, 1)), (films, passes))


def entropy(probabilities: np.ndarray) -> np.ndarray:
    return stats.entropy([probabilities, 1 - probabilities], axis=0)  # nats


def assert_equal_spreads(found: Spread, expected: Spread) -> None:
    for field in dataclasses.fields(Spread):
        np.testing.assert_allclose(getattr(found, field.name), getattr(expected, field.name), atol=1e-7)


def test_passes_have_the_values_of_numpy_and_scipy():
    probabilities = drawn()

    found = spread(probabilities)

    mean = probabilities.mean(axis=1)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(found.std, probabilities.std(axis=1, ddof=1), rtol=1e-9)
    np.testing.assert_allclose(found.predictive_entropy, entropy(mean), rtol=1e-12)
    expected = entropy(mean) - entropy(probabilities).mean(axis=1)
    np.testing.assert_allclose(found.mutual_information, expected, atol=1e-12)


def test_members_have_the_weighted_values_of_numpy_and_scipy():
    probabilities = drawn(passes=4)
    weights = np.array([0.5, 0.2, 0.3, 0.0])

    found = spread(probabilities, weights=weights)

    mean = np.average(probabilities, axis=1, weights=weights)
    variance = np.average((probabilities - mean[:, None]) ** 2, axis=1, weights=weights)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-12)
    np.testing.assert_allclose(found.std, np.sqrt(variance), rtol=1e-9)
    np.testing.assert_allclose(found.predictive_entropy, entropy(mean), rtol=1e-12)
    expected = entropy(mean) - np.average(entropy(probabilities), axis=1, weights=weights)
    np.testing.assert_allclose(found.mutual_information, expected, atol=1e-12)


def test_mutual_information_worked_by_hand():
    # sure and opposed: all of log 2; both undecided: none of it; 1/4 and 3/4: log 2 less the entropy of 1/4
    probabilities = np.array([[0.0, 1.0], [0.5, 0.5], [0.25, 0.75]])

    found = spread(probabilities)

    quarter = math.log(4) - 0.75 * math.log(3)
    np.testing.assert_allclose(found.predictive_entropy, math.log(2))
    np.testing.assert_allclose(found.mutual_information, [math.log(2), 0, math.log(2) - quarter], atol=1e-12)
    np.testing.assert_allclose(found.std, [math.sqrt(0.5), 0, math.sqrt(0.125)], atol=1e-12)


def test_members_of_equal_weight_divide_by_their_number_and_passes_by_one_less():
    probabilities = np.array([[0.1, 0.4, 0.7]])

    members, passes = spread(probabilities, weights=np.full(3, 1 / 3)), spread(probabilities)

    assert members.std[0] == pytest.approx(math.sqrt(0.06))
    assert passes.std[0] == pytest.approx(0.3)
    assert members.mutual_information == pytest.approx(passes.mutual_information)


def test_a_member_without_weight_says_nothing():
    probabilities = drawn(passes=3)

    found = spread(probabilities, weights=np.array([0.25, 0.75, 0.0]))

    assert_equal_spreads(found, spread(probabilities[:, :2], weights=np.array([0.25, 0.75])))


@many
@given(probabilities=tables)
def test_mutual_information_lies_between_nothing_and_the_whole_entropy(probabilities):
    found = spread(probabilities)

    assert (found.mutual_information >= 0).all()
    assert (found.mutual_information <= found.predictive_entropy).all()
    assert (found.predictive_entropy <= math.log(2) + 1e-12).all()
    assert (found.std >= 0).all()
    assert ((found.mean >= 0) & (found.mean <= 1)).all()


@many
@given(probabilities=tables, seed=st.integers(0, 1000))
def test_the_order_of_the_passes_does_not_matter(probabilities, seed):
    order = np.random.default_rng(seed).permutation(probabilities.shape[1])

    assert_equal_spreads(spread(probabilities[:, order]), spread(probabilities))


@many
@given(probabilities=tables)
def test_the_other_answer_spreads_alike(probabilities):
    found, other = spread(probabilities), spread(1 - probabilities)

    assert_equal_spreads(other, dataclasses.replace(found, mean=1 - found.mean))


@pytest.mark.parametrize("probability", [0.0, 1e-9, 0.1, 0.5, 1.0])
def test_passes_that_agree_have_no_spread(probability):
    found = spread(np.full((1, 30), probability))

    assert found.mean[0] == pytest.approx(probability)
    assert found.std[0] == pytest.approx(0, abs=1e-12)
    assert found.mutual_information[0] == pytest.approx(0, abs=1e-12)


def test_single_precision_is_measured_in_double_precision():
    probabilities = drawn().astype(np.float32)

    found = spread(probabilities)

    assert_equal_spreads(found, spread(probabilities.astype(np.float64)))
    assert {getattr(found, field.name).dtype for field in dataclasses.fields(Spread)} == {np.dtype(np.float64)}


def test_no_films_are_an_answer():
    found = spread(np.empty((0, 30)))

    assert found.mean.shape == found.std.shape == found.mutual_information.shape == (0,)


@pytest.mark.parametrize(
    ("probabilities", "message"),
    [
        (np.full(3, 0.5), r"Expected probabilities of shape \(N, T\), got shape \(3,\)"),
        (np.array([[0.2, 1.5]]), r"Expected probabilities in \[0, 1\], got 0.2 to 1.5"),
        (np.array([[-0.2, 0.5]]), r"Expected probabilities in \[0, 1\], got -0.2 to 0.5"),
        (np.array([[0.2, np.nan]]), r"Expected probabilities in \[0, 1\], got nan"),
        (np.full((3, 1), 0.5), "Expected two or more passes, got 1"),
    ],
)
def test_what_is_no_table_of_probabilities_is_refused(probabilities, message):
    with pytest.raises(ValueError, match=message):
        spread(probabilities)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([0.5, 0.5], r"Expected a weight for each of 3 members, got shape \(2,\)"),
        ([0.5, 0.5, 0.5], r"of sum 1, got \[0.5, 0.5, 0.5\]"),
        ([1.5, -0.5, 0.0], r"that are not negative, of sum 1, got \[1.5, -0.5, 0.0\]"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        spread(drawn(passes=3), weights=np.array(weights))


@pytest.mark.parametrize("passes", [10, 30, 200])
def test_the_error_of_the_std_is_that_of_many_repetitions(passes):
    values = np.random.default_rng(0).normal(size=(20_000, passes))

    repeated = values.std(axis=1, ddof=1).std()

    assert error_of_std(passes) == pytest.approx(repeated, rel=0.05)  # of a standard deviation of 1


def test_thirty_passes_know_the_std_to_thirteen_percent():
    assert error_of_std(30) == pytest.approx(0.131, abs=5e-4)


def test_one_pass_has_no_error_of_its_std():
    with pytest.raises(ValueError, match="Expected two or more passes, got 1"):
        error_of_std(1)
