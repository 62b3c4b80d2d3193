"""Heart, great vessels and windpipe: soft tissue between the lungs, and the air in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.phantom.anatomy import Anatomy, spline
from core.phantom.drawing import Grid, bent_tube, ellipsoid


@dataclass(frozen=True)
class Mediastinum:
    """Chords along each ray `(size, size)` in mm."""

    soft: np.ndarray  # takes the lungs' place
    airway: np.ndarray  # takes soft tissue's place


def mediastinum(grid: Grid, anatomy: Anatomy, *, inspiration: float, shift: float, magnified: float) -> Mediastinum:
    """Compute what lies between the lungs.

    Args:
        grid: The film.
        anatomy: The patient.
        inspiration: 1 is full; a heart lies broader on a higher diaphragm.
        shift: Towards +x, in mm, by rotation or pressure.
        magnified: Of the heart on the film, 1 in PA.
    """
    base = anatomy.height * inspiration
    k = anatomy.half_width / 141
    broad = magnified * (1 + 0.55 * (1 - inspiration))
    width = 2 * anatomy.half_width * anatomy.heart_ratio * broad
    thick = 50 * k * (0.8 + 0.2 * broad)
    right, left = 0.34 * width, 0.66 * width

    def part(x: float, y: float, radii: tuple[float, float, float], angle: float = 0.0) -> np.ndarray:
        return ellipsoid(grid, (x + shift, y), radii, angle)

    ventricle = part(left - 0.47 * width, base - 0.3 * width, (0.5 * width, 0.355 * width, thick), anatomy.heart_tilt)
    atrium = part(-right + 0.26 * width, base - 0.46 * width, (0.26 * width, 0.4 * width, 0.85 * thick), 8)
    below = part(0.1 * width, base - 0.11 * width, (0.48 * width, 0.27 * width, 0.9 * thick), 8)
    knob = anatomy.aorta_radius * k
    arch_y = 0.3 * anatomy.height
    arch = part(19 * k + 0.5 * knob, arch_y, (1.2 * knob, 1.3 * knob, 2.0 * knob), 20)
    trunk = part(0.16 * width, base - 0.78 * width, (0.27 * width, 0.17 * width, 0.7 * thick), 62)
    appendage = part(0.24 * width, base - 0.6 * width, (0.3 * width, 0.2 * width, 0.8 * thick), 57)
    heights = np.array([0.02, 0.16, 0.3, 0.45, 0.6, 0.8]) * anatomy.height
    course = shift + k * np.array([-16, -19, -21, -22, -22, -20.0])
    cava = bent_tube(grid, heights, course, k * np.array([9, 10, 11, 12, 12, 9.0]))
    ascending = bent_tube(grid, heights[2:], shift + k * np.array([-8, -10, -6, 0.0]), k * np.array([14, 18, 19, 16.0]))
    # A soft union, since the chambers' surfaces pass into one another without a notch.
    parts = (ventricle, atrium, below, trunk, appendage, arch, cava, ascending)
    squares = [part * part for part in parts]
    heart = np.sqrt(np.sqrt(np.add.reduce([square * square for square in squares])))
    heart = grid.blurred(heart, 1.3)  # the beating border

    rows = grid.y[:, 0].astype(float)
    # Oesophagus, fat and the great vessels' stems: a slab that widens towards neck and heart.
    levels = tuple(anatomy.height * t for t in (-0.3, -0.02, 0.07, 0.16, 0.3, 0.45, 0.7, 1.2))
    slab = spline(levels, tuple(k * w for w in (40, 37, 29, 24.5, 22, 20, 18, 18)))(rows).astype(np.float32)[:, None]
    thickness = spline(levels, tuple(k * w for w in (62, 68, 76, 78, 72, 62, 44, 40)))(rows).astype(np.float32)[:, None]
    across = np.abs(grid.x - np.float32(shift * 0.8)) / slab
    stem = thickness * np.maximum(1 - across * across, 0) ** np.float32(0.75)  # fades at its edges
    descending = bent_tube(
        grid,
        np.array([0.3, 0.5, 0.9, 1.4]) * anatomy.height,
        0.5 * shift + k * np.array([27, 23, 17, 8.0]) + np.array([0.4, 0.3, 0.1, 0]) * (knob - 16),
        np.array([0.85, 0.8, 0.76, 0.7]) * knob,
    )
    return Mediastinum(stem + heart + 0.9 * descending, _airway(grid, anatomy, shift, k))


def _airway(grid: Grid, anatomy: Anatomy, shift: float, k: float) -> np.ndarray:
    carina = 0.4 * anatomy.height
    top = -140.0
    pushed = 0.12 * (anatomy.aorta_radius - 12) * k  # the arch nudges the windpipe to the right
    heights = np.array([top, -30, 0.2 * anatomy.height, 0.31 * anatomy.height, carina, carina + 3])
    middle = np.array([0, 0.1, 0.6, 0.9, 1, 1]) * shift - np.array([0, 0, 1, 3 + pushed, 1 + pushed, 1 + pushed])
    trachea = bent_tube(grid, heights, middle, k * np.array([8.5, 9, 9, 9, 10, 9.0]))
    x0 = float(middle[-1])
    length = 26 * k
    bronchi = [
        ellipsoid(
            grid,
            (x0 + side * length * np.cos(np.deg2rad(angle)), carina + length * np.sin(np.deg2rad(angle))),
            (1.25 * length, 5.8 * k, 5.8 * k),
            side * angle,
        )
        for side, angle in ((-1, 58), (1, 38))
    ]
    return np.maximum.reduce([1.9 * trachea, *(1.2 * bronchus for bronchus in bronchi)])
