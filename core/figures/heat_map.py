"""A film with a heat map on it as PNG: one hue, a line at half its maximum, the mark of made films in the pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from core.data import pixels, thumbnails

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

CAPTION = "what moved the model, on a grid of {rows} x {columns}; not where the air is"
HUE = (64, 196, 255)  # told from every grey, and from the amber of marks and the colours of zones
SMALLEST = 64  # pixels; below, a mark could not be read
_DARK = (6, 30, 44)  # beside the line, so that it is seen on white bone too


def film_png(film: np.ndarray, *, mark: str | None, size: int = 768) -> bytes:
    """Return a film as PNG.

    Args:
        film: Pixels `(H, W)`, `uint8` or `uint16`.
        mark: What is drawn into it, a value of `thumbnails.MARKS`, or None for a real film.
        size: The longer edge of the picture in pixels, at least 64.

    Raises:
        ValueError: If `size` is below 64.
    """
    return _png(Image.fromarray(_fitted(film, size)), mark)


def overlay_png(
    film: np.ndarray, heat_map: np.ndarray, *, mark: str | None, size: int = 768, opacity: float = 0.5
) -> bytes:
    """Return a film under its heat map as PNG.

    The map runs from transparent, where it is zero, to `opacity` at its maximum, interpolated
    bilinearly from its grid; a line encloses what is at least half of the maximum.

    Args:
        film: Pixels `(H, W)`, `uint8` or `uint16`.
        heat_map: Values `(h, w)`, at least 0 and not zero everywhere.
        mark: What is drawn into it, a value of `thumbnails.MARKS`, or None for a real film.
        size: The longer edge of the picture in pixels, at least 64.
        opacity: Of the map at its maximum, in (0, 1].

    Raises:
        ValueError: If `size` is below 64, `opacity` is out of range, or the map is zero everywhere,
            negative or not finite.
    """
    if not 0 < opacity <= 1:
        msg = f"Expected an opacity in (0, 1], got {opacity}"
        raise ValueError(msg)
    if not (np.isfinite(heat_map).all() and heat_map.min() >= 0 and heat_map.max() > 0):
        msg = "Expected a heat map of finite values of at least 0, not zero everywhere; say it in words instead"
        raise ValueError(msg)
    grey = _fitted(film, size)
    share = enlarged(heat_map / heat_map.max(), grey.shape)
    share /= share.max()  # a peak between pixels is cut off
    alpha = (opacity * share)[..., None]
    picture = np.rint(grey[..., None] * (1 - alpha) + np.array(HUE) * alpha).astype(np.uint8)
    lines, _ = cv2.findContours((share >= 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    width = max(1, size // 384)
    cv2.drawContours(picture, lines, -1, _DARK, 3 * width, cv2.LINE_AA)
    cv2.drawContours(picture, lines, -1, HUE, width, cv2.LINE_AA)
    return _png(Image.fromarray(picture), mark)


def enlarged(heat_map: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a heat map `(h, w)` over a whole film `(H, W)`, bilinear between the middles of its places, float32."""
    return cv2.resize(heat_map.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)


def _fitted(film: np.ndarray, size: int) -> np.ndarray:
    """Return a film `(H, W)` in 8 bits, its longer edge `size`, its aspect kept."""
    if size < SMALLEST:
        msg = f"Expected a picture of at least {SMALLEST} pixels, got {size}"
        raise ValueError(msg)
    height, width = film.shape
    scale = size / max(height, width)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels.to_uint8(film), shape, interpolation=method))


def _png(picture: Picture, mark: str | None) -> bytes:
    if mark is not None:
        picture = thumbnails.marked(picture, mark)
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
