"""A tiny data set with a split, on which a classifier can be trained within seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.data import indexing, split_store

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
