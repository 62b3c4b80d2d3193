from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data import quality
from core.vision import loader
from core.vision.loader import Films, Recipe
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
    recipe = Recipe(batch_size=batch_size, ranges=AugmentationRanges(), seed=seed)
    return list(loader.training_batches(of, recipe, epoch=number, device=CPU))


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
    assert list(loader._made(lambda number: number**2, range(4), torch.device(device))) == [0, 1, 4, 9]


def test_an_error_in_the_thread_comes_out_and_leaves_no_thread_behind():
    before = threading.active_count()

    with pytest.raises(ZeroDivisionError):
        list(loader._made(lambda number: 1 // (2 - number), range(4), torch.device("cuda")))

    assert threading.active_count() == before


def test_stopping_early_leaves_no_thread_behind():
    before = threading.active_count()
    made = loader._made(lambda number: number, range(4), torch.device("cuda"))
    next(made)

    made.close()

    assert threading.active_count() == before


def test_an_epoch_taken_up_in_its_middle_goes_on_as_it_would_have():
    recipe = Recipe(batch_size=4, ranges=AugmentationRanges(), seed=0)
    whole = epoch(films(), 2)

    rest = list(loader.training_batches(films(), recipe, epoch=2, device=CPU, start=3))

    assert len(rest) == len(whole) - 3
    assert all(torch.equal(a.images, b.images) for a, b in zip(whole[3:], rest, strict=True))


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_every_batch_between_them(processes):
    recipe = Recipe(batch_size=8, ranges=AugmentationRanges(), seed=0)
    whole = epoch(films(), 1, batch_size=8)

    shares = [
        list(loader.training_batches(films(), recipe, epoch=1, device=CPU, process=process, processes=processes))
        for process in range(processes)
    ]

    for number, batch in enumerate(whole):
        pieces = [share[number] for share in shares]
        order = np.argsort(np.concatenate([piece.rows for piece in pieces]))
        images = torch.cat([piece.images for piece in pieces])[order]
        assert torch.equal(images, batch.images[np.argsort(batch.rows)])


def test_balanced_sampling_draws_a_rare_class_as_often_as_the_other():
    rare = replace(films(200), labels=(np.arange(200) < 10).astype(float))
    chances = np.where(rare.labels == 1, 0.5 / 10, 0.5 / 190)

    labels = torch.cat([batch.labels for batch in epoch(replace(rare, chances=chances), 1, batch_size=16)])

    assert len(labels) == 200
    assert 0.4 < labels.mean().item() < 0.6


def test_smoothed_labels_keep_a_doubt():
    recipe = Recipe(batch_size=4, ranges=AugmentationRanges(), seed=0, label_smoothing=0.1)

    batches = list(loader.training_batches(films(), recipe, epoch=1, device=CPU))

    expected = {0.0: 0.05, 1.0: 0.95}
    for batch in batches:
        assert batch.labels.tolist() == pytest.approx([expected[float(row % 2)] for row in batch.rows])
    plain = next(iter(loader.plain_batches(films(), batch_size=8, device=CPU)))
    assert set(plain.labels.tolist()) == {0.0, 1.0}  # what is measured is the label itself


def test_a_spoilt_film_earns_a_lower_grade_and_only_training_spoils():
    perfect = replace(films(400), targets=np.ones((400, len(quality.COLUMNS) + 1)))
    recipe = Recipe(batch_size=100, ranges=AugmentationRanges(quality_share=1.0), seed=0)

    spoilt = torch.cat([one.targets for one in loader.training_batches(perfect, recipe, epoch=1, device=CPU)])
    plain = torch.cat([one.targets for one in loader.plain_batches(perfect, batch_size=100, device=CPU)])

    assert (plain == 1).all()
    lowered = (spoilt[:, 1:-1] < 1).sum(dim=1)
    assert set(lowered.tolist()) == {0, 1}  # as it is, or spoilt in one way
    assert 0.4 < lowered.float().mean() < 0.6
    assert (spoilt[:, 1:-1].min(dim=0).values == 0).all()  # there are films wholly spoilt in each way
    assert ((spoilt[:, 0] < 1) == (lowered == 1)).all()
    assert (spoilt[:, -1] == 1).all()  # the size stays


def test_films_changed_at_random_teach_the_label_only():
    of = replace(films(400), targets=np.ones((400, len(quality.COLUMNS) + 1)))
    recipe = Recipe(batch_size=100, ranges=AugmentationRanges(quality_share=0.3), seed=0)

    batches = list(loader.training_batches(of, recipe, epoch=1, device=CPU))

    targets = torch.cat([batch.targets for batch in batches])
    unknown = targets[:, :-1].isnan()
    assert (unknown.all(dim=1) == unknown.any(dim=1)).all()
    assert 0.6 < unknown[:, 0].float().mean() < 0.8
    assert not targets[:, -1].isnan().any()


def test_without_targets_every_film_is_changed_as_usual():
    first, second = (
        next(iter(loader.training_batches(films(), Recipe(batch_size=8, ranges=ranges, seed=0), epoch=1, device=CPU)))
        for ranges in (AugmentationRanges(quality_share=1.0), AugmentationRanges(quality_share=0.0))
    )

    assert torch.equal(first.images, second.images)


def test_films_held_on_a_device_are_the_same_films():
    held = loader.held_on(films(), CPU)

    ours, theirs = (list(loader.plain_batches(of, batch_size=8, device=CPU)) for of in (held, films()))

    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.images, other.images)
        assert torch.equal(one.labels, other.labels)
    assert loader.resident(films(), CPU).pixels is not held.pixels  # on a CPU they stay where they are


def test_features_in_the_place_of_pixels_are_handed_on_unchanged():
    class Features:
        def read(self, positions):
            return torch.arange(40.0).view(20, 2)[positions]

    of = Films(pixels=Features(), positions=np.arange(20), labels=np.zeros(20), spec=None)

    batch = epoch(of, 1)[0]

    assert torch.equal(batch.images, torch.arange(40.0).view(20, 2)[batch.rows])


def test_parts_of_a_batch_add_up_to_it():
    batch = epoch(films(), 1, batch_size=8)[0]

    parts = [loader.part_of(batch, part, 3) for part in range(3)]

    assert sorted(np.concatenate([part.rows for part in parts])) == sorted(batch.rows)
    assert sum(len(part.images) for part in parts) == len(batch.images)
