from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from core.data import quality
from core.models import registry
from core.training.learner import parameter_groups
from core.vision.loader import Batch

SIZE = 64


@pytest.fixture
def classifier():
    torch.manual_seed(0)
    made = registry.create_classifier("multitask", image_size=SIZE, drop_rate=0.5).eval()
    made.log_variances.data.zero_()  # each task as it is
    return made


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, 1, SIZE, SIZE, generator=generator)
    targets = torch.rand(4, 7, generator=generator)
    return Batch(images, torch.tensor([0.0, 1.0, 0.0, 1.0]), torch.ones(4), np.arange(4), targets)


def with_targets(batch: Batch, targets: torch.Tensor | None) -> Batch:
    return Batch(batch.images, batch.labels, batch.weights, batch.rows, targets)


def test_it_names_what_it_tells_as_the_truth_table_does(classifier):
    assert classifier.further_columns == (*quality.COLUMNS, "size_share")


def test_tasks_are_weighed_by_their_learnt_noise_as_the_paper_has_it(classifier, batch):
    variances = torch.tensor([0.5, 2.0, 4.0])
    classifier.log_variances.data = variances.log()
    features = classifier.features(batch.images)
    told = classifier.further(features)
    errors = [
        functional.binary_cross_entropy_with_logits(classifier.head(features), batch.labels),
        functional.mse_loss(told[:, :6], batch.targets[:, :6]),
        functional.mse_loss(told[:, 6:], batch.targets[:, 6:]),
    ]

    # Kendall et al. (2018): L / (2 sigma^2) + log sigma of a regression, L / sigma^2 + log sigma of a classification
    expected = errors[0] / 0.5 + errors[1] / (2 * 2.0) + errors[2] / (2 * 4.0)
    expected = expected + sum(math.log(math.sqrt(variance)) for variance in variances.tolist())

    assert classifier.loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)


def test_it_begins_with_about_the_noise_of_answering_with_the_mean():
    made = registry.create_classifier("multitask", image_size=SIZE, drop_rate=0.5)

    assert made.log_variances.exp().tolist() == pytest.approx([1.0, 0.05, 0.02])


def test_missing_targets_are_left_out_one_by_one(classifier, batch):
    holes = batch.targets.clone()
    holes[0, 2] = torch.nan
    filled = batch.targets.clone()
    filled[0, 2] = classifier.further(classifier.features(batch.images))[0, 2].detach()  # an error of none

    loss, whole = classifier.loss(with_targets(batch, holes)), classifier.loss(with_targets(batch, filled))

    assert loss.isfinite()
    # the mean is over 23 targets instead of 24, one of which has no error
    features = classifier.features(batch.images)
    error = functional.mse_loss(classifier.further(features)[:, :6], filled[:, :6])
    assert (loss - whole).item() == pytest.approx(error.item() / 2 * (24 / 23 - 1), rel=1e-3, abs=1e-7)


@pytest.mark.parametrize("targets", [None, torch.full((4, 7), torch.nan)])
def test_without_any_target_it_learns_the_label_alone(classifier, batch, targets):
    classifier.log_variances.data = torch.tensor([0.0, 5.0, -5.0])

    loss = classifier.loss(with_targets(batch, targets))
    loss.backward()

    assert loss.item() == pytest.approx(
        functional.binary_cross_entropy_with_logits(classifier(batch.images), batch.labels).item(), rel=1e-5
    )
    assert all(one.grad is not None and not one.grad.any() for one in classifier.quality.parameters())


def test_a_size_that_is_known_of_no_film_does_not_disturb_quality(classifier, batch):
    targets = batch.targets.clone()
    targets[:, 6] = torch.nan

    classifier.loss(with_targets(batch, targets)).backward()

    assert not any(one.grad.any() for one in classifier.size.parameters())
    assert all(one.grad.any() for one in classifier.quality.parameters())


def test_the_learnt_loss_weights_do_not_decay(classifier):
    decaying, still = parameter_groups(classifier, 0.05)

    assert any(one is classifier.log_variances for one in still["params"])
    assert still["weight_decay"] == 0
    assert decaying["weight_decay"] == 0.05


def test_tones_reach_the_quality_head_although_it_is_evened_away(classifier, batch):
    brighter = batch.images + 1

    features, of_brighter = classifier.features(batch.images), classifier.features(brighter)

    torch.testing.assert_close(classifier.head(of_brighter), classifier.head(features), atol=1e-4, rtol=0)
    assert (classifier.further(of_brighter)[:, 0] != classifier.further(features)[:, 0]).all()
