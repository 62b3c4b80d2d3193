"""Whether a sum of measures is nothing, for other patients and other seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from core.evaluation import seeds
from core.evaluation.seeds import NOTHING_VARIES, Varying, of_seeds

NOTHING = Varying(variance=0.0, freedom=4)


@given(
    st.floats(-0.3, 0.3),
    st.floats(1e-5, 1e-2),
    st.integers(2, 200),
)
def test_one_source_alone_gives_student_s_interval_and_p(value, variance, freedom):
    found = seeds.tested(value, Varying(variance=variance, freedom=freedom), NOTHING)

    low, high = stats.t.interval(0.95, freedom, loc=value, scale=np.sqrt(variance))
    assert (found.low, found.high) == pytest.approx((max(low, -1), min(high, 1)))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(value) / np.sqrt(variance), freedom), rel=1e-6, abs=1e-11)


@given(st.floats(-0.3, 0.3), st.floats(1e-5, 1e-2), st.floats(1e-5, 1e-2), st.integers(1, 9), st.integers(4, 99))
def test_the_interval_holds_nothing_exactly_where_p_is_not_small(value, patients, others, few, many):
    found = seeds.tested(value, Varying(variance=patients, freedom=many), Varying(variance=others, freedom=few))

    clear = abs(found.p - 0.05) > 1e-6
    assert not clear or (found.low <= 0 <= found.high) == (found.p > 0.05)
    wide = (stats.t.ppf(0.975, one) * np.sqrt(patients + others) for one in (few, many))
    narrow, wide = sorted(wide)
    half = found.high - value if found.high < 1 else narrow
    assert narrow * (1 - 1e-9) <= half <= wide * (1 + 1e-9)  # the critical value lies between the two


def test_two_variances_add_up_with_the_mean_of_their_critical_values():
    patients, others = Varying(variance=0.0004, freedom=39), Varying(variance=0.0009, freedom=2)
    error = np.sqrt(0.0013)

    def critical(p):
        return (4 * stats.t.isf(p / 2, 39) + 9 * stats.t.isf(p / 2, 2)) / 13

    found = seeds.tested(0.1, patients, others)

    assert (found.low, found.high) == pytest.approx((0.1 - critical(0.05) * error, 0.1 + critical(0.05) * error))
    assert found.p == pytest.approx(optimize.brentq(lambda p: critical(p) - 0.1 / error, 1e-9, 1), rel=1e-6)


def test_what_does_not_vary_is_told_without_an_interval():
    found = seeds.tested(0.1, NOTHING, NOTHING)

    assert (found.value, found.low, found.p, found.reason) == (0.1, None, None, NOTHING_VARIES)


def test_the_interval_stays_within_its_bounds():
    found = seeds.tested(0.99, Varying(variance=0.1, freedom=9), NOTHING, low=0.0)

    assert (found.low, found.high) == (pytest.approx(0.99 - stats.t.ppf(0.975, 9) * np.sqrt(0.1)), 1.0)


def test_the_mean_of_seeds_varies_as_their_standard_error_says():
    values = np.array([0.1, 0.3, 0.2, 0.5])

    assert of_seeds(values).variance == pytest.approx(stats.sem(values) ** 2)
    assert of_seeds(values).freedom == 3
    assert of_seeds(np.array([0.3, 0.3])).variance == 0
