"""Makes an ensemble: trained classifiers of one split, their calibrated probabilities fused and calibrated again."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import safetensors.numpy

from core.base import progress
from core.evaluation import calibration, fusion, operating_point
from core.inference.predict import predictions_of
from core.models import checkpoint, members
from core.models.registry import ENSEMBLE, TITLES
from core.training import material, results
from core.training.config import DataOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.base.paths import Workspace
    from core.training.material import Labelled


LITTLE = 0.005  # a weight below it is shown as none


def create(workspace: Workspace, checkpoint_ids: Sequence[str], dataset: str, split: str, *, method: str) -> str:
    """Fuse classifiers and return the ensemble's name.

    The weights, the calibration and the operating points are learnt on the fold `tune`;
    predictions of the members that are missing are made first.

    Args:
        workspace: Where the members lie and the ensemble goes.
        checkpoint_ids: Two or more checkpoints that learnt from this split; their sizes may differ.
        dataset: The data set.
        split: The split.
        method: How the weights are learnt: a name of `fusion.FUSIONS`.

    Raises:
        InputError: If the checkpoints do not fit together, or the split cannot be used.
    """
    found = members.chosen(workspace, checkpoint_ids, dataset, split)
    films = material.labelled(workspace, dataset, split, found[0]["labels"])
    probabilities = {part: _members_on(workspace, found, films, part) for part in ("val", "test")}
    progress.announce("Learning the weights")
    labels = material.labels_of(films.rows("val"))
    counted = calibration.natural_weights(labels, films.natural_prevalence)
    weights = fusion.weights(probabilities["val"], labels, fusion=method, film_weights=counted)
    compared = fusion.compared(probabilities["val"], labels, film_weights=counted)
    named = [
        {
            **{key: card[key] for key in ("checkpoint_id", "model", "title", "weights_sha256")},
            "size": card["input"]["size"],
            "weight": float(weight),
        }
        for card, weight in zip(found, weights, strict=True)
    ]
    logits = {part: members.fused_logits(of_members, weights) for part, of_members in probabilities.items()}
    data = DataOptions(dataset=dataset, split=split, labels=found[0]["labels"])
    return checkpoint.write(
        workspace,
        _weights_file(weights, named),
        config={
            "model": ENSEMBLE,
            "dataset": dataset,
            "split": split,
            "labels": data.labels,
            "checkpoints": list(checkpoint_ids),
            "fusion": method,
        },
        card=_card(films, data, found, named, logits, method=method, compared=compared),
        history=pd.DataFrame({"epoch": pd.Series(dtype="int64")}),  # nothing was trained
    )


def _members_on(workspace: Workspace, found: list[dict[str, Any]], films: Labelled, part: str) -> np.ndarray:
    """Return the members' calibrated probabilities `(N, M)` for the labelled films of a part."""
    wanted = films.rows(part)["image_id"]
    if wanted.empty:
        return np.empty((0, len(found)))
    columns = [
        predictions_of(workspace, card, card["dataset"], card["split"], part).loc[wanted].to_numpy() for card in found
    ]
    return np.column_stack(columns)


def _weights_file(weights: np.ndarray, named: list[dict[str, Any]]) -> bytes:
    """Return the fusion weights as a safetensors file that names the members, so that its hash is theirs too."""
    about = {"members": json.dumps([member["weights_sha256"] for member in named])}
    return safetensors.numpy.save({"fusion": np.asarray(weights, dtype=np.float64)}, metadata=about)


def _card(
    films: Labelled,
    data: DataOptions,
    found: list[dict[str, Any]],
    named: list[dict[str, Any]],
    logits: dict[str, np.ndarray],
    *,
    method: str,
    compared: dict[str, Any],
) -> dict[str, Any]:
    labels = material.labels_of(films.rows("val"))
    fit = calibration.fit(logits["val"], labels, prevalence=films.natural_prevalence)
    probabilities = {part: fit.probability(values) for part, values in logits.items()}
    points = operating_point.named_points(labels, probabilities["val"])
    efforts = [card["efficiency"] for card in found]
    first = found[0]
    return {
        "task": "pneumothorax",
        "model": ENSEMBLE,
        "title": TITLES[ENSEMBLE],
        "dataset": data.dataset,
        "split": data.split,
        "split_sha256": films.certificate["table_sha256"],
        "labels": data.labels,
        "seed": first["seed"],
        "input": {"size": max(member["size"] for member in named)},  # the largest; each member keeps its own
        "kinds": first["kinds"],
        "films_sha256": first["films_sha256"],
        "patients_sha256": first["patients_sha256"],
        "parts": {part: results.counts(films.rows(part)) for part in results.PARTS},
        "films_without_label": films.without_label,
        "metrics": results.measures(films, probabilities, of=ENSEMBLE, data=data),
        "told_besides": {},
        "calibration": fit.to_dict(),
        "operating_points": {name: asdict(point) for name, point in points.items()},
        "members": named,
        "fusion": {"method": method, "on_tune": compared},
        "parameters": sum(card["parameters"] for card in found),
        "training_s": sum(card["training_s"] for card in found),
        "efficiency": {
            "gflops": sum(effort["gflops"] for effort in efforts),
            "images_per_s": None,
            "wall_s": sum(effort["wall_s"] for effort in efforts),
            "peak_memory_mb": max(effort["peak_memory_mb"] for effort in efforts),
            "auroc_per_minute": None,
        },
        "notes": _unheard(named) + results.calibration_notes(fit, films.rows("val")),
    }


def _unheard(named: list[dict[str, Any]]) -> list[str]:
    """Say which members count for nothing, and when one is left alone."""
    silent = [member for member in named if member["weight"] < LITTLE]
    if not silent:
        return []
    heard = [member for member in named if member["weight"] >= LITTLE]
    names = " and ".join(f"{member['title']} ({member['checkpoint_id'][-8:]})" for member in silent)
    alone = f": it is {heard[0]['title']} ({heard[0]['checkpoint_id'][-8:]}) alone" if len(heard) == 1 else ""
    return [f"The ensemble gives {names} no weight{alone}; tune fits best without."]
