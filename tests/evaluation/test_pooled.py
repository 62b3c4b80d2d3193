"""Seeds of one configuration taken together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from core.evaluation.aligned import Aligned
from core.evaluation.metrics import AT_THRESHOLD
from core.evaluation.pooled import groups, pooled


def films(*, label: float | None = None, patients: int = 40) -> Aligned:
    rng = np.random.default_rng(0)
    patient = np.repeat(np.arange(patients), 2)
    labels = rng.integers(0, 2, patient.size).astype(float) if label is None else np.full(patient.size, label)
    values = {name: np.clip(0.3 * labels + 0.7 * rng.random(patient.size), 0, 1) for name in ("s0", "s1", "s2")}
    return Aligned(pd.DataFrame({"label": labels}), values, patient, 0)


def test_checkpoints_that_differ_in_the_seed_only_belong_together():
    base = {"model": "cnn", "epochs": 3, "seed": 0}
    configs = {
        "a": base,
        "b": base | {"seed": 1},
        "longer": base | {"epochs": 4, "seed": 2},
        "other": base | {"model": "vit"},
        "c": base | {"seed": 2},
        "again": base | {"seed": 1},  # the same run twice tells nothing of the spread
        "other 2": base | {"model": "vit", "seed": 1},
    }

    assert groups(configs) == [("a", "b", "c"), ("other", "other 2")]


def test_a_seed_in_a_group_of_options_is_found_and_what_has_none_stands_alone():
    nested = {"data": {"split": "p"}, "optimisation": {"seed": 0, "rate": 0.1}}
    other = {"data": {"split": "p"}, "optimisation": {"seed": 1, "rate": 0.1}}

    assert groups({"a": nested, "b": other}) == [("a", "b")]
    assert groups({"a": {"members": ["x"]}, "b": {"members": ["x"]}}) == []
    assert groups({}) == []


def test_mean_spread_and_interval_by_hand():
    aligned = films()
    labels = aligned.films["label"].to_numpy()

    found = pooled(aligned, ("s0", "s1", "s2"), draws=25, seed=3)

    areas = [roc_auc_score(labels, values) for values in aligned.probabilities.values()]
    drawn = np.random.default_rng(3).integers(40, size=(25, 40))
    rows = [np.concatenate([[2 * patient, 2 * patient + 1] for patient in draw]) for draw in drawn]
    means = [np.mean([roc_auc_score(labels[r], v[r]) for v in aligned.probabilities.values()]) for r in rows]
    one = found.metrics["auroc"]
    assert found.seeds == 3
    assert (one.value, one.between) == pytest.approx((np.mean(areas), np.std(areas, ddof=1)))
    assert (one.low, one.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert found.metrics["ece"].low is None


def test_measures_at_the_threshold_need_one_for_each_seed():
    aligned = films()

    every = pooled(aligned, ("s0", "s1"), thresholds={"s0": 0.4, "s1": 0.6}, draws=20)
    lacking = pooled(aligned, ("s0", "s1"), thresholds={"s0": 0.4, "s1": None}, draws=20)

    assert set(AT_THRESHOLD) <= set(every.metrics)
    assert not set(AT_THRESHOLD) & set(lacking.metrics)


def test_one_class_or_few_patients_leave_the_reason():
    assert pooled(films(label=1.0), ("s0", "s1"), draws=5).metrics["auroc"].reason == "it does not exist for each seed"
    few = pooled(films(patients=4), ("s0", "s1"), draws=20).metrics
    assert few["auroc"].reason == "no interval: fewer than 5 patients in a class it needs"
    assert few["brier"].reason == "no interval: fewer than 5 patients"


def test_one_seed_is_no_pool():
    with pytest.raises(ValueError, match="two or more seeds to pool, got 1"):
        pooled(films(), ("s0",))
