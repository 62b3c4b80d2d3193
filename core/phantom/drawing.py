"""The film's grid in mm, and smooth thickness maps of drawn tubes and plates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

OVERSAMPLING = 2  # drawn at twice the film's resolution, then averaged
_SHIFT = 4  # cv2 takes coordinates in 1/16 pixel
_FULL = 255.0


@dataclass(frozen=True)
class Grid:
    """A square film: which mm of the chest falls on which pixel.

    Args:
        size: Pixels of a side.
        field: mm of a side.
        top: y of the upper edge in mm, negative above the lung apices.
        aside: x of the middle in mm, 0 where the patient stands in the middle of the film.
    """

    size: int
    field: float
    top: float
    aside: float = 0.0

    @property
    def mm(self) -> float:
        """Width of a pixel in mm."""
        return self.field / self.size

    @cached_property
    def x(self) -> np.ndarray:
        """Positions of the columns `(1, size)` in mm, 0 at the patient's midline."""
        at = (np.arange(self.size, dtype=np.float32) + 0.5) * np.float32(self.mm) + np.float32(
            self.aside - self.field / 2
        )
        return at[None, :]

    @cached_property
    def y(self) -> np.ndarray:
        """Positions of the rows `(size, 1)` in mm."""
        at = (np.arange(self.size, dtype=np.float32) + 0.5) * np.float32(self.mm) + np.float32(self.top)
        return at[:, None]

    def blurred(self, image: np.ndarray, sigma: float) -> np.ndarray:
        """Blur an image `(size, size)` by a Gaussian of `sigma` mm; wide ones at a lower resolution."""
        pixels = sigma / self.mm
        step = int(min(max(pixels // 3, 1), self.size // 16))
        if step <= 1:
            return cv2.GaussianBlur(image, (0, 0), max(pixels, 0.05), borderType=cv2.BORDER_REPLICATE)
        small = cv2.resize(image, (self.size // step, self.size // step), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), pixels / step, borderType=cv2.BORDER_REPLICATE)
        return cv2.resize(small, (self.size, self.size), interpolation=cv2.INTER_CUBIC)


class Canvas:
    """A map of thickness to draw on; later strokes cover earlier ones.

    Args:
        grid: The film.
        full: Thickness in mm of the strongest stroke that can be drawn.
    """

    def __init__(self, grid: Grid, full: float) -> None:
        side = grid.size * OVERSAMPLING
        self.grid, self.full = grid, full
        self._scale = side / grid.field
        self._pixels = np.zeros((side, side), np.uint8)

    def ribbon(
        self, points: np.ndarray, half_width: np.ndarray | float, profile: tuple[tuple[float, float], ...]
    ) -> None:
        """Draw a band along `points` (N, 2) in mm.

        Args:
            points: Middle of the band, in mm.
            half_width: Of the band, in mm, one number or `(N,)`.
            profile: Pairs of (share of the half width, thickness in mm), from the outside in.
        """
        along = np.empty_like(points)
        along[1:-1] = points[2:] - points[:-2]
        along[0], along[-1] = points[1] - points[0], points[-1] - points[-2]
        normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
        normal /= np.maximum(np.hypot(normal[:, :1], normal[:, 1:]), 1e-6)
        offset = normal * np.broadcast_to(half_width, len(points))[:, None]
        for share, thickness in profile:
            outline = np.concatenate([points + share * offset, (points - share * offset)[::-1]])
            self.polygon(outline, thickness)

    def polygon(self, outline: np.ndarray, thickness: float) -> None:
        """Fill an outline `(N, 2)` in mm."""
        cv2.fillPoly(self._pixels, [self._at(outline)], self._value(thickness), cv2.LINE_AA, _SHIFT)

    def line(self, points: np.ndarray, width: float, thickness: float, *, closed: bool = False) -> None:
        """Draw a line of `width` mm; one thinner than a pixel is drawn fainter instead."""
        pixels = width * self._scale
        drawn = max(round(pixels), 1)
        value = self._value(thickness * min(pixels / drawn, 1.0))
        cv2.polylines(self._pixels, [self._at(points)], closed, value, drawn, cv2.LINE_AA, _SHIFT)

    def lines(self, starts: np.ndarray, ends: np.ndarray, widths: np.ndarray, thicknesses: np.ndarray) -> None:
        """Draw separate lines; `starts` and `ends` (N, 2), `widths` and `thicknesses` (N,), in mm."""
        pixels = widths * self._scale
        drawn = np.maximum(np.rint(pixels), 1).astype(int)
        values = np.clip(thicknesses * np.minimum(pixels / drawn, 1) / self.full * _FULL, 0, _FULL)
        first, last = self._at(starts), self._at(ends)
        for a, b, value, width in zip(first.tolist(), last.tolist(), values.tolist(), drawn.tolist(), strict=True):
            cv2.line(self._pixels, a, b, value, width, cv2.LINE_AA, _SHIFT)

    def ellipse(self, centre: tuple[float, float], radii: tuple[float, float], angle: float, thickness: float) -> None:
        """Fill an ellipse; `angle` in degrees, clockwise on the film."""
        turn = np.deg2rad(angle)
        around = np.linspace(0, 2 * np.pi, 33)[:-1]
        along, across = radii[0] * np.cos(around), radii[1] * np.sin(around)
        x = centre[0] + along * np.cos(turn) - across * np.sin(turn)
        y = centre[1] + along * np.sin(turn) + across * np.cos(turn)
        self.polygon(np.stack([x, y], axis=1), thickness)

    def text(self, text: str, corner: tuple[float, float], height: float, thickness: float) -> None:
        """Write letters of `height` mm with their lower left corner at a place in mm."""
        place = self._at(np.array([corner]))[0] >> _SHIFT
        scale = height * self._scale / 22  # Hershey letters are 22 pixels high at scale 1
        stroke = max(round(scale * 2), 1)
        where = (int(place[0]), int(place[1]))
        face = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(self._pixels, text, where, face, scale, self._value(thickness), stroke, cv2.LINE_AA)

    def thickness(self) -> np.ndarray:
        """Return the map `(size, size)` in mm, float32."""
        size = self.grid.size
        small = cv2.resize(self._pixels.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
        return small * np.float32(self.full / _FULL)

    def _value(self, thickness: float) -> float:
        return min(max(float(thickness) / self.full, 0.0), 1.0) * _FULL

    def _at(self, points: np.ndarray) -> np.ndarray:
        corner = np.array([self.grid.aside - self.grid.field / 2, self.grid.top])
        pixels = (points - corner) * self._scale - 0.5
        return np.rint(np.minimum(np.maximum(pixels, -8000), 8000) * (1 << _SHIFT)).astype(np.int32)


def ellipsoid(
    grid: Grid, centre: tuple[float, float], radii: tuple[float, float, float], angle: float = 0.0
) -> np.ndarray:
    """Return the chord of an ellipsoid along each ray `(size, size)` in mm.

    Args:
        grid: The film.
        centre: In mm on the film.
        radii: Along the first axis, across it, and along the ray, in mm.
        angle: Of the first axis in degrees, clockwise on the film.
    """
    turn = np.deg2rad(angle)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x, y = grid.x - np.float32(centre[0]), grid.y - np.float32(centre[1])
    along, across = x * cos + y * sin, y * cos - x * sin
    inside = 1 - (along / np.float32(radii[0])) ** 2 - (across / np.float32(radii[1])) ** 2
    return np.float32(2 * radii[2]) * np.sqrt(np.maximum(inside, 0))


def bent_tube(grid: Grid, heights: np.ndarray, middle: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Return the chord of a roughly upright tube along each ray `(size, size)` in mm.

    Args:
        grid: The film.
        heights: Where the tube is given, `(N,)`, rising, in mm; outside them there is none.
        middle: x of its axis at these heights `(N,)`.
        radius: At these heights `(N,)`.
    """
    rows = grid.y[:, 0]
    x = np.interp(rows, heights, middle).astype(np.float32)[:, None]
    r = np.interp(rows, heights, radius, left=0, right=0).astype(np.float32)[:, None]
    ends = np.minimum(rows - heights[0], heights[-1] - rows).astype(np.float32)[:, None]
    r = r * np.sqrt(np.maximum(1 - (1 - np.clip(ends / np.maximum(r, 1), 0, 1)) ** 2, 0))  # round ends
    return 2 * np.sqrt(np.maximum(r * r - (grid.x - x) ** 2, 0))
