from __future__ import annotations

import numpy as np
import torch

from core.synthesis import grey


def test_grey_values_survive_the_way_there_and_back():
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)

    images = grey.to_unit(pixels)

    assert images.shape == (1, 1, 16, 16)
    assert (images.min().item(), images.max().item()) == (-1, 1)
    assert np.array_equal(grey.to_pixels(images), pixels)
    assert grey.to_pixels(torch.full((1, 1, 2, 2), 3.0)).max() == 255
    assert grey.to_pixels(torch.full((1, 1, 2, 2), -3.0)).max() == 0
