"""One patient's chest: the sizes and outlines that stay the same from film to film.

Lengths are in mm. The x axis points to the picture's right (the patient's left), y down from the
lung apices, z to the front. A side is -1 for the patient's right and +1 for the patient's left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.interpolate import PchipInterpolator

if TYPE_CHECKING:
    from collections.abc import Sequence

# Outlines over t = y / height, in units of the chest's half width or half depth. Drawn after the
# proportions of frontal films: the widest level is low, the apex is a dome beside the trachea.
_LEVELS = (0.0, 0.008, 0.025, 0.06, 0.12, 0.25, 0.4, 0.6, 0.8, 1.0, 1.2, 1.45)
_OUTER = (0.37, 0.455, 0.52, 0.6, 0.695, 0.82, 0.895, 0.955, 0.985, 1.0, 1.0, 0.98)
_INNER = (0.37, 0.275, 0.21, 0.155, 0.12, 0.1, 0.09, 0.08, 0.08, 0.08, 0.08, 0.08)
_DEPTH = (0.12, 0.25, 0.36, 0.48, 0.62, 0.82, 0.93, 1.0, 1.02, 1.0, 0.95, 0.85)


@dataclass(frozen=True, kw_only=True)
class Anatomy:
    """What a patient brings to every film."""

    sex: str  # M | F
    age_years: int  # at the first film
    half_width: float  # mm, inside of the rib cage at its widest
    height: float  # mm, lung apex to the right dome at full inspiration
    half_depth: float  # mm, inside of the rib cage
    wall: float  # mm of muscle and fat outside the ribs
    heart_ratio: float  # widest heart over widest chest, at full inspiration
    heart_tilt: float  # degrees of the long axis below the horizontal
    aorta_radius: float  # mm
    dome_step: float  # mm the right dome stands above the left
    dome_curve: float  # 1 usual, less is flatter
    breast: float  # mm of thickness, 0 for none
    emphysema: float  # 0 none to 1 marked
    bullae: tuple[tuple[int, float, float, float], ...]  # side, share of width, y mm, radius mm
    rib_tilt: float  # 1 usual; how far the ribs drop towards the front
    rib_gap: float  # mm between two ribs at the spine
    bone: float  # 1 usual; mineral density
    spine_curve: float  # mm of sideways bend
    vessels: float  # 1 usual; calibre of the lung vessels
    seed: int  # of what is drawn at random within the chest, such as the vessel tree


def make_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw one patient's chest.

    Examples:
        >>> make_anatomy(np.random.default_rng(0)) == make_anatomy(np.random.default_rng(0))
        True
    """
    sex = str(rng.choice(["M", "F"], p=[0.56, 0.44]))
    age = int(np.clip(rng.normal(48, 17), 17, 92))
    large = 1.0 if sex == "M" else 0.91
    slim = float(rng.normal(0, 1))
    emphysema = float(rng.uniform(0.3, 1)) if rng.random() < 0.03 + 0.12 * (age > 55) else 0.0
    breast = float(np.clip(rng.normal(26, 11), 6, 55)) if sex == "F" else 0.0
    heart = rng.normal(0.45, 0.03) + 0.0006 * (age - 48) - 0.03 * emphysema
    if rng.random() < 0.06:
        heart += rng.uniform(0.07, 0.14)
    return Anatomy(
        sex=sex,
        age_years=age,
        half_width=float(np.clip(rng.normal(141, 6) * large, 112, 160)),
        height=float(np.clip(rng.normal(240, 13) * large * (1 + 0.05 * emphysema), 185, 280)),
        half_depth=float(np.clip(rng.normal(88, 6) * large * (1 + 0.1 * emphysema), 68, 112)),
        wall=float(np.clip(24 - 7 * slim + rng.normal(0, 2), 13, 46)),
        heart_ratio=float(np.clip(heart, 0.37, 0.64)),
        heart_tilt=float(rng.normal(37, 6)),
        aorta_radius=float(np.clip(rng.normal(16, 2) + 0.07 * (age - 48), 12, 25)),
        dome_step=float(np.clip(rng.normal(13, 5), 2, 28)),
        dome_curve=float(np.clip(rng.normal(1, 0.13), 0.7, 1.35) * (1 - 0.45 * emphysema)),
        breast=breast,
        emphysema=emphysema,
        bullae=_bullae(rng, emphysema),
        rib_tilt=float(np.clip(rng.normal(1, 0.12), 0.7, 1.3)),
        rib_gap=float(np.clip(rng.normal(25.5, 1.1) * large, 21, 29)),
        bone=float(np.clip(rng.normal(1, 0.1) - 0.004 * max(age - 55, 0), 0.65, 1.25)),
        spine_curve=float(rng.normal(0, 4)),
        vessels=float(np.clip(rng.normal(1, 0.1), 0.75, 1.3)),
        seed=int(rng.integers(2**31)),
    )


