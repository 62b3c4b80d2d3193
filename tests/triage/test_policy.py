from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.errors import InputError
from core.base.statistics import clustered_proportion
from core.triage.policy import NOT_SUSPECTED, SUSPECTED, UNSURE, curve, within_budget, zones

CUT = 0.6
many = settings(deadline=None, max_examples=60)
seeds, ties, holes = st.integers(0, 10_000), st.sampled_from([None, 2, 10]), st.sampled_from([0.0, 0.3, 1.0])


def films(seed: int = 0, *, count: int = 60, steps: int | None = None, missing: float = 0.1):
    """Probabilities, a signal with ties and holes, labels of which some are unknown, and patients."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count)
    if steps:
        values = np.round(values * steps) / steps
    values[rng.random(count) < missing] = np.nan
    labels = (rng.random(count) < 0.4).astype(float)
    labels[rng.random(count) < 0.1] = np.nan
    return rng.random(count), values, labels, rng.integers(0, count // 2, count).astype(str)


def unsure(probabilities, values, threshold) -> int:
    return int((zones(probabilities, values, cut=CUT, threshold=threshold) == UNSURE).sum())


def test_zones_of_each_kind_of_film():
    probabilities = np.array([0.6, 0.59, 0.59, 0.59, 0.9])
    values = np.array([0.0, 2.0, 1.9, np.nan, np.nan])

    found = zones(probabilities, values, cut=CUT, threshold=2.0)

    assert found.tolist() == [SUSPECTED, UNSURE, NOT_SUSPECTED, UNSURE, SUSPECTED]
    assert zones(probabilities, values, cut=CUT, threshold=None).tolist() == [SUSPECTED, *[UNSURE] * 3, SUSPECTED]


@many
@given(seeds, ties, holes, st.floats(0, 1))
def test_the_budget_is_kept_and_used_as_far_as_ties_allow(seed, steps, missing, share):
    probabilities, values, _, _ = films(seed, steps=steps, missing=missing)
    below = probabilities < CUT
    budget = np.floor(share * 60 + 1e-9)

    threshold = within_budget(probabilities, values, cut=CUT, share=share)

    always = (below & np.isnan(values)).sum()  # unsure whatever the budget says
    tried = [*np.unique(values[below & ~np.isnan(values)]), np.inf]
    fitting = [count for count in (unsure(probabilities, values, one) for one in tried) if count <= budget]
    assert unsure(probabilities, values, threshold) == max(fitting, default=always)


def test_a_tie_is_taken_wholly_or_not_at_all():
    probabilities, values = np.full(10, 0.1), np.array([9, 8, 8, 8, 1, 1, 1, 1, 1, 1.0])

    counts = [
        unsure(probabilities, values, within_budget(probabilities, values, cut=CUT, share=share))
        for share in (0.0, 0.1, 0.3, 0.4, 0.9, 1.0)
    ]

    assert counts == [0, 1, 1, 4, 4, 10]


def test_films_without_a_value_use_the_budget_up_first():
    probabilities, values = np.full(4, 0.1), np.array([np.nan, 3.0, 2.0, 1.0])

    threshold = within_budget(probabilities, values, cut=CUT, share=0.5)

    assert threshold == 3.0
    assert unsure(probabilities, values, threshold) == 2


def test_a_budget_of_nothing_leaves_only_films_without_a_value_unsure():
    probabilities, values = np.full(3, 0.1), np.array([np.nan, 3.0, 2.0])

    threshold = within_budget(probabilities, values, cut=CUT, share=0)

    assert np.isfinite(threshold)
    assert zones(probabilities, values, cut=CUT, threshold=threshold).tolist() == [UNSURE, *[NOT_SUSPECTED] * 2]


def test_a_budget_for_all_needs_no_threshold():
    probabilities, values = np.array([0.9, 0.9, 0.1]), np.array([5.0, 4.0, 3.0])

    assert within_budget(probabilities, values, cut=CUT, share=0.34) is None
    assert within_budget(np.zeros(0), np.zeros(0), cut=CUT, share=0.1) is None


@pytest.mark.parametrize("share", [-0.1, 1.1, np.nan])
def test_a_budget_that_is_no_share_is_refused(share):
    with pytest.raises(
        InputError, match=f"Expected a budget as a share of the films from 0 to 1, found {share}"
    ) as told:
        within_budget(np.zeros(2), np.zeros(2), cut=CUT, share=share)
    assert told.value.field == "budget"


@many
@given(seeds, ties, holes)
def test_every_row_of_the_curve_is_what_its_zones_say(seed, steps, missing):
    probabilities, values, labels, patients = films(seed, steps=steps, missing=missing)
    positive, known = labels == 1, ~np.isnan(labels)

    found = curve(probabilities, values, labels, patients, cut=CUT)

    for row in found.itertuples():
        zone = zones(probabilities, values, cut=CUT, threshold=row.threshold)
        third = zone == NOT_SUSPECTED
        assert row.unsure_share == pytest.approx((zone == UNSURE).mean())
        assert row.read_share == pytest.approx((~third).mean())
        assert row.missed == (third & positive).sum()
        interval = clustered_proportion(third[positive], patients[positive])
        assert (row.missed_share, row.low, row.high) == pytest.approx(tuple(interval))
        expected = (third & positive).sum() / (third & known).sum() if (third & known).any() else np.nan
        assert row.false_omission == pytest.approx(expected, nan_ok=True)


@many
@given(seeds, ties)
def test_the_curve_runs_from_everything_to_nothing_unsure(seed, steps):
    probabilities, values, labels, patients = films(seed, steps=steps, missing=0)

    found = curve(probabilities, values, labels, patients, cut=CUT)

    below = (probabilities < CUT).mean()
    assert found["unsure_share"].iloc[0] == pytest.approx(below)
    assert found["unsure_share"].iloc[-1] == 0
    assert found["threshold"].is_monotonic_increasing
    assert found["read_share"].is_monotonic_decreasing
    assert found["missed"].is_monotonic_increasing
    assert (found["missed"].iloc[0], found["missed_share"].iloc[0]) == (0, 0)


def test_a_curve_of_many_films_is_thinned_to_its_points():
    probabilities, values, labels, patients = films(count=5000)

    found = curve(probabilities, values, labels, patients, cut=CUT, points=50)

    assert len(found) == 50
    assert found["unsure_share"].diff().abs().max() < 0.03


def test_without_positives_or_films_below_the_cut_the_curve_has_holes_and_no_misses():
    no_positive = curve(np.full(3, 0.1), np.arange(3.0), np.zeros(3), np.array(list("abc")), cut=CUT)
    all_suspected = curve(np.full(3, 0.9), np.arange(3.0), np.ones(3), np.array(list("abc")), cut=CUT)

    assert no_positive["missed_share"].isna().all()
    assert no_positive["false_omission"].iloc[-1] == 0
    assert all_suspected[["unsure_share", "read_share", "missed", "missed_share"]].to_numpy().tolist() == [[0, 1, 0, 0]]
    assert pd.isna(all_suspected["false_omission"].item())
