"""The lungs' vessels: a branching tree from each hilum, thinner towards the periphery."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from core.phantom.anatomy import Anatomy, inner_edge, outer_edge
from core.phantom.drawing import Canvas, Grid
from core.phantom.pneumothorax import HILUM, Pneumothorax, kept_width, sunk

_STEP = 5.5  # mm between two bends
_THINNEST = 0.34  # mm radius
_FULL = 22.0  # mm of the thickest vessel that can be drawn
# Stems: angle below the horizontal in degrees, radius in mm. Lower ones are thicker in a standing patient.
_STEMS = ((-76, 2.2), (-52, 2.1), (-28, 1.9), (0, 1.8), (24, 2.2), (46, 2.7), (62, 3.1), (77, 2.9))


@dataclass(frozen=True)
class Tree:
    """Pieces of vessels in the full lung of one side."""

    starts: np.ndarray  # (N, 2) distance from the midline and height, in mm
    ends: np.ndarray  # (N, 2)
    radii: np.ndarray  # (N,) in mm


@lru_cache(maxsize=8)
def tree(anatomy: Anatomy, side: int) -> Tree:
    """Grow the tree of one side; the same for every film of a patient."""
    draw = random.Random(anatomy.seed * 2 + (side > 0))
    k = anatomy.half_width / 141
    levels = np.arange(-10, 400, 2.0)
    inner, outer = inner_edge(anatomy, levels).tolist(), outer_edge(anatomy, levels).tolist()
    pieces: list[tuple[float, float, float, float, float]] = []
    growing: list[tuple[float, float, float, float]] = []
    root_y = (HILUM - (0.03 if side > 0 else 0)) * anatomy.height
    for slope, calibre in _STEMS:
        thick = calibre * anatomy.vessels * k * (0.85 if anatomy.emphysema else 1) * draw.uniform(0.85, 1.15)
        start_y = root_y + 24 * k * math.sin(math.radians(slope))
        growing.append((27 * k, start_y, math.radians(slope + draw.gauss(0, 9)), thick))
        if draw.random() < 0.75:  # a vein on its own way to the heart, lower than the artery
            start_y = root_y + (26 + draw.uniform(-8, 14)) * k
            growing.append((25 * k, start_y, math.radians(slope * 0.75 + draw.gauss(0, 8)), 0.72 * thick))
    while growing:
        x, y, angle, radius = growing.pop()
        straight = draw.uniform(1.5, 4.5)
        while radius > _THINNEST:
            angle += draw.gauss(0, 0.1)
            x2, y2 = x + _STEP * math.cos(angle), y + _STEP * math.sin(angle)
            at = int((y2 + 10) / 2)
            if not 5 <= at < len(levels) or y2 > 1.3 * anatomy.height:
                break
            if x2 > inner[at] + 0.965 * (outer[at] - inner[at]) or x2 < 8:
                break
            pieces.append((x, y, x2, y2, radius))
            x, y, radius = x2, y2, radius * 0.968
            straight -= 1
            if straight <= 0:
                turn = draw.choice((-1, 1)) * draw.uniform(0.35, 0.85)
                share = draw.uniform(0.55, 0.82)
                growing.append((x, y, angle + turn, radius * share))
                angle -= turn * 0.35 * share
                radius *= 0.93 - 0.12 * share
                straight = draw.uniform(1.5, 4.0)
    table = np.array(pieces)
    return Tree(table[:, :2], table[:, 2:4], table[:, 4])


def vessels(
    grid: Grid, anatomy: Anatomy, side: int, *, inspiration: float, air: Pneumothorax | None, shift: float
) -> np.ndarray:
    """Return mm of blood along each ray `(size, size)`; the tree follows its lung as it retracts."""
    grown = tree(anatomy, side)

    def placed(points: np.ndarray) -> np.ndarray:
        x, y = points[:, 0], points[:, 1]
        inner = inner_edge(anatomy, y)
        down = sunk(anatomy, air, y * (0.3 + 0.7 * inspiration))
        lift = air.lift * np.clip(y / anatomy.height - 0.45, 0, 1) if air else 0.0
        across = inner + (x - inner) * kept_width(anatomy, air, down)
        return np.column_stack([side * across + 0.8 * shift, down - lift])

    order = np.argsort(grown.radii, kind="stable")
    starts, ends, radii = placed(grown.starts)[order], placed(grown.ends)[order], grown.radii[order]
    total = np.zeros((grid.size, grid.size), np.float32)
    layers = 2  # crossing vessels of the two layers add up, those within one do not
    for layer in range(layers):
        canvas = Canvas(grid, _FULL)
        part = slice(layer, None, layers)
        canvas.lines(starts[part], ends[part], 2 * radii[part], 2.2 + 3.6 * radii[part])
        total += canvas.thickness()
    return total + _stems(grid, anatomy, side, air=air, shift=shift)


def _stems(grid: Grid, anatomy: Anatomy, side: int, *, air: Pneumothorax | None, shift: float) -> np.ndarray:
    """The hilum: the large arteries and veins where they leave the mediastinum."""
    k = anatomy.half_width / 141 * anatomy.vessels
    y = (HILUM - (0.035 if side > 0 else 0)) * anatomy.height
    drawn_in = 1 - 0.2 * (air.hilum > 30 if air else 0)
    canvas = Canvas(grid, 40.0)

    def course(x: list[float], down: list[float], width: list[float], thickness: float) -> None:
        points = np.column_stack([side * drawn_in * (np.array(x) + out) * k + shift, y + np.array(down) * k])
        profile = ((1.0, 0.45 * thickness), (0.8, 0.75 * thickness), (0.5, thickness))
        canvas.ribbon(points, np.array(width) * k, profile)

    out = 6 if side > 0 else 0  # the heart covers more of the left
    course([20, 30, 38, 41, 41, 38], [-2, -2, 6, 22, 40, 58], [8, 8.5, 8, 7, 5.5, 3.5], 16)
    course([22, 31, 38, 43], [0, -9, -20, -32], [6.5, 6, 4.5, 3], 12)
    course([16, 28, 40, 52], [32, 27, 21, 18], [6, 5.5, 4.5, 3], 11)
    return grid.blurred(canvas.thickness(), 1.6)
