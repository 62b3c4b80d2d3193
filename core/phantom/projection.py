"""The radiograph itself: attenuation summed along each ray, scatter, noise, and the film's tones.

Rays run straight through the chest (a narrow beam's Beer-Lambert law with one energy); scatter is
a blurred copy of what came through, as thick parts send out more of it than reaches the film
directly. Numbers below are per mm, near those of 70 keV photons, with lung at about a quarter of
the density of water.
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
from core.phantom.mediastinum import mediastinum
from core.phantom.skeleton import skeleton
from core.phantom.vessels import vessels

SOFT = 0.0185
LUNG = 0.0050
BONE = 0.0230  # over the soft tissue it replaces
_TOP = 0.1  # share of the film above the lung apices
_AIR_SHARE = 0.45  # of a ray's gas must be pleural for the pixel to count as pleural air
_AIR_LEAST = 2.0  # mm


@dataclass(frozen=True)
class Radiograph:
    """A rendered film."""

    pixels: np.ndarray  # (size, size) uint8
    mask: np.ndarray  # (size, size) bool, where the ray crosses pleural air rather than lung


def render(anatomy: Anatomy, film: Film, size: int) -> Radiograph:
    """Render one film at `size` x `size` pixels.

    Examples:
        >>> from core.phantom.anatomy import make_anatomy
        >>> from core.phantom.film import make_film
        >>> rng = np.random.default_rng(0)
        >>> anatomy = make_anatomy(rng)
        >>> film = make_film(rng, anatomy, view="PA", supine=False, air=None, drain=0)
        >>> picture = render(anatomy, film, 64)
        >>> picture.pixels.shape, picture.pixels.dtype, picture.mask.any()
        ((64, 64), dtype('uint8'), np.False_)
    """
    rng = np.random.default_rng(film.seed)
    grid = Grid(size, film.field, -_TOP * film.field - film.offset[1], -film.offset[0])
    attenuation, mask, gas = _attenuation(grid, anatomy, film, rng)
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), film.roll, 1.0)
    moved = [
        cv2.warpAffine(image, turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        for image in (attenuation, gas)
    ]
    mask = cv2.warpAffine(mask.astype(np.float32), turn, (size, size), flags=cv2.INTER_LINEAR) > 0.5
    signal = _detected(grid, moved[0], film, rng)
    pixels = _finished(grid, _toned(grid, signal, moved[1], film), film)
    return Radiograph(pixels, mask)


def _attenuation(
    grid: Grid, anatomy: Anatomy, film: Film, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the summed attenuation, where pleural air is, and mm of gas, each `(size, size)`."""
    air = film.air
    turned = 24 * np.sin(np.deg2rad(film.pose.rotation))
    shift = turned - (air.side * air.shift if air else 0.0)
    middle = mediastinum(
        *(grid, anatomy), inspiration=film.inspiration, shift=shift, magnified=1.13 if film.view == "AP" else 1.0
    )
    total = _tissue(grid, anatomy)
    gas = np.zeros_like(total)
    mask = np.zeros(total.shape, bool)
    lungs = np.zeros_like(total)
    blood = np.zeros_like(total)
    dense = LUNG * (1 - 0.4 * anatomy.emphysema) * (1 + 1.3 * (1 - film.inspiration))
    for side in (-1, 1):
        here = air if air and air.side == side else None
        half = hemithorax(grid, anatomy, side, inspiration=film.inspiration, air=here, shift=shift)
        room = half.lung + half.air
        kept = np.maximum(1 - middle.soft / np.maximum(room, 1), 0)
        kept *= 1 - overlays.fluid_level(grid, anatomy, film, side) if film.effusion[int(side > 0)] else 1
        lung, pleural = half.lung * kept, half.air * kept
        squeezed = float(np.clip((room.sum() / max(half.lung.sum(), 1)) ** 0.65, 1, 2.6))
        lungs += np.float32(dense * squeezed) * lung
        gas += lung + pleural
        mask |= (pleural > _AIR_SHARE * (lung + pleural)) & (pleural > _AIR_LEAST) if here else False
        drawn = vessels(grid, anatomy, side, inspiration=film.inspiration, air=here, shift=shift)
        blood += drawn * np.clip((lung - 3) / 22, 0, 1)
    if anatomy.bullae:
        holes, walls = overlays.bullae(grid, anatomy, film, shift)
        within = np.clip(lungs / (40 * dense), 0, 1)
        share = np.clip(holes / np.maximum(lungs / dense, 20), 0, 0.9)
        lungs *= 1 - share
        blood *= 1 - np.minimum(1.2 * share, 1)
        total += walls * within
    aerated = np.minimum(lungs / np.float32(120 * dense), 1)
    total += blood + aerated * _grain(grid, rng)
    if film.patches:
        total += aerated * overlays.haze(grid, anatomy, film.patches, rng)
    total -= gas + np.minimum(middle.airway, total) * 0.85
    total -= _stomach(grid, anatomy, film, rng)
    total += overlays.pleural_line(grid, anatomy, film, shift) * (gas > 4)
    total = np.maximum(total, 0) * SOFT + lungs
    total += BONE * skeleton(grid, anatomy, film.pose)
    extra = np.zeros_like(total)
    for side in film.folds:
        extra += overlays.skin_fold(grid, anatomy, side, rng)
    if film.drain:
        extra += overlays.drain(grid, anatomy, film.drain, rng)
    if film.leads:
        extra += overlays.leads(grid, anatomy, film.leads, rng)
    return total + SOFT * extra, mask, gas


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


