"""What a training run learns from: the films of a sound split, their labels and their decoded pixels.

Synthetic images that are learnt besides stand apart from the films: whatever measures, calibrates,
or compares with the films of train sees films only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data import learnable, radiographs, split_store, synthetic, truth
from core.data.pixel_cache import PixelCache
from core.data.synthetic import Limits
from core.training import losses, makers, targets
from core.training.targets import Targets
from core.vision import transforms
from core.vision.loader import Films
from core.vision.transforms import InputSpec

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.synthetic import Admission
    from core.training.config import TrainConfig

MEASURED = 2000  # training films at most, from which the mean and spread of the pixels are taken


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """The labelled films of a sound split.

    `table` holds the split's rows with a known label, joined with the radiographs' columns;
    those of the `certify` fold are left out, since training has no business there.
    """

    table: pd.DataFrame
    certificate: dict[str, Any]
    without_label: int  # films of the split that the chosen labels do not speak of
    natural_prevalence: float  # of all films of the data set that are no generator's work, by the same labels

    def rows(self, part: str) -> pd.DataFrame:
        """Return the rows of a part: `train`, `test`, or `val`, of which only the fold `tune` is here."""
        return self.table[self.table["part"] == part]


@dataclass(frozen=True, kw_only=True)
class Material(Labelled):
    """The films of a training run, with what is needed to make batches of them."""

    pixels: PixelCache
    spec: InputSpec
    targets: Targets | None  # of the rows of `table`; None: only labels are learnt
    made: Admission | None = None  # synthetic images that are learnt besides the films of train
    made_targets: np.ndarray | None = None  # (M, K) theirs

    def films(self, part: str) -> Films:
        """Return the films of a part for the loader, without synthetic images that are learnt besides."""
        targets = None if self.targets is None else self.targets.values[(self.table["part"] == part).to_numpy()]
        return self._films(self.rows(part), targets)

    def learnt(self) -> pd.DataFrame:
        """Return the rows of all that is learnt: the films of train, then the synthetic images."""
        train = self.rows("train")
        return train if self.made is None else pd.concat([train, self.made.rows], ignore_index=True)

    def learnt_films(self) -> Films:
        """Return all that is learnt for the loader, in the order of `learnt`."""
        films = self.films("train")
        if self.made is None:
            return films
        targets = None
        if films.targets is not None and self.made_targets is not None:
            targets = np.concatenate([films.targets, self.made_targets])
        return self._films(self.learnt(), targets)

    def _films(self, rows: pd.DataFrame, targets: np.ndarray | None) -> Films:
        return Films(
            pixels=self.pixels,
            positions=self.pixels.rows_of(rows["image_id"]),
            labels=labels_of(rows),
            targets=targets,
            spec=self.spec,
        )

    def identity(self) -> str:
        """Return the SHA-256 of all that decides what is learnt here: images, parts, labels, further targets."""
        digest = hashlib.sha256(_as_text(self.table, ["image_id", "sha256", "part", "fold", "label"]))
        if self.targets is not None:
            digest.update(np.ascontiguousarray(self.targets.values).tobytes())
        if self.made is not None:
            digest.update(_as_text(self.made.rows, ["image_id", "sha256", "part", "label"]))
        if self.made_targets is not None:
            digest.update(np.ascontiguousarray(self.made_targets).tobytes())
        return digest.hexdigest()


def labels_of(rows: pd.DataFrame) -> np.ndarray:
    """Return the labels of rows, shape `(N,)`, as 0.0 or 1.0."""
    return rows["label"].to_numpy(np.float64)


def labelled(workspace: Workspace, dataset: str, split: str, labels: str) -> Labelled:
    """Return the films of a split that have a label.

    Raises:
        InputError: If the data set, split or labels do not exist, the split leaks or is out of
            date, the data set is a table only, or nothing can be learnt from the films;
            `learnable.refuse` says when.
    """
    table = radiographs.load(workspace, dataset)
    certificate = split_store.require_sound(workspace, dataset, split)
    radiographs.require_images(table, dataset)
    parts = split_store.load(workspace, dataset, split)[["image_id", "part", "fold"]]
    known = truth.labels(workspace, dataset, labels)
    natural = known[known.index.isin(table.loc[table["source"] != "synthetic", "image_id"])].mean()
    table = parts.merge(table.drop(columns="label"), on="image_id", validate="one_to_one")
    table["label"] = table["image_id"].map(known)
    unknown = int(table["label"].isna().sum())
    table = table[table["label"].notna() & (table["fold"] != "certify").fillna(True)].reset_index(drop=True)
    learnable.refuse(table, split)
    return Labelled(table=table, certificate=certificate, without_label=unknown, natural_prevalence=float(natural))


def prepare(workspace: Workspace, config: TrainConfig, *, further: tuple[str, ...] = ()) -> Material:
    """Gather what a training run learns from, and decode the films that are not decoded yet.

    Args:
        workspace: Where the data set lies.
        config: The run's options.
        further: What the classifier learns besides the label, by the columns of the truth table.

    Raises:
        InputError: If the films cannot be used, `labelled` says when, or there are too many
            processes for a batch.
    """
    dataset, labels = config.data.dataset, config.data.labels
    films = labelled(workspace, dataset, config.data.split, labels)
    made = admitted(workspace, config, films)
    table = films.table
    every = table if made is None else pd.concat([table, made.rows], ignore_index=True)
    _refuse_too_many_processes(int((every["part"] == "train").sum()), config)
    pixels = PixelCache.ensure(workspace, every, size=config.architecture.image_size)
    # Of the films alone, so that synthetic images among those learnt do not change how a film is seen.
    spec = transforms.measure(pixels.read(_some_training_rows(table, config.optimisation.seed)))
    known = made_targets = None
    if further:
        told = truth.load(workspace, dataset)
        known = targets.gather(table, told, pixels, labels=labels, columns=further)
        if made is not None:
            made_targets = targets.gather(made.rows, told, pixels, labels=labels, columns=further).values
    return Material(**vars(films), pixels=pixels, spec=spec, targets=known, made=made, made_targets=made_targets)


def admitted(workspace: Workspace, config: TrainConfig, films: Labelled) -> Admission | None:
    """Return the synthetic images that a run learns besides, or None where it asks for none.

    Args:
        workspace: Where the sets lie.
        config: The run's options.
        films: The films of its split.

    Raises:
        InputError: If the sets cannot be used, `synthetic.admitted` says when, or their generator's
            checkpoint is another by now.
    """
    options, dataset = config.synthesis, config.data.dataset
    if options.synthetic is None:
        return None
    found = synthetic.admitted(
        workspace,
        options.synthetic,
        dataset=dataset,
        split=split_store.load(workspace, dataset, config.data.split),
        train=films.rows("train"),
        share=options.synthetic_share,
        classes=options.synthetic_classes,
        limits=Limits(
            max_cycle_error=options.max_cycle_error,
            min_probability_shift=options.min_probability_shift,
            min_change_in_lung=options.min_change_in_lung,
        ),
        seed=config.optimisation.seed,
    )
    for card in found.cards:
        makers.refuse_another(workspace, card)
    return found


def train_films(material: Material, config: TrainConfig) -> Films:
    """Return all that is learnt, weighted or drawn as the config asks."""
    films = material.learnt_films()
    balanced = losses.balanced_weights(films.labels)
    if config.optimisation.imbalance == "loss-weight":
        return replace(films, weights=balanced)
    if config.optimisation.imbalance == "balanced-sampling":
        return replace(films, chances=balanced / balanced.sum())
    return films


def _refuse_too_many_processes(films: int, config: TrainConfig) -> None:
    processes, batch = config.execution.processes, min(config.optimisation.batch_size, films)
    if processes > 1 and 2 * processes > batch:
        msg = (
            f"Expected at least two films of a batch for each process, found {processes} processes for batches of "
            f"{batch}; ask for fewer processes."
        )
        raise InputError(msg, field="processes")


def _as_text(rows: pd.DataFrame, columns: list[str]) -> bytes:
    return rows[columns].astype("str").fillna("").to_csv(index=False).encode()


def _some_training_rows(table: pd.DataFrame, seed: int) -> np.ndarray:
    rows = np.flatnonzero(table["part"] == "train")
    return np.sort(np.random.default_rng(seed).permutation(rows)[:MEASURED])
