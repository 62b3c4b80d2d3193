"""The contract of every classifier in the registry."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.base.errors import InputError
from core.models import arithmetic, forward, registry
from core.vision.loader import Batch

SIZE = 64
KNOWN = 7  # further targets: quality and its parts, size


@pytest.fixture(params=registry.CLASSIFIERS)
def name(request) -> str:
    return request.param


@pytest.fixture
def classifier(name):
    torch.manual_seed(0)
    return registry.create_classifier(name, image_size=SIZE, drop_rate=0.5)


@pytest.fixture
def batch() -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(
        images=torch.randn(4, 1, SIZE, SIZE, generator=generator),
        labels=torch.tensor([0.0, 1.0, 0.0, 1.0]),
        weights=torch.tensor([1.0, 2.0, 1.0, 2.0]),
        rows=np.arange(4),
        targets=torch.rand(4, KNOWN, generator=generator),
    )


def test_maps_a_batch_of_images_to_one_finite_logit_each(classifier, batch):
    logits = classifier.eval()(batch.images)

    assert logits.shape == (4,)
    assert logits.isfinite().all()


def test_takes_a_single_image(classifier, batch):
    assert classifier.eval()(batch.images[:1]).shape == (1,)


@pytest.mark.parametrize("size", [32, 48, 80])
def test_takes_images_of_another_size_divisible_by_16(classifier, size):
    assert classifier.eval()(torch.randn(2, 1, size, size)).isfinite().all()


def test_its_logits_are_its_head_on_its_features(classifier, batch):
    classifier.eval()

    features = classifier.features(batch.images)

    assert features.ndim == 2
    assert len(features) == 4
    assert torch.equal(classifier.head(features), classifier(batch.images))


def test_features_may_stand_in_the_place_of_images(classifier, batch):
    classifier.eval()
    features = classifier.features(batch.images)

    given = Batch(features, batch.labels, batch.weights, batch.rows, batch.targets)

    assert torch.equal(classifier.loss(given), classifier.loss(batch))


def test_what_it_tells_besides_are_shares(classifier, batch):
    told = classifier.further(classifier.eval().features(batch.images))

    assert told.shape == (4, len(classifier.further_columns))
    assert ((told >= 0) & (told <= 1)).all()


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
    classifier.eval()  # the same films without dropout, so that only the weights change
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


def test_its_grid_still_knows_places(classifier, batch):
    """A change in one corner of the film moves the grid most in that corner."""
    seen = []
    hook = classifier.grid_layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    classifier.eval()
    large = torch.randn(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))
    changed = large.clone()
    changed[:, :, 192:, :64] *= -1

    with torch.no_grad():
        classifier(large)
        classifier(changed)
    hook.remove()

    plain, moved = (classifier.grid(output) for output in seen)
    assert plain.ndim == 4
    assert plain.shape[2] == plain.shape[3] >= 8
    difference = (plain - moved).abs().mean(dim=1)[0]  # (h, w)
    half = difference.shape[0] // 2
    corners = [difference[:half, :half], difference[:half, half:], difference[half:, half:], difference[half:, :half]]
    assert max(range(4), key=lambda number: corners[number].mean().item()) == 3


def test_the_same_seed_builds_the_same_weights(classifier, name):
    torch.manual_seed(0)
    again = registry.create_classifier(name, image_size=SIZE, drop_rate=0.5)

    assert all(torch.equal(a, b) for a, b in zip(classifier.parameters(), again.parameters(), strict=True))


def test_a_forward_run_joins_batches_and_leaves_the_mode(classifier, batch):
    classifier.train()

    outputs = forward.run(classifier, [batch, batch])

    assert classifier.training
    assert (outputs.logits.dtype, outputs.features.dtype) == (np.float64, np.float16)
    assert outputs.logits.shape == (8,)
    assert outputs.further.shape == (8, len(classifier.further_columns))
    assert (outputs.logits[:4] == outputs.logits[4:]).all()
    np.testing.assert_allclose(outputs.logits[:4], classifier.eval()(batch.images).detach(), rtol=1e-4, atol=1e-5)


def test_an_unknown_name_lists_the_choices():
    with pytest.raises(
        InputError, match=r"Expected a classifier of cnn, .*efficientnet_b0, found 'resnet'; choose one"
    ):
        registry.create_classifier("resnet", image_size=SIZE, drop_rate=0.5)


@pytest.mark.parametrize(("size", "millions"), [("tiny", 5.4), ("small", 21.5), ("base", 85.5)])
def test_the_transformer_comes_in_three_sizes(size, millions):
    vit = registry.create_classifier("vit", image_size=SIZE, drop_rate=0.1, vit_size=size)

    assert sum(one.numel() for one in vit.parameters()) / 1e6 == pytest.approx(millions, rel=0.03)


def test_operations_are_counted_two_a_multiply_add():
    classifier = registry.create_classifier("resnet18", image_size=224, drop_rate=0.5)

    # He et al. (2016), table 1: 1.8 billion multiply-adds, of which two of three colour channels are not there.
    assert arithmetic.gflops(classifier, 224) == pytest.approx(2 * 1.8, rel=0.1)
    assert classifier.training
