"""Random changes of a whole batch of training films: on the CPU by OpenCV, on a GPU by torch.

What happens to each film is drawn first (`draw`), from a generator the caller keys; applying
it is then the same arithmetic on both devices: contrast about mid-grey and brightness, clipped
to the grey range; turn, scale, shift and mirror about the centre, with what black has become
outside; noise; the normalisation of the InputSpec.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch.nn import functional

from core.vision.ranges import AugmentationRanges
from core.vision.transforms import InputSpec

NOISE_BANK = 1 << 20  # standard normal values drawn once; films read it from random places


@dataclass(frozen=True)
class Changes:
    """What is done to each of B films."""

    matrices: np.ndarray  # (B, 2, 2) from output to input offsets about the centre
    shifts: np.ndarray  # (B, 2) x and y, shares of the side, from output to input
    contrast: np.ndarray  # (B,) factor about mid-grey
    brightness: np.ndarray  # (B,) added, shares of the grey range
    noise: np.ndarray  # (B,) standard deviation, shares of the grey range
    noise_seed: int


def draw(ranges: AugmentationRanges, count: int, generator: np.random.Generator) -> Changes:
    """Draw the changes of `count` films."""
    between = generator.uniform(-1, 1, (6, count))
    angle = np.deg2rad(ranges.rotation_degrees) * between[0]
    zoom = 1 / (1 + ranges.scale_share * between[1])
    mirror = np.where(generator.random(count) < 0.5 * ranges.horizontal_flip, -1.0, 1.0)
    cosine, sine = np.cos(angle) * zoom, np.sin(angle) * zoom
    matrices = np.stack([cosine * mirror, -sine, sine * mirror, cosine], axis=1).reshape(count, 2, 2)
    return Changes(
        matrices=matrices,
        shifts=ranges.shift_share * between[2:4].T,
        contrast=1 + ranges.contrast * between[4],
        brightness=ranges.brightness * between[5],
        noise=ranges.noise * generator.random(count),
        noise_seed=int(generator.integers(2**62)),
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
        if still[number]:
            cv2.LUT(film, tables[number], dst=out[number])
            continue
        cv2.LUT(film, tables[number], dst=grey)
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
    black = (0.5 - 0.5 * contrast + brightness).clamp(0, 1)
    # grid_sample counts from -1 to 1 over the side: a shift of the whole side is 2
    theta = there(np.concatenate([changes.matrices, 2 * changes.shifts[:, :, None]], axis=2))  # (B, 2, 3)
    grid = functional.affine_grid(theta, [len(pixels), 1, side, side], align_corners=False)
    films = functional.grid_sample(films - black, grid, padding_mode="zeros", align_corners=False) + black
    if changes.noise.any():
        generator = torch.Generator(device).manual_seed(changes.noise_seed)
        films = films + noise * torch.randn(films.shape, generator=generator, device=device)
    return (films - spec.mean) / spec.std


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
    generator = np.random.default_rng(changes.noise_seed)
    length = films[0].size
    bank = _noise_bank(max(NOISE_BANK, 2 * length))
    starts = generator.integers(0, len(bank) - length, len(films))
    for film, start, spread in zip(films, starts, changes.noise / spec.std, strict=True):
        cv2.scaleAdd(bank[start : start + length].reshape(film.shape), float(spread), film, dst=film)


_banks: dict[int, np.ndarray] = {}


def _noise_bank(length: int) -> np.ndarray:
    if length not in _banks:
        _banks[length] = np.random.default_rng(0).standard_normal(length, dtype=np.float32)
    return _banks[length]
