from __future__ import annotations

import numpy as np
import pytest
import torch

from core.vision.transforms import InputSpec, even_exposure, measure, normalise


def test_normalised_training_pixels_have_mean_zero_and_spread_one():
    pixels = np.random.default_rng(0).integers(0, 256, (10, 16, 16)).astype(np.uint8)

    images = normalise(pixels, measure(pixels))

    assert images.shape == (10, 1, 16, 16)
    assert images.dtype == torch.float32
    assert images.mean().item() == pytest.approx(0, abs=1e-5)
    assert images.std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_the_mean_and_spread_are_those_of_numpy():
    pixels = np.random.default_rng(0).integers(0, 100, (3, 8, 8)).astype(np.uint8)

    spec = measure(pixels)

    assert (spec.size, spec.mean, spec.std) == (
        8,
        pytest.approx(np.mean(pixels / 255)),
        pytest.approx(np.std(pixels / 255)),
    )


def test_an_even_grey_film_stays_finite():
    grey = np.full((2, 8, 8), 7, np.uint8)

    assert normalise(grey, measure(grey)).abs().max() < 1e-5


def test_a_spec_comes_back_from_its_plain_values():
    spec = InputSpec(size=64, mean=0.5, std=0.25)

    assert InputSpec(**spec.to_dict()) == spec


def test_a_spec_without_spread_is_refused():
    with pytest.raises(ValueError, match="standard deviation above 0, got 64 and 0"):
        InputSpec(size=64, mean=0.5, std=0.0)


def test_exposure_and_contrast_of_a_film_do_not_matter_once_evened():
    images = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))

    evened = even_exposure(images)

    torch.testing.assert_close(even_exposure(images * 1.7 - 0.4), evened, atol=1e-4, rtol=0)
    torch.testing.assert_close(evened.mean(dim=(2, 3)), torch.zeros(3, 1), atol=1e-5, rtol=0)
    assert even_exposure(torch.ones(1, 1, 8, 8)).abs().max() == 0
