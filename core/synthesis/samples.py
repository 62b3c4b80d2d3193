"""The same few films, translated again and again while a CycleGAN learns: what its progress looks like.

`sample-000250.png` holds a column a film and three rows: original, translation, reconstruction.
`samples.json` beside it names the columns. What is no real film says so in its own pixels.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from PIL import Image

from core.base import files
from core.data import synthetic, thumbnails
from core.synthesis import grey
from core.synthesis.domains import DOMAINS

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from core.synthesis.generators import Generators
    from core.synthesis.pairs import Pairs

OF_EACH = 4  # films of a domain
SMALLEST = 128  # pixels of a tile; below, its mark takes too much of it
NAMES = "samples.json"
DIRECTION_OF = {"A": synthetic.A_TO_B, "B": synthetic.B_TO_A}


@dataclass(frozen=True)
class Samples:
    """The films that are looked at: their rows, in the order of the columns, and their pixels `(K, S, S)`."""

    films: pd.DataFrame
    pixels: np.ndarray

    @classmethod
    def of(cls, pairs: Pairs) -> Samples:
        """Choose the films: up to four of either domain, spread over val; over train where val has none."""
        chosen = pd.concat([_spread(_looked_at(pairs, domain), OF_EACH) for domain in DOMAINS])
        return cls(chosen, pairs.pixels.read(pairs.pixels.rows_of(chosen["image_id"])))

    @property
    def tile(self) -> int:
        """Side of a picture in pixels."""
        return max(SMALLEST, self.pixels.shape[-1])

    def names(self) -> dict[str, Any]:
        """Return what the columns are, ready for JSON."""
        columns = self.films[["image_id", "domain"]].astype(str).to_dict("records")
        return {"films": columns, "tile": self.tile}

    def draw(self, generators: Generators, device: torch.device) -> bytes:
        """Return a PNG of the films, their translations and their reconstructions, as the generators are now."""
        rows = [self.pixels, np.empty_like(self.pixels), np.empty_like(self.pixels)]
        for domain, direction in DIRECTION_OF.items():
            own = np.flatnonzero(self.films["domain"] == domain)
            made = generators.there(grey.to_unit(self.pixels[own]).to(device), direction)
            rows[1][own] = grey.to_pixels(made)
            rows[2][own] = grey.to_pixels(generators.back(made, direction))
        of_films = [thumbnails.MARKS.get(str(source)) for source in self.films["source"]]
        of_made: list[str | None] = [thumbnails.MARKS["synthetic"]] * len(of_films)
        return _sheet(rows, [of_films, of_made, of_made], tile=self.tile)


def name(step: int) -> str:
    """Return the name of the picture after a step.

    Examples:
        >>> name(250)
        'sample-000250.png'
    """
    return f"sample-{step:06d}.png"


def keep(folder: Path, samples: Samples, picture: bytes, *, step: int) -> None:
    """Write a picture, and what its columns are."""
    files.write_json(folder / NAMES, samples.names())
    files.write_bytes(folder / name(step), picture)


def kept(folder: Path) -> dict[str, bytes]:
    """Return the pictures in a folder by name, in the order of their steps, and `samples.json`."""
    steps = {path: re.fullmatch(r"sample-(\d+)\.png", path.name) for path in folder.glob("sample-*.png")}
    found = sorted((path for path, step in steps.items() if step), key=lambda path: int(path.stem.split("-")[1]))
    names = [folder / NAMES] if (folder / NAMES).exists() else []
    return {path.name: path.read_bytes() for path in [*found, *names]}


def clear(folder: Path) -> None:
    """Remove the pictures of a training that began here before and does not go on."""
    for picture in kept(folder):
        (folder / picture).unlink()


def _looked_at(pairs: Pairs, domain: str) -> pd.DataFrame:
    val = pairs.rows("val", domain)
    return pairs.rows("train", domain) if val.empty else val


def _spread(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """Return up to so many rows, spread evenly over all."""
    return rows.iloc[np.unique(np.linspace(0, len(rows) - 1, min(most, len(rows))).round().astype(int))]


def _sheet(rows: list[np.ndarray], marks: list[list[str | None]], *, tile: int) -> bytes:
    sheet = Image.new("RGB", (tile * len(rows[0]), tile * len(rows)))
    for down, (pictures, row_marks) in enumerate(zip(rows, marks, strict=True)):
        for along, (pixels, mark) in enumerate(zip(pictures, row_marks, strict=True)):
            picture = Image.fromarray(thumbnails.fitted(pixels, tile))
            sheet.paste(thumbnails.marked(picture, mark) if mark else picture, (along * tile, down * tile))
    content = io.BytesIO()
    sheet.save(content, "PNG")
    return content.getvalue()
