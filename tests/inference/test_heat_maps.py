"""Heat maps of the prediction's own forward, held against the grad-cam package."""

from __future__ import annotations

import copy
import functools
import threading

import numpy as np
import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.image import scale_cam_image
from torch import nn

from core.base.errors import InputError
from core.inference import heat_maps, mc_dropout
from core.models import registry

ARCHITECTURES = tuple(registry.CLASSIFIERS)
SIDE = {"vit": 96}


@functools.cache
def once(name: str):
    torch.manual_seed(0)
    size = SIDE.get(name, 64)
    classifier = registry.create_classifier(name, image_size=size, drop_rate=0.3).eval()
    return classifier, torch.randn(3, 1, size, size)


def built(name: str):
    """A classifier of the test's own with random weights, and three images."""
    return copy.deepcopy(once(name))


def scaled(maps: np.ndarray) -> np.ndarray:
    """Return maps with their maximum at 1; all-zero ones stay."""
    largest = maps.max(axis=(1, 2), keepdims=True)
    return maps / np.where(largest > 0, largest, 1)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("method", heat_maps.METHODS)
def test_maps_are_those_of_the_package_for_either_sign(name, method):
    classifier, images = built(name)
    seen = heat_maps.see(classifier, images)
    made = []

    for signs in (np.ones(3), -np.ones(3)):
        own = heat_maps.heat_maps(seen, method, signs=signs)
        package = heat_maps.reference(classifier, images, method, signs=signs)
        made.append(own)

        np.testing.assert_allclose(scaled(own), scaled(package), rtol=0, atol=1e-5)
        assert own.dtype == package.dtype == np.float32
        assert (own >= 0).all()
    assert np.any(made)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_scaled_as_the_package_does_they_are_what_it_returns(name):
    classifier, images = built(name)
    copied, _ = built(name)
    targets = [lambda logit: logit, lambda logit: -logit, lambda logit: logit]
    with pytorch_grad_cam.GradCAM(copied, [copied.grid_layer], reshape_transform=copied.grid) as package:
        expected = package(images, targets=targets)

    own = heat_maps.heat_maps(heat_maps.see(classifier, images), signs=[1, -1, 1])

    large = scale_cam_image(scale_cam_image(own, tuple(images.shape[2:])))
    np.testing.assert_allclose(large, expected, rtol=0, atol=1e-5)


def test_each_method_is_its_formula_on_a_hand_worked_film():
    activations = torch.tensor([[[[1.0, 2.0], [0.0, 1.0]], [[3.0, 0.0], [1.0, 0.0]]]])  # (1, 2, 2, 2)
    gradients = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]], [[-1.0, 0.0], [0.0, 0.0]]]])
    seen = heat_maps.Seen(torch.zeros(1), torch.zeros(1, 2), activations, gradients)

    # Weights 2/4 and -1/4: 0.5 - 0.75, 1, 0 - 0.25, 0.5; against, each is the other way round.
    assert heat_maps.heat_maps(seen, signs=[1]).tolist() == [[[0, 1], [0, 0.5]]]
    assert heat_maps.heat_maps(seen, signs=[-1]).tolist() == [[[0.25, 0], [0.25, 0]]]
    # Each place by its own gradient: 1 - 3, 0, 0, 1.
    assert heat_maps.heat_maps(seen, "hires-cam", signs=[1]).tolist() == [[[0, 0], [0, 1]]]
    # The first channel's two places of gradient 1 count 1 / (2 + 4) each, the second channel has none above 0.
    found = heat_maps.heat_maps(seen, "grad-cam++", signs=[1])
    np.testing.assert_allclose(found, activations[:, 0].numpy() / 3, rtol=1e-5)


def test_the_first_principal_component_is_that_of_scikit_learn():
    from sklearn.decomposition import PCA

    classifier, images = built("vit")
    seen = heat_maps.see(classifier, images)

    maps = heat_maps.heat_maps(seen, "eigen-cam", signs=np.ones(3))

    for number, one in enumerate(maps):
        places = seen.activations[number].flatten(1).T.numpy().astype(np.float64)  # (h * w, C)
        projected = PCA(n_components=1).fit_transform(places)[:, 0].reshape(one.shape)
        ends = [np.maximum(sign * projected, 0) for sign in (1, -1)]  # which end is shown is by chance
        assert min(np.abs(one - end).max() for end in ends) < 1e-4 * np.abs(projected).max()


