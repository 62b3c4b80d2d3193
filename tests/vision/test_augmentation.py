from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.vision import augmentation, transforms
from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec

SPEC = InputSpec(size=32, mean=0.4, std=0.2)
STILL = {
    "rotation_degrees": 0,
    "shift_share": 0,
    "scale_share": 0,
    "brightness": 0,
    "contrast": 0,
    "noise": 0,
}


@pytest.fixture
def films() -> np.ndarray:
    """Eight smooth films over the whole grey range."""
    generator = np.random.default_rng(0)
    films = [cv2.GaussianBlur(generator.random((32, 32)), (0, 0), 2) for _ in range(8)]
    return np.stack([cv2.normalize(film, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8) for film in films])


def drawn(count: int = 8, seed: int = 0, **ranges) -> augmentation.Changes:
    return augmentation.draw(AugmentationRanges(**(STILL | ranges)), count, np.random.default_rng(seed))


def test_zero_ranges_only_normalise(films):
    expected = transforms.normalise(films, SPEC)

    assert torch.equal(augmentation.augment(films, drawn(), SPEC), expected)
    on_device = augmentation.augment_on_device(torch.from_numpy(films), drawn(), SPEC)
    torch.testing.assert_close(on_device, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "ranges",
    [
        {"rotation_degrees": 20},
        {"shift_share": 0.2},
        {"scale_share": 0.3},
        {"brightness": 0.3, "contrast": 0.5},
        {"horizontal_flip": True},
        {"rotation_degrees": 10, "shift_share": 0.1, "scale_share": 0.2, "brightness": 0.4, "horizontal_flip": True},
    ],
)
def test_both_devices_do_the_same(films, ranges):
    changes = drawn(**ranges)

    on_cpu = augmentation.augment(films, changes, SPEC)

    assert on_cpu.shape == (8, 1, 32, 32)
    assert not torch.equal(on_cpu, transforms.normalise(films, SPEC))
    on_device = augmentation.augment_on_device(torch.from_numpy(films), changes, SPEC)
    torch.testing.assert_close(on_cpu, on_device, atol=2e-3, rtol=0)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_does_the_same_on_cuda(films):
    changes = drawn(rotation_degrees=10, shift_share=0.1, scale_share=0.1, brightness=0.2, contrast=0.2)

    on_gpu = augmentation.augment_on_device(torch.from_numpy(films).cuda(), changes, SPEC)

    torch.testing.assert_close(on_gpu.cpu(), augmentation.augment(films, changes, SPEC), atol=2e-3, rtol=0)


def test_a_film_that_only_turns_is_turned_as_opencv_turns_it(films):
    changes = drawn(rotation_degrees=30)
    angle = np.rad2deg(np.arctan2(changes.matrices[0, 1, 0], changes.matrices[0, 0, 0]))
    about_centre = cv2.getRotationMatrix2D((15.5, 15.5), angle, 1.0)

    ours = augmentation.augment(films, changes, SPEC)[0, 0].numpy() * SPEC.std + SPEC.mean

    expected = cv2.warpAffine(films[0].astype(np.float32) / 255, about_centre, (32, 32))
    np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_films_are_mirrored_only_when_asked(films):
    assert not AugmentationRanges().horizontal_flip
    mirrored = augmentation.augment(films, drawn(horizontal_flip=True), SPEC)
    plain = transforms.normalise(films, SPEC)

    flips = [torch.allclose(a, b.flip(-1), atol=1e-3) for a, b in zip(mirrored, plain, strict=True)]

    assert 0 < sum(flips) < 8
    assert all(flip or torch.equal(a, b) for flip, a, b in zip(flips, mirrored, plain, strict=True))
    assert (drawn(count=500, rotation_degrees=45, scale_share=0.5).matrices[:, 0, 0] > 0).all()


def test_noise_has_the_drawn_spread_and_differs_between_films():
    grey = np.full((200, 64, 64), 128, np.uint8)
    changes = drawn(count=200, noise=0.1)

    for noisy in (
        augmentation.augment(grey, changes, SPEC),
        augmentation.augment_on_device(torch.from_numpy(grey), changes, SPEC),
    ):
        spread = noisy.std(dim=(1, 2, 3)) * SPEC.std
        torch.testing.assert_close(spread, torch.from_numpy(changes.noise).float(), rtol=0.1, atol=1e-3)
        assert not torch.allclose(noisy[0], noisy[1])


def test_the_same_generator_draws_the_same_changes(films):
    everything = AugmentationRanges(horizontal_flip=True)
    once, again, other = (augmentation.draw(everything, 8, np.random.default_rng([0, seed])) for seed in (1, 1, 2))

    a, b, c = (augmentation.augment(films, changes, SPEC) for changes in (once, again, other))

    assert torch.equal(a, b)
    assert not torch.equal(a, c)


@settings(deadline=None, max_examples=30)
@given(
    rotation=st.floats(0, 45),
    shift=st.floats(0, 0.5),
    scale=st.floats(0, 0.5),
    brightness=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_grey_values_stay_between_black_and_white(rotation, shift, scale, brightness, seed):
    films = np.random.default_rng(seed).integers(0, 256, (4, 24, 24)).astype(np.uint8)
    changes = drawn(
        4, seed, rotation_degrees=rotation, shift_share=shift, scale_share=scale, brightness=brightness, contrast=0.5
    )

    changed = augmentation.augment(films, changes, SPEC) * SPEC.std + SPEC.mean

    assert changed.isfinite().all()
    assert changed.min() >= -1e-5
    assert changed.max() <= 1 + 1e-5
