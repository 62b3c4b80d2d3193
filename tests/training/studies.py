"""A tiny data set with a split, on which a classifier can be trained within seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor, nn

from core.data import indexing, split_store
from core.models import registry
from core.models.contract import Classifier
from core.training.learner import Learner

DATASET, SPLIT = "tiny", "patient"
OPTIONS = {
    "dataset": DATASET,
    "split": SPLIT,
    "weights": "none",
    "image_size": 32,
    "epochs": 3,
    "batch_size": 8,
    "seed": 1,
}


def write_films(
    folder: Path,
    *,
    patients: int = 24,
    source: str = "real",
    size: int = 40,
    positive_every: int = 2,
    hard: bool = False,
) -> pd.DataFrame:
    """Write two films a patient; those of every other patient have a dark rim, and a pneumothorax by label.

    Hard films have rims of many degrees, also without a pneumothorax.
    """
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    text = PngInfo()
    if source != "real":
        text.add_text("PleuraScope", source)
    rows = []
    for patient in range(patients):
        for visit in range(2):
            film = generator.normal(140, 25, (size, size))
            ill = patient % positive_every == positive_every - 1
            rim = generator.normal(10 + 20 * ill, 15) if hard else 70 * ill
            film[:, : size // 4] -= rim
            name = f"{patient:03d}_{visit}.png"
            Image.fromarray(film.clip(0, 255).astype(np.uint8)).save(folder / name, pnginfo=text)
            rows.append(
                {
                    "image_id": name,
                    "file_name": name,
                    "patient_id": f"p{patient:03d}",
                    "label": int(ill),
                    "findings": "Pneumothorax" if ill else "No Finding",
                    "view": "PA",
                }
            )
    return pd.DataFrame(rows)


def make(workspace, folder: Path, **films) -> pd.DataFrame:
    """Write, index and split; return the split's table."""
    rows = write_films(folder / "films", **films)
    indexing.index(workspace, DATASET, rows, images=folder / "films")
    split_store.create(workspace, DATASET, SPLIT, "patient")
    return split_store.load(workspace, DATASET, SPLIT)


class Tiny(Classifier):
    """A classifier of a few hundred weights with what makes training depend on its state: normalisation, dropout."""

    def __init__(self, drop_rate: float) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 8, 5, stride=4), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.head = nn.Sequential(nn.Dropout(drop_rate), nn.Linear(8, 1), nn.Flatten(0))

    @staticmethod
    def prepared(images: Tensor) -> Tensor:
        """Return the images as they are: what makes these films positive is that they are darker."""
        return images

    @property
    def grid_layer(self) -> nn.Module:
        """The only convolution."""
        return self.trunk[0]


def build(wanted: registry.Architecture) -> Tiny:
    """Build the tiny classifier."""
    return Tiny(wanted.drop_rate)


def use_tiny_classifier(monkeypatch) -> None:
    """Let the name "cnn" build the tiny classifier, which trains in no time."""
    info = registry.ClassifierInfo(title="Tiny", module=__name__, summary="for tests")
    monkeypatch.setitem(registry.CLASSIFIERS, "cnn", info)


class PowerCut(BaseException):
    """What ends a training as suddenly as a kill does."""


def die_at_step(patch, step: int) -> None:
    """Let training die in this step, counted from 1 over all epochs."""
    begun = []
    learn = Learner.step

    def dying(self, batch, **place):
        begun.append(place)
        if len(begun) == step:
            raise PowerCut
        return learn(self, batch, **place)

    patch.setattr(Learner, "step", dying)


def steps_learnt(patch) -> list[tuple[int, int]]:
    """Return a list that grows by the epoch and number of each batch that is learnt from now on."""
    learnt = []
    learn = Learner.step

    def noting(self, batch, **place):
        learnt.append((place["epoch"], place["number"]))
        return learn(self, batch, **place)

    patch.setattr(Learner, "step", noting)
    return learnt
