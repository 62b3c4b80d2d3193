"""What came of a training run: the card's metrics, operating points, and the facts about its data."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.data import radiographs
from core.evaluation import calibration, operating_point
from core.evaluation.evaluate import MIN_PATIENTS, evaluate, threshold_on_tune
from core.models import arithmetic
from core.models.registry import CLASSIFIERS
from core.training import effort, told
from core.training.material import labels_of

if TYPE_CHECKING:
    from core.data.synthetic import Admission
    from core.evaluation.calibration import Calibration
    from core.models.contract import Classifier
    from core.models.forward import Outputs
    from core.models.pretrained import Origin
    from core.training.config import DataOptions, TrainConfig
    from core.training.loop import Fitted
    from core.training.material import Labelled, Material

PARTS = ("train", "val", "test")


def card(
    config: TrainConfig,
    material: Material,
    fitted: Fitted,
    outputs: dict[str, Outputs],
    *,
    origin: Origin,
    classifier: Classifier,
) -> dict[str, Any]:
    """Return what a checkpoint's card says, but for what its weights tell.

    Args:
        config: The options of the run.
        material: The films it learnt from and was measured on.
        fitted: How the run went.
        outputs: What the classifier says of the films of each part; of `val` its fold `tune`.
        origin: The weights it started from.
        classifier: The classifier, with the best weights.
    """
    tune = material.rows("val")
    fit = calibration.fit(outputs["val"].logits, labels_of(tune), prevalence=material.natural_prevalence)
    probabilities = {part: fit.probability(outputs[part].logits) for part in ("val", "test")}
    points = operating_point.named_points(labels_of(tune), probabilities["val"])
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
        "kinds": radiographs.sources(material.learnt()),
        "films_sha256": material.identity(),
        "patients_sha256": {part: fingerprint(material.rows(part)["patient_id"]) for part in PARTS},
        "parts": {part: counts(material.rows(part)) for part in PARTS},
        "films_without_label": material.without_label,
        **({} if material.made is None else {"synthetic": learnt_besides(config, material.made)}),
        "metrics": measures(material, probabilities, of=config.architecture.model, data=config.data),
        "told_besides": told.measured(material, outputs),
        "calibration": fit.to_dict(),
        "operating_points": {name: asdict(point) for name, point in points.items()},
        "training_s": fitted.seconds,
        "training": {
            "weights": origin.sentence,
            "weights_sha256": origin.sha256,
            "epochs": len(fitted.history),
            "best_epoch": fitted.best_epoch,
            "best_by": fitted.best_by,
            "images_per_s": _usual(fitted, "images_per_s"),
            "device": fitted.device,
            "precision": fitted.precision,
            "processes": config.execution.processes,
            "batch_parts": fitted.parts,
            "stopped": fitted.stopped,
        },
        "efficiency": {
            "gflops": arithmetic.gflops(classifier, material.spec.size),
            "images_per_s": _usual(fitted, "images_per_s"),
            "wall_s": fitted.seconds,
            "peak_memory_mb": effort.peak_memory_mb(),
            "auroc_per_minute": effort.auroc_per_minute(fitted),
        },
        "notes": _notes(config, material, fitted, fit),
    }


def learnt_besides(config: TrainConfig, made: Admission) -> dict[str, Any]:
    """Return what the card says of the synthetic images that were learnt besides the films of train."""
    options = config.synthesis
    return {
        "name": options.synthetic,
        "generator_id": ",".join(dict.fromkeys(one.generator_id for one in made.cards)),
        "generator_sha256": ",".join(dict.fromkeys(one.generator_sha256 for one in made.cards)),
        "share": options.synthetic_share,
        "classes": options.synthetic_classes,
        "positives": made.positives,
        "negatives": made.negatives,
        "left_out": made.left_out,
    }


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Count the films and patients of a part, and those with a pneumothorax."""
    positive = rows["label"] == 1
    return {
        "films": len(rows),
        "patients": int(rows["patient_id"].nunique()),
        "positive_films": int(positive.sum()),
        "positive_patients": int(rows.loc[positive, "patient_id"].nunique()),
    }


