"""Is text burned into the pixels of a film? Asked to warn, since a name in the pixels is stripped by nobody.

Looked for are rows of letters: parts that are brighter than what lies around them, sharp, small, about as tall as
one another, and stand side by side at the usual distance. A side marker alone (L or R, two letters at most) is no
row. A text is asked of its shape only, so "PORTABLE" warns as a name does. One that is darker than the film, hardly
brighter than it, handwritten, slanted, or too small to be read is missed.

Measured with names, dates and numbers written by Pillow near the upper or lower edge, at 1/60 to 1/22 of the film's
side (11 pixels at least): warned of on 94, 98 and 100 % of phantoms at 224, 512 and 1024 px, on 90 % of 50 real films
at 256 px (NIH), and on 55 % of trials on one real film at 1024 px, whose white abdomen took the white letters. Without
such text: on none of 90 phantoms whose marker has three letters or fewer, on none of those 50 real films, and on 5 of
14 phantoms whose marker says more (PORTABLE, SUPINE).
"""

from __future__ import annotations

import cv2
import numpy as np

from core.data.pixels import to_uint8

LETTERS = 4  # in a row, from which on a warning is given
_LONGEST = 1024  # pixels of a side at most: larger films are looked at in this size
_BRIGHTER = 35  # grey levels above what lies around
_HEIGHTS = (6, 48)  # pixels of a letter
_THIN, _WIDE = 0.12, 1.9  # width by height, from an I to a W
_FILLED = (0.15, 0.95)  # share of its box that a letter takes
_ALIKE = 1.45  # taller by this at most, as capitals and small letters are
_LEVEL = 0.45  # of a height: how far two letters' feet may stand apart
_GAP = 1.3  # heights between two letters, a blank between words included
_STEEP = 0.5  # share of a letter's contrast that its edge must show within two pixels


def suspected(pixels: np.ndarray) -> bool:
    """Tell whether a row of letters seems to stand in a film.

    Args:
        pixels: Shape `(H, W)`, uint8 or uint16, as films are decoded.

    Raises:
        ValueError: If it is no such picture.
    """
    return longest_row(pixels) >= LETTERS


def longest_row(pixels: np.ndarray) -> int:
    """Return how many letters the longest row has that seems to stand in a film `(H, W)`."""
    film = to_uint8(pixels)
    scale = _LONGEST / max(film.shape)
    if scale < 1:
        film = cv2.resize(film, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return _longest(_letters(film))


def _letters(film: np.ndarray) -> np.ndarray:
    """Return boxes `(N, 4)` of what may be letters: left, top, width, height; from left to right."""
    side = 2 * _HEIGHTS[1] // 3 | 1  # wider than a letter's stroke, so that strokes stand out and bones do not
    around = cv2.morphologyEx(film, cv2.MORPH_OPEN, np.ones((side // 2 | 1, side // 2 | 1), np.uint8))
    standing_out = cv2.subtract(film, around)
    bright = (standing_out > _BRIGHTER) & (film > np.percentile(film, 60))
    steep = cv2.morphologyEx(film, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=8)
    if count <= 1:
        return np.zeros((0, 4), int)
    width, height, area = boxes.T[2:]
    shaped = (height >= _HEIGHTS[0]) & (height <= _HEIGHTS[1])
    shaped &= (width >= _THIN * height) & (width <= _WIDE * height)
    filled = area / (width * height)
    shaped &= (filled >= _FILLED[0]) & ((filled <= _FILLED[1]) | (width < 0.5 * height))
    shaped[0] = False
    kept = [number for number in np.flatnonzero(shaped) if _is_sharp(film, steep, labels, boxes[number], int(number))]
    found = boxes[kept, :4].astype(int)
    return found[np.argsort(found[:, 0], kind="stable")]


def _is_sharp(film: np.ndarray, steep: np.ndarray, labels: np.ndarray, box: np.ndarray, number: int) -> bool:
    """Tell whether a part ends within two pixels all the way round, as drawn letters do and ribs do not."""
    left, top, width, height = box[:4]
    place = (slice(max(top - 2, 0), top + height + 2), slice(max(left - 2, 0), left + width + 2))
    own = (labels[place] == number).astype(np.uint8)
    rim = cv2.dilate(own, np.ones((3, 3), np.uint8)) - cv2.erode(own, np.ones((3, 3), np.uint8)) > 0
    outside = cv2.dilate(own, np.ones((5, 5), np.uint8)) == 0
    if not outside.any():
        return False
    contrast = float(np.percentile(film[place][own > 0], 75)) - float(np.median(film[place][outside]))
    return contrast > _BRIGHTER and float(np.median(steep[place][rim])) > _STEEP * contrast


def _longest(letters: np.ndarray) -> int:
    """Return the length of the longest row of letters, found from left to right."""
    rows = np.ones(len(letters), int)
    for now, (left, top, _, height) in enumerate(letters):
        before = letters[:now]
        gap = left - (before[:, 0] + before[:, 2])
        feet = np.abs(before[:, 1] + before[:, 3] - top - height)
        tall = np.maximum(before[:, 3], height)
        beside = (gap <= _GAP * tall) & (gap >= -0.2 * tall) & (feet <= _LEVEL * tall)
        beside &= tall <= _ALIKE * np.minimum(before[:, 3], height)
        if beside.any():
            rows[now] = 1 + rows[:now][beside].max()
    return int(rows.max(initial=0))
