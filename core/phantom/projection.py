"""The radiograph itself: what comes through the chest, scatter, noise, and the film's tones.

Of each ray exp(-attenuation) comes through (Beer-Lambert, with one energy). Scatter is a widely
blurred copy of that, so it veils the thick parts most, where little comes through directly.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.phantom.anatomy import Anatomy
from core.phantom.chest import chest
from core.phantom.drawing import Grid
from core.phantom.film import Film

_TOP = 0.1  # share of the film above the lung apices
_DRAIN_LEAST = 0.5  # mm of soft tissue; the soft edge of a stroke fades to less than anybody sees


@dataclass(frozen=True)
class Radiograph:
    """A rendered film."""

    pixels: np.ndarray  # (size, size) uint8
    mask: np.ndarray  # (size, size) bool, where the ray crosses pleural air rather than lung
    lungs: np.ndarray  # (size, size) bool, both lung fields, pleural air included, as far as the shutter shows them
    drain: np.ndarray  # (size, size) bool, where a chest drain is drawn, as far as the shutter shows it


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
    grid = Grid(size, film.field, -_TOP * film.field - film.offset[1], -film.offset[0])
    found = chest(grid, anatomy, film)
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), film.roll, 1.0)
    attenuation, gas = (
        cv2.warpAffine(image, turn, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
        for image in (found.attenuation, found.gas)
    )
    mask, lungs, drain = (
        cv2.warpAffine(region.astype(np.float32), turn, (size, size), flags=cv2.INTER_LINEAR) > least
        for region, least in ((found.air, 0.5), (found.lungs, 0.5), (found.drain, _DRAIN_LEAST))
    )
    signal = _detected(grid, attenuation, film)
    pixels = _finished(grid, _toned(grid, signal, gas, film), film)
    shown = _shown(film, size)
    return Radiograph(pixels, mask, lungs & shown, drain & shown)


def _shown(film: Film, size: int) -> np.ndarray:
    """Return what lies within the collimated margin, `(size, size)` bool."""
    at = (np.arange(size) + 0.5) / size
    left, top, right, below = film.collimation
    across, down = (at > left) & (at < 1 - right), (at > top) & (at < 1 - below)
    return down[:, None] & across[None, :]


def _detected(grid: Grid, attenuation: np.ndarray, film: Film) -> np.ndarray:
    """Return the logarithm of what reaches the film `(size, size)`: scatter, blur and quanta included."""
    primary = np.exp(-attenuation)
    reach = primary + np.float32(0.75 * film.scatter) * grid.blurred(np.minimum(primary, 0.4), 38.0)
    reach = grid.blurred(reach, float(np.hypot(film.blur, 0.35 * grid.mm)))
    quanta = np.random.default_rng([film.seed, 2]).standard_normal(reach.shape, dtype=np.float32)
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
