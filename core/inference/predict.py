"""The predictions table: what a checkpoint says of each radiograph of a data set."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import special

from core.base import files, progress, schema
from core.base.errors import InputError
from core.data import radiographs, split_store
from core.data.pixel_cache import PixelCache
from core.evaluation import prediction_store
from core.models import cards, checkpoint, forward, members, registry
from core.vision import device as devices
from core.vision import loader
from core.vision.loader import Films

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import torch

    from core.base.paths import Workspace
    from core.vision.loader import Batch

BATCH = 64  # radiographs


@dataclass(frozen=True)
class _Said:
    """What a checkpoint says of N radiographs."""

    logits: np.ndarray  # (N,)
    features: np.ndarray | None = None  # (N, F); an ensemble has none of its own
    signals: dict[str, Any] = field(default_factory=dict)  # columns of the signals table, each of length N


def predict(
    workspace: Workspace, checkpoint_id: str, dataset: str, *, split: str | None = None, part: str | None = None
) -> Path:
    """Predict the radiographs of a data set, a split or one part of it, and return the table's path.

    The probability is the calibrated one, `sigmoid(a * logit + b)` with the card's a and b. Beside
    the table lie its signals (an ensemble's member probabilities, a multi-task CNN's quality
    grades) and the pooled features `(N, F)` in float16, row by row. Two columns say of what the
    row speaks, `weights_sha256` and `image_sha256`: when either changes, the row is stale. For an
    ensemble, the predictions of its members that are missing or stale are made first.

    Args:
        workspace: Where the data set and the checkpoint lie.
        checkpoint_id: The checkpoint.
        dataset: The data set.
        split: A split of it; None for all its radiographs.
        part: A part of the split; None for all its parts.

    Raises:
        InputError: If one of them does not exist, there is no radiograph to predict, the data set
            is a table only, the checkpoint did not learn from this kind of image, or a member of
            an ensemble is no longer the one that was fused.
        Cancelled: If a stop was asked for; no table is written.
    """
    rows = _chosen(workspace, dataset, split, part)
    card = cards.read_card(workspace, checkpoint_id)
    cards.refuse_other_kinds(card, rows)
    if card["model"] == registry.ENSEMBLE:
        said = _fused(workspace, card, rows, dataset=dataset, split=split, part=part)
    else:
        said = _classified(workspace, checkpoint_id, rows)
    calibration = card["calibration"]
    table = pd.DataFrame(
        {
            "image_id": rows["image_id"],
            "patient_id": rows["patient_id"],
            "label": rows["label"],
            "logit": said.logits,
            "probability": special.expit(calibration["a"] * said.logits + calibration["b"]),
            "weights_sha256": card["weights_sha256"],
            "image_sha256": rows["sha256"],
        }
    )
    path = workspace.predictions(checkpoint_id, dataset, split, part)
    if said.features is not None:
        with files.written_aside(path.with_suffix(".features.npy")) as aside, aside.open("wb") as file:
            np.save(file, said.features, allow_pickle=False)
    signals = pd.DataFrame({"image_id": rows["image_id"], **said.signals})
    files.write_parquet(path.with_suffix(".signals.parquet"), schema.checked(signals, schema.SIGNALS))
    files.write_parquet(path, schema.checked(table, schema.PREDICTIONS))
    return path


def _classified(workspace: Workspace, checkpoint_id: str, rows: pd.DataFrame) -> _Said:
    found = checkpoint.load(workspace, checkpoint_id)
    cache = PixelCache.ensure(workspace, rows, size=found.spec.size)
    films = Films(
        pixels=cache,
        positions=cache.rows_of(rows["image_id"]),
        labels=rows["label"].to_numpy(dtype=np.float64, na_value=np.nan),
        spec=found.spec,
    )
    device = devices.chosen()
    outputs = forward.run(found.classifier.to(device), _tracked(films, device))
    told = found.card.get("told_besides", {}).get("val", {})  # only what it did learn
    columns = found.classifier.further_columns
    signals = {name: outputs.further[:, at] for at, name in enumerate(columns) if name in told}
    return _Said(outputs.logits, outputs.features, signals)


def _fused(
    workspace: Workspace, card: dict[str, Any], rows: pd.DataFrame, *, dataset: str, split: str | None, part: str | None
) -> _Said:
    probabilities = np.column_stack(
        [
            predictions_of(workspace, member, dataset, split, part).loc[rows["image_id"]].to_numpy()
            for member in members.of(workspace, card)
        ]
    )
    logits = members.fused_logits(probabilities, [member["weight"] for member in card["members"]])
    return _Said(logits, signals={"member_probabilities": list(probabilities)})


def predictions_of(
    workspace: Workspace, card: dict[str, Any], dataset: str, split: str | None, part: str | None
) -> pd.Series:
    """Return a checkpoint's calibrated probabilities by `image_id`, made now if they are missing or stale.

    Raises:
        InputError: As `predict` does.
    """
    table = prediction_store.fresh(workspace, card, dataset, split, part)
    if table is None:
        table = files.read_parquet(predict(workspace, card["checkpoint_id"], dataset, split=split, part=part))
    return table.set_index("image_id")["probability"]


def _chosen(workspace: Workspace, dataset: str, split: str | None, part: str | None) -> pd.DataFrame:
    """Return the rows of the radiographs table that are to be predicted."""
    rows = radiographs.load(workspace, dataset)
    if split is None and part is not None:
        msg = f"Expected a split with part {part!r}, found none; name the split or leave the part out."
        raise InputError(msg)
    if split is not None:
        table = split_store.load(workspace, dataset, split)
        chosen = table if part is None else table[table["part"] == part]
        rows = rows[rows["image_id"].isin(chosen["image_id"])].reset_index(drop=True)
    if rows.empty:
        msg = f"Expected radiographs to predict, found none in part {part!r} of split {split!r}; choose another part."
        raise InputError(msg)
    return rows


def _tracked(films: Films, device: torch.device) -> Iterator[Batch]:
    batches = loader.plain_batches(films, batch_size=BATCH, device=device)
    return progress.track(batches, "Predicting", total=len(films), unit="films", weight=BATCH)
