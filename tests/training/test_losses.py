from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss as oracle

from core.training.losses import balanced_weights, log_loss


@settings(deadline=None, max_examples=50)
@given(positives=st.integers(1, 40), negatives=st.integers(1, 40))
def test_weighted_classes_count_alike_and_one_film_counts_one_on_average(positives, negatives):
    labels = np.repeat([1, 0], [positives, negatives])

    weights = balanced_weights(labels)

    assert weights[labels == 1].sum() == pytest.approx(weights[labels == 0].sum())
    assert weights.mean() == pytest.approx(1)


def test_log_loss_is_that_of_the_probabilities_and_finite_far_out():
    generator = np.random.default_rng(0)
    labels, logits = generator.integers(0, 2, 100), generator.normal(0, 3, 100)

    assert log_loss(labels, logits) == pytest.approx(oracle(labels, 1 / (1 + np.exp(-logits))))
    assert log_loss(np.array([1]), np.array([-1000.0])) == 1000
