from __future__ import annotations

import numpy as np
import pytest

from core.base.statistics import clustered_proportion


def test_is_wilsons_interval_when_every_patient_has_one_film():
    hits = np.repeat([1.0, 0.0], [10, 90])

    found = clustered_proportion(hits, np.arange(100))

    assert found == pytest.approx((0.1, 0.05522914, 0.17436566), abs=1e-7)  # Wilson 1927, hand-worked for 10 of 100


def test_is_wilsons_interval_of_the_patients_when_their_films_are_copies():
    hits = np.repeat([1.0, 0.0], [10, 90])

    alone = clustered_proportion(hits, np.arange(100))
    copied = clustered_proportion(np.repeat(hits, 5), np.repeat(np.arange(100), 5))

    assert copied == pytest.approx(alone, abs=1e-3)


def test_no_film_is_no_share_and_certainty_still_has_a_width():
    assert clustered_proportion(np.empty(0), np.empty(0)) is None
    none = clustered_proportion(np.zeros(20), np.repeat(np.arange(10), 2))
    assert none == pytest.approx((0.0, 0.0, 0.2775328), abs=1e-6)  # Wilson for 0 of 10 patients
    assert clustered_proportion(np.ones(3), np.zeros(3)).high == 1.0


def test_holds_the_true_share_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        sizes = rng.integers(1, 7, 150)
        chance = rng.beta(0.5, 4.5, 150)  # patients differ; the mean is 0.1
        hits = rng.random(sizes.sum()) < np.repeat(chance, sizes)
        _, low, high = clustered_proportion(hits, np.repeat(np.arange(150), sizes))
        held += low <= 0.1 <= high
    assert 0.92 <= held / 400 <= 0.98
