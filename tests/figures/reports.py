"""Small real reports for figures: measured by `evaluate` on films whose probabilities follow a seed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.evaluation.evaluate import evaluate
from core.evaluation.report import Threshold
from core.figures.curves import Measured

FILMS = 120


def cut(value: float = 0.5) -> Threshold:
    return Threshold(
        value=value,
        rule="youden",
        checkpoint_id="c",
        dataset="demo",
        split="p0",
        fold="tune",
        films=9,
        positive_films=5,
    )


def films(*, seed: int = 0, one_class: bool = False) -> pd.DataFrame:
    """Return films with what may be known of them; the labels are those of every seed."""
    labels = np.zeros(FILMS, int) if one_class else np.random.default_rng(99).integers(0, 2, FILMS)
    noise = np.random.default_rng(seed).random(FILMS)
    return pd.DataFrame(
        {
            "image_id": [f"i{row:03d}" for row in range(FILMS)],
            "patient_id": [f"p{row // 2:03d}" for row in range(FILMS)],
            "label": labels,
            "probability": np.clip(0.3 * labels + 0.7 * noise, 0, 1),
            "findings": np.where(labels == 1, "Pneumothorax", np.where(np.arange(FILMS) % 3, "No Finding", "Mass")),
            "source": "phantom",
            "sex": np.where(np.arange(FILMS) % 2, "M", "F"),
            "view": np.where(np.arange(FILMS) < 8, "AP", "PA"),
            "age_years": 50.0,
            "follow_up": 0,
        }
    )


def truth_table(own: pd.DataFrame) -> pd.DataFrame:
    """Return two sources of labels that differ on every tenth film, the second with drains."""
    report = own[["image_id", "label"]].assign(truth="report")
    other = own[["image_id"]].assign(
        truth="phantom",
        label=np.where(np.arange(FILMS) % 10 == 0, 1 - own["label"], own["label"]),
        drain=(np.arange(FILMS) % 2).astype(float),
    )
    return pd.concat([report, other], ignore_index=True)


def measured(
    model: str = "cnn",
    *,
    seed: int = 0,
    threshold: float | None = 0.5,
    one_class: bool = False,
    truths: bool = True,
    part: str = "test",
) -> Measured:
    """Measure the films of a seed as a checkpoint named after its model."""
    own = films(seed=seed, one_class=one_class)
    report = evaluate(
        own[["image_id", "patient_id", "label", "probability"]],
        radiographs=own.drop(columns=["probability"]),
        threshold=None if threshold is None else cut(threshold),
        checkpoint_id=f"{model}-{seed}",
        dataset="demo",
        split="p0",
        part=part,
        truth_table=truth_table(own) if truths else None,
        draws=50,
    )
    return Measured(name=f"{model.upper()}, 64 px", model=model, report=report)


def words(figure) -> str:
    """Return all that is written into a figure."""
    return " ".join(str(note.text) for note in figure.layout.annotations)
