"""What each ray meets on its way through one patient on one day, summed up.

Attenuation is counted per mm, with one energy: numbers near those of 70 keV photons, and lung at
about a quarter of the density of water.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.phantom import overlays
from core.phantom.anatomy import Anatomy, body_depth, body_edge
from core.phantom.drawing import Grid, bent_tube, ellipsoid
from core.phantom.film import Film
from core.phantom.lungs import dome_height, hemithorax
from core.phantom.mediastinum import Mediastinum, mediastinum
from core.phantom.skeleton import skeleton
from core.phantom.vessels import vessels

SOFT = 0.0185
LUNG = 0.0050
BONE = 0.0230  # over the soft tissue it replaces
_AIR_SHARE = 0.45  # of a ray's gas must be pleural for the pixel to count as pleural air
_AIR_LEAST = 2.0  # mm
_FIELD_LEAST = 40.0  # mm of gas; the thin recess behind a diaphragm is not seen as lung
_HEART_FORWARD = 24.0  # mm, of the middle of the heart


@dataclass(frozen=True)
class Chest:
    """Maps of a film, each `(size, size)`."""

    attenuation: np.ndarray  # natural logarithm of what is lost
    gas: np.ndarray  # mm of lung and pleural air
    air: np.ndarray  # bool: where the ray crosses pleural air rather than lung
    lungs: np.ndarray  # bool: both lung fields, pleural air included
    drain: np.ndarray  # mm of soft tissue, the chest drain alone


@dataclass(frozen=True)
class _Side:
    lung: np.ndarray  # attenuation
    gas: np.ndarray  # mm
    blood: np.ndarray  # mm
    air: np.ndarray  # bool


def chest(grid: Grid, anatomy: Anatomy, film: Film) -> Chest:
    """Sum up a patient's chest with what lies in and on it."""
    # One stream for where things lie and one for grain, so that a film has the same drain at every size.
    places, grain = np.random.default_rng([film.seed, 0]), np.random.default_rng([film.seed, 1])
    shift = _HEART_FORWARD * np.sin(np.deg2rad(film.pose.rotation)) - (
        film.air.side * film.air.shift if film.air else 0
    )
    magnified = 1.13 if film.view == "AP" else 1.0
    middle = mediastinum(grid, anatomy, inspiration=film.inspiration, shift=shift, magnified=magnified)
    dense = LUNG * (1 - 0.4 * anatomy.emphysema) * (1 + 1.3 * (1 - film.inspiration))
    right, left = (_side(grid, anatomy, film, side, middle=middle, shift=shift, dense=dense) for side in (-1, 1))
    lung, gas, blood = right.lung + left.lung, right.gas + left.gas, right.blood + left.blood
    tissue = _tissue(grid, anatomy)
    if anatomy.bullae:
        holes, walls = overlays.bullae(grid, anatomy, film, shift)
        tissue += walls * np.clip(lung / (40 * dense), 0, 1)
        share = np.clip(holes / np.maximum(lung / dense, 20), 0, 0.9)
        lung = lung * (1 - share)
        blood = blood * (1 - np.minimum(1.2 * share, 1))
    aerated = np.minimum(lung / np.float32(120 * dense), 1)
    tissue += blood + aerated * _grain(grid, grain)
    if film.patches:
        tissue += aerated * overlays.haze(grid, anatomy, film.patches, places)
    tissue -= gas + np.minimum(middle.airway, tissue) * 0.85
    tissue -= _stomach(grid, anatomy, film, places)
    tissue += overlays.pleural_line(grid, anatomy, film, shift) * (gas > 4)
    worn, drain = _worn(grid, anatomy, film, places)
    attenuation = SOFT * (np.maximum(tissue, 0) + worn) + lung + BONE * skeleton(grid, anatomy, film.pose)
    air = right.air | left.air
    return Chest(attenuation, gas, air, (gas > _FIELD_LEAST) | air, drain)


def _side(
    grid: Grid, anatomy: Anatomy, film: Film, side: int, *, middle: Mediastinum, shift: float, dense: float
) -> _Side:
    """Return one lung with the air beside it, less what heart and fluid take."""
    air = film.air if film.air and film.air.side == side else None
    half = hemithorax(grid, anatomy, side, inspiration=film.inspiration, air=air, shift=shift)
    room = half.lung + half.air
    kept = np.maximum(1 - middle.soft / np.maximum(room, 1), 0)
    if film.effusion[int(side > 0)]:
        kept *= 1 - overlays.fluid_level(grid, anatomy, film, side)
    lung, pleural = half.lung * kept, half.air * kept
    # A retracted lung holds the same tissue in less room.
    squeezed = float(np.clip((room.sum() / max(half.lung.sum(), 1)) ** 0.65, 1, 2.6))
    blood = vessels(grid, anatomy, side, inspiration=film.inspiration, air=air, shift=shift)
    return _Side(
        lung=np.float32(dense * squeezed) * lung,
        gas=lung + pleural,
        blood=blood * np.clip((lung - 3) / 22, 0, 1),
        air=(pleural > _AIR_SHARE * (lung + pleural)) & (pleural > _AIR_LEAST),
    )


