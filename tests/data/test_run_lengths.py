"""Run lengths against a slow loop, a hand-worked case and broken cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.data import pixels
from core.data.formats import run_lengths

DRAWN = [  # 3 rows, 4 columns
    [0, 1, 0, 0],
    [1, 1, 0, 0],
    [1, 0, 0, 1],
]
CELL = "1 4 6 1"  # down the columns: 0 1 1, 1 1 0, 0 0 0, 0 0 1


def walk(runs: list[str], height: int, width: int) -> np.ndarray:
    """Draw pixel by pixel, as the publisher's own words have it."""
    mask = np.zeros((height, width), np.uint8)
    for cell in runs:
        place = 0
        numbers = [int(number) for number in cell.split()]
        for offset, length in zip(numbers[::2], numbers[1::2], strict=True):
            place += offset
            for _ in range(length):
                mask[place % height, place // height] = 255
                place += 1
    return mask


def told(mask: np.ndarray) -> str:
    """Say a mask in run lengths, pixel by pixel."""
    numbers: list[int] = []
    passed, length = 0, 0
    for inside in [*mask.T.ravel().tolist(), 0]:
        if inside:
            length += 1
            continue
        if length:
            numbers += [passed, length]
            passed, length = 0, 0
        passed += 1
    return " ".join(map(str, numbers))


def test_a_mask_of_three_by_four_is_drawn_by_hand():
    assert told(np.array(DRAWN)) == CELL

    mask = run_lengths.mask_of([CELL], height=3, width=4)

    assert mask.tolist() == (np.array(DRAWN) * 255).tolist()
    assert (mask.dtype, mask.flags.c_contiguous) == (np.uint8, True)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_a_mask_told_in_run_lengths_is_drawn_again(mask):
    cells = [told(mask)] if mask.any() else []

    drawn = run_lengths.mask_of(cells, height=mask.shape[0], width=mask.shape[1])

    assert np.array_equal(drawn, mask * np.uint8(255))


@given(st.integers(1, 9), st.integers(1, 9), st.data())
def test_any_runs_are_drawn_as_the_slow_loop_draws_them(height, width, data):
    cells = []
    for _ in range(data.draw(st.integers(1, 3))):
        numbers, left = [], height * width
        while left and (not numbers or data.draw(st.booleans())):
            length = data.draw(st.integers(1, left))
            offset = data.draw(st.integers(0, left - length))
            numbers += [offset, length]
            left -= offset + length
        cells.append(" ".join(map(str, numbers)))

    assert np.array_equal(run_lengths.mask_of(cells, height=height, width=width), walk(cells, height, width))


def test_several_regions_are_united():
    assert run_lengths.mask_of(["0 2", "1 2"], height=4, width=1).ravel().tolist() == [255, 255, 255, 0]


def test_zeros_before_a_number_and_wide_blanks_change_nothing():
    assert np.array_equal(
        run_lengths.mask_of(["0001  4\t6 01"], height=3, width=4), run_lengths.mask_of([CELL], height=3, width=4)
    )


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("1 2 3", "an odd count of run lengths"),
        ("1 0", "a run of length 0"),
        ("0 13", "runs beyond the film"),
        ("12 1", "runs beyond the film"),
        ("1 2 3 7", "runs beyond the film"),
        ("99999999999999999999 1", "runs beyond the film"),
        ("0 9223372036854775807 0 9223372036854775807", "runs beyond the film"),
        ("-1 2", "something else than whole numbers"),
        ("1 -2", "something else than whole numbers"),
        ("1.5 2", "something else than whole numbers"),
        ("1 2 x", "something else than whole numbers"),
        ("٣ ٤", "something else than whole numbers"),
        ("5", "something else than whole numbers"),
        ("", "something else than whole numbers"),
    ],
)
def test_a_cell_that_draws_no_region_is_refused(cell, reason):
    with pytest.raises(ValueError, match=f"^{reason}$"):
        run_lengths.mask_of([CELL, cell], height=3, width=4)


def test_a_film_that_claims_too_many_pixels_is_refused_before_memory_is_taken():
    with pytest.raises(ValueError, match="more pixels than a film may have"):
        run_lengths.mask_of([CELL], height=60_000, width=60_000)


def test_a_written_mask_is_read_back(tmp_path):
    mask = run_lengths.mask_of([CELL], height=3, width=4)

    run_lengths.write_mask(tmp_path / "masks" / "a.png", mask)

    assert np.array_equal(pixels.read_pixels(tmp_path / "masks" / "a.png"), mask)
