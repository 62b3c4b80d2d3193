"""Where a translation changes a film: inside the lungs or outside, in the region of the pneumothorax or elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from core.data import lung_field, regions

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace

RIM = "rim"  # where the region comes from: neither a mask nor boxes
RIM_WIDTH = 1 / 16  # of the film's side: about 2 cm of an adult's chest


def measured(
    workspace: Workspace, dataset: str, rows: pd.DataFrame, *, films: np.ndarray, changes: dict[str, np.ndarray]
) -> dict[str, Any]:
    """Return the passports' columns on places for N films.

    Args:
        workspace: Where the masks and boxes are.
        dataset: The parents' data set.
        rows: Their rows of the radiographs table.
        films: Their pixels `(N, S, S)` uint8.
        changes: How much each pixel was changed, `(N, S, S)` from 0, by what changed it; the columns begin with
            these names.
    """
    size = films.shape[-1]
    own = rows["lung_path"] if "lung_path" in rows else [None] * len(rows)
    lungs = lung_field.of_films(own, films, size=size)
    known = regions.regions(workspace, dataset, rows, size=size)
    wanted = np.zeros(lungs.masks.shape, bool)
    came_from: list[str | None] = []
    for number, image_id in enumerate(rows["image_id"]):
        if image_id in known.masks:
            wanted[number] = known.masks[image_id]
            came_from.append(known.source[image_id])
        else:
            wanted[number] = rim(lungs.masks[number])
            came_from.append(RIM if lungs.places[number] else None)
    columns: dict[str, Any] = {"lung_from": lungs.places, "region_from": came_from}
    for name, change in changes.items():
        columns[f"{name}_in_lung"] = share_inside(change, lungs.masks)
        columns[f"{name}_in_region"] = share_inside(change, wanted)
    return columns


def rim(lungs: np.ndarray) -> np.ndarray:
    """Return the outer band of a lung field, where the air of a pneumothorax gathers, `(S, S)` bool.

    It is that part of the lungs which lies within `RIM_WIDTH` of the outline of both lungs and what
    stands between them taken together: along the chest wall, at the apices and above the diaphragm,
    not along the mediastinum.

    Args:
        lungs: Lung field `(S, S)` bool; an empty one has an empty rim.
    """
    if not lungs.any():
        return np.zeros_like(lungs)
    size = lungs.shape[0]
    columns = np.arange(size)
    first = np.where(lungs.any(axis=1), lungs.argmax(axis=1), size)
    last = size - 1 - lungs[:, ::-1].argmax(axis=1)
    chest = (columns >= first[:, None]) & (columns <= last[:, None])  # (S, S): filled from lung to lung
    # A frame of nothing, so that the film's edge counts as outside too.
    framed = np.pad(chest, 1).astype(np.uint8)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    return np.asarray(lungs & (depth <= max(1.0, RIM_WIDTH * size)))


def share_inside(change: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return which share of each image's change lies inside a region, in [0, 1], `(N,)`.

    NaN where nothing was changed or the region is empty.

    Args:
        change: `(N, S, S)`, from 0.
        inside: `(N, S, S)` bool.

    Examples:
        >>> share_inside(np.array([[[3, 1], [0, 0]]]), np.array([[[True, False], [False, False]]]))
        array([0.75])
    """
    whole = change.sum(axis=(1, 2), dtype=np.float64)
    within = np.where(inside, change, 0).sum(axis=(1, 2), dtype=np.float64)
    known = (whole > 0) & inside.any(axis=(1, 2))
    return np.divide(within, whole, out=np.full(len(change), np.nan), where=known)
