"""Bone along each ray: ribs, spine, clavicles, shoulder blades and upper arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.phantom.anatomy import Anatomy, depth, outer_edge
from core.phantom.drawing import Canvas, Grid

# Bands as (share of the half width, mm of bone): bright cortex around a looser middle.
_RIB = ((1.0, 4.5), (0.9, 11.5), (0.7, 8.2), (0.5, 6.6), (0.3, 6.2))
_CLAVICLE = ((1.0, 7), (0.93, 17), (0.7, 13.5), (0.45, 11.5))
_HUMERUS = ((1.0, 8.0), (0.94, 22.0), (0.72, 16), (0.5, 13))
_FULL = 40.0


@dataclass(frozen=True, kw_only=True)
class Pose:
    """How patient, tube and film stand to each other."""

    rotation: float  # degrees about the body's axis, the front towards +x
    tilt: float  # degrees of the beam, feet-wards; the front is thrown down
    magnification: float  # growth per mm towards the front; negative in PA
    arms_out: float  # 0 shoulders rolled forward (PA), 1 blades over the lungs (AP)

    def project(self, points: np.ndarray) -> np.ndarray:
        """Throw points `(N, 3)` in mm onto the film `(N, 2)`."""
        x, y, z = points[:, 0], points[:, 1], points[:, 2]
        turn = np.deg2rad(self.rotation)
        grown = 1 + self.magnification * z
        across = (x * np.cos(turn) + z * np.sin(turn)) * grown
        down = 110 + (y - 110) * grown + z * np.tan(np.deg2rad(self.tilt))
        return np.stack([across, down], axis=1)


def skeleton(grid: Grid, anatomy: Anatomy, pose: Pose) -> np.ndarray:
    """Return mm of bone along each ray `(size, size)`."""
    behind, front, plates = (Canvas(grid, _FULL) for _ in range(3))
    for side in (-1, 1):
        for number in range(12):
            back, fore = _rib(anatomy, side, number)
            wide = 5.8 * anatomy.half_width / 141 * (0.85 if number in (0, 17) else 1)
            behind.ribbon(pose.project(back), wide * np.linspace(0.8, 1.05, len(back)), _RIB)
            if len(fore):
                front.ribbon(pose.project(fore), wide * _rounded_end(len(fore)), _RIB)
    _blades(plates, anatomy, pose)
    _clavicles(front, anatomy, pose)
    spine = _spine(grid, anatomy, pose)
    # Where a rib turns forward at the flank the ray runs along it.
    rows = np.maximum(outer_edge(anatomy, grid.y[:, 0].astype(float)), 30).astype(np.float32)[:, None]
    flank = np.clip(1 - (np.abs(grid.x) / rows) ** 2, 0.16, 1) ** np.float32(-0.28)
    ribs = (behind.thickness() + 0.8 * front.thickness()) * flank
    ribs *= 1 - 0.45 * np.clip((grid.y / anatomy.height - 0.95) / 0.25, 0, 1)  # scatter veils them in the abdomen
    ribs += _flank_shell(grid, anatomy, rows)
    return np.float32(anatomy.bone) * (ribs + plates.thickness() + spine)


def _flank_shell(grid: Grid, anatomy: Anatomy, wall: np.ndarray) -> np.ndarray:
    """Return what the ribs and the muscle between them add where rays run along the cage, in mm."""
    deep = depth(anatomy, grid.y[:, 0].astype(float)).astype(np.float32)[:, None]
    inner, outer = (
        np.sqrt(np.maximum(1 - (np.abs(grid.x) / (wall + more)) ** 2, 0)) * (deep + more) for more in (1.0, 6.0)
    )
    below = np.clip((grid.y + 4) / 30, 0, 1) * np.clip(2.3 - 1.6 * grid.y / anatomy.height, 0, 1)
    return np.float32(0.42) * np.maximum(outer - inner - 7, 0) * below


def _rib(anatomy: Anatomy, side: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the posterior and the anterior course of a rib, `(N, 3)` each."""
    k = anatomy.half_width / 141
    start = (-10 + 5 * (number == 0)) * k + number * anatomy.rib_gap + 0.12 * number * number
    drops = (44, 54, 66, 82, 94, 104, 112, 118, 122, 118, 92, 66)
    drop = drops[number] * anatomy.rib_tilt * k
    level = np.array([start + 0.5 * drop])
    half = float(outer_edge(anatomy, level)[0]) + 3.5
    if number == 0:
        half = 0.53 * anatomy.half_width
    deep = float(depth(anatomy, level)[0]) + 3
    root = 17 * k
    last = (172, 168, 160, 155, 152, 149, 146, 141, 136, 130, 62, 44)[number]
    turn = np.deg2rad(np.linspace(0, last, 44))
    x = np.where(turn < np.pi / 2, root + (half - root) * np.sin(turn), half * np.sin(turn))
    y = start + 0.5 * drop * (1 - np.cos(turn)) - 5 * k * np.sin(2 * np.minimum(turn, np.pi / 2))
    y = y + 9 * k * np.maximum(turn - np.pi / 2, 0)
    y = y + max(number - 8, 0) * 0.12 * x  # the free ribs hang
    z = -deep * np.cos(turn)
    points = np.stack([side * x, y, z], axis=1)
    cut = int(np.searchsorted(turn, np.pi / 2))
    return points[: cut + 1], points[cut:]