def fingerprint(patients: pd.Series) -> str:
    """Return the SHA-256 of the sorted patients, by which one sees whether two checkpoints learnt from the same."""
    return hashlib.sha256("\n".join(sorted(set(patients.astype(str)))).encode()).hexdigest()


def measures(
    films: Labelled, probabilities: dict[str, np.ndarray], *, of: str, data: DataOptions
) -> dict[str, dict[str, Any]]:
    """Return what each part measures, with intervals, at the operating point that Youden's rule chose on `tune`.

    Args:
        films: The films, with their labels.
        probabilities: The calibrated probability of each film of `val` (its fold `tune`) and then `test`, `(N,)`.
        of: What is measured; its own name follows from the weights, later.
        data: The data set, split and labels.
    """
    names: dict[str, Any] = {
        "checkpoint_id": of,
        "dataset": data.dataset,
        "split": data.split,
        "truth": data.labels,
    }
    threshold = None
    found = {}
    for part, values in probabilities.items():
        rows = films.rows(part)
        if rows.empty:
            continue
        predictions = rows[["image_id", "patient_id", "label"]].assign(probability=values)
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


def calibration_notes(fit: Calibration, tune: pd.DataFrame) -> list[str]:
    """Say what is wrong with what was chosen on the fold `tune`, if anything is."""
    notes = []
    if fit.method == "none" or fit.at_bound:
        sentence = calibration.words(fit.to_dict())
        notes.append(f"{sentence[:1].upper()}{sentence[1:]}.")
    positive = int(tune.loc[tune["label"] == 1, "patient_id"].nunique())
    if 0 < positive < MIN_PATIENTS:
        notes.append(
            f"The fold tune holds {positive} patient{'s' if positive > 1 else ''} with a pneumothorax: best epoch, "
            "calibration, operating points and fusion weights chosen there are little more than chance."
        )
    return notes


def _usual(fitted: Fitted, column: str) -> float:
    return float(np.median([float(row[column] or 0) for row in fitted.history]))


def _notes(config: TrainConfig, material: Material, fitted: Fitted, fit: Calibration) -> list[str]:
    notes = []
    if fitted.stopped is not None:
        notes.append(
            f"Training ended before its time: {fitted.stopped}. The weights are those of epoch {fitted.best_epoch}."
        )
    if fitted.best_by == "log-loss":
        notes.append(
            "The fold tune held one class only: the best epoch is that of the lowest log-loss, there is no AUROC and "
            "no operating point."
        )
    notes += calibration_notes(fit, material.rows("val"))
    if material.made is not None:
        notes += _synthetic_notes(config, material.made)
    if material.without_label:
        notes.append(f"{material.without_label} films of the split have no such label and were left out.")
    if material.rows("test").empty:
        notes.append("The split has no test part, so nothing was measured on films that chose nothing.")
    if material.targets is not None:
        notes.append(told.sources(material.targets))
    if fitted.parts > 1:
        notes.append(f"Memory ran out: each batch was learnt in {fitted.parts} parts whose gradients were added up.")
    if config.execution.compile and fitted.device == "cpu":
        notes.append("The network was to be compiled; on a CPU that was left out.")
    return notes


def _synthetic_notes(config: TrainConfig, made: Admission) -> list[str]:
    """Say what was invented among the images that were learnt."""
    sets = " and ".join(f"{one.name} (by {one.generator_id})" for one in made.cards)
    told = f"{made.positives} synthetic images with" + (f" and {made.negatives} without" if made.negatives else "")
    notes = [f"Besides the films of train it learnt {told} a pneumothorax, invented by a network, of {sets}."]
    smallest = min(one.image_size for one in made.cards)
    if smallest < config.architecture.image_size:
        notes.append(
            f"The synthetic images are of {smallest} px and were enlarged to {config.architecture.image_size}: that "
            "they are less sharp than films is something it may have learnt."
        )
    return notes + made.notes
