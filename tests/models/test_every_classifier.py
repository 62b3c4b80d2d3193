"""The contract of every classifier in the registry."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.base.errors import InputError
from core.models import forward, registry
from core.vision.loader import Batch

SIZE = 64


@pytest.fixture(params=registry.CLASSIFIERS)
def classifier(request):
    torch.manual_seed(0)
    return registry.create_classifier(request.param, image_size=SIZE, drop_rate=0.5)


@pytest.fixture
def batch() -> Batch:
    return Batch(
        images=torch.randn(4, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0)),
        labels=torch.tensor([0.0, 1.0, 0.0, 1.0]),
        weights=torch.tensor([1.0, 2.0, 1.0, 2.0]),
        rows=np.arange(4),
    )


def test_maps_a_batch_of_images_to_one_finite_logit_each(classifier, batch):
    logits = classifier.eval()(batch.images)

    assert logits.shape == (4,)
    assert logits.isfinite().all()


def test_takes_a_single_image(classifier, batch):
    assert classifier.eval()(batch.images[:1]).shape == (1,)


def test_its_logits_are_its_head_on_its_features(classifier, batch):
    classifier.eval()

    features = classifier.features(batch.images)

    assert features.ndim == 2
    assert len(features) == 4
    assert torch.equal(classifier.head(features), classifier(batch.images))


def test_every_parameter_learns_from_its_loss(classifier, batch):
    loss = classifier.loss(batch)
    loss.backward()

    assert loss.shape == ()
    assert loss.isfinite()
    assert [n for n, p in classifier.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_its_loss_counts_films_by_their_weights(classifier, batch):
    classifier.eval()
    alone = Batch(batch.images, batch.labels, torch.tensor([0.0, 1.0, 0.0, 0.0]), batch.rows)
    logit = classifier(batch.images)[1]

    assert classifier.loss(alone).item() == pytest.approx(torch.nn.functional.softplus(-logit).item(), rel=1e-4)


def test_a_few_steps_lower_its_loss(classifier, batch):
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=1e-3)
    first = classifier.loss(batch).item()

    for _ in range(10):
        optimizer.zero_grad()
        loss = classifier.loss(batch)
        loss.backward()
        optimizer.step()

    assert loss.item() < first


def test_dropout_moves_its_answer(classifier, batch):
    classifier.eval()
    assert torch.equal(classifier(batch.images), classifier(batch.images))
    for module in classifier.modules():
        if isinstance(module, torch.nn.Dropout):
            module.train()

    assert not torch.equal(classifier(batch.images), classifier(batch.images))  # else MC dropout is blind


def test_its_grid_layer_still_knows_places(classifier, batch):
    seen = []
    hook = classifier.grid_layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))

    classifier.eval()(batch.images)
    hook.remove()

    assert len(seen) == 1
    assert len(seen[0]) == 4


def test_the_same_seed_builds_the_same_weights(classifier):
    name = next(name for name in registry.CLASSIFIERS)
    torch.manual_seed(0)
    again = registry.create_classifier(name, image_size=SIZE, drop_rate=0.5)

    assert all(torch.equal(a, b) for a, b in zip(classifier.parameters(), again.parameters(), strict=False))


def test_a_forward_run_joins_batches_and_leaves_the_mode(classifier, batch):
    classifier.train()

    logits, features = forward.run(classifier, [batch, batch])

    assert classifier.training
    assert (logits.dtype, features.dtype) == (np.float64, np.float16)
    assert logits.shape == (8,)
    assert (logits[:4] == logits[4:]).all()
    np.testing.assert_allclose(logits[:4], classifier.eval()(batch.images).detach(), rtol=1e-4, atol=1e-5)


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(InputError, match="Expected a classifier of cnn, found 'resnet'; choose one of them"):
        registry.create_classifier("resnet", image_size=SIZE, drop_rate=0.5)
