"""The table of a data set's radiographs: what data sets there are, and reading one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from core.base import files
from core.base.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from core.base.paths import Workspace


def dataset_names(workspace: Workspace) -> list[str]:
    """Return the names of the indexed data sets in alphabetical order."""
    return sorted(path.parent.name for path in workspace.datasets.glob("*/radiographs.parquet"))


def load(workspace: Workspace, dataset: str) -> pd.DataFrame:
    """Read the radiographs table of a data set, one row an image.

    Raises:
        InputError: If there is no data set of this name; the sentence lists those there are.
    """
    path = workspace.radiographs(dataset)
    if not path.exists():
        names = dataset_names(workspace)
        found = f"choose from {', '.join(names)}." if names else "there is none yet; make one with `index`."
        msg = f"Expected an indexed data set, found none named {dataset!r}; {found}"
        raise InputError(msg)
    return files.read_parquet(path)


def sources(radiographs: pd.DataFrame) -> dict[str, int]:
    """Count the radiographs of each kind: real, phantom, synthetic.

    Examples:
        >>> sources(pd.DataFrame({"source": ["phantom", "real", "phantom"]}))
        {'phantom': 2, 'real': 1}
    """
    counts = radiographs["source"].value_counts()
    return {str(kind): int(counts[kind]) for kind in sorted(counts.index)}


def spacing_mm(film: pd.Series | Mapping[str, Any]) -> float | None:
    """Return the millimetres of a pixel of a film's file, or None where they are not known.

    NIH gives the spacing of the original image; a file that was resized has larger pixels.

    Args:
        film: A row of the radiographs table.

    Examples:
        >>> round(spacing_mm({"pixel_spacing_mm": 0.143, "original_width": 2992, "width": 1024}), 4)
        0.4178
        >>> spacing_mm({"pixel_spacing_mm": 0.2, "width": 1024}), spacing_mm({"pixel_spacing_mm": None})
        (0.2, None)
    """
    spacing, original, width = (film.get(name) for name in ("pixel_spacing_mm", "original_width", "width"))
    if spacing is None or pd.isna(spacing):
        return None
    if original is None or pd.isna(original) or width is None or pd.isna(width):
        return float(spacing)
    return float(spacing) * float(original) / float(width)


def require_images(table: pd.DataFrame, dataset: str) -> None:
    """Refuse a data set that is a table only where pixels are needed.

    Raises:
        InputError: If a radiograph has no file or no hash.
    """
    if table["path"].isna().any() or table["sha256"].isna().any():
        msg = (
            f"Expected a data set with images to train on, found that {dataset!r} is a table only; "
            "index it with --images."
        )
        raise InputError(msg)
