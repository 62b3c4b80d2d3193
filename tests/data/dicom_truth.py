"""Values to store, and what is to be seen of them by the standard's own words, pixel by pixel."""

from __future__ import annotations

import numpy as np

from core.data import dicom_pixels

ROWS, COLUMNS = 40, 36


def every_value(stored: int, *, signed: bool = False) -> np.ndarray:
    """Return values of the whole range that bits can hold, both ends among them, without order."""
    values = np.random.default_rng(stored).integers(0, 1 << stored, (ROWS, COLUMNS))
    values[0, :2] = 0, (1 << stored) - 1
    return values - (1 << (stored - 1)) if signed else values


def smooth(stored: int) -> np.ndarray:
    """Return a picture that a lossy codec can hold to a level or two."""
    down, across = np.mgrid[0:ROWS, 0:COLUMNS]
    return np.rint((0.5 + 0.4 * np.sin(down / 9) * np.cos(across / 11)) * ((1 << stored) - 1)).astype(int)


def spread(shares: np.ndarray, *, bits: int) -> np.ndarray:
    """Return shares of the range, 0 to 1, as the output is defined: rounded, in the depth given."""
    return np.rint(np.clip(shares, 0, 1) * (2**bits - 1)).astype(np.uint8 if bits == 8 else np.uint16)


def whole_range(values: np.ndarray, stored: int, *, signed: bool) -> np.ndarray:
    low = -(2 ** (stored - 1)) if signed else 0
    return spread((values - low) / (2**stored - 1), bits=8 if stored <= 8 else 16)


def check(content: bytes, expected: np.ndarray, *notes: str) -> None:
    found = dicom_pixels.decode(content)
    assert found.pixels.dtype == expected.dtype
    np.testing.assert_array_equal(found.pixels, expected)
    assert found.notes == notes
    assert found.source == "real"
