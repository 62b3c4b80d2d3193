"""Random changes of a whole batch of training films: on the CPU by OpenCV, on a GPU by torch.

What happens to each film is drawn first (`draw`), from a generator the caller keys; applying
it is then the same arithmetic on both devices: contrast about mid-grey and brightness, clipped
to the grey range; blur; turn, scale, shift and mirror about the centre, with what black has
become outside; noise; the normalisation of the InputSpec.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from torch.nn import functional

from core.data import quality
from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec

NOISE_BANK = 1 << 20  # standard normal values drawn once; films read it from random places


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What is done to each of B films."""

    degrees: np.ndarray  # (B,) of the rotation
    matrices: np.ndarray  # (B, 2, 2) from output to input offsets about the centre
    shifts: np.ndarray  # (B, 2) x and y, shares of the side, from output to input
    contrast: np.ndarray  # (B,) factor about mid-grey
    brightness: np.ndarray  # (B,) added, shares of the grey range
    blur: np.ndarray  # (B,) standard deviation, shares of the side
    noise: np.ndarray  # (B,) standard deviation, shares of the grey range
    noise_place: np.ndarray  # (B,) in [0, 1): where each film's noise begins
    teaches_quality: np.ndarray  # (B,) whether what was done to its quality is known

    def of(self, rows: np.ndarray) -> Changes:
        """Return the changes of some of the films."""
        return Changes(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def draw(
    ranges: AugmentationRanges, count: int, generator: np.random.Generator, *, quality_too: bool = False
) -> Changes:
    """Draw the changes of `count` films.

    Where image quality is learnt too, a share of the films keeps its tone, noise and place, but
    for one fault of a known size in every second of them: the usual changes would spoil them all.

    Args:
        ranges: How far films may be changed.
        count: How many films.
        generator: Where chance comes from.
        quality_too: Whether image quality is learnt from a share of the films.
    """
    between = generator.uniform(-1, 1, (6, count))
    degrees = ranges.rotation_degrees * between[0]
    zoom = 1 / (1 + ranges.scale_share * between[1])
    mirror = np.where(generator.random(count) < 0.5 * ranges.horizontal_flip, -1.0, 1.0)
    shifts = ranges.shift_share * between[2:4].T
    contrast, brightness = 1 + ranges.contrast * between[4], ranges.brightness * between[5]
    blur, noise = np.zeros(count), ranges.noise * generator.random(count)
    noise_place = generator.random(count)
    teaches = np.full(count, quality_too) & (generator.random(count) < ranges.quality_share)
    fault = np.where(generator.random(count) < 0.5, generator.integers(5, size=count), -1)
    size, side = generator.uniform(0.3, 1.5, count), generator.choice([-1.0, 1.0], count)
    far = size * generator.uniform(1, 3, count)  # fine detail: strong enough to be seen on small films too

    def spoilt(kind: int, usual: np.ndarray, still: float, change: np.ndarray) -> np.ndarray:
        return np.where(teaches, np.where(fault == kind, change, still), usual)

    unit = quality.SPOILT
    brightness = spoilt(0, brightness, 0.0, side * size * unit["brightness"])
    weaker_or_stronger = 1 + np.where(side < 0, -1, 2) * size * unit["contrast"]
    contrast = spoilt(1, contrast, 1.0, weaker_or_stronger)
    blur = spoilt(2, blur, 0.0, far * unit["blur"])
    noise = spoilt(3, noise, 0.0, far * unit["noise"])
    degrees = spoilt(4, degrees, 0.0, side * size * unit["degrees"])
    shifts = np.where(teaches[:, None], 0.0, shifts)
    angle = np.deg2rad(degrees)
    cosine, sine = np.cos(angle) * zoom, np.sin(angle) * zoom
    return Changes(
        degrees=degrees,
        matrices=np.stack([cosine * mirror, -sine, sine * mirror, cosine], axis=1).reshape(count, 2, 2),
        shifts=shifts,
        contrast=contrast,
        brightness=brightness,
        blur=blur,
        noise=noise,
        noise_place=noise_place,
        teaches_quality=teaches,
    )


def augment(pixels: np.ndarray, changes: Changes, spec: InputSpec) -> torch.Tensor:
    """Return uint8 films `(B, H, H)` changed and normalised as float32 `(B, 1, H, H)`, on the CPU."""
    cv2.setNumThreads(1)  # the training itself uses the cores
    side = pixels.shape[-1]
    centre = (side - 1) / 2
    offsets = centre + changes.shifts * side - changes.matrices @ np.full(2, centre)  # (B, 2)
    maps = np.concatenate([changes.matrices, offsets[:, :, None]], axis=2)  # (B, 2, 3)
    still = _is_still(changes)
    tables = _grey_tables(changes, spec)
    out = np.empty(pixels.shape, np.float32)
    grey = np.empty((side, side), np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for number, film in enumerate(pixels):
        there = out[number] if still[number] else grey
        cv2.LUT(film, tables[number], dst=there)
        if changes.blur[number]:
            cv2.GaussianBlur(there, (0, 0), float(changes.blur[number]) * side, dst=there)
        if not still[number]:
            outside = float(tables[number, 0])
            cv2.warpAffine(grey, maps[number], (side, side), dst=out[number], flags=flags, borderValue=outside)
    if changes.noise.any():
        _add_noise(out, changes, spec)
    return torch.from_numpy(out).unsqueeze(1)  # (B, 1, H, H)


def augment_on_device(pixels: torch.Tensor, changes: Changes, spec: InputSpec) -> torch.Tensor:
    """Return uint8 films `(B, H, H)` changed and normalised as float32 `(B, 1, H, H)`, where they lie."""
    device, side = pixels.device, pixels.shape[-1]

    def there(values: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(values.astype(np.float32)).to(device, non_blocking=True)

    contrast, brightness, noise = (
        there(values)[:, None, None, None] for values in (changes.contrast, changes.brightness, changes.noise)
    )
    films = pixels.unsqueeze(1).to(torch.float32) / 255  # (B, 1, H, H)
    films = ((films - 0.5) * contrast + 0.5 + brightness).clamp(0, 1)
    for number in np.flatnonzero(changes.blur):
        films[number] = _blurred(films[number], float(changes.blur[number]) * side)
    black = (0.5 - 0.5 * contrast + brightness).clamp(0, 1)
    # grid_sample counts from -1 to 1 over the side: a shift of the whole side is 2
    theta = there(np.concatenate([changes.matrices, 2 * changes.shifts[:, :, None]], axis=2))  # (B, 2, 3)
    grid = functional.affine_grid(theta, [len(pixels), 1, side, side], align_corners=False)
    films = functional.grid_sample(films - black, grid, padding_mode="zeros", align_corners=False) + black
    if changes.noise.any():
        generator = torch.Generator(device).manual_seed(int(changes.noise_place[0] * 2**53))
        films = films + noise * torch.randn(films.shape, generator=generator, device=device)
    return (films - spec.mean) / spec.std


def _blurred(film: torch.Tensor, spread: float) -> torch.Tensor:
    """Return a film `(1, H, H)` blurred by a Gaussian of this many pixels, mirrored at its edges."""
    reach = min(int(np.ceil(4 * spread)), film.shape[-1] - 1)
    offsets = torch.arange(-reach, reach + 1, device=film.device, dtype=film.dtype)
    kernel = torch.exp(-0.5 * (offsets / spread) ** 2)
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    padded = functional.pad(film.unsqueeze(0), (reach, reach, reach, reach), mode="reflect")
    return functional.conv2d(functional.conv2d(padded, kernel), kernel.transpose(2, 3)).squeeze(0)


def _is_still(changes: Changes) -> np.ndarray:
    """Tell which films do not move `(B,)`."""
    return (changes.matrices == np.eye(2)).all(axis=(1, 2)) & (changes.shifts == 0).all(axis=1)


def _grey_tables(changes: Changes, spec: InputSpec) -> np.ndarray:
    """Return what each grey value becomes, `(B, 256)`: contrast, brightness, clipping and normalisation in one."""
    values = np.arange(256) / 255
    changed = (values - 0.5) * changes.contrast[:, None] + 0.5 + changes.brightness[:, None]
    return ((changed.clip(0, 1) - spec.mean) / spec.std).astype(np.float32)


def _add_noise(films: np.ndarray, changes: Changes, spec: InputSpec) -> None:
    # A fresh normal number a pixel would cost several times the rest.
    length = films[0].size
    bank = _noise_bank(max(NOISE_BANK, 2 * length))
    starts = (changes.noise_place * (len(bank) - length)).astype(np.int64)
    for film, start, spread in zip(films, starts, changes.noise / spec.std, strict=True):
        cv2.scaleAdd(bank[start : start + length].reshape(film.shape), float(spread), film, dst=film)


_banks: dict[int, np.ndarray] = {}


def _noise_bank(length: int) -> np.ndarray:
    if length not in _banks:
        _banks[length] = np.random.default_rng(0).standard_normal(length, dtype=np.float32)
    return _banks[length]
