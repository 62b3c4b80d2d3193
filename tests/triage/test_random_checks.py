from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.triage.policy import NOT_SUSPECTED, SUSPECTED, UNSURE
from core.triage.random_checks import drawn, missed_so_far

IDS = np.array([f"{number:08d}_000.png" for number in range(20_000)])
THIRD = np.full(IDS.size, NOT_SUSPECTED)


def test_about_the_asked_share_is_drawn_and_only_of_films_not_suspected():
    zone = np.where(np.arange(IDS.size) % 2, NOT_SUSPECTED, np.where(np.arange(IDS.size) % 4, UNSURE, SUSPECTED))

    found = drawn(IDS, zone, share=0.05, seed=0)

    assert not found[zone != NOT_SUSPECTED].any()
    assert found[zone == NOT_SUSPECTED].mean() == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 10_000))


def test_neither_the_order_nor_the_other_films_decide():
    order = np.random.default_rng(0).permutation(IDS.size)[:500]

    whole = drawn(IDS, THIRD, share=0.2, seed=1)
    part = drawn(IDS[order], THIRD[order], share=0.2, seed=1)

    assert np.array_equal(part, whole[order])


def test_another_seed_draws_other_films():
    first, other = (drawn(IDS, THIRD, share=0.1, seed=seed) for seed in (1, 2))

    assert (first & other).mean() == pytest.approx(0.01, abs=4 * np.sqrt(0.01 * 0.99 / IDS.size))


def test_a_larger_share_only_adds_films_from_none_to_all():
    shares = [drawn(IDS, THIRD, share=share, seed=1) for share in (0, 0.05, 0.5, 1)]

    assert not shares[0].any()
    assert shares[3].all()
    for smaller, larger in itertools.pairwise(shares):
        assert not (smaller & ~larger).any()


@pytest.mark.parametrize("share", [-0.1, 1.01])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(InputError, match=f"Expected a share of random checks from 0 to 1, found {share}") as told:
        drawn(IDS[:3], THIRD[:3], share=share, seed=0)
    assert told.value.field == "share"


def test_missed_so_far_is_the_share_by_patient():
    positive, patients = [True, True, False, False, False, False], list("aabcde")

    found = missed_so_far(positive, patients)

    assert found == clustered_proportion(np.array(positive), np.array(patients))
    assert found.value == pytest.approx(1 / 3)
    alone = missed_so_far(positive, list("abcdef"))
    assert found.low <= alone.low < alone.high <= found.high  # two films of one patient know less than of two


def test_none_missed_still_has_an_upper_limit_that_counts_patients():
    by_patient = missed_so_far([False] * 41, [str(number) for number in range(41)])
    of_few = missed_so_far([False] * 41, [str(number % 10) for number in range(41)])

    assert (by_patient.value, by_patient.low) == (0, 0)
    assert by_patient.high == pytest.approx(1.959964**2 / (41 + 1.959964**2), abs=1e-6)  # Wilson at none of n
    assert of_few.high == pytest.approx(1.959964**2 / (10 + 1.959964**2), abs=1e-6)


def test_before_the_first_read_nothing_is_known():
    assert missed_so_far([], []) is None
