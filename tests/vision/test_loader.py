from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from core.vision import loader
from core.vision.loader import Films
from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec, normalise

CPU = torch.device("cpu")


class InMemory:
    """Films 0 to N - 1, each all of its own grey value."""

    def __init__(self, count: int, *, bad: int | None = None) -> None:
        self.films = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 16, 16)).copy()
        self.bad = bad

    def read(self, rows: np.ndarray) -> np.ndarray:
        """Return the films of these rows."""
        if self.bad is not None and self.bad in rows:
            msg = "damaged film"
            raise OSError(msg)
        return self.films[rows]


def films(count: int = 21, **pixels) -> Films:
    return Films(
        pixels=InMemory(count, **pixels),
        positions=np.arange(count),
        labels=np.arange(count) % 2,
        weights=np.arange(count) / 10,
        spec=InputSpec(size=16, mean=0.5, std=0.25),
    )


def epoch(of: Films, number: int, *, seed: int = 0, batch_size: int = 4) -> list[loader.Batch]:
    return list(
        loader.training_batches(
            of, batch_size=batch_size, ranges=AugmentationRanges(), seed=seed, epoch=number, device=CPU
        )
    )


def test_an_epoch_shows_every_film_once_with_its_own_label_and_weight():
    batches = epoch(films(), 1)

    rows = np.concatenate([batch.rows for batch in batches])
    assert sorted(rows) == list(range(21))
    assert torch.cat([batch.labels for batch in batches]).tolist() == [float(row % 2) for row in rows]
    np.testing.assert_allclose(torch.cat([batch.weights for batch in batches]), rows / 10, rtol=1e-6)
    assert all(batch.images.shape == (len(batch.rows), 1, 16, 16) for batch in batches)


def test_an_epoch_made_again_is_the_same_and_another_epoch_or_seed_is_not():
    once, again = epoch(films(), 2), epoch(films(), 2)

    assert all(torch.equal(a.images, b.images) and (a.rows == b.rows).all() for a, b in zip(once, again, strict=True))
    for other in (epoch(films(), 3), epoch(films(), 2, seed=1)):
        assert any((a.rows != b.rows).any() for a, b in zip(once, other, strict=True) if len(a.rows) == len(b.rows))


@pytest.mark.parametrize("batch_size", [4, 5, 8, 32])
def test_no_training_batch_is_too_small_for_batch_normalisation(batch_size):
    for count in range(2, 70):
        sizes = [len(part) for part in np.array_split(np.arange(count), loader.batches_in(count, batch_size))]
        assert 2 <= min(sizes) <= max(sizes) <= batch_size


def test_plain_batches_keep_the_order_and_change_nothing():
    batches = list(loader.plain_batches(films(), batch_size=8, device=CPU))

    assert [len(batch.rows) for batch in batches] == [8, 8, 5]
    expected = normalise(films().pixels.read(np.arange(21)), films().spec)
    assert torch.equal(torch.cat([batch.images for batch in batches]), expected)


def test_no_films_make_no_batches():
    assert list(loader.plain_batches(films(0), batch_size=8, device=CPU)) == []


def test_an_error_while_loading_comes_out():
    with pytest.raises(OSError, match="damaged film"):
        list(loader.plain_batches(films(bad=12), batch_size=8, device=CPU))


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_what_is_made_comes_in_order_whether_or_not_a_thread_makes_it(device):
    assert list(loader._made(lambda number: number**2, 4, torch.device(device))) == [0, 1, 4, 9]


def test_an_error_in_the_thread_comes_out_and_leaves_no_thread_behind():
    before = threading.active_count()

    with pytest.raises(ZeroDivisionError):
        list(loader._made(lambda number: 1 // (2 - number), 4, torch.device("cuda")))

    assert threading.active_count() == before


def test_stopping_early_leaves_no_thread_behind():
    before = threading.active_count()
    made = loader._made(lambda number: number, 4, torch.device("cuda"))
    next(made)

    made.close()

    assert threading.active_count() == before