def _detected(grid: Grid, attenuation: np.ndarray, film: Film, rng: np.random.Generator) -> np.ndarray:
    """Return the logarithm of what reaches the film `(size, size)`: scatter, blur and quanta included."""
    primary = np.exp(-attenuation)
    reach = primary + np.float32(0.75 * film.scatter) * grid.blurred(np.minimum(primary, 0.4), 38.0)
    reach = grid.blurred(reach, float(np.hypot(film.blur, 0.35 * grid.mm)))
    quanta = rng.standard_normal(reach.shape, dtype=np.float32)
    coarser = min(1.0, (0.8 / grid.mm)) ** 0.5  # larger pixels gather more quanta
    spread = np.float32(0.0045 * film.noise * coarser) * np.sqrt(reach)
    return -np.log(np.maximum(reach + spread * quanta, 1e-4))


def _toned(grid: Grid, signal: np.ndarray, gas: np.ndarray, film: Film) -> np.ndarray:
    """Return grey levels `(size, size)` float32: lung and abdomen set to their usual tones."""
    signal = (
        signal
        + 0.7 * (signal - grid.blurred(signal, 1.4))
        + 0.4 * (signal - grid.blurred(signal, 7.0))
        + 0.25 * (signal - grid.blurred(signal, 32.0))
    )
    step = max(grid.size // 64, 1)
    few, open_ = signal[::step, ::step], gas[::step, ::step]
    central = np.abs(grid.x[:, ::step]) < 95
    lung = float(np.percentile(few[open_ > 70], 40)) if (open_ > 70).sum() > 20 else float(np.percentile(few, 30))
    lower = (open_ < 1) & central & (grid.y[::step] > 160)
    soft = float(np.percentile(few[lower], 50)) if lower.sum() > 20 else float(np.percentile(few, 85))
    middle, span = 128 - 36 * film.exposure, 84 * film.contrast
    levels = middle + span * ((signal - lung) / max(soft - lung, 0.2) - 0.5)
    toe, shoulder = np.float32(30), np.float32(205)
    low = toe * np.exp(np.minimum(levels - toe, 0) / 45)
    high = shoulder + 45 * (1 - np.exp(-np.maximum(levels - shoulder, 0) / 60))
    return np.where(levels < toe, low, np.where(levels > shoulder, high, levels))


def _finished(grid: Grid, levels: np.ndarray, film: Film) -> np.ndarray:
    """Return the film with its collimated margin and its marker `(size, size)` uint8."""
    size = grid.size
    at = (np.arange(size, dtype=np.float32) + 0.5) / size
    left, top, right, below = film.collimation
    soft = np.float32(0.006)

    def open_between(first: float, last: float) -> np.ndarray:
        return np.clip((at - first) / soft, not first, 1) * np.clip((1 - last - at) / soft, not last, 1)

    shutter = np.ones((size, size), np.float32)
    if max(film.collimation) > 0:
        shutter = open_between(top, below)[:, None] * open_between(left, right)[None, :]
    levels = levels * shutter
    if film.marker:
        levels = _marked(grid, levels, film)
    return np.clip(np.rint(levels), 0, 255).astype(np.uint8)


def _marked(grid: Grid, levels: np.ndarray, film: Film) -> np.ndarray:
    letter, _, words = film.marker.partition(" ")
    picture = np.clip(levels, 0, 255).astype(np.uint8)
    size = grid.size
    left, top, right, _ = film.collimation
    x = size * (left + 0.05 if letter == "R" else 0.92 - right)
    y = size * (top + 0.085)
    scale, face = size / 512 * 0.8, cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, letter, (int(x), int(y)), face, scale, 235, max(round(size / 220), 1), cv2.LINE_AA)
    if words:
        at = (int(size * (left + 0.05 if letter == "L" else 0.76 - right)), int(size * (top + 0.05)))
        cv2.putText(picture, words, at, face, scale * 0.55, 215, max(round(size / 400), 1), cv2.LINE_AA)
    return picture.astype(np.float32)
