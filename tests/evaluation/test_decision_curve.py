"""Net benefit, against its definition film by film."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.decision_curve import net_benefit


def defined(labels, probabilities, threshold, prevalence=None):
    """Vickers and Elkin's definition, each film weighed so that the positives have their share."""
    share = labels.mean()
    weights = np.ones(labels.size)
    if prevalence is not None:
        weights = np.where(labels == 1, prevalence / share, (1 - prevalence) / (1 - share))
    total = 0.0
    for label, probability, weight in zip(labels, probabilities, weights, strict=True):
        if probability >= threshold:
            total += weight * (1 if label == 1 else -threshold / (1 - threshold))
    return total / labels.size


@given(
    st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=1, max_size=30),
    st.lists(st.integers(0, 99), min_size=1, max_size=5),
)
def test_it_is_the_definition(films, asked):
    labels, steps = (np.array(column) for column in zip(*films, strict=True))
    thresholds = np.array(asked) / 100

    model, all_positive = net_benefit(labels, steps / 10, thresholds)

    for at, threshold in enumerate(thresholds):
        assert model[at] == pytest.approx(defined(labels, steps / 10, threshold))
        assert all_positive[at] == pytest.approx(defined(labels, np.ones(labels.size), threshold))


@pytest.mark.parametrize("prevalence", [0.01, 0.3, 0.9])
def test_at_another_prevalence_the_films_are_weighed(prevalence):
    rng = np.random.default_rng(0)
    labels, probabilities = (rng.random(200) < 0.4).astype(int), rng.random(200).round(2)
    thresholds = np.array([0.0, 0.1, 0.5, 0.93])

    model, all_positive = net_benefit(labels, probabilities, thresholds, prevalence=prevalence)

    for at, threshold in enumerate(thresholds):
        assert model[at] == pytest.approx(defined(labels, probabilities, threshold, prevalence))
        assert all_positive[at] == pytest.approx(defined(labels, np.ones(200), threshold, prevalence))


def test_calling_all_positive_breaks_even_at_the_prevalence():
    labels = np.array([1, 0, 0, 0])

    model, all_positive = net_benefit(labels, np.array([0.8, 0.3, 0.2, 0.1]), np.array([0.0, 0.25]))

    assert all_positive.tolist() == [0.25, 0.0]
    assert model[0] == 0.25  # from 0 on every film is called
    assert model[1] == pytest.approx(1 / 4 - 1 / 4 / 3)


def test_one_class_is_enough_at_its_own_prevalence_only():
    model, all_positive = net_benefit(np.zeros(3), np.array([0.1, 0.2, 0.6]), np.array([0.5]))
    assert (model[0], all_positive[0]) == (pytest.approx(-1 / 3), -1.0)

    with pytest.raises(ValueError, match="one class only"):
        net_benefit(np.zeros(3), np.array([0.1, 0.2, 0.6]), np.array([0.5]), prevalence=0.1)


@pytest.mark.parametrize(
    ("labels", "thresholds", "prevalence", "words"),
    [
        ([1, 0], [1.0], None, "below 1"),
        ([1, 0], [-0.1], None, "from 0"),
        ([1, 0], [0.5], 1.2, "prevalence"),
        ([], [0.5], None, "films"),
    ],
)
def test_what_cannot_be_asked_is_refused(labels, thresholds, prevalence, words):
    with pytest.raises(ValueError, match=words):
        net_benefit(np.array(labels), np.full(len(labels), 0.5), np.array(thresholds), prevalence=prevalence)
