"""What a training run learns from: the films of a sound split, their labels and their decoded pixels."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data import radiographs, split_store, truth
from core.data.pixel_cache import PixelCache
from core.training import losses
from core.vision import transforms
from core.vision.loader import Films
from core.vision.transforms import InputSpec

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.training.config import TrainConfig

MEASURED = 2000  # training films at most, from which the mean and spread of the pixels are taken


@dataclass(frozen=True, kw_only=True)
class Material:
    """The films of a training run, with what is needed to make batches of them.

    `table` holds the split's rows with a known label, joined with the radiographs' columns;
    those of the `certify` fold are left out, since training has no business there.
    """

    table: pd.DataFrame
    certificate: dict[str, Any]
    without_label: int  # films of the split that the chosen labels do not speak of
    pixels: PixelCache
    spec: InputSpec

    def rows(self, part: str) -> pd.DataFrame:
        """Return the rows of a part: `train`, `test`, or `val`, of which only the fold `tune` is here."""
        return self.table[self.table["part"] == part]

    def films(self, part: str, *, weights: np.ndarray | None = None) -> Films:
        """Return the films of a part for the loader."""
        rows = self.rows(part)
        return Films(
            pixels=self.pixels,
            positions=self.pixels.rows_of(rows["image_id"]),
            labels=labels_of(rows),
            weights=weights,
            spec=self.spec,
        )

    def identity(self) -> str:
        """Return the SHA-256 of all that decides what is learnt here: images, parts, labels."""
        columns = self.table[["image_id", "sha256", "part", "fold", "label"]].astype("str").fillna("")
        return hashlib.sha256(columns.to_csv(index=False).encode()).hexdigest()


def labels_of(rows: pd.DataFrame) -> np.ndarray:
    """Return the labels of rows, shape `(N,)`, as 0.0 or 1.0."""
    return rows["label"].to_numpy(np.float64)


def prepare(workspace: Workspace, config: TrainConfig) -> Material:
    """Gather what a training run learns from, and decode the films that are not decoded yet.

    Raises:
        InputError: If the data set, split or labels do not exist, the split leaks or is out of
            date, the data set is a table only, a synthetic film stands outside train, train
            lacks a class, or there is no film to choose the best epoch by.
    """
    dataset, split = config.data.dataset, config.data.split
    table = radiographs.load(workspace, dataset)
    certificate = split_store.require_sound(workspace, dataset, split)
    radiographs.require_images(table, dataset)
    parts = split_store.load(workspace, dataset, split)[["image_id", "part", "fold"]]
    labels = truth.labels(workspace, dataset, config.data.labels)
    table = parts.merge(table.drop(columns="label"), on="image_id", validate="one_to_one")
    table["label"] = table["image_id"].map(labels)
    unknown = int(table["label"].isna().sum())
    table = table[table["label"].notna() & (table["fold"] != "certify").fillna(True)].reset_index(drop=True)
    _refuse_unfit(table, config)
    pixels = PixelCache.ensure(workspace, table, size=config.architecture.image_size)
    spec = transforms.measure(pixels.read(_some_training_rows(table, config.optimisation.seed)))
    return Material(table=table, certificate=certificate, without_label=unknown, pixels=pixels, spec=spec)


def train_films(material: Material, config: TrainConfig) -> Films:
    """Return the films to learn from, weighted as the config asks."""
    labels = labels_of(material.rows("train"))
    return material.films("train", weights=losses.film_weights(labels, config.optimisation.imbalance))


def _refuse_unfit(table: pd.DataFrame, config: TrainConfig) -> None:
    split = config.data.split
    made = table[(table["source"] == "synthetic") & (table["part"] != "train")]
    if len(made):
        msg = (
            f"Expected synthetic films in the train part only, found {len(made)} elsewhere in split {split!r}, such as "
            f"{made['image_id'].iloc[0]!r}; make a split without them."
        )
        raise InputError(msg)
    train = table.loc[table["part"] == "train", "label"]
    positive = int((train == 1).sum())
    if positive in (0, len(train)):
        msg = (
            f"Expected films with and without pneumothorax to learn from, found {positive} with and "
            f"{len(train) - positive} without in the train part of split {split!r}; choose another split or labels."
        )
        raise InputError(msg)
    if not (table["part"] == "val").any():
        msg = (
            f"Expected films in the fold 'tune' of val, by which the best epoch is chosen, found none with a label in "
            f"split {split!r}; choose another split or other labels."
        )
        raise InputError(msg)


def _some_training_rows(table: pd.DataFrame, seed: int) -> np.ndarray:
    rows = np.flatnonzero(table["part"] == "train")
    return np.sort(np.random.default_rng(seed).permutation(rows)[:MEASURED])
