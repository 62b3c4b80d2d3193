"""The region of the pneumothorax on a film, from a mask or from boxes, where either is known."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.data import lung_field, pixels, truth

if TYPE_CHECKING:
    from core.base.paths import Workspace

BOX = ("x", "y", "width", "height")  # shares of the film's width and height; x and y of the upper left corner
_OVER = 1e-6  # that much beyond the film is rounding


@dataclass(frozen=True)
class Regions:
    """Regions of the pneumothorax, for the films that have one."""

    masks: dict[str, np.ndarray]  # image_id: (size, size) bool, never empty
    source: dict[str, str]  # image_id: mask | boxes
    left_out: dict[str, str] = field(default_factory=dict)  # image_id: why its mask or boxes cannot be used


def regions(workspace: Workspace, dataset: str, rows: pd.DataFrame, *, size: int) -> Regions:
    """Return the region of the pneumothorax of the films that have one.

    A film's own mask (`mask_path` of the radiographs table) comes first, then one of a source of
    labels, then its boxes; of several sources that have one the first by name. One that cannot be
    used is told and not replaced by the next. A pixel is in a mask if half of it is covered, and in a box
    if its middle is; a region too small for that is the one pixel nearest to it.

    Args:
        workspace: Where the tables are.
        dataset: Name of the data set.
        rows: Rows of its radiographs table.
        size: Edge of the regions in pixels; they are squashed into a square as films are.

    Raises:
        InputError: If the data set has no truth table.
    """
    own = rows.set_index("image_id")["mask_path"].dropna()
    known = truth.load(workspace, dataset)
    known = known[known["image_id"].isin(rows["image_id"])].sort_values("truth")
    masks, boxes = (
        known.dropna(subset=[column]).drop_duplicates("image_id").set_index("image_id")[column]
        if column in known
        else pd.Series(dtype="str")
        for column in ("mask_path", "boxes")
    )
    masks = {**masks.to_dict(), **own.to_dict()}
    found = Regions({}, {})
    for image_id in rows["image_id"]:
        if image_id not in masks and image_id not in boxes.index:
            continue
        source = "mask" if image_id in masks else "boxes"
        try:
            region = (
                from_mask(masks[image_id], size=size) if source == "mask" else from_boxes(boxes[image_id], size=size)
            )
        except (pixels.UnreadableImage, ValueError) as error:
            found.left_out[image_id] = str(error)
            continue
        if region.any():
            found.masks[image_id], found.source[image_id] = region, source
        else:
            found.left_out[image_id] = "empty mask" if source == "mask" else "no boxes"
    return found


def from_mask(path: str | Path, *, size: int) -> np.ndarray:
    """Read a mask, zero outside, as `(size, size)` bool.

    Raises:
        UnreadableImage: If the file is missing or damaged.
    """
    return lung_field.shrunk(pixels.read_pixels(Path(path)), size=size)


def from_boxes(boxes: str, *, size: int) -> np.ndarray:
    """Return what lies in any of a film's boxes, `(size, size)` bool; each has one pixel at least.

    Args:
        boxes: As the truth table has them.
        size: Edge in pixels.

    Raises:
        ValueError: If these are no boxes.

    Examples:
        >>> from_boxes('[{"x": 0, "y": 0, "width": 0.5, "height": 0.25}]', size=4).astype(int).tolist()
        [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    """
    region = np.zeros((size, size), bool)
    middles = (np.arange(size) + 0.5) / size
    for x, y, width, height in read_boxes(boxes):
        across = (middles >= x) & (middles < x + width)
        down = (middles >= y) & (middles < y + height)
        for inside, middle in ((across, x + width / 2), (down, y + height / 2)):
            if not inside.any():
                inside[min(int(middle * size), size - 1)] = True
        region |= down[:, None] & across
    return region


def read_boxes(boxes: str) -> list[tuple[float, float, float, float]]:
    """Read the truth table's boxes: x, y, width and height in shares of the film.

    Raises:
        ValueError: If they are not in the form that `write_boxes` gives, or a box is `box_fault`.
    """
    found = json.loads(boxes)
    if not isinstance(found, list) or not all(isinstance(box, dict) and set(BOX) <= set(box) for box in found):
        msg = "boxes not in the form [{x, y, width, height}]"
        raise ValueError(msg)
    read = [tuple(box[name] for name in BOX) for box in found]
    for box in read:
        fault = box_fault(*box)
        if fault is not None:
            raise ValueError(fault)
    return [(float(x), float(y), float(width), float(height)) for x, y, width, height in read]


def write_boxes(boxes: list[tuple[float, float, float, float]]) -> str:
    """Write boxes, x, y, width and height in shares of the film, as the truth table has them.

    Examples:
        >>> write_boxes([(0.25, 0.5, 0.125, 0.25)])
        '[{"x": 0.25, "y": 0.5, "width": 0.125, "height": 0.25}]'
    """
    return json.dumps([dict(zip(BOX, box, strict=True)) for box in boxes], allow_nan=False)


def box_fault(x: object, y: object, width: object, height: object) -> str | None:
    """Say what is wrong with a box in shares of the film, or None.

    Examples:
        >>> box_fault(0.1, 0.2, 0.3, 0.4), box_fault(0.9, 0.2, 0.3, 0.4), box_fault(0.1, 0.2, 0.0, 0.4)
        (None, 'box beyond the film', 'box without an area')
    """
    numbers = [float(side) for side in (x, y, width, height) if isinstance(side, int | float) and math.isfinite(side)]
    if len(numbers) < len(BOX):
        return "box not of four numbers"
    left, top, across, down = numbers
    if across <= 0 or down <= 0:
        return "box without an area"
    if left < -_OVER or top < -_OVER or left + across > 1 + _OVER or top + down > 1 + _OVER:
        return "box beyond the film"
    return None
