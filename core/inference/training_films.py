"""How far films lie from those a classifier learnt from, in the space of its features, and which lie nearest.

References:
    Sun, Ming, Zhu, Li, "Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022,
    section 3: the distance to the k-th nearest training image between features of length 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base.errors import InputError
from core.models import cards
from core.training import material

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace

K = 10  # the distance is that to the k-th nearest; fewer where there are fewer training films
NEIGHBOURS = 5  # named, nearest first
CHUNK = 256  # films compared at once; bounds the memory to some hundred MB against 80,000 training films


@dataclass(frozen=True)
class TrainingFilms:
    """The features of the films a classifier learnt from, and whose they are where that is still known."""

    features: np.ndarray  # (M, F) float32, each of length 1
    image_ids: np.ndarray | None  # (M,)
    patients: np.ndarray | None  # (M,)
    usual: float  # the median distance of a training film to the others

    def distances(self, features: np.ndarray, patients: np.ndarray) -> tuple[np.ndarray, list[list[str]] | None]:
        """Return how far films lie from the training films, and the nearest of these.

        Films of the same patient are left aside, the film itself among them.

        Args:
            features: Pooled features `(N, F)`.
            patients: The patient of each film `(N,)`.

        Returns:
            The distances `(N,)`, 1 being the usual one among the training films themselves; and
            the ids of the nearest, or None where it is not known any more which films they were.
        """
        distances, nearest = _nearest(_unit(features), self.features, patients, self.patients)
        names = None if self.image_ids is None else [self.image_ids[row].tolist() for row in nearest]
        return distances / self.usual if self.usual > 0 else distances, names


def load(workspace: Workspace, card: dict[str, Any]) -> TrainingFilms | None:
    """Read the training films of a checkpoint; None if its folder holds no features.

    Their names are known as long as the split is the one it learnt from.
    """
    path = workspace.checkpoint(card["checkpoint_id"]) / cards.TRAIN_FEATURES
    if not path.exists():
        return None
    features = _unit(np.load(path, allow_pickle=False))
    rows = _rows(workspace, card)
    image_ids = patients = None
    if rows is not None and len(rows) == len(features):
        image_ids, patients = rows["image_id"].to_numpy(object), rows["patient_id"].to_numpy(object)
    some = np.random.default_rng(0).permutation(len(features))[:2000]  # enough for a median
    own = None if patients is None else patients[some]
    among, _ = _nearest(features[some], features, own, patients, leave_out=some)
    return TrainingFilms(features, image_ids, patients, float(np.median(among)) if len(among) else 0.0)


def _rows(workspace: Workspace, card: dict[str, Any]) -> pd.DataFrame | None:
    """Return the films a checkpoint learnt from in their order, or None if that cannot be known any more."""
    try:
        films = material.labelled(workspace, card["dataset"], card["split"], card["labels"])
    except InputError:  # the data set or the split is gone, or cannot be learnt from any more
        return None
    return films.rows("train") if films.certificate["table_sha256"] == card["split_sha256"] else None


def _unit(features: np.ndarray) -> np.ndarray:
    values = np.asarray(features, np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(lengths > 0, lengths, 1)


def _nearest(
    features: np.ndarray,
    reference: np.ndarray,
    patients: np.ndarray | None,
    reference_patients: np.ndarray | None,
    *,
    leave_out: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance to the k-th nearest `(N,)` and the rows of the nearest `(N, NEIGHBOURS)`, nearest first."""
    distances = np.full(len(features), np.nan)
    rows = np.zeros((len(features), min(NEIGHBOURS, len(reference))), np.int64)
    for start in range(0, len(features), CHUNK):
        chunk = slice(start, start + CHUNK)
        near = features[chunk] @ reference.T  # (n, M) cosines
        if leave_out is not None:
            near[np.arange(len(near)), leave_out[chunk]] = -np.inf
        if patients is not None and reference_patients is not None:
            near[patients[chunk][:, None] == reference_patients[None, :]] = -np.inf
        k = min(max(K, NEIGHBOURS), near.shape[1])
        best = np.argpartition(-near, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(near, best, axis=1), axis=1, kind="stable")
        best = np.take_along_axis(best, order, axis=1)
        cosine = np.take_along_axis(near, best, axis=1)[:, min(K, k) - 1]
        # On the unit sphere the squared distance is 2 - 2 cosine.
        distances[chunk] = np.sqrt(np.clip(2 - 2 * np.where(np.isfinite(cosine), cosine, np.nan), 0, None))
        rows[chunk] = best[:, : rows.shape[1]]
    return distances, rows
