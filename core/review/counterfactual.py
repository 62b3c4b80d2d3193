"""The counterfactual of a case: a film as a network imagines it with or without a pneumothorax.

Doctors are advised against reading translated images (Cohen, Luck, Honari, "Distribution Matching Losses
Can Hallucinate Features in Medical Image Translation", MICCAI 2018): the network may add or remove
disease. So it is off unless turned on, comes after an answer, and only beside its film. A translation
goes the way that the film's label asks for, so whoever sees it has been told that label: in a blinded
list it waits for the second answer too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from core.base import files, stored
from core.base.errors import InputError
from core.data import synthetic
from core.data.synthetic import SyntheticCard
from core.data.thumbnails import MARKS

if TYPE_CHECKING:
    from core.base.paths import Workspace

CAPTION = "invented by a network: it may add or remove disease"
OFFER = "Counterfactual"  # its title before it was asked for: the direction tells the film's label
OFFERED = (
    "A network's version of this film, with or without the finding. Which of the two tells what the film's label "
    "says, so that you have seen it is kept with your answer."
)
TITLES = {
    synthetic.B_TO_A: "A network's attempt to take the pneumothorax away",
    synthetic.A_TO_B: "A network's attempt to add a pneumothorax",
}


@dataclass(frozen=True, kw_only=True)
class Counterfactual:
    """A translation of a film, by where it lies."""

    synthetic: str
    """The synthetic data set."""
    image_id: str
    sha256: str
    """Of its decoded pixels."""
    path: str
    direction: str
    width: int
    """Pixels, as it was made."""
    height: int

    @property
    def seen(self) -> dict[str, str]:
        """What a read keeps of it once its reader has looked at it."""
        return {name: getattr(self, name) for name in ("synthetic", "image_id", "sha256", "direction")}

    def told(self, film_width: int, film_height: int) -> dict[str, Any]:
        """Return what a page may draw and write of it beside a film of this size, in plain values."""
        width, height = _shape(self.width, self.height, film_width, film_height)
        about = {name: value for name, value in asdict(self).items() if name != "path"}
        return about | {
            "title": TITLES[self.direction],
            "caption": CAPTION,
            "mark": MARKS["synthetic"],
            "width": width,
            "height": height,
        }


def of_film(workspace: Workspace, dataset: str, film: Mapping[str, Any]) -> Counterfactual | None:
    """Return the newest translation of a film as it is now, or None if no synthetic data set has one.

    Args:
        workspace: Where the synthetic data sets lie.
        dataset: The film's data set.
        film: Its row: `image_id` and `sha256`.
    """
    for card in sorted(_cards(workspace, dataset), key=lambda one: (one.created_at, one.name), reverse=True):
        path = workspace.radiographs(card.name)
        try:
            row = _children(path, path.stat().st_mtime_ns).get((film["image_id"], film["sha256"]))
        except (FileNotFoundError, InputError):  # it is being removed, or damaged: it offers nothing
            continue
        if row is not None:
            return Counterfactual(synthetic=card.name, direction=card.direction, **row)
    return None


def beside(made: np.ndarray, film_width: int, film_height: int) -> np.ndarray:
    """Return a translation stretched to the shape of its film, which it was squashed into a square for.

    Args:
        made: Its pixels `(H, W)`, `uint8`.
        film_width: Of the film, in pixels.
        film_height: The same.
    """
    width, height = _shape(made.shape[1], made.shape[0], film_width, film_height)
    if (height, width) == made.shape:
        return made
    return np.asarray(cv2.resize(made, (width, height), interpolation=cv2.INTER_AREA), dtype=made.dtype)


def _shape(width: int, height: int, film_width: int, film_height: int) -> tuple[int, int]:
    """Return width and height of the film's aspect whose longer edge is the translation's: nothing is enlarged."""
    edge = max(width, height)
    scale = edge / max(film_width, film_height)
    return max(1, round(film_width * scale)), max(1, round(film_height * scale))


def _cards(workspace: Workspace, dataset: str) -> list[SyntheticCard]:
    """Return the cards of a data set's translations; one that cannot be read must not keep its films from a reader."""
    found = []
    for name in synthetic.names(workspace):
        path = workspace.synthetic_card(name)
        try:
            found.append(_card(path, path.stat().st_mtime_ns))
        except (FileNotFoundError, InputError):
            continue
    return [card for card in found if card.dataset == dataset]


@lru_cache(maxsize=64)
def _card(path: Path, modified_ns: int) -> SyntheticCard:
    return stored.read(path, SyntheticCard, cure=synthetic.ANEW)


@lru_cache(maxsize=16)
def _children(path: Path, modified_ns: int) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the images of a synthetic data set by their parent and the hash of its pixels when it was translated."""
    rows = files.read_parquet(path).dropna(subset=["parent_image_id", synthetic.PARENT_SHA256, "path", "sha256"])
    return {
        (str(row["parent_image_id"]), str(row[synthetic.PARENT_SHA256])): {
            name: str(row[name]) for name in ("image_id", "sha256", "path")
        }
        | {name: int(row[name]) for name in ("width", "height")}
        for row in rows.to_dict("records")
    }
