"""A film with a heat map on it as PNG: one hue, a line at half its maximum, the mark of made films in the pixels."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from core.data import thumbnails
from core.evaluation import map_measures

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

CAPTION = "what moved the model, on a grid of {rows} x {columns}; not where the air is"
HUE = (64, 196, 255)  # told from every grey, and from the amber of marks and the colours of zones
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
    return _png(Image.fromarray(thumbnails.fitted(film, size)), mark)


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
    grey = thumbnails.fitted(film, size)
    share = map_measures.enlarged((heat_map / heat_map.max()).astype(np.float32), grey.shape)
    share /= share.max()  # a peak between pixels is cut off
    alpha = (opacity * share)[..., None]
    picture = np.rint(grey[..., None] * (1 - alpha) + np.array(HUE) * alpha).astype(np.uint8)
    lines, _ = cv2.findContours((share >= 0.5).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    width = max(1, size // 384)
    cv2.drawContours(picture, lines, -1, _DARK, 3 * width, cv2.LINE_AA)
    cv2.drawContours(picture, lines, -1, HUE, width, cv2.LINE_AA)
    return _png(Image.fromarray(picture), mark)


def _png(picture: Picture, mark: str | None) -> bytes:
    if mark is not None:
        picture = thumbnails.marked(picture, mark)
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()
