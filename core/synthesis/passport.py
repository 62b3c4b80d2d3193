"""What is known of a translation: how far it is from its parent and from training films, and what was changed where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import cv2
import numpy as np

from core.synthesis import regions_changed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from core.base.paths import Workspace
    from core.data.pixel_cache import PixelCache
    from core.synthesis.own_classifier import Read

SIDE = 32  # pixels: the size in which images are compared with training films
CHUNK = 1024  # training films compared at once; bounds the memory


class Reader(Protocol):
    """Who reads images, such as `own_classifier.OwnClassifier`."""

    def read(self, pixels: np.ndarray) -> Read:
        """Return what is said of images `(N, S, S)` uint8."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """N films and what the generators make of them, each `(N, S, S)` uint8."""

    parents: np.ndarray
    synthetic: np.ndarray
    reconstructed: np.ndarray  # there and back
    identical: np.ndarray  # the other generator's, which is to leave the parent as it is

    @classmethod
    def together(cls, batches: Sequence[Pictures]) -> Pictures:
        """Return the pictures of several batches as those of one."""
        return cls(
            parents=np.concatenate([batch.parents for batch in batches]),
            synthetic=np.concatenate([batch.synthetic for batch in batches]),
            reconstructed=np.concatenate([batch.reconstructed for batch in batches]),
            identical=np.concatenate([batch.identical for batch in batches]),
        )


@dataclass(frozen=True)
class TrainingFilms:
    """The films of the wanted domain that a generator learnt from, small."""

    image_ids: np.ndarray  # (M,)
    small: np.ndarray  # (M, SIDE * SIDE) float32, shares of the grey range

    @classmethod
    def of(cls, image_ids: Iterable[str], pixels: PixelCache) -> TrainingFilms:
        """Make them of all films of a cache, one or more, whose names are given in their order."""
        rows = np.arange(len(pixels))
        chunks = [small(pixels.read(rows[start : start + CHUNK])) for start in range(0, len(rows), CHUNK)]
        return cls(np.array(list(image_ids), object), np.concatenate(chunks))

    def nearest(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the names `(N,)` of the films most like some images, and their distances `(N,)`.

        Args:
            images: `(N, SIDE * SIDE)` float32, as `small` gives them.
        """
        best = np.full(len(images), np.inf, np.float32)
        rows = np.zeros(len(images), np.int64)
        for start in range(0, len(self.small), CHUNK):
            films = self.small[start : start + CHUNK]
            # |a - b|^2 without |a|^2, which is the same for every film.
            apart = (films**2).sum(axis=1) - 2 * (images @ films.T)  # (N, m)
            at = apart.argmin(axis=1)
            values = apart[np.arange(len(images)), at]
            closer = values < best
            best[closer], rows[closer] = values[closer], start + at[closer]
        return self.image_ids[rows], distance(images, self.small[rows])


def measured(
    workspace: Workspace,
    dataset: str,
    rows: pd.DataFrame,
    pictures: Pictures,
    *,
    reader: Reader | None,
    learnt: TrainingFilms | None,
) -> dict[str, Any]:
    """Return the passports' columns that are measured on the pictures of N films.

    Args:
        workspace: Where the parents' masks and boxes are.
        dataset: The parents' data set.
        rows: Their rows of the radiographs table.
        pictures: Theirs.
        reader: Whose probabilities are told; None leaves them empty.
        learnt: The films to compare with; None leaves the nearest one empty.
    """
    changes = {
        "change": difference(pictures.synthetic, pictures.parents),
        "reconstruction": difference(pictures.reconstructed, pictures.parents),
    }
    columns: dict[str, Any] = {
        "cycle_error": _mean(changes["reconstruction"]),
        "identity_error": _mean(difference(pictures.identical, pictures.parents)),
        "change": _mean(changes["change"]),
        **regions_changed.measured(workspace, dataset, rows, films=pictures.parents, changes=changes),
    }
    made = small(pictures.synthetic)
    columns["parent_distance"] = distance(made, small(pictures.parents))
    if learnt is not None:
        columns["nearest_image_id"], columns["nearest_distance"] = learnt.nearest(made)
    if reader is not None:
        columns |= _read(reader, pictures)
    return columns


def difference(images: np.ndarray, films: np.ndarray) -> np.ndarray:
    """Return how far grey values of images and films `(N, S, S)` uint8 are apart, 0 to 255, `(N, S, S)` uint8."""
    return np.maximum(images, films) - np.minimum(images, films)  # without ever leaving 8 bits


def small(pixels: np.ndarray) -> np.ndarray:
    """Return images `(N, S, S)` uint8 at `SIDE` pixels, as shares of the grey range, `(N, SIDE * SIDE)` float32."""
    found = np.empty((len(pixels), SIDE * SIDE), np.float32)
    for row, image in zip(found, pixels, strict=True):
        row[:] = cv2.resize(image.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel() / 255
    return found


def distance(images: np.ndarray, films: np.ndarray) -> np.ndarray:
    """Return the root mean square difference of images and films `(N, P)`, row by row, `(N,)` float64.

    Examples:
        >>> distance(np.array([[0.0, 1.0]]), np.array([[0.0, 0.0]])).round(4)
        array([0.7071])
    """
    return np.sqrt(np.mean((images.astype(np.float64) - films) ** 2, axis=1))


def _mean(difference_of: np.ndarray) -> np.ndarray:
    return np.asarray(difference_of.mean(axis=(1, 2), dtype=np.float64) / 255)


def _read(reader: Reader, pictures: Pictures) -> dict[str, np.ndarray]:
    parent, made, back = (
        reader.read(images).probabilities for images in (pictures.parents, pictures.synthetic, pictures.reconstructed)
    )
    return {
        "probability_parent": parent,
        "probability_synthetic": made,
        "probability_reconstruction": back,
        "probability_shift": made - parent,
    }
