"""Thresholds by lookup, against recounting, scikit-learn, and the interval that the reports have."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from core.base.statistics import clustered_proportion
from core.evaluation import thresholds as thresholds_of
from core.evaluation.metrics import Films
from core.evaluation.thresholds import Thresholds


@st.composite
def films_of(draw, *, both=False):
    """Some films with many ties, of a few patients."""
    size = draw(st.integers(2, 40))
    labels = np.array(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    if both:
        labels[:2] = [0, 1]
    steps = np.array(draw(st.lists(st.integers(0, 10), min_size=size, max_size=size)))
    patients = np.array(draw(st.lists(st.integers(0, 8), min_size=size, max_size=size)))
    return Films.of(labels, steps / 10, patients)


def made(count=1500, *, seed=0):
    """Films of patients with two each on average, whose probabilities are alike and rounded."""
    rng = np.random.default_rng(seed)
    patients = np.sort(rng.integers(0, count // 2, count))
    labels = (rng.random(count) < 0.2).astype(int)
    logit = 1.5 * labels - 1.5 + rng.normal(size=count // 2)[patients] + rng.normal(size=count)
    return Films.of(labels, (1 / (1 + np.exp(-logit))).round(2), patients)


def test_counts_equal_a_recount_at_many_thresholds_with_ties():
    films = made()
    asked = np.concatenate([np.random.default_rng(1).random(100), films.probabilities[:100], [0.0, 1.0, 2.0]])

    counts = np.column_stack(Thresholds.of(films).at(asked))

    for threshold, (true_positive, false_positive, false_negative, true_negative) in zip(asked, counts, strict=True):
        called = films.probabilities >= threshold
        expected = sklearn_metrics.confusion_matrix(films.labels, called, labels=[0, 1])
        assert expected.tolist() == [[true_negative, false_positive], [false_negative, true_positive]]


@given(films_of(), st.floats(-0.1, 1.1))
def test_one_threshold_is_counted_as_many_are(films, threshold):
    lookup = Thresholds.of(films)

    one = lookup.at(threshold)

    assert [int(count) for count in one] == [int(count[0]) for count in lookup.at(np.array([threshold]))]
    assert sum(one) == films.labels.size
    assert one.true_positive == np.sum((films.probabilities >= threshold) & (films.labels == 1))


@pytest.mark.parametrize("threshold", [0.05, 0.2, 0.5, 0.9])
def test_measures_equal_those_of_scikit_learn(threshold):
    films = made()
    called = films.probabilities >= threshold

    found = thresholds_of.measures(Thresholds.of(films).at(threshold))

    assert found["sensitivity"] == pytest.approx(sklearn_metrics.recall_score(films.labels, called))
    assert found["specificity"] == pytest.approx(sklearn_metrics.recall_score(films.labels, called, pos_label=0))
    assert found["ppv"] == pytest.approx(sklearn_metrics.precision_score(films.labels, called))
    assert found["npv"] == pytest.approx(sklearn_metrics.precision_score(films.labels, called, pos_label=0))
    assert found["f1"] == pytest.approx(sklearn_metrics.f1_score(films.labels, called))
    assert found["mcc"] == pytest.approx(sklearn_metrics.matthews_corrcoef(films.labels, called))
    assert found["alerts"] == pytest.approx(called.mean())


def test_nothing_divided_is_nan_and_no_warning():
    films = Films.of(np.array([1, 0]), np.array([0.2, 0.1]), np.array(["a", "b"]))

    found = thresholds_of.measures(Thresholds.of(films).at(np.array([0.5])))

    assert np.isnan([found["ppv"][0], found["mcc"][0]]).all()
    assert (found["npv"][0], found["f1"][0], found["alerts"][0]) == (0.5, 0.0, 0.0)


def expected_limits(films, threshold):
    """The slow definition: count the films at one threshold, and ask for the interval of the reports."""
    called, ill = films.probabilities >= threshold, films.labels == 1
    rows = {"sensitivity": (called, ill), "specificity": (~called, ~ill), "ppv": (ill, called), "npv": (~ill, ~called)}
    return {name: clustered_proportion(hits[own], films.patients[own]) for name, (hits, own) in rows.items()}


@settings(max_examples=150)
@given(films_of(), st.integers(0, 11))
def test_limits_by_lookup_are_the_clustered_interval_of_the_reports(films, step):
    threshold = step / 10

    found = Thresholds.of(films).limits(np.array([threshold]))

    for name, expected in expected_limits(films, threshold).items():
        own = [float(values[0]) for values in found[name]]
        if expected is None:
            assert np.isnan(own).all()
        else:
            assert own == pytest.approx(list(expected), abs=1e-9), name


def test_limits_of_many_thresholds_come_at_once():
    films = made()
    asked = np.array([0.05, 0.1, 0.33, 0.5, 0.8])

    found = Thresholds.of(films).limits(asked)

    for at, threshold in enumerate(asked):
        for name, expected in expected_limits(films, threshold).items():
            assert [values[at] for values in found[name]] == pytest.approx(list(expected))


@pytest.mark.parametrize("prevalence", [0.01, 0.2, 0.6])
def test_predictive_values_at_a_prevalence_are_bayes(prevalence):
    lookup = Thresholds.of(made())
    asked = np.array([0.1, 0.3, 0.6])
    counts = lookup.at(asked)
    sensitivity, specificity = (thresholds_of.measures(counts)[name] for name in ("sensitivity", "specificity"))

    found = lookup.limits(asked, prevalence=prevalence)

    true, false = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    assert found["ppv"].value == pytest.approx(true / (true + false))
    quiet, missed = (1 - prevalence) * specificity, prevalence * (1 - sensitivity)
    assert found["npv"].value == pytest.approx(quiet / (quiet + missed))
    weighed = thresholds_of.measures(thresholds_of.at_prevalence(counts, prevalence))
    for name in ("ppv", "npv"):
        assert weighed[name] == pytest.approx(found[name].value)
        assert (found[name].low < found[name].value).all()
        assert (found[name].value < found[name].high).all()


def test_at_the_films_own_prevalence_the_value_is_the_share():
    lookup = Thresholds.of(made())
    asked = np.array([0.1, 0.5])

    by_ratio, by_share = lookup.limits(asked, prevalence=lookup.prevalence), lookup.limits(asked)

    for name in ("ppv", "npv"):
        assert by_ratio[name].value == pytest.approx(by_share[name].value)
        assert by_ratio[name].low == pytest.approx(by_share[name].low, abs=0.02)
        assert by_ratio[name].high == pytest.approx(by_share[name].high, abs=0.02)


def test_limits_of_the_likelihood_ratio_are_the_delta_method_by_patient():
    """The slow definition: each patient's share in the logarithm of the ratio, squared and summed."""
    films, threshold, prevalence = made(), 0.4, 0.05
    called, ill = films.probabilities >= threshold, films.labels == 1
    share = np.zeros(films.patient_count)
    for sign, rows in ((1, called & ill), (-1, ill), (-1, called & ~ill), (1, ~ill)):
        share += sign * np.bincount(films.patients[rows], minlength=films.patient_count) / rows.sum()
    count = films.patient_count
    error = np.sqrt(count / (count - 1) * np.sum(share**2))
    ratio = (called & ill).sum() / ill.sum() / ((called & ~ill).sum() / (~ill).sum())
    odds = prevalence / (1 - prevalence) * ratio * np.exp(np.array([-1, 1]) * 1.959964 * error)

    found = Thresholds.of(films).limits(np.array([threshold]), prevalence=prevalence)["ppv"]

    assert [found.low[0], found.high[0]] == pytest.approx(odds / (1 + odds), rel=1e-5)


