"""A tiny data set with a split, on which a classifier can be trained within seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor, nn
from torch.nn import functional

from core.data import indexing, split_store
from core.models import registry
from core.models.contract import Classifier

DATASET, SPLIT = "tiny", "patient"
OPTIONS = {"dataset": DATASET, "split": SPLIT, "image_size": 32, "epochs": 3, "batch_size": 8, "seed": 1}


def write_films(folder: Path, *, patients: int = 24, source: str = "real", size: int = 40) -> pd.DataFrame:
    """Write two films a patient; those of every other patient have a dark rim, and a pneumothorax by label."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    text = PngInfo()
    if source != "real":
        text.add_text("PleuraScope", source)
    rows = []
    for patient in range(patients):
        for visit in range(2):
            film = generator.normal(140, 25, (size, size))
            film[:, : size // 4] -= 70 * (patient % 2)
            name = f"{patient:03d}_{visit}.png"
            Image.fromarray(film.clip(0, 255).astype(np.uint8)).save(folder / name, pnginfo=text)
            rows.append(
                {
                    "image_id": name,
                    "file_name": name,
                    "patient_id": f"p{patient:03d}",
                    "label": patient % 2,
                    "findings": "Pneumothorax" if patient % 2 else "No Finding",
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
        self.grid = nn.Sequential(nn.Conv2d(1, 8, 5, stride=4), nn.BatchNorm2d(8), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(drop_rate), nn.Linear(8, 1), nn.Flatten(0))

    @property
    def grid_layer(self) -> nn.Module:
        """The only layer."""
        return self.grid

    def features(self, images: Tensor) -> Tensor:
        """Return pooled features `(B, 8)`."""
        return self.grid(images).mean(dim=(2, 3))

    def loss(self, batch) -> Tensor:
        """Return the binary cross-entropy."""
        return functional.binary_cross_entropy_with_logits(self(batch.images), batch.labels, weight=batch.weights)


def build(*, image_size: int, drop_rate: float) -> Tiny:
    """Build the tiny classifier."""
    del image_size
    return Tiny(drop_rate)


def use_tiny_classifier(monkeypatch) -> None:
    """Let the name "cnn" build the tiny classifier, which trains in no time."""
    info = registry.ClassifierInfo(title="Tiny", module=__name__, summary="for tests")
    monkeypatch.setitem(registry.CLASSIFIERS, "cnn", info)
