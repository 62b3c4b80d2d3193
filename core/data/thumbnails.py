"""Small pictures for pages: the whole film, its aspect kept, marked when it is not a real one.

They are kept in `workspace/cache/thumbnails` by the SHA-256 of the decoded pixels, so a picture
never outlives a change of its film, and no name or path stands in it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from core.base import files
from core.data import pixels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from core.base.paths import Workspace

STYLE = 1  # to be changed with every change of how a thumbnail looks
MARKS = {"phantom": "PHANTOM", "synthetic": "GENERATED"}
AMBER, DARK = (245, 158, 11), (28, 20, 4)
SMALLEST = 64  # pixels of a picture's longer edge; below, a mark cannot be read
SMALLEST_TYPE = 10  # pixels; below, the mark cannot be read


def thumbnail(workspace: Workspace, radiograph: pd.Series | Mapping[str, Any], *, size: int) -> bytes | None:
    """Return a small picture of a radiograph as JPEG, or None when there are no pixels to show.

    None stands for a film without a file, and, if no picture was kept, for one whose file is gone,
    damaged, or no longer what was indexed: a page shows its own placeholder then.

    Args:
        workspace: Where the pictures are kept.
        radiograph: A row of the radiographs table: `path`, `sha256` and `source`.
        size: The longer edge in pixels, at least 64.
    """
    if pd.isna(radiograph["path"]) or pd.isna(radiograph["sha256"]):
        return None
    sha256, source = str(radiograph["sha256"]), str(radiograph["source"])
    kept = workspace.cache / "thumbnails" / sha256[:2] / f"{sha256}-{source}-{size}-{STYLE}.jpg"
    if kept.exists():
        return kept.read_bytes()
    try:
        film = pixels.read_indexed(Path(radiograph["path"]), sha256)
    except pixels.UnreadableImage:
        return None
    picture = draw(film, size=size, mark=MARKS.get(source))
    files.write_bytes(kept, picture)
    return picture


def draw(film: np.ndarray, *, size: int, mark: str | None) -> bytes:
    """Return pixels `(H, W)` as a JPEG whose longer edge is `size`, with a mark drawn into it.

    Raises:
        ValueError: If `size` is below 64 pixels, where a mark could not be read.
    """
    picture = Image.fromarray(fitted(film, size))
    if mark is not None:
        picture = marked(picture, mark)
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=88)
    return content.getvalue()


def fitted(film: np.ndarray, size: int) -> np.ndarray:
    """Return a film `(H, W)` in 8 bits, its longer edge `size`, its aspect kept.

    Raises:
        ValueError: If `size` is below 64 pixels, where a mark could not be read.
    """
    if size < SMALLEST:
        msg = f"Expected a picture of at least {SMALLEST} pixels, got {size}"
        raise ValueError(msg)
    height, width = film.shape
    scale = size / max(height, width)
    shape = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels.to_uint8(film), shape, interpolation=method))


def marked(picture: Image.Image, mark: str) -> Image.Image:
    """Return a picture with an amber label and a hatched edge in its lower left corner."""
    picture = picture.convert("RGB")
    font, edge = ImageFont.load_default(max(SMALLEST_TYPE, max(picture.size) // 16)), 6
    left, top, right, bottom = font.getbbox(mark)
    band = Image.new("RGB", (int(right - left) + 4 + 2 * edge, int(bottom - top) + 4), AMBER)
    drawing = ImageDraw.Draw(band)
    for x in range(-band.height, band.width + band.height, 6):
        drawing.line([(x, band.height), (x + band.height, 0)], fill=DARK, width=2)
    drawing.rectangle((edge, 0, band.width - edge - 1, band.height), fill=AMBER)
    drawing.text((edge + 2 - left, 2 - top), mark, fill=DARK, font=font)
    if band.width > picture.width:  # a very narrow film
        band = band.resize((picture.width, max(1, band.height * picture.width // band.width)))
    picture.paste(band, (0, picture.height - band.height))
    return picture
