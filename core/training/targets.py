"""What a classifier learns besides the label: image quality and size, from a source of truth or from the pixels.

Nothing here follows from the label. Where a source of truth speaks of a film's quality, its
word is taken (the phantoms' own); where none does, quality is measured on the film's pixels.
The size of a pneumothorax is known from a source of truth or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.base.progress import track
from core.data import quality

if TYPE_CHECKING:
    from core.data.pixel_cache import PixelCache

CHUNK = 256  # films measured at once


@dataclass(frozen=True)
class Targets:
    """The targets of N films, and where they come from."""

    values: np.ndarray  # (N, K) in [0, 1], NaN where unknown
    columns: tuple[str, ...]  # K
    quality_known: int  # films whose quality a source of truth tells
    quality_measured: int  # films whose quality was measured on their pixels
    size_known: int


def gather(
    rows: pd.DataFrame, truth: pd.DataFrame, pixels: PixelCache, *, labels: str, columns: tuple[str, ...]
) -> Targets:
    """Return the targets of films.

    Args:
        rows: Rows of the radiographs table.
        truth: The data set's truth table; of several sources that speak of a film, the one that
            gives the labels goes first, then by name.
        pixels: Where the films' pixels are.
        labels: The source of the labels.
        columns: What the classifier learns besides: the columns of `quality` first.
    """
    known = _known(rows["image_id"], truth, labels=labels, columns=columns)
    grades = len(quality.COLUMNS)
    unknown = np.flatnonzero(np.isnan(known[:, :grades]).all(axis=1))
    positions = pixels.rows_of(rows["image_id"])
    chunks = np.array_split(unknown, -(-len(unknown) // CHUNK)) if len(unknown) else []
    for chunk in track(chunks, "Measuring image quality", total=len(unknown), unit="films", weight=CHUNK):
        known[chunk, :grades] = quality.measure(pixels.read(positions[chunk]))
    return Targets(
        values=known,
        columns=columns,
        quality_known=len(rows) - len(unknown),
        quality_measured=len(unknown),
        size_known=int((~np.isnan(known[:, grades:])).all(axis=1).sum()),
    )


def _known(image_ids: pd.Series, truth: pd.DataFrame, *, labels: str, columns: tuple[str, ...]) -> np.ndarray:
    """Return what the sources of truth say, `(N, K)`, NaN where none speaks."""
    told = truth.reindex(columns=["image_id", "truth", *columns])
    told = told.assign(later=told["truth"] != labels).sort_values(["later", "truth"], kind="stable")
    first = told.groupby("image_id")[list(columns)].first()  # of each column the first value that is there
    return first.reindex(image_ids).to_numpy(np.float64, na_value=np.nan)