def test_the_package_works_on_a_copy():
    classifier, images = built("cnn")
    classifier.requires_grad_(False)  # it finds gradients all the same

    maps = heat_maps.reference(classifier, images, signs=np.ones(3))

    assert maps.any()
    assert not classifier.grid_layer._forward_hooks
    assert not any(parameter.requires_grad for parameter in classifier.parameters())
    assert all(parameter.grad is None for parameter in classifier.parameters())


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_forward_is_that_of_the_prediction_and_leaves_nothing_behind(name):
    classifier, images = built(name)
    with torch.inference_mode():
        features = classifier.features(images)
        logits = classifier.head(features)

    seen = heat_maps.see(classifier, images)

    assert (seen.logits - logits).abs().max() <= 1e-6
    assert (seen.features - features).abs().max() <= 1e-6
    assert seen.activations.shape == seen.gradients.shape
    assert not classifier.grid_layer._forward_hooks
    assert all(parameter.grad is None and parameter.requires_grad for parameter in classifier.parameters())
    assert all(not module.training for module in classifier.modules())
    assert not any(one.requires_grad for one in (seen.logits, seen.features, seen.activations, seen.gradients))
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("name", ["multitask", "vit"])
def test_a_film_has_the_same_map_alone_and_where_gradients_are_off(name):
    classifier, images = built(name)
    expected = heat_maps.heat_maps(heat_maps.see(classifier, images), signs=np.ones(3))

    with torch.inference_mode():
        alone = heat_maps.see(classifier.requires_grad_(False), images[1:2].clone())
        assert not torch.is_grad_enabled()

    np.testing.assert_allclose(heat_maps.heat_maps(alone, signs=[1]), expected[1:2], rtol=0, atol=1e-6)


def test_a_layer_that_writes_into_the_grid_does_not_change_what_was_seen():
    maps = []
    for inplace in (False, True):
        classifier, images = built("resnet18")
        pool = classifier.trunk.global_pool
        classifier.trunk.global_pool = nn.Sequential(nn.Hardtanh(0, 0.5, inplace=inplace), pool).eval()
        seen = heat_maps.see(classifier, images)
        assert seen.activations.max() > 0.5
        maps.append(heat_maps.heat_maps(seen, signs=[1, -1, 1]))

    np.testing.assert_array_equal(*maps)


