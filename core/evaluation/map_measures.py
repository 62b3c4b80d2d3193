"""What can be measured of heat maps alone: whether methods agree, and how much lies inside the lung field."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy import stats


def agreement(maps: Sequence[np.ndarray]) -> np.ndarray:
    """Return how far several heat maps of each film agree `(B,)`: their mean pairwise Spearman correlation, in [-1, 1].

    NaN for a film of which a map is the same everywhere.

    Args:
        maps: Two or more, each `(B, h, w)`: one a method, or one a classifier.

    Raises:
        ValueError: If there are fewer than two, or their shapes differ.
    """
    shapes = {one.shape for one in maps}
    if len(maps) < 2 or len(shapes) > 1:
        msg = f"Expected two or more maps of one shape, found {len(maps)} of {sorted(shapes)}; give maps of one grid."
        raise ValueError(msg)
    flat = np.stack(maps).reshape(len(maps), len(maps[0]), -1)  # (M, B, h * w)
    ranks = stats.rankdata(flat, axis=-1)
    ranks -= ranks.mean(axis=-1, keepdims=True)
    lengths = np.linalg.norm(ranks, axis=-1, keepdims=True)
    lengths[lengths == 0] = np.nan
    ranks /= lengths
    first, second = np.triu_indices(len(maps), k=1)
    correlations = (ranks[first] * ranks[second]).sum(axis=-1)  # (pairs, B)
    return np.asarray(correlations.mean(axis=0))


def lung_share(maps: np.ndarray, lungs: np.ndarray) -> np.ndarray:
    """Return the share of each heat map that lies inside the lung field `(B,)`, in [0, 1].

    NaN where the map is all zero or there is no lung field.

    Args:
        maps: `(B, h, w)`, at least 0; they are resized to the lung fields bilinearly.
        lungs: `(B, S, S)`, True inside.

    Raises:
        ValueError: If there is not one lung field a map.
    """
    if len(maps) != len(lungs):
        msg = f"Expected one lung field a map, found {len(lungs)} for {len(maps)}; give those of the same films."
        raise ValueError(msg)
    shares = np.full(len(maps), np.nan)
    for number, (one, inside) in enumerate(zip(maps, lungs, strict=True)):
        if one.any() and inside.any():
            large = enlarged(one.astype(np.float64), inside.shape)
            shares[number] = large[inside].sum() / large.sum()
    return shares


def enlarged(heat_map: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return a heat map `(h, w)` over a whole film `(H, W)`, bilinear between the middles of its places."""
    return np.asarray(cv2.resize(heat_map, shape[::-1], interpolation=cv2.INTER_LINEAR))
