"""Heat maps of the prediction's own forward, held against the grad-cam package."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from core.inference import heat_maps
from core.models import registry

ARCHITECTURES = tuple(registry.CLASSIFIERS)
SIDE = {"vit": 96}


def built(name: str):
    torch.manual_seed(0)
    size = SIDE.get(name, 64)
    classifier = registry.create_classifier(name, image_size=size, drop_rate=0.3).eval()
    return classifier, torch.randn(3, 1, size, size)


def scaled(maps: np.ndarray) -> np.ndarray:
    """Return maps with their maximum at 1; all-zero ones stay."""
    largest = maps.max(axis=(1, 2), keepdims=True)
    return maps / np.where(largest > 0, largest, 1)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++", "hires-cam"])
def test_maps_are_those_of_the_package_for_either_sign(name, method):
    classifier, images = built(name)

    for signs in (np.ones(3), -np.ones(3)):
        own = heat_maps.heat_maps(heat_maps.see(classifier, images), method, signs=signs)
        package = heat_maps.reference(classifier, images, method, signs=signs)

        np.testing.assert_allclose(scaled(own), scaled(package), atol=1e-5)
        assert (own >= 0).all()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_forward_is_that_of_the_prediction_and_leaves_nothing_behind(name):
    classifier, images = built(name)
    with torch.inference_mode():
        features = classifier.features(images)
        logits = classifier.head(features)

    seen = heat_maps.see(classifier, images)

    torch.testing.assert_close(seen.logits, logits, atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(seen.features, features, atol=1e-5, rtol=1e-5)
    assert seen.activations.shape == seen.gradients.shape
    assert not classifier.grid_layer._forward_hooks
    assert all(parameter.grad is None for parameter in classifier.parameters())
    assert all(not module.training for module in classifier.modules())


def test_the_hook_is_released_when_the_forward_fails():
    classifier, _ = built("cnn")

    with pytest.raises(RuntimeError):
        heat_maps.see(classifier, torch.randn(1, 3, 64, 64))

    assert not classifier.grid_layer._forward_hooks


def test_at_the_last_norm_of_the_transformer_no_patch_has_a_gradient():
    """Why the heat map is made before it: there only the CLS token reaches the answer."""
    classifier, images = built("vit")
    outputs = []
    hook = classifier.trunk.norm.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    classifier(images).sum()
    hook.remove()

    (gradient,) = torch.autograd.grad(classifier.head(outputs[0][:, 0]).sum(), outputs[0])

    assert gradient[:, 1:].abs().max() == 0
    assert gradient[:, 0].abs().max() > 0
    assert np.abs(heat_maps.see(classifier, images).gradients.numpy()).max() > 0


def test_a_map_without_evidence_stays_all_zero():
    classifier, images = built("cnn")
    seen = heat_maps.see(classifier, images)
    nothing = heat_maps.Seen(seen.logits, seen.features, seen.activations * 0, seen.gradients)

    for method in heat_maps.METHODS:
        maps = heat_maps.heat_maps(nothing, method, signs=np.ones(3))
        assert (maps == 0).all()


def test_one_model_serves_many_threads_at_once():
    classifier, images = built("resnet18")
    alone = heat_maps.heat_maps(heat_maps.see(classifier, images), signs=np.ones(3))
    wrong = []

    def look() -> None:
        for _ in range(4):
            found = heat_maps.heat_maps(heat_maps.see(classifier, images), signs=np.ones(3))
            with torch.inference_mode():
                classifier(images)
            if not np.allclose(found, alone, atol=1e-6):
                wrong.append(found)

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
    assert not classifier.grid_layer._forward_hooks


def test_under_each_dropout_mask_the_map_is_another():
    classifier, images = built("cnn")

    maps = heat_maps.over_passes(classifier, images[:1], key="film", passes=6, sign=1.0)
    again = heat_maps.over_passes(classifier, images[:1], key="film", passes=6, sign=1.0)

    assert maps.shape[0] == 6
    assert maps.std(axis=0).max() > 0
    np.testing.assert_array_equal(maps, again)


def test_a_classifier_in_training_mode_is_refused():
    classifier, images = built("cnn")

    with pytest.raises(ValueError, match="Expected a classifier in eval mode"):
        heat_maps.see(classifier.train(), images)
