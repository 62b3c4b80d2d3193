"""Gas along each ray: the two chest cavities, the lungs in them, and the pleural air between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.phantom.anatomy import Anatomy, depth, inner_edge, outer_edge
from core.phantom.drawing import Grid
from core.phantom.pneumothorax import Pneumothorax, lung_edge, risen

_DOME_FROM_MIDLINE = 0.47  # of the half width
_DOME_FORWARD = 0.22  # of the half depth


@dataclass(frozen=True)
class Hemithorax:
    """Chords along each ray `(size, size)` in mm."""

    lung: np.ndarray
    air: np.ndarray  # pleural


def dome_height(anatomy: Anatomy, side: int, inspiration: float) -> float:
    """Height of a diaphragm dome in mm; `inspiration` 1 is full."""
    step = anatomy.dome_step / 2
    return anatomy.height * inspiration + (step if side > 0 else -step)


def dome_drop(anatomy: Anatomy, x: np.ndarray, *, sulcus: float = 0.0) -> np.ndarray:
    """How far a dome lies below its top at distances `x` from the midline, in mm."""
    middle = _DOME_FROM_MIDLINE * anatomy.half_width
    out = (x - np.float32(middle)) / np.float32(anatomy.half_width - middle)
    fall = 52 * anatomy.dome_curve + sulcus
    return np.where(out > 0, np.float32(fall), np.float32(22 * anatomy.dome_curve)) * out * out


def hemithorax(
    grid: Grid, anatomy: Anatomy, side: int, *, inspiration: float, air: Pneumothorax | None, shift: float
) -> Hemithorax:
    """Compute the gas of one side.

    Args:
        grid: The film.
        anatomy: The patient.
        side: -1 the patient's right, +1 the left.
        inspiration: 1 is full.
        air: The patient's pneumothorax, if it lies on this side.
        shift: Of the mediastinum towards +x, in mm.
    """
    rows = grid.y[:, 0].astype(float)
    medial = _column(inner_edge(anatomy, rows) + side * shift)
    x = grid.x * np.float32(side)
    wall = _column(outer_edge(anatomy, rows))
    half = depth(anatomy, rows)
    forward = np.float32(_DOME_FORWARD * anatomy.half_depth)
    dome = dome_height(anatomy, side, inspiration)
    pressed = air.flatten if air else 0.0
    sulcus = air.sulcus if air else 0.0
    under = _under_dome(grid, anatomy, x, dome + pressed, sulcus=sulcus)
    cavity = _chord(x, medial, wall, half=_column(half), under=under, forward=forward)
    cavity *= grid.y > 0
    if air is None:
        return Hemithorax(cavity, np.zeros_like(cavity))
    edge = _column(lung_edge(anatomy, air, rows) + side * shift * 0.8)
    gap = np.clip(np.interp(rows, [0, anatomy.height], [0.25 * air.hilum, 0.35 * air.base]), 0, 0.4 * half)
    lifted = _under_dome(grid, anatomy, x, dome + pressed - air.lift, sulcus=0)
    deep = _column(np.maximum(depth(anatomy, risen(anatomy, air, rows)) - gap, 1))
    drawn = np.minimum(_column(inner_edge(anatomy, risen(anatomy, air, rows)) + side * shift), edge - 1)
    lung = _chord(x, drawn, edge, half=deep, under=lifted, forward=forward)
    lung *= grid.y > air.apex
    if air.front:
        low = np.clip((grid.y - 0.35 * anatomy.height) / (0.5 * anatomy.height), 0, 1)
        lateral = np.clip(x / anatomy.half_width, 0, 1)
        lung = np.maximum(lung - np.float32(air.front) * low * lateral, 0)
    lung = np.minimum(lung, cavity)
    return Hemithorax(lung, cavity - lung)


def _under_dome(grid: Grid, anatomy: Anatomy, x: np.ndarray, dome: float, *, sulcus: float) -> np.ndarray:
    """Half length squared, in units of the dome's bend front to back, of the ray inside the diaphragm."""
    return grid.y - np.float32(dome) - dome_drop(anatomy, x, sulcus=sulcus)


def _chord(
    x: np.ndarray, medial: np.ndarray, lateral: np.ndarray, *, half: np.ndarray, under: np.ndarray, forward: np.float32
) -> np.ndarray:
    width = np.maximum(lateral - medial, 1) / 2
    across = np.abs(x - (lateral + medial) / 2) / width
    reach = half * np.sqrt(np.maximum(1 - across**3, 0))
    # A ray that passes the dome leaves the lung where it enters the diaphragm, and meets it again behind.
    bend = np.float32(75.0) / (half + forward) ** 2
    blocked = np.sqrt(np.maximum(under, 0) / bend)
    hidden = np.maximum(np.minimum(reach, forward + blocked) - np.maximum(-reach, forward - blocked), 0)
    return 2 * reach - hidden


def size_share(anatomy: Anatomy, air: Pneumothorax, *, inspiration: float) -> float:
    """Share of the hemithorax that is pleural air, in (0, 1); measured on one grid for all film sizes."""
    grid = Grid(96, 2.9 * anatomy.half_width, -30.0)
    found = hemithorax(grid, anatomy, air.side, inspiration=inspiration, air=air, shift=-air.side * air.shift)
    return float(found.air.sum() / (found.air.sum() + found.lung.sum()))


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None]
