"""Paired differences, against definitions that take every pair, every draw and every swap by itself."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from core.evaluation import delong
from core.evaluation.aligned import Aligned
from core.evaluation.differences import auroc_differences, call_differences, holm, metric_differences

many = settings(deadline=None, max_examples=25)


def films(*, patients: int = 60, each: int = 2, better: float = 0.0, seed: int = 0, names: str = "abc") -> Aligned:
    """Patients with so many films each, and classifiers of which the first is better by so much."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), each)
    labels = (rng.random(patient.size) < 0.4).astype(float)
    values = {
        name: np.clip((0.25 + better * (name == "a")) * labels + 0.6 * rng.random(patient.size), 0, 1) for name in names
    }
    return Aligned(pd.DataFrame({"label": labels}), values, patient, 0)


def test_auroc_differences_are_paired_and_corrected():
    aligned = films()

    found = auroc_differences(aligned)

    assert [(one.first, one.second) for one in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    labels = aligned.films["label"].to_numpy()
    _, covariance = delong.covariance(aligned.of("a"), np.array(list(aligned.probabilities.values())))
    freedom = delong.freedom(aligned.of("a"))
    for one, (i, j) in zip(found, [(0, 1), (0, 2), (1, 2)], strict=True):
        expected = roc_auc_score(labels, aligned.probabilities[one.first]) - roc_auc_score(
            labels, aligned.probabilities[one.second]
        )
        error = (covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]) ** 0.5
        assert one.value == pytest.approx(expected)
        assert one.p_value == pytest.approx(2 * stats.t.sf(abs(expected) / error, freedom))
        assert (one.low, one.high) == pytest.approx(stats.t.interval(0.95, freedom, expected, error))
        assert (one.p_value < 0.05) == (one.low > 0 or one.high < 0)
    assert [one.p_holm for one in found] == pytest.approx(holm([one.p_value for one in found]))


def test_a_difference_turned_round_is_its_opposite():
    aligned = films(names="ab")
    turned = Aligned(aligned.films, dict(reversed(aligned.probabilities.items())), aligned.patients, 0)

    (one,), (other,) = auroc_differences(aligned), auroc_differences(turned)

    assert (other.value, other.low, other.high, other.p_value) == pytest.approx(
        (-one.value, -one.high, -one.low, one.p_value)
    )


def test_classifiers_that_rank_alike_have_no_difference_and_no_test():
    aligned = films(names="ab")
    aligned.probabilities["b"] = aligned.probabilities["a"] ** 2

    (one,) = auroc_differences(aligned)

    assert (one.value, one.low, one.p_value, one.p_holm) == (0, None, None, None)
    assert one.reason == "no interval: no film tells them apart"


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_difference_with_the_reason(label):
    aligned = films(names="ab")
    aligned.films["label"] = float(label)

    found = [*auroc_differences(aligned), *metric_differences(aligned, names=("average_precision",), draws=5)]

    reason = "no negative film" if label else "no positive film"
    assert [(one.value, one.p_value, one.reason) for one in found] == [(None, None, reason)] * 2
    (brier,) = metric_differences(aligned, names=("brier",), draws=50)
    assert brier.value is not None


def test_few_patients_have_a_difference_but_no_test():
    aligned = films(patients=4, each=6, names="ab")

    for one in (*auroc_differences(aligned), *call_differences(aligned, {"a": 0.5, "b": 0.4})):
        assert one.value is not None
        assert (one.low, one.p_value, one.reason) == (
            None,
            None,
            "no interval: fewer than 5 patients in a class it needs",
        )
    (brier,) = metric_differences(aligned, names=("brier",), draws=20)
    assert (brier.low, brier.p_value, brier.reason) == (None, None, "no interval: fewer than 5 patients")


def test_metric_differences_draw_the_same_patients_for_all():
    aligned = films(patients=30, names="ab", better=0.1)

    (found,) = metric_differences(aligned, names=("average_precision",), draws=80, seed=4)

    labels = aligned.films["label"].to_numpy()
    drawn = np.random.default_rng(4).integers(30, size=(80, 30))
    rows = [np.concatenate([np.flatnonzero(aligned.patients == patient) for patient in draw]) for draw in drawn]
    slow = np.array(
        [
            average_precision_score(labels[r], aligned.probabilities["a"][r])
            - average_precision_score(labels[r], aligned.probabilities["b"][r])
            for r in rows
        ]
    )
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])))
    assert found.p_value == pytest.approx(min(1, 2 * (min((slow <= 0).sum(), (slow >= 0).sum()) + 1) / 81))


def test_a_better_classifier_is_found_and_an_equal_one_is_not():
    aligned = films(patients=200, better=0.2)

    found = {(one.first, one.second): one for one in metric_differences(aligned, names=("brier", "auroc"), draws=300)}

    assert found["a", "b"].p_holm < 0.05
    assert found["b", "c"].p_holm > 0.05


def test_call_differences_agree_with_every_swap():
    aligned = films(patients=8, each=3, names="ab", seed=5)
    aligned.films["label"] = np.tile([1.0, 1.0, 0.0], 8)
    thresholds = {"a": 0.35, "b": 0.55}

    found = call_differences(aligned, thresholds, draws=20_000)

    for one, label in zip(found, (1, 0), strict=True):
        own = aligned.films["label"].to_numpy() == label
        right = [(aligned.probabilities[name] >= thresholds[name]) == bool(label) for name in "ab"]
        difference = right[0].astype(float) - right[1]
        by_patient = np.bincount(aligned.patients[own], difference[own])
        every = np.array([abs(np.dot(signs, by_patient)) for signs in itertools.product([1, -1], repeat=8)])
        observed = abs(by_patient.sum())
        assert one.value == pytest.approx(difference[own].mean())
        assert one.p_value == pytest.approx((every > observed).mean() + (every == observed).mean() / 2, abs=0.015)


def test_one_film_a_patient_is_the_mid_p_of_mcnemar():
    aligned = films(patients=80, each=1, names="ab", seed=2)

    sensitivity, _ = call_differences(aligned, {"a": 0.35, "b": 0.6}, draws=20_000)

    ill = aligned.films["label"].to_numpy() == 1
    first, second = (aligned.probabilities[name][ill] >= cut for name, cut in (("a", 0.35), ("b", 0.6)))
    more, fewer = int((first & ~second).sum()), int((second & ~first).sum())
    exact = stats.binomtest(min(more, fewer), more + fewer).pvalue
    expected = exact - stats.binom.pmf(min(more, fewer), more + fewer, 0.5)
    assert more != fewer
    assert sensitivity.p_value == pytest.approx(expected, abs=0.01)
    assert sensitivity.value == pytest.approx((more - fewer) / ill.sum())


def test_equal_calls_have_no_difference_and_a_missing_threshold_no_number():
    aligned = films(names="abc")

    same = call_differences(aligned, {"a": 0.0, "b": 0.0, "c": None})

    assert [(one.value, one.p_value, one.reason) for one in same[:3]] == [
        (0.0, 1.0, "no interval: their calls never differ"),
        (None, None, "no threshold: none was chosen on tune"),
        (None, None, "no threshold: none was chosen on tune"),
    ]


@many
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_steps_down(p_values):
    found = holm(p_values)

    order = np.argsort(p_values)
    largest = 0.0
    for rank, at in enumerate(order):
        largest = max(largest, (len(p_values) - rank) * p_values[at])
        assert found[at] == pytest.approx(min(1.0, largest))


def test_there_must_be_two():
    with pytest.raises(ValueError, match="two or more classifiers to compare, got 1"):
        auroc_differences(films(names="a"))
