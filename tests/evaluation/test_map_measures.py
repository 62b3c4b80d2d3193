from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.evaluation.map_measures import agreement, lung_share


def test_agreement_is_the_mean_pairwise_rank_correlation():
    maps = np.random.default_rng(0).random((3, 4, 5, 5))

    found = agreement(list(maps))

    pairs = [(0, 1), (0, 2), (1, 2)]
    slow = [
        np.mean([stats.spearmanr(maps[a, film].ravel(), maps[b, film].ravel())[0] for a, b in pairs])
        for film in range(4)
    ]
    np.testing.assert_allclose(found, slow)


def test_a_map_that_is_the_same_everywhere_agrees_with_nothing():
    maps = np.random.default_rng(1).random((2, 2, 3, 3))
    maps[0, 1] = 0.5

    found = agreement(list(maps))

    assert np.isfinite(found[0])
    assert np.isnan(found[1])


def test_agreement_needs_two_maps_of_one_grid():
    with pytest.raises(ValueError, match="Expected two or more maps of one shape, found 1"):
        agreement([np.zeros((1, 2, 2))])


def test_the_lung_share_is_the_mass_inside():
    maps = np.zeros((3, 4, 4), np.float32)
    maps[0, :, :2] = 1
    maps[1] = 1
    lungs = np.zeros((3, 4, 4), bool)
    lungs[:, :, :2] = True

    found = lung_share(maps, lungs)

    np.testing.assert_allclose(found, [1.0, 0.5, np.nan])


def test_without_a_lung_field_there_is_no_share():
    assert np.isnan(lung_share(np.ones((1, 2, 2), np.float32), np.zeros((1, 8, 8), bool)))[0]
