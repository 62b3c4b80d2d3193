"""Pictures of translations: a film beside its translation, and what changed in signed colours; all of them marked."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

from core.data import pixel_cache, thumbnails
from core.figures.palette import SIGNED

GENERATED = thumbnails.MARKS["synthetic"]
GAP = 4  # pixels between the two pictures of a pair
LIMITS = (4, 8, 16, 32, 64, 128, 255)  # grey levels at the ends of the colours
HELD = 0.995  # share of the pixels whose change the colours hold; the rest has the colour of the end


def difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return `after` - `before` in grey levels, `(H, W)` `int16`.

    Args:
        before: Pixels `(H, W)` `uint8`.
        after: Of the same shape.

    Examples:
        >>> difference(np.array([[200, 10]], np.uint8), np.array([[100, 20]], np.uint8)).tolist()
        [[-100, 10]]
    """
    return after.astype(np.int16) - before.astype(np.int16)


def mean_change(change: np.ndarray) -> float:
    """Return by how many grey levels the pixels `(H, W)` of a difference changed on average, up or down.

    Examples:
        >>> mean_change(np.array([[-3, 1]]))
        2.0
    """
    return float(np.abs(change).mean())


def limit(*differences: np.ndarray) -> int:
    """Return the grey levels at the ends of the colours: the smallest of `LIMITS` that holds nearly all changes.

    Args:
        differences: At least one, each `(H, W)`; those beside each other share one scale.

    Examples:
        >>> limit(np.zeros((4, 4))), limit(np.full((4, 4), -9))
        (4, 16)
    """
    most = max(float(np.quantile(np.abs(one), HELD)) for one in differences)
    return next(end for end in LIMITS if end >= most)


def difference_png(change: np.ndarray, *, limit: int, mark: str = GENERATED, size: int = 512) -> bytes:
    """Return a change in signed colours as PNG: blue is darker than before, white the same, orange brighter.

    Args:
        change: Grey levels `(H, W)`.
        limit: Grey levels at the ends of the colours; beyond, the colour is that of the end.
        mark: What is drawn into it.
        size: The longer edge of the picture in pixels, at least 64.
    """
    height, width = change.shape
    scale = size / max(height, width)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    share = np.clip(cv2.resize(change.astype(np.float32), shape, interpolation=method) / limit, -1, 1)
    places = [2 * place - 1 for place, _ in SIGNED]
    channels = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for _, colour in SIGNED])
    coloured = np.stack([np.interp(share, places, channels[:, channel]) for channel in range(3)], axis=-1)
    picture = thumbnails.marked(Image.fromarray(np.rint(coloured).astype(np.uint8)), mark)
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def pair_jpeg(film: np.ndarray, translation: np.ndarray, *, mark: str | None, size: int) -> bytes:
    """Return a film and its translation beside each other as JPEG, each a square, each with its own mark.

    Args:
        film: Pixels `(H, W)`, `uint8` or `uint16`.
        translation: Pixels `(H, W)`, made by a network, so its mark is always GENERATED.
        mark: Of the film, a value of `thumbnails.MARKS`, or None for a real one.
        size: Edge of each square in pixels, at least 64.
    """
    picture = Image.new("RGB", (2 * size + GAP, size))
    for place, (pixels, own) in enumerate(((film, mark), (translation, GENERATED))):
        square = Image.fromarray(pixel_cache.fit_square(pixels, size=size))
        picture.paste(thumbnails.marked(square, own) if own else square, (place * (size + GAP), 0))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=88)
    return content.getvalue()
