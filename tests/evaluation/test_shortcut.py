"""The shortcut: positives with and without a drain, and what painting the drain over does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from core.evaluation.shortcut import shortcut


def films(*, masked_to: float | None = None, patients: int = 60) -> pd.DataFrame:
    """Two films a patient; half of the positives have a drain, by which they are found."""
    chance = np.random.default_rng(3)
    count = 2 * patients
    label = (np.arange(count) % 4 == 0).astype(float)
    drain = (np.arange(count) % 8 == 0).astype(int)
    probability = np.clip(0.2 + 0.6 * drain + 0.1 * label + 0.1 * chance.random(count), 0, 1)
    table = pd.DataFrame(
        {
            "image_id": [f"i{number}" for number in range(count)],
            "patient_id": [f"p{number // 2}" for number in range(count)],
            "label": label,
            "probability": probability,
            "drain": pd.array(drain, dtype="Int64"),
        }
    )
    if masked_to is not None:
        table["drain_masked_probability"] = np.where(drain == 1, masked_to, np.nan)
    return table


def test_positives_with_and_without_a_drain_stand_against_all_negatives():
    table = films()
    found = shortcut(table, threshold=0.5)

    for own, drain in ((found.with_drain, 1), (found.without_drain, 0)):
        rows = table[(table["label"] == 0) | (table["drain"] == drain)]
        assert own.films == len(rows)
        assert own.auroc.value == pytest.approx(sk.roc_auc_score(rows["label"], rows["probability"]))
    assert (found.with_drain.sensitivity.value, found.without_drain.sensitivity.value) == (1.0, 0.0)
    assert (found.masked_films, found.masked_patients, found.calls_lost) == (0, 0, None)
    assert found.mean_change.reason == "no positive film with a drain that was painted over"


def test_what_painting_over_does_is_told_with_an_interval_by_patient():
    table = films(masked_to=0.3)
    own = table[table["drain_masked_probability"].notna() & (table["label"] == 1)]
    change = own["drain_masked_probability"] - own["probability"]

    found = shortcut(table, threshold=0.5, draws=500)

    assert (found.masked_films, found.masked_patients) == (len(own), own["patient_id"].nunique())
    assert found.mean_change.value == pytest.approx(change.mean())
    assert found.mean_change.low < found.mean_change.value < found.mean_change.high < 0
    assert found.calls_lost == len(own)
    assert shortcut(table, threshold=0.5, draws=500) == found


def test_the_interval_is_that_of_drawing_whole_patients():
    table = films(masked_to=0.0, patients=16).assign(label=1.0, drain=1)
    chance = np.random.default_rng(1)
    by_patient = np.repeat(chance.random(16), 2)  # both films of a patient change alike
    table = table.assign(drain_masked_probability=0.5 * by_patient, probability=0.5)
    change = 0.5 * by_patient[::2] - 0.5

    found = shortcut(table, threshold=None, draws=4000)

    expected = np.quantile([chance.choice(change, 16).mean() for _ in range(4000)], [0.025, 0.975])
    assert (found.mean_change.low, found.mean_change.high) == pytest.approx(expected, abs=0.01)
    assert found.calls_lost is None


def test_few_patients_have_no_interval():
    found = shortcut(films(masked_to=0.3, patients=12), threshold=0.5)

    assert found.masked_patients == 3
    assert (found.mean_change.low, found.mean_change.reason) == (None, "no interval: fewer than 5 patients")


def test_there_is_none_where_no_drain_is_known():
    table = films()

    assert shortcut(table.drop(columns="drain"), threshold=0.5) is None
    assert shortcut(table.assign(drain=pd.NA), threshold=0.5) is None


def test_where_none_has_a_drain_there_is_nobody_to_compare():
    found = shortcut(films().assign(drain=0), threshold=0.5)

    assert (found.with_drain, found.without_drain) == (None, None)


def test_painting_over_a_like_place_is_told_beside_it():
    table = films(masked_to=0.3)
    there = table["drain_masked_probability"].notna()
    table["drain_control_probability"] = np.where(there, table["probability"] - 0.05, np.nan)

    found = shortcut(table, threshold=0.5, draws=200)

    assert found.control_change.value == pytest.approx(-0.05)
    assert found.beyond_control.value == pytest.approx(found.mean_change.value - found.control_change.value)