@pytest.mark.slow
def test_limits_at_a_prevalence_cover():
    """95 % limits hold the true PPV at 5 % in 92 to 98 % of 600 studies of 400 patients with two films each."""
    rng = np.random.default_rng(3)
    threshold, prevalence = 0.6, 0.05
    held = {"ppv": 0, "npv": 0}
    everybody = [rng.normal(size=2_000_000) * np.sqrt(2) for _ in range(2)]
    sensitivity, false = (np.mean(1 / (1 + np.exp(-(values + shift))) >= threshold) for values, shift in
                          zip(everybody, (1.5, -0.5), strict=True))  # fmt: skip
    true = {
        "ppv": prevalence * sensitivity / (prevalence * sensitivity + (1 - prevalence) * false),
        "npv": (1 - prevalence) * (1 - false) / ((1 - prevalence) * (1 - false) + prevalence * (1 - sensitivity)),
    }
    for _ in range(600):
        patients = np.repeat(np.arange(400), 2)
        labels = (rng.random(800) < 0.3).astype(int)
        logit = 2.0 * labels - 0.5 + rng.normal(size=400)[patients] + rng.normal(size=800)
        films = Films.of(labels, 1 / (1 + np.exp(-logit)), patients)
        found = Thresholds.of(films).limits(np.array([threshold]), prevalence=prevalence)
        for name, limits in found.items():
            if name in held:
                held[name] += limits.low[0] <= true[name] <= limits.high[0]
    assert all(0.92 * 600 <= count <= 0.98 * 600 for count in held.values()), held


