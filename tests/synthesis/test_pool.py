from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.synthesis.pool import ImagePool


def numbered(first: int, count: int) -> torch.Tensor:
    """Images that carry their number."""
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 1, 2, 2)


def shown(pool: ImagePool, first: int, count: int, seed: int) -> list[int]:
    return pool.exchanged(numbered(first, count), np.random.default_rng(seed))[:, 0, 0, 0].int().tolist()


@given(
    capacity=st.integers(0, 6), batches=st.lists(st.integers(1, 4), min_size=1, max_size=12), seed=st.integers(0, 99)
)
@settings(max_examples=60, deadline=None)
def test_no_image_is_lost_or_shown_before_it_was_made(capacity, batches, seed):
    pool, first, seen = ImagePool(capacity), 0, []
    for number, count in enumerate(batches):
        given_back = shown(pool, first, count, seed + number)
        assert len(given_back) == count
        assert max(given_back) < first + count
        seen += given_back
        first += count
    held = [int(image.flatten()[0]) for image in pool.images]
    assert len(held) == min(capacity, first)
    assert len(set(held)) == len(held)
    # While it fills, images are both shown and held; later each image is shown or held, never both.
    filling = min(capacity, first)
    assert sorted(seen + held) == sorted([*range(first), *range(filling)])


def test_a_full_pool_shows_an_earlier_image_half_of_the_time():
    pool = ImagePool(50)
    shown(pool, 0, 50, 0)

    earlier = [shown(pool, 50 + step, 1, step + 1)[0] != 50 + step for step in range(600)]

    assert np.mean(earlier) == pytest.approx(0.5, abs=0.06)


def test_without_a_pool_the_new_images_are_shown():
    assert shown(ImagePool(0), 7, 3, 0) == [7, 8, 9]


def test_a_restored_pool_goes_on_alike():
    one, other = ImagePool(3), ImagePool(3)
    shown(one, 0, 5, 0)

    other.restore(one.state(), torch.device("cpu"))

    assert shown(one, 5, 4, 1) == shown(other, 5, 4, 1)
    assert ImagePool(3).state() is None
    other.restore(None, torch.device("cpu"))
    assert other.images == []


def test_what_is_held_does_not_change_with_what_was_given():
    pool, made = ImagePool(2), torch.zeros(1, 1, 2, 2)
    pool.exchanged(made, np.random.default_rng(0))

    made += 1

    assert pool.images[0].max() == 0
