"""What came of a training run: the card's metrics, operating points, and the facts about its data."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from core.data import radiographs
from core.evaluation import operating_point
from core.evaluation.evaluate import evaluate, threshold_on_tune
from core.models.registry import CLASSIFIERS
from core.training.material import labels_of

if TYPE_CHECKING:
    from core.training.config import TrainConfig
    from core.training.loop import Fitted
    from core.training.material import Material

PARTS = ("train", "val", "test")


def card(config: TrainConfig, material: Material, fitted: Fitted, measured: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return what a checkpoint's card says, but for what its weights tell.

    Args:
        config: The options of the run.
        material: The films it learnt from and was measured on.
        fitted: How the run went.
        measured: The logits `(N,)` of the films of `val` (its fold `tune`) and `test`.
    """
    train = material.rows("train")
    points = operating_point.named_points(labels_of(material.rows("val")), _probabilities(measured["val"]))
    weighted = config.optimisation.imbalance == "loss-weight"
    return {
        "task": "pneumothorax",
        "model": config.architecture.model,
        "title": CLASSIFIERS[config.architecture.model].title,
        "dataset": config.data.dataset,
        "split": config.data.split,
        "split_sha256": material.certificate["table_sha256"],
        "labels": config.data.labels,
        "seed": config.optimisation.seed,
        "input": material.spec.to_dict(),
        "kinds": radiographs.sources(train),
        "patients_sha256": {part: _fingerprint(material.rows(part)["patient_id"]) for part in PARTS},
        "parts": {part: _counts(material.rows(part)) for part in PARTS},
        "films_without_label": material.without_label,
        "metrics": _measures(config, material, measured),
        "calibration": {
            "a": 1.0,
            "b": 0.0,
            "method": "none",
            "prevalence": 0.5 if weighted else float(train["label"].mean()),
        },
        "operating_points": {name: asdict(point) for name, point in points.items()},
        "training_s": fitted.seconds,
        "training": {
            "weights": "trained from scratch",
            "epochs": len(fitted.history),
            "best_epoch": fitted.best_epoch,
            "best_by": fitted.best_by,
            "images_per_s": float(np.median([float(row["images_per_s"] or 0) for row in fitted.history])),
            "device": fitted.device,
            "precision": fitted.precision,
        },
        "notes": _notes(material, fitted),
    }


def _probabilities(logits: np.ndarray) -> np.ndarray:
    return special.expit(logits)


def _measures(config: TrainConfig, material: Material, measured: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return what each part measures, with intervals, at the operating point that Youden's rule chose on `tune`."""
    names: dict[str, Any] = {
        "checkpoint_id": config.architecture.model,  # its own name follows from the weights, later
        "dataset": config.data.dataset,
        "split": config.data.split,
        "truth": config.data.labels,
    }
    threshold = None
    found = {}
    for part, logits in measured.items():
        rows = material.rows(part)
        if rows.empty:
            continue
        predictions = rows[["image_id", "patient_id", "label"]].assign(probability=_probabilities(logits))
        if part == "val":
            threshold = threshold_on_tune(predictions, rows, **names)
        report = evaluate(predictions, radiographs=rows, threshold=threshold, part=part, **names)
        found[part] = {
            **({"fold": "tune"} if part == "val" else {}),
            **report.counts.model_dump(),
            "threshold": threshold.value if threshold else None,
            **{name: measure.model_dump() for name, measure in report.metrics.items()},
        }
    return found


def _counts(rows: pd.DataFrame) -> dict[str, int]:
    positive = rows["label"] == 1
    return {
        "films": len(rows),
        "patients": int(rows["patient_id"].nunique()),
        "positive_films": int(positive.sum()),
        "positive_patients": int(rows.loc[positive, "patient_id"].nunique()),
    }


def _fingerprint(patients: pd.Series) -> str:
    """Return the SHA-256 of the sorted patients, by which one sees whether two checkpoints learnt from the same."""
    return hashlib.sha256("\n".join(sorted(set(patients.astype(str)))).encode()).hexdigest()


def _notes(material: Material, fitted: Fitted) -> list[str]:
    notes = []
    if fitted.best_by == "log-loss":
        notes.append(
            "The fold tune held one class only: the best epoch is that of the lowest log-loss, there is no AUROC and "
            "no operating point."
        )
    if material.without_label:
        notes.append(f"{material.without_label} films of the split have no such label and were left out.")
    if material.rows("test").empty:
        notes.append("The split has no test part, so nothing was measured on films that chose nothing.")
    return notes