def test_a_likelihood_ratio_without_a_false_alarm_has_no_limits():
    films = Films.of(np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.3, 0.2]), np.array(list("abcd")))

    found = Thresholds.of(films).limits(np.array([0.5, 0.95]), prevalence=0.1)

    assert found["ppv"].value[0] == 1
    assert np.isnan([found["ppv"].low[0], found["ppv"].high[0], found["ppv"].value[1]]).all()
    assert found["npv"].value[0] == pytest.approx(0.9 / (0.9 + 0.1 * 0.5))
    with pytest.raises(ValueError, match="between 0 and 1"):
        Thresholds.of(films).limits(np.array([0.5]), prevalence=1.0)


def test_named_points_are_those_of_the_rules():
    films = made()

    points = Thresholds.of(films).named_points()

    assert list(points) == ["youden", "sensitivity-95", "specificity-95"]
    at = thresholds_of.measures(Thresholds.of(films).at(points["sensitivity-95"].threshold))
    assert at["sensitivity"] == pytest.approx(points["sensitivity-95"].sensitivity)


@given(films_of(), st.integers(0, 11), st.integers(0, 11))
def test_films_that_flip_are_those_called_otherwise(films, active, new):
    newly, no_longer = Thresholds.of(films).flips(active / 10, new / 10)

    before, after = (films.probabilities >= step / 10 for step in (active, new))
    assert sorted(newly) == np.flatnonzero(~before & after).tolist()
    assert sorted(no_longer) == np.flatnonzero(before & ~after).tolist()
    for rows in (newly, no_longer):
        labels = films.labels[rows]
        assert (np.diff(labels) <= 0).all()  # positives first
        for label in (1, 0):
            off = np.abs(films.probabilities[rows][labels == label] - active / 10)
            assert (np.diff(off) >= -1e-12).all()  # then the nearest


def test_flips_worked_by_hand():
    films = Films.of(np.array([0, 1, 0, 1, 0]), np.array([0.5, 0.3, 0.45, 0.2, 0.1]), np.array(list("abcde")))
    lookup = Thresholds.of(films)

    newly, no_longer = lookup.flips(0.46, 0.15)
    assert (newly.tolist(), no_longer.tolist()) == ([1, 3, 2], [])
    newly, no_longer = lookup.flips(0.2, 0.48)
    assert (newly.tolist(), no_longer.tolist()) == ([], [3, 1, 2])
    assert [rows.size for rows in lookup.flips(0.3, 0.3)] == [0, 0]


def test_no_films_at_all_are_no_fault():
    lookup = Thresholds.of(Films.of(np.zeros(0), np.zeros(0), np.zeros(0)))

    assert [int(count) for count in lookup.at(0.5)] == [0, 0, 0, 0]
    assert np.isnan(lookup.limits(np.array([0.5]))["sensitivity"].value).all()
    assert np.isnan(lookup.prevalence)