@pytest.mark.parametrize("layer", ["conv1", "global_pool"])  # before the grid layer, and after it
def test_the_hook_is_released_when_the_forward_fails(layer):
    classifier, images = built("cnn")

    def fail(_module, _inputs):
        msg = "the film burns"
        raise RuntimeError(msg)

    classifier.trunk.get_submodule(layer).register_forward_pre_hook(fail)

    with pytest.raises(RuntimeError, match="the film burns"):
        heat_maps.see(classifier, images)

    assert not classifier.grid_layer._forward_hooks
    assert torch.is_grad_enabled()


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
    alone = heat_maps.see(classifier, images)
    expected = heat_maps.heat_maps(alone, signs=np.ones(3))
    right = []

    def look() -> None:
        for _ in range(4):
            found = heat_maps.heat_maps(heat_maps.see(classifier, images), signs=np.ones(3))
            right.append(np.allclose(found, expected, rtol=0, atol=1e-6))

    def predict() -> None:
        for _ in range(8):
            with torch.inference_mode():
                logits = classifier(images)
            right.append(torch.allclose(logits, alone.logits, rtol=0, atol=1e-6) and not logits.requires_grad)

    threads = [threading.Thread(target=run) for run in [look] * 8 + [predict] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert right == [True] * (8 * 4 + 2 * 8)
    assert not classifier.grid_layer._forward_hooks
    assert all(parameter.grad is None for parameter in classifier.parameters())


def test_a_plain_forward_meanwhile_stays_a_plain_forward():
    """Another thread predicts while one is between the hook and its release."""
    classifier, images = built("cnn")
    hooked, predicted = threading.Event(), threading.Event()
    caller = threading.get_ident()
    found = []

    def wait(_module, _inputs):
        if threading.get_ident() == caller:
            hooked.set()
            assert predicted.wait(10)

    def predict() -> None:
        assert hooked.wait(10)
        found.append(len(classifier.grid_layer._forward_hooks))
        with torch.no_grad():
            found.append(classifier.features(images))
        predicted.set()

    other = threading.Thread(target=predict)
    other.start()
    waiting = classifier.trunk.global_pool.register_forward_pre_hook(wait)
    seen = heat_maps.see(classifier, images)
    other.join()
    waiting.remove()

    hooks, features = found
    assert hooks == 1
    assert not features.requires_grad
    assert torch.equal(features, seen.features)


def test_under_each_dropout_mask_the_map_is_another():
    classifier, images = built("cnn")

    maps = heat_maps.over_passes(classifier, images[:1], key="film", passes=6, sign=1.0)
    again = heat_maps.over_passes(classifier, images[:1], key="film", passes=6, sign=1.0)

    assert maps.shape[0] == 6
    assert maps.std(axis=0).max() > 0
    np.testing.assert_array_equal(maps, again)
    fewer = heat_maps.over_passes(classifier, images[:1], key="film", passes=2, sign=1.0)
    np.testing.assert_array_equal(fewer, maps[:2])
    other_masks = heat_maps.over_passes(classifier, images[:1], key="film", passes=6, sign=1.0, seed=1)
    assert not np.allclose(other_masks, maps)


@pytest.mark.parametrize("name", ARCHITECTURES)
@pytest.mark.parametrize("sign", [1, -1])
def test_under_each_mask_it_is_the_grad_cam_of_a_whole_forward_with_that_mask(name, sign):
    classifier, images = built(name)

    maps = heat_maps.over_passes(classifier, images[:1], key="film", passes=3, sign=sign)

    masked, _ = built(name)
    for found, head in zip(maps, mc_dropout.keyed_heads(classifier, keys=["film"], passes=3), strict=True):
        masked.head.forward = head
        seen = heat_maps.see(masked, images[:1])
        np.testing.assert_allclose(found, heat_maps.heat_maps(seen, signs=[sign])[0], rtol=0, atol=1e-6 * found.max())
    assert not classifier.grid_layer._forward_hooks
    assert all(parameter.grad is None for parameter in classifier.parameters())


def test_without_dropout_there_is_no_map_for_each_pass():
    classifier = registry.create_classifier("cnn", image_size=32, drop_rate=0.0).eval()

    with pytest.raises(InputError, match=r"Expected active dropout .*, found .*; predict it with --passes 0"):
        heat_maps.over_passes(classifier, torch.randn(1, 1, 32, 32), key="film", passes=3, sign=1)


def test_an_unknown_method_lists_the_choices():
    classifier, images = built("cnn")

    with pytest.raises(InputError, match=r"Expected a heat map of grad-cam, .*eigen-cam, found 'score-cam'; choose"):
        heat_maps.heat_maps(heat_maps.see(classifier, images), "score-cam", signs=np.ones(3))
    with pytest.raises(InputError, match=r"Expected a heat map of grad-cam, .*eigen-cam, found 'score-cam'; choose"):
        heat_maps.reference(classifier, images, "score-cam", signs=np.ones(3))


@pytest.mark.parametrize("signs", [[1, -1], [1, -1, 0], [1, -1, np.nan], [[1, 1, 1]]])
def test_signs_are_one_a_film(signs):
    classifier, images = built("cnn")

    with pytest.raises(ValueError, match=r"Expected 3 signs of \+1 or -1, found .*; give one for each film"):
        heat_maps.heat_maps(heat_maps.see(classifier, images), signs=signs)


def test_a_classifier_in_training_mode_is_refused():
    classifier, images = built("cnn")

    with pytest.raises(ValueError, match="Expected a classifier in eval mode"):
        heat_maps.see(classifier.train(), images)
