"""Logits turned into probabilities: against scikit-learn, a slow definition, and films that balancing distorted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.calibration import _SigmoidCalibration
from sklearn.metrics import log_loss

from core.evaluation.calibration import MIN_SLOPE, fit, natural_weights, words

many = settings(deadline=None, max_examples=25)
seeds, targets = st.integers(0, 10_000), st.sampled_from([None, 0.01, 0.3, 0.8])


def judged(seed: int, *, films: int = 200, apart: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of films of both classes, `apart` standard deviations from each other, and the labels."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(films) < 0.3).astype(int)
    labels[:2] = 0, 1
    return rng.normal(scale=1.5, size=films) + 1.5 * apart * labels - 1, labels


def smoothed_loss(slope, intercept, logits, labels, weights):
    """The definition, term by term."""
    count, others = weights[labels == 1].sum(), weights[labels == 0].sum()
    target = np.where(labels == 1, (count + 1) / (count + 2), 1 / (others + 2))
    line = slope * logits + intercept
    return np.average(np.logaddexp(0, line) - target * line, weights=weights)


@many
@given(seeds, targets)
def test_weights_give_the_positives_their_share_and_keep_the_mean(seed, prevalence):
    _, labels = judged(seed)

    weights = natural_weights(labels, prevalence)

    assert weights.mean() == pytest.approx(1)
    assert np.average(labels, weights=weights) == pytest.approx(prevalence or labels.mean())
    assert all(np.ptp(weights[labels == label]) == 0 for label in (0, 1))


@pytest.mark.parametrize("label", [0, 1])
def test_films_of_one_class_count_alike(label):
    assert natural_weights(np.full(3, label), 0.2).tolist() == [1, 1, 1]


@pytest.mark.parametrize("prevalence", [0, 1, -0.1, float("nan")])
def test_a_prevalence_that_no_mixture_of_films_has_is_refused(prevalence):
    with pytest.raises(ValueError, match=r"Expected a prevalence in \(0, 1\), got"):
        natural_weights(np.array([0, 1]), prevalence)


@many
@given(seeds, targets)
def test_slope_and_intercept_agree_with_scikit_learn(seed, prevalence):
    logits, labels = judged(seed)

    found = fit(logits, labels, prevalence=prevalence)

    oracle = _SigmoidCalibration().fit(logits, labels, natural_weights(labels, prevalence))
    assert (found.a, found.b) == pytest.approx((-oracle.a_, -oracle.b_), abs=1e-4)  # its sigmoid falls
    assert found.probability(logits) == pytest.approx(oracle.predict(logits), abs=1e-5)


@pytest.mark.parametrize(("apart", "prevalence"), [(2.0, None), (0.5, 0.05), (-1.0, None), (-1.0, 0.05)])
def test_no_point_of_a_grid_has_a_lower_loss(apart, prevalence):
    logits, labels = judged(3, apart=apart)
    weights = natural_weights(labels, prevalence)

    found = fit(logits, labels, prevalence=prevalence)

    reached = smoothed_loss(found.a, found.b, logits, labels, weights)
    grid = [
        smoothed_loss(slope, intercept, logits, labels, weights)
        for slope in np.geomspace(MIN_SLOPE, 5, 60)
        for intercept in np.linspace(found.b - 1, found.b + 1, 61)
    ]
    assert reached <= min(grid) + 1e-12
    assert reached == pytest.approx(min(grid), abs=1e-3)
    scaled = [smoothed_loss(1 / t, 0, logits, labels, weights) for t in np.geomspace(0.1, 1 / MIN_SLOPE, 400)]
    assert smoothed_loss(1 / found.temperature, 0, logits, labels, weights) == pytest.approx(min(scaled), abs=1e-4)


@many
@given(seeds, targets)
def test_the_log_losses_are_those_of_scikit_learn_and_fall(seed, prevalence):
    logits, labels = judged(seed)
    weights = natural_weights(labels, prevalence)

    found = fit(logits, labels, prevalence=prevalence)

    lines = {"uncalibrated": logits, "temperature": logits / found.temperature}
    probabilities = {name: special.expit(line) for name, line in lines.items()}
    probabilities["calibrated"] = found.probability(logits)
    expected = {name: log_loss(labels, values, sample_weight=weights) for name, values in probabilities.items()}
    assert found.log_loss == pytest.approx(expected)
    smoothing = 3 / weights[labels == 1].sum() / labels.size + 1e-3  # what the smoothed targets may cost
    assert found.log_loss["calibrated"] <= found.log_loss["temperature"] + smoothing
    assert found.log_loss["temperature"] <= found.log_loss["uncalibrated"] + smoothing


@many
@given(seeds, targets, st.floats(-2, 4))
def test_the_mean_probability_is_the_prevalence_and_the_order_stays(seed, prevalence, apart):
    logits, labels = judged(seed, apart=apart)

    found = fit(logits, labels, prevalence=prevalence)

    probabilities = found.probability(logits)
    mean = np.average(probabilities, weights=natural_weights(labels, prevalence))
    assert mean == pytest.approx(found.prevalence, abs=1 / labels.size)
    assert (np.diff(probabilities[np.argsort(logits)]) >= 0).all()
    assert found.prevalence == (labels.mean() if prevalence is None else prevalence)


@many
@given(seeds, targets, st.floats(0.1, 10), st.floats(-5, 5))
def test_neither_order_nor_scale_of_the_logits_changes_a_probability(seed, prevalence, scale, shift):
    logits, labels = judged(seed)
    order = np.random.default_rng(seed).permutation(labels.size)

    found = fit(logits, labels, prevalence=prevalence)
    other = fit((scale * logits + shift)[order], labels[order], prevalence=prevalence)

    assert other.probability(scale * logits + shift) == pytest.approx(found.probability(logits), abs=1e-6)


def test_films_that_the_logit_separates_keep_the_slope_finite():
    labels = np.repeat([0, 1], 10)

    found = fit(np.linspace(-2, 2, 20), labels, prevalence=None)

    assert 1 < found.a < 100
    assert not found.at_bound
    assert found.log_loss["calibrated"] < found.log_loss["uncalibrated"]


@pytest.mark.parametrize("size", [1, 1e6])
def test_a_classifier_that_ranks_the_wrong_way_round_is_held_at_the_bound(size):
    logits, labels = judged(0, apart=-3)

    found = fit(size * logits, labels, prevalence=0.05)

    assert (found.a, found.at_bound) == (MIN_SLOPE, True)
    mean = np.average(found.probability(size * logits), weights=natural_weights(labels, 0.05))
    assert mean == pytest.approx(0.05, abs=0.005)


def test_a_temperature_can_at_most_flatten_an_order_that_is_wrong():
    found = fit(np.array([2, 1, -1, -2]), np.array([0, 0, 1, 1]), prevalence=None)

    assert found.temperature == pytest.approx(1 / MIN_SLOPE)


def test_a_constant_logit_gives_everyone_the_prevalence():
    found = fit(np.full(100, 7.0), np.arange(100) % 2, prevalence=0.1)

    assert found.at_bound
    assert found.probability([7.0, 7.0]) == pytest.approx([0.1, 0.1], abs=0.01)


@pytest.mark.parametrize("size", [1e-12, 1e5, 1e30])
def test_extreme_logits_give_finite_numbers(size):
    logits, labels = judged(1)

    found = fit(size * logits, labels, prevalence=None)

    told = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(told) == found.to_dict()
    probabilities = found.probability(np.array([-1e200, 0, 1e200]))
    assert (probabilities >= 0).all() and (probabilities <= 1).all()
    assert (np.diff(probabilities) >= 0).all()


def test_a_logit_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="Expected finite logits, got 2 of 3 that are not"):
        fit(np.array([np.nan, np.inf, 1]), np.array([0, 1, 0]), prevalence=None)


@pytest.mark.parametrize(("labels", "share"), [([0, 0], 0.0), ([1, 1], 1.0), ([], None)])
def test_one_class_leaves_the_logit_as_it_is(labels, share):
    logits = np.linspace(-1, 1, len(labels))

    found = fit(logits, np.array(labels), prevalence=None)

    assert (found.a, found.b, found.method, found.at_bound) == (1, 0, "none", False)
    assert (found.temperature, found.log_loss) == (None, None)
    assert (found.prevalence, found.films, found.positive_films) == (share, len(labels), sum(labels))
    assert found.probability(logits) == pytest.approx(special.expit(logits))
    assert fit(logits, np.array(labels), prevalence=0.2).prevalence == 0.2


def test_balanced_films_weighted_back_are_calibrated_where_the_finding_is_rare():
    """The classifier learnt from as many positives as negatives, and is too sure of itself besides."""
    rng = np.random.default_rng(0)
    natural = 0.05

    def drawn(positives: int, negatives: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.repeat([1, 0], [positives, negatives])
        return 1.6 * (2 * rng.normal(2.0 * labels, 1.0) - 2), labels  # 2x - 2: the log odds at one to one

    logits, labels = drawn(10_000, 190_000)
    tune, tune_labels = drawn(3_000, 3_000)

    found = fit(tune, tune_labels, prevalence=natural)

    probabilities = found.probability(logits)
    of_natural_films = fit(*drawn(3_000, 57_000), prevalence=None).probability(logits)
    by_temperature = special.expit(logits / found.temperature)
    assert found.a == pytest.approx(1 / 1.6, rel=0.05)
    assert probabilities.mean() == pytest.approx(natural, rel=0.05)
    assert log_loss(labels, probabilities) == pytest.approx(log_loss(labels, of_natural_films), rel=0.005)
    for tenth in np.array_split(np.argsort(logits), 10):
        seen = labels[tenth].mean()
        error = np.sqrt(seen * (1 - seen) / tenth.size)
        assert probabilities[tenth].mean() == pytest.approx(seen, rel=0.1, abs=3 * error + 1e-4)
    assert by_temperature.mean() > 3 * natural
    assert log_loss(labels, by_temperature) > 2 * log_loss(labels, probabilities)


@pytest.mark.parametrize(
    ("logits", "labels", "told"),
    [
        ([-1, 0, 0.5, 1], [0, 1, 0, 1], "calibrated on 4 films of the fold tune for a prevalence of 30.1 %"),
        (
            [1, 0.5, 0, -1],
            [0, 1, 0, 1],
            "calibrated on 4 films of the fold tune for a prevalence of 30.1 %; the slope was held at its lower bound "
            "0.01, as of a classifier that hardly ranks the films",
        ),
        ([1, 2], [0, 0], "not calibrated: the fold tune holds one class"),
        ([], [], "not calibrated: the fold tune holds no film"),
    ],
)
def test_a_sentence_says_what_the_probabilities_are_worth(logits, labels, told):
    assert words(fit(np.array(logits), np.array(labels), prevalence=0.301).to_dict()) == told


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ({"a": 1.0, "b": 0.0, "method": "none", "prevalence": 0.25}, "not calibrated, aimed at a prevalence of 25.0 %"),
        ({"a": 1.0, "b": 0.0}, "not calibrated"),
    ],
)
def test_a_card_from_before_there_was_a_fit_tells_what_it_holds(card, told):
    assert words(card) == told
