"""Regions as SIIM-ACR writes them: run lengths, each offset counted from the end of the run before.

A cell holds pairs of an offset and a length. Pixels are counted down the columns, the left one first.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.base import files
from core.data import pixels

RUNS = re.compile(r"\d+(?:\s+\d+)+", re.ASCII)  # two and more whole numbers


def mask_of(runs: Sequence[str], *, height: int, width: int) -> np.ndarray:
    """Draw the union of an image's regions.

    Args:
        runs: A cell of the column EncodedPixels a region.
        height: Rows of the film.
        width: Columns of the film.

    Returns:
        The mask, shape `(height, width)`, `uint8`: 255 inside, 0 outside.

    Raises:
        ValueError: If a region cannot be drawn on this film; the message says why in a few words.

    Examples:
        Down the first column one pixel is passed and two are drawn; the whole second column is passed, and the
        first pixel of the third is drawn.

        >>> mask_of(["1 2 3 1"], height=3, width=4)
        array([[  0,   0, 255,   0],
               [255,   0,   0,   0],
               [255,   0,   0,   0]], dtype=uint8)
    """
    if height * width > pixels.MAX_PIXELS:
        msg = "more pixels than a film may have"
        raise ValueError(msg)
    steps = np.zeros(height * width + 1, np.int32)  # +1 where a run begins, -1 behind its end
    for cell in runs:
        starts, ends = _places(cell, height * width)
        np.add.at(steps, starts, 1)
        np.add.at(steps, ends, -1)
    inside = np.cumsum(steps[:-1]) > 0
    return np.ascontiguousarray(inside.reshape(width, height).T) * np.uint8(255)


def _places(cell: str, area: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where each run begins, and the place behind its end, shapes `(R,)`."""
    if not RUNS.fullmatch(cell):
        msg = "something else than whole numbers"
        raise ValueError(msg)
    numbers = cell.split()
    if len(numbers) % 2:
        msg = "an odd count of run lengths"
        raise ValueError(msg)
    if any(len(number.lstrip("0")) > 9 for number in numbers):  # more than any film has pixels
        msg = "runs beyond the film"
        raise ValueError(msg)
    offsets, lengths = np.array(numbers, np.int64).reshape(-1, 2).T
    ends = np.cumsum(offsets + lengths)
    if (lengths == 0).any():
        msg = "a run of length 0"
        raise ValueError(msg)
    if ends[-1] > area:
        msg = "runs beyond the film"
        raise ValueError(msg)
    return ends - lengths, ends


def write_mask(path: Path, mask: np.ndarray) -> None:
    """Write a mask `(H, W)` as a grey PNG, in one piece."""
    content = io.BytesIO()
    Image.fromarray(mask).save(content, "PNG")
    files.write_bytes(path, content.getbuffer())