def _rounded_end(count: int) -> np.ndarray:
    wide = np.linspace(1.0, 1.2, count)
    wide[-3:] *= (0.93, 0.75, 0.4)
    return wide


def _clavicles(canvas: Canvas, anatomy: Anatomy, pose: Pose) -> None:
    k = anatomy.half_width / 141
    along = np.linspace(0, 1, 24)
    lifted = 10 + 12 * pose.arms_out
    for side in (-1, 1):
        x = side * k * (19 + 146 * along)
        y = k * (50 - (26 + lifted) * along + 6 * np.sin(2 * np.pi * along))
        z = k * (78 - 80 * along + 10 * np.sin(2 * np.pi * along))
        blunt = np.clip(6 * np.minimum(along, 1 - along) + 0.35, 0, 1)
        wide = k * (5.6 + 3.2 * (1 - along) ** 3 + 1.5 * along**4) * blunt
        canvas.ribbon(pose.project(np.stack([x, y, z], axis=1)), wide, _CLAVICLE)


def _blades(canvas: Canvas, anatomy: Anatomy, pose: Pose) -> None:
    k = anatomy.half_width / 141
    over = 13 * (1 - pose.arms_out) - 10 * pose.arms_out  # mm the medial border lies outside the lung edge
    for side in (-1, 1):
        top, low = 12 * k, 150 * k
        inner = float(outer_edge(anatomy, np.array([70 * k]))[0]) + over
        out = np.array([12, 2, 6, 16, 27, 40, 56, 62, 44.0])
        down = np.array([top, 45 * k, 105 * k, low, low - 4, 95 * k, 46 * k, 26 * k, 20 * k])
        outline = np.column_stack([inner + out, down])
        shape = _flat(outline, side, -72 * k, pose)
        canvas.polygon(_smooth(shape), 3.0)
        canvas.line(_smooth(shape), 3.2 * k, 9.0, closed=True)
        spine = np.array([[inner + 1, 42 * k], [inner + 30, 24 * k], [inner + 62, 6 * k]])
        canvas.ribbon(_flat(spine, side, -80 * k, pose), np.array([2.5, 5, 8]) * k, ((1, 5), (0.6, 9)))
        joint = (165 + 2 * pose.arms_out) * k
        shaft = np.column_stack([joint + np.array([6, 14, 30, 48, 66.0]), k * np.array([28, 70, 150, 240, 330.0])])
        canvas.ribbon(_flat(shaft, side, 0, pose), np.array([17, 13.5, 11, 11, 12]) * k, _HUMERUS)
        head = _flat(np.array([[joint, 24 * k]]), side, 0, pose)[0]
        canvas.ellipse((float(head[0]), float(head[1])), (22 * k, 21 * k), 0, 17)
        canvas.ellipse((float(head[0]), float(head[1])), (20.5 * k, 19.5 * k), 0, 14.5)


def _spine(grid: Grid, anatomy: Anatomy, pose: Pose) -> np.ndarray:
    k = anatomy.half_width / 141
    canvas, small = Canvas(grid, _FULL), Canvas(grid, _FULL)
    step = anatomy.rib_gap * 0.97
    for number in range(-5, 22):
        y = (number - 0.2) * step - 8 * k
        bend = anatomy.spine_curve * np.sin(y / (0.6 * anatomy.height))
        half = k * (13.5 + 0.55 * max(number, 0) + 0.2 * number)
        tall = 0.455 * step
        at = pose.project(np.array([[bend, y, -62.0 * k]]))[0]
        x, y = float(at[0]), float(at[1])
        waist = 0.88 * half
        across = np.array([-half, 0, half, waist, half, 0, -half, -waist])
        body = np.column_stack([across, tall * np.array([-1, -0.93, -1, 0, 1, 0.93, 1, 0])])
        at = np.array([x, y])
        canvas.polygon(body + at, 8.5)
        canvas.polygon(0.9 * body + at, 7.0)
        for side in (-1, 1):
            process = np.array([[x + side * half * 0.7, y - 2], [x + side * (half + 13 * k), y - 5 * k]])
            small.line(process, 6 * k, 4.0)
            pedicle = (x + side * half * 0.66, y - 0.15 * step)
            small.ellipse(pedicle, (3.4 * k, 4.8 * k), 0, 7.0)
            small.ellipse(pedicle, (2.1 * k, 3.4 * k), 0, 2.5)
        behind = pose.project(np.array([[bend, y + 0.42 * step, -96.0 * k]]))[0]
        small.ellipse((float(behind[0]), y + 0.42 * step), (2.6 * k, 6.5 * k), 0, 8.0)
    return grid.blurred(canvas.thickness(), 1.6) + small.thickness()


def _flat(points: np.ndarray, side: int, z: float, pose: Pose) -> np.ndarray:
    return pose.project(np.column_stack([side * points[:, 0], points[:, 1], np.full(len(points), z)]))


def _smooth(outline: np.ndarray) -> np.ndarray:
    """Round the corners of a closed outline by cutting each twice (Chaikin)."""
    for _ in range(2):
        following = np.roll(outline, -1, axis=0)
        pairs = [0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following]
        outline = np.stack(pairs, axis=1).reshape(-1, 2)  # (N, 2, 2) to (2N, 2), in order
    return outline
