from __future__ import annotations

import numpy as np
import torch

from core.inference import small_changes
from core.vision import transforms
from core.vision.transforms import InputSpec

SPEC = InputSpec(size=64, mean=0.5, std=0.25)
CPU = torch.device("cpu")


def films() -> np.ndarray:
    rows, columns = np.mgrid[:64, :64]
    blob = 200 * np.exp(-((rows - 30) ** 2 + (columns - 34) ** 2) / 60)
    return np.stack([blob, blob[::-1], blob.T]).astype(np.uint8)


def test_there_are_eight_changes_all_different_and_the_same_each_time():
    first = small_changes.changed(films(), SPEC, CPU)
    second = small_changes.changed(films(), SPEC, CPU)

    assert len(first) == small_changes.COUNT == 8
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    for number, one in enumerate(first):
        assert one.shape == (3, 1, 64, 64)
        assert all(not torch.allclose(one, other) for other in first[:number])


def test_each_change_is_small_and_they_come_in_opposite_pairs():
    plain = transforms.normalise(films(), SPEC)

    found = small_changes.changed(films(), SPEC, CPU)

    def centre(images: torch.Tensor) -> np.ndarray:
        weight = (images[0, 0] - images[0, 0].min()).numpy()
        at = np.mgrid[:64, :64]
        return np.array([(at[axis] * weight).sum() / weight.sum() for axis in (0, 1)])

    moves = [centre(images) - centre(plain) for images in found]
    assert all(np.abs(move).max() <= 64 * small_changes.SHIFT + 0.2 for move in moves)
    for first, second in zip(moves[4::2], moves[5::2], strict=True):  # the shifts
        np.testing.assert_allclose(first, -second, atol=0.2)
        assert np.abs(first).max() > 1


def test_a_films_changes_do_not_depend_on_its_batch():
    alone = small_changes.changed(films()[1:2], SPEC, CPU)

    together = small_changes.changed(films(), SPEC, CPU)

    for one, among in zip(alone, together, strict=True):
        torch.testing.assert_close(one, among[1:2])