def _bullae(rng: np.random.Generator, emphysema: float) -> tuple[tuple[int, float, float, float], ...]:
    if rng.random() >= (0.8 if emphysema else 0.1):
        return ()
    side = int(rng.choice([-1, 1]))
    count = int(rng.integers(1, 5))
    return tuple(
        (
            side if rng.random() < 0.75 else -side,
            float(rng.uniform(0.35, 0.95)),
            float(rng.uniform(8, 75)),
            float(rng.uniform(9, 26)),
        )
        for _ in range(count)
    )


def outer_edge(anatomy: Anatomy, y: np.ndarray) -> np.ndarray:
    """Distance of the inner chest wall from the midline at heights `y` (N,), in mm; 0 above the apex."""
    return _profile(_OUTER)(y / anatomy.height) * anatomy.half_width


def inner_edge(anatomy: Anatomy, y: np.ndarray) -> np.ndarray:
    """Distance of the lung's medial surface from the midline at heights `y` (N,), in mm."""
    return _profile(_INNER)(y / anatomy.height) * anatomy.half_width


def depth(anatomy: Anatomy, y: np.ndarray) -> np.ndarray:
    """Half depth of the chest's inside at heights `y` (N,), in mm."""
    return _profile(_DEPTH)(y / anatomy.height) * anatomy.half_depth


def body_edge(anatomy: Anatomy, y: np.ndarray) -> np.ndarray:
    """Distance of the skin from the midline at heights `y` (N,), in mm: neck, shoulder, flank."""
    wide = anatomy.half_width / 141
    wall = anatomy.wall
    heights = (-140, -75, -52, -38, -22, -5, 15, 40, 70, 105, 150, 220, 300, 420)
    neck = 52 + 0.35 * wall
    flank = 141 + wall
    widths = (
        *(neck, neck + 2, neck + 14, neck + 36, 138, 172, 190, 194, 186),
        *(flank + 26, flank + 10, flank + 3, flank + 4, flank + 8),
    )
    return spline(heights, widths)(y) * wide


def body_depth(anatomy: Anatomy, y: np.ndarray) -> np.ndarray:
    """Half depth of the body at heights `y` (N,), in mm."""
    inside = anatomy.half_depth
    wall = anatomy.wall
    heights = (-140, -70, -35, 0, 60, 150, 240, 330, 420)
    chest = (inside * 0.78 + wall, inside + 0.8 * wall, inside + 0.9 * wall, inside + wall, inside + wall)
    depths = (58, 58, 62, 72, *chest)
    return spline(heights, depths)(y)


def spline(points: Sequence[float], values: Sequence[float]) -> PchipInterpolator:
    """Return a smooth curve through the values that never overshoots; it runs on as it ends."""
    return _Held(PchipInterpolator(np.asarray(points, float), np.asarray(values, float)), points[0], points[-1])


class _Held:
    """A curve that keeps its end values outside its range."""

    def __init__(self, curve: PchipInterpolator, first: float, last: float) -> None:
        self._curve, self._first, self._last = curve, first, last

    def __call__(self, at: np.ndarray) -> np.ndarray:
        return self._curve(np.clip(at, self._first, self._last))


@cache
def _profile(values: tuple[float, ...]) -> _Held:
    # Over the root of t, since a dome's width grows with the root of the way down.
    curve = PchipInterpolator(np.sqrt(_LEVELS), values)
    return _Held(_Rooted(curve), 0.0, _LEVELS[-1])


class _Rooted:
    def __init__(self, curve: PchipInterpolator) -> None:
        self._curve = curve

    def __call__(self, at: np.ndarray) -> np.ndarray:
        return self._curve(np.sqrt(at))
