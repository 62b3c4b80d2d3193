"""The retracted lung: never larger than its chest, larger air for larger sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.phantom.anatomy import inner_edge, make_anatomy, outer_edge
from core.phantom.lungs import size_share
from core.phantom.pneumothorax import SMALLEST_MM, Pneumothorax, lung_edge, make_pneumothorax, risen, sunk


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), supine=st.booleans())
def test_a_retracted_lung_stays_between_mediastinum_and_chest_wall(seed, supine):
    rng = np.random.default_rng(seed)
    anatomy, air = make_anatomy(rng), make_pneumothorax(rng, supine=supine)
    below_apex = np.linspace(air.apex + 1, 1.2 * anatomy.height, 60)

    edge = lung_edge(anatomy, air, below_apex)

    assert (edge <= outer_edge(anatomy, below_apex) + 0.5).all()
    assert (edge > inner_edge(anatomy, risen(anatomy, air, below_apex))).all()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), supine=st.booleans())
def test_sinking_and_rising_undo_each_other(seed, supine):
    rng = np.random.default_rng(seed)
    anatomy, air = make_anatomy(rng), make_pneumothorax(rng, supine=supine)
    heights = np.linspace(1, 1.3 * anatomy.height, 50)

    np.testing.assert_allclose(risen(anatomy, air, sunk(anatomy, air, heights)), heights, atol=1e-9)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_more_distance_is_more_air(seed):
    rng = np.random.default_rng(seed)
    anatomy, air = make_anatomy(rng), make_pneumothorax(rng, supine=False)

    small, large = (size_share(anatomy, air.scaled(factor), inspiration=1.0) for factor in (0.6, 1.2))

    assert 0 < small < large < 1


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.01, 0.9), supine=st.booleans())
def test_a_shrinking_one_keeps_a_rim_that_counts(seed, factor, supine):
    air = make_pneumothorax(np.random.default_rng(seed), supine=supine).scaled(factor)

    assert max(air.apex, air.hilum, air.base, air.sulcus) >= SMALLEST_MM


def test_a_deep_sulcus_rises_to_the_side_when_the_patient_stands():
    lying = Pneumothorax(side=1, kind="deep_sulcus", apex=2, hilum=4, base=12, front=40, sulcus=25)

    assert lying.settled(supine=True) == lying
    assert lying.settled(supine=False).kind == "lateral"
    assert lying.settled(supine=False).side == 1


@pytest.mark.parametrize("supine", [True, False])
def test_deep_sulci_are_drawn_in_lying_patients_only(supine):
    rng = np.random.default_rng(0)

    kinds = {make_pneumothorax(rng, supine=supine).kind for _ in range(200)}

    assert ("deep_sulcus" in kinds) == supine
