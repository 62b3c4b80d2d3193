"""Films with predictions and signals, made up so that what triage should say of them is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.base import schema
from core.triage import evidence
from core.triage.evidence import Evidence

CUT = 0.4
CARD = {
    "checkpoint_id": "cnn-made-20260101-0a1b2c3d",
    "weights_sha256": "0a1b2c3d" * 8,
    "dataset": "made",
    "split": "patient",
    "labels": "report",
    "operating_points": {"youden": {"threshold": CUT, "rule": "youden"}},
    "parts": {"val": {"films": 100, "positive_films": 30}},
}


def made(
    count: int = 240, *, seed: int = 0, part: str = "val", card: dict | None = None, cut: float = CUT, **columns
) -> Evidence:
    """Return films of which those near 0.5 in their passes' mean are called wrong most often, two a patient."""
    generator = np.random.default_rng(seed)
    doubt = generator.random(count)
    label = generator.random(count) < 0.35
    right = generator.random(count) > 0.5 * doubt
    high = generator.uniform(CUT, 1, count)
    low = generator.uniform(0, CUT, count)
    probability = np.where(label == right, high, low)
    ids = [f"{seed}-{number:04d}.png" for number in range(count)]
    table = pd.DataFrame(
        {
            "image_id": ids,
            "patient_id": [f"p{seed}-{number // 2:04d}" for number in range(count)],
            "label": label.astype(int),
            "logit": np.log(probability / (1 - probability)),
            "probability": probability,
            "probability_mean": probability,
            "probability_std": 0.2 * doubt,
            "predictive_entropy": 0.6 * doubt,
            "mutual_information": 0.1 * doubt,
        }
    )
    beside = pd.DataFrame(
        {
            "image_id": ids,
            "feature_distance": 1 + generator.random(count),
            "cam_lung_share": generator.random(count),
            "cam_agreement": generator.uniform(-1, 1, count),
            "augmentation_std": 0.1 * generator.random(count),
            "quality_grade": generator.random(count),
            "exposure": generator.random(count),
            "sharpness": np.nan,
            "quality_from": "measured",
            "drain": (generator.random(count) < 0.1).astype(int),
            "neighbour_ids": [["a", "b", "c", "d", "e"]] * count,
            **columns,
        }
    )
    films = pd.DataFrame(
        {
            "image_id": ids,
            "view": "PA",
            "sex": "F",
            "age_years": 50.0,
            "follow_up": np.arange(count) % 2,
            "source": "phantom",
            "path": "nowhere.png",
            "sha256": [f"{number:064x}" for number in range(count)],
        }
    )
    folds = pd.Series(np.where(np.arange(count) % 4 < 2, "tune", "certify"), index=ids)
    return evidence.gathered(
        table,
        schema.checked(beside, schema.SIGNALS),
        films,
        card=CARD if card is None else card,
        labels=table.set_index("image_id")["label"],
        neighbour_labels=pd.Series({"a": 1, "b": 1, "c": 0, "d": 0, "e": 0}),
        folds=folds if part == "val" else None,
        place=("made", "patient", part),
        truth="report",
        cut=cut,
    )