def _worn(grid: Grid, anatomy: Anatomy, film: Film, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return skin folds, drain and leads together, and the drain alone, in mm of soft tissue."""
    total = np.zeros((grid.size, grid.size), np.float32)
    drain = np.zeros_like(total)
    for side in film.folds:
        total += overlays.skin_fold(grid, anatomy, side, rng)
    if film.drain:
        drain = overlays.drain(grid, anatomy, film.drain, rng)
        total += drain
    if film.leads:
        total += overlays.leads(grid, anatomy, film.leads, rng)
    return total, drain


def _tissue(grid: Grid, anatomy: Anatomy) -> np.ndarray:
    """Return mm of body along each ray, the chest not yet hollowed."""
    rows = grid.y[:, 0].astype(float)
    edge = body_edge(anatomy, rows).astype(np.float32)[:, None]
    deep = body_depth(anatomy, rows).astype(np.float32)[:, None]
    across = np.minimum(np.abs(grid.x) / edge, 1)
    body = 2 * deep * np.sqrt(1 - across**3)
    k = anatomy.half_width / 141
    heights = np.array([-30, 30, 120, 260, 520]) * k
    wide = (44 + 0.4 * (anatomy.wall - 24)) * k
    for side in (-1, 1):
        middle = side * k * np.array([156, 176, 196, 226, 278])
        arm = bent_tube(grid, heights, middle, wide * np.array([0.75, 1.05, 1.02, 0.9, 0.85]))
        body = np.maximum(body, arm)
        chest = (side * 98 * k, 52 * k)  # pectoral muscle up to the armpit
        body += ellipsoid(grid, chest, (66 * k, 42 * k, (9 if anatomy.sex == "M" else 6) * k), side * -24)
        if anatomy.breast:
            full = anatomy.breast
            place = (side * 76 * k, (0.62 * anatomy.height + 0.5 * full))
            tall = 44 * k + 0.55 * full
            hang = np.clip((grid.y - np.float32(place[1] - tall)) / np.float32(1.5 * tall), 0, 1)  # fades in from above
            body += 0.95 * hang * ellipsoid(grid, place, (54 * k + 0.3 * full, tall, 0.62 * full))
    return body


def _grain(grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """Return the unresolved structure of aerated lung, in mm of soft tissue with mean 0."""
    lobules = int(grid.field / 6)
    drawn = rng.standard_normal((lobules, lobules), dtype=np.float32)
    coarse = cv2.resize(drawn, (grid.size, grid.size), interpolation=cv2.INTER_CUBIC)
    fine = grid.blurred(rng.standard_normal((grid.size, grid.size), dtype=np.float32), 0.9)
    return 1.1 * fine / max(float(fine.std()), 1e-6) + 0.8 * coarse


def _stomach(grid: Grid, anatomy: Anatomy, film: Film, rng: np.random.Generator) -> np.ndarray:
    """Return mm of gas under the left dome, with a flat level below it when upright, and of bowel."""
    k = anatomy.half_width / 141
    dome = dome_height(anatomy, 1, film.inspiration) + (film.air.flatten if film.air and film.air.side > 0 else 0)
    radii = (rng.uniform(16, 42) * k, rng.uniform(10, 26) * k, rng.uniform(9, 26))
    place = (rng.uniform(55, 85) * k, dome + 9 + radii[1])
    gas: np.ndarray = ellipsoid(grid, place, radii, rng.uniform(-12, 12)) * np.float32(rng.random() < 0.75)
    if not film.supine:
        gas *= grid.y < place[1] + rng.uniform(0, 0.9) * radii[1]
    for _ in range(int(rng.integers(0, 6))):
        at = (rng.uniform(-40, 115) * k, dome + rng.uniform(55, 120))
        loop = (rng.uniform(7, 17), rng.uniform(6, 12), rng.uniform(5, 14))
        gas = np.maximum(gas, ellipsoid(grid, at, loop, rng.uniform(0, 180)))
    return gas
