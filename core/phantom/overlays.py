"""What lies on, in or around the patient: drain, ECG leads, skin folds, bullae, fluid, haze."""

from __future__ import annotations

import numpy as np

from core.phantom.anatomy import Anatomy, inner_edge, outer_edge
from core.phantom.drawing import Canvas, Grid
from core.phantom.film import Film
from core.phantom.lungs import dome_drop, dome_height
from core.phantom.pneumothorax import lung_edge, sunk


def drain(grid: Grid, anatomy: Anatomy, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return a chest drain in mm of soft tissue: two walls, a bright stripe with a gap at the side hole."""
    k = anatomy.half_width / 141
    level = float(rng.uniform(0.42, 0.72)) * anatomy.height
    wall = float(outer_edge(anatomy, np.array([level]))[0])
    upward = rng.random() < 0.75
    tip_y = rng.uniform(0.06, 0.25) if upward else rng.uniform(0.75, 0.9)
    tip = np.array([rng.uniform(0.32, 0.62) * anatomy.half_width, tip_y * anatomy.height])
    outside = np.array([wall + 70 * k, level + rng.uniform(25, 80)])
    bend = np.array([wall - 22, level - 8 + (-45 if upward else 30) * k])
    path = _curve(outside, np.array([wall + 25, level + 12]), bend, tip)
    path[:, 0] *= side
    canvas = Canvas(grid, 50.0)
    canvas.ribbon(path, 4.2, ((1.0, 9.0), (0.7, 3.5)))
    hole = int(rng.integers(44, 53))
    canvas.line(path[:hole], 1.8, 30.0)
    canvas.line(path[hole + 3 :], 1.8, 30.0)
    return canvas.thickness()


def leads(grid: Grid, anatomy: Anatomy, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return ECG electrodes and their wires in mm of soft tissue."""
    canvas = Canvas(grid, 60.0)
    k = anatomy.half_width / 141
    for number in range(count):
        side = -1 if number % 2 else 1
        at = np.array([side * rng.uniform(70, 140) * k, rng.uniform(0.0, 1.05) * anatomy.height])
        if rng.random() < 0.6:
            canvas.ellipse((at[0], at[1]), (5.2, 5.2), 0, 30)
            canvas.ellipse((at[0], at[1]), (2.9, 2.9), 0, 8)
        else:
            canvas.ribbon(np.array([at, at + np.array([rng.uniform(-5, 5), 11])]), 3.6, ((1, 34), (0.5, 18)))
        exit_at = np.array([rng.uniform(-190, 190) * k, rng.choice([-60, 1.45 * anatomy.height])])
        if rng.random() < 0.5:
            exit_at = np.array([side * 215 * k, rng.uniform(0.1, 1.2) * anatomy.height])
        wire = _curve(at, at + rng.normal(0, 55, 2), exit_at + rng.normal(0, 60, 2), exit_at)
        canvas.line(wire, 1.3, 11.0)
    return canvas.thickness()


def skin_fold(grid: Grid, anatomy: Anatomy, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return a fold in mm: a band that thickens towards an edge and ends there, unlike a pleural line.

    It runs on beyond the lung and markings go on across it.
    """
    rows = grid.y[:, 0].astype(float)
    k = anatomy.half_width / 141
    top, low = rng.uniform(-60, 40), rng.uniform(0.75, 1.3) * anatomy.height
    start = rng.uniform(75, 105) * k
    lean, bow = rng.uniform(0.0, 0.16), rng.uniform(-16, 18)
    t = (rows - top) / (low - top)
    edge = (start + lean * (rows - top) + bow * np.sin(np.pi * np.clip(t, 0, 1))).astype(np.float32)[:, None]
    inside = edge - grid.x * np.float32(side)
    ends = np.clip(np.minimum(t, 1 - t) * 6, 0, 1).astype(np.float32)[:, None]
    band = np.where(inside > 0, np.exp(-np.maximum(inside, 0) / np.float32(rng.uniform(10, 26))), 0)
    return np.float32(rng.uniform(7, 13)) * band * ends


def pleural_line(grid: Grid, anatomy: Anatomy, film: Film, shift: float) -> np.ndarray:
    """Return the visceral pleura seen edge-on, in mm: a thin line where the lung ends in air."""
    air = film.air
    canvas = Canvas(grid, 30.0)
    if air is None:
        return canvas.thickness()
    levels = air.apex + (1.3 * anatomy.height - air.apex) * np.linspace(0, 1, 120) ** 1.7
    edge = lung_edge(anatomy, air, levels)
    medial = inner_edge(anatomy, np.maximum(levels - air.apex, 0))
    gap = outer_edge(anatomy, levels) - edge
    base = dome_height(anatomy, air.side, film.inspiration) + air.flatten - air.lift + dome_drop(anatomy, edge)
    strength = 13.0 * np.clip((gap - 1.0) / 3.0, 0, 1) * (levels < base)
    if air.kind == "deep_sulcus":
        strength *= 0.5
    lateral = np.column_stack([air.side * edge + 0.8 * shift, levels])
    for at in range(len(levels) - 1):
        if strength[at] > 0.5:
            canvas.line(lateral[at : at + 2], 1.3, float(strength[at]))
    if air.apex > 4:  # over the apex and a little down its medial side
        near = levels < air.apex + 26
        inside = np.column_stack([air.side * medial + 0.8 * shift, levels])[near]
        canvas.line(inside, 1.2, 8.0)
    return canvas.thickness()


def bullae(grid: Grid, anatomy: Anatomy, film: Film, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Return mm of lung that bullae replace by air, and mm of their thin walls; both `(size, size)`."""
    gas = np.zeros((grid.size, grid.size), np.float32)
    wall = np.zeros_like(gas)
    for side, across, level, radius in anatomy.bullae:
        air = film.air if film.air and film.air.side == side else None
        y = float(sunk(anatomy, air, np.array([level]))[0])
        inner, edge = inner_edge(anatomy, np.array([y]))[0], lung_edge(anatomy, air, np.array([y]))[0]
        x = side * min(inner + across * (edge - inner), edge - 0.6 * radius) + 0.8 * shift
        away = np.sqrt((grid.x - np.float32(x)) ** 2 + ((grid.y - np.float32(y)) * np.float32(0.85)) ** 2)
        gas = np.maximum(gas, 3.2 * np.sqrt(np.maximum(radius**2 - away**2, 0)))
        wall = np.maximum(wall, 3.6 * np.exp(-(((away - np.float32(radius)) / np.float32(1.1)) ** 2)))
    return gas, wall


def fluid_level(grid: Grid, anatomy: Anatomy, film: Film, side: int) -> np.ndarray:
    """Return the share of each ray's gas that pleural fluid takes `(size, size)`, in [0, 1]."""
    depth = film.effusion[int(side > 0)]
    floor = dome_height(anatomy, side, film.inspiration)
    if film.supine:  # it runs out behind the lung: a veil, denser below
        return np.clip(np.float32(0.012 * depth) * (grid.y / anatomy.height) ** 2, 0, 0.6) * np.ones_like(grid.x)
    lateral = np.clip(grid.x * side / anatomy.half_width, 0, 1)
    flat = film.air is not None and film.air.side == side  # with air above, the level is flat
    rise = 0.0 if flat else np.float32(0.9 * depth + 8) * lateral**6
    top = floor + 44 - depth - rise
    return 1 / (1 + np.exp(np.clip(-(grid.y - top) / np.float32(1.2 if flat else 4), -30, 30)))


def haze(grid: Grid, anatomy: Anatomy, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return hazy opacities in mm of soft tissue `(size, size)`."""
    total = np.zeros((grid.size, grid.size), np.float32)
    for _ in range(count):
        side = rng.choice([-1, 1])
        x, y = side * rng.uniform(0.3, 0.75) * anatomy.half_width, rng.uniform(0.2, 0.95) * anatomy.height
        wide = rng.uniform(14, 34)
        away = ((grid.x - np.float32(x)) ** 2 + (grid.y - np.float32(y)) ** 2) / np.float32(2 * wide**2)
        total += np.float32(rng.uniform(9, 26)) * np.exp(-away)
    return total


def _curve(start: np.ndarray, first: np.ndarray, second: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return a cubic Bezier curve `(60, 2)`."""
    t = np.linspace(0, 1, 60)[:, None]
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end
