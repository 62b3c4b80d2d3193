"""The predictions table: what a checkpoint says of each radiograph of a data set, and why a human may be needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base import files, schema
from core.base.errors import InputError
from core.data import quality, radiographs, split_store, truth
from core.data.pixel_cache import PixelCache
from core.evaluation import calibration, prediction_store, uncertainty
from core.inference import drain_masking, mc_dropout, measured, training_films
from core.models import cards, checkpoint, members, registry
from core.vision import device as devices
from core.vision.loader import Films

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.base.paths import Workspace
    from core.evaluation.uncertainty import Spread


@dataclass(frozen=True)
class _Said:
    """What a checkpoint says of N radiographs."""

    logits: np.ndarray  # (N,)
    features: np.ndarray | None = None  # (N, F); an ensemble has none of its own
    passes: np.ndarray | None = None  # (N, T) calibrated probabilities with dropout; an ensemble has members instead
    spread: Spread | None = None
    signals: dict[str, Any] = field(default_factory=dict)  # columns of the signals table, each of length N


def predict(
    workspace: Workspace,
    checkpoint_id: str,
    dataset: str,
    *,
    split: str | None = None,
    part: str | None = None,
    passes: int = mc_dropout.PASSES,
    augmentations: bool = True,
) -> Path:
    """Predict the radiographs of a data set, a split or one part of it, and return the table's path.

    The probability is the calibrated one, `sigmoid(a * logit + b)` with the card's a and b; the
    spread over passes with dropout, or between an ensemble's members, is on the same scale. Beside
    the table lie its signals, the pooled features `(N, F)` in float16 and the probability of each
    pass `(N, T)` in float32, row by row. Two columns say of what the row speaks, `weights_sha256`
    and `image_sha256`: when either changes, the row is stale. For an ensemble, the predictions of
    its members that are missing or stale are made first; its signals are theirs, by their weights.
    Where masks say where the films' drains lie, the signals also tell the probability once they are painted over.

    Args:
        workspace: Where the data set and the checkpoint lie.
        checkpoint_id: The checkpoint.
        dataset: The data set.
        split: A split of it; None for all its radiographs.
        part: A part of the split; None for all its parts.
        passes: Passes with dropout, from 2 to 1000, or 0 for none; an ensemble's members', which it
            has to predict first.
        augmentations: Whether each film is also looked at in eight small changes.

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
        said = _fused(workspace, card, rows, place=(dataset, split, part), passes=passes, augmentations=augmentations)
    else:
        said = _classified(workspace, checkpoint_id, rows, passes=passes, augmentations=augmentations)
    spread = said.spread
    table = pd.DataFrame(
        {
            "image_id": rows["image_id"],
            "patient_id": rows["patient_id"],
            "label": rows["label"],
            "logit": said.logits,
            "probability": calibration.probabilities(card, said.logits),
            "probability_mean": None if spread is None else spread.mean,
            "probability_std": None if spread is None else spread.std,
            "predictive_entropy": None if spread is None else spread.predictive_entropy,
            "mutual_information": None if spread is None else spread.mutual_information,
            "weights_sha256": card["weights_sha256"],
            "image_sha256": rows["sha256"],
        }
    )
    path = workspace.predictions(checkpoint_id, dataset, split, part)
    for array, ending in ((said.features, prediction_store.FEATURES), (said.passes, prediction_store.PASSES)):
        beside = path.with_suffix(ending)
        if array is None:
            beside.unlink(missing_ok=True)  # one of an earlier call would speak of other passes
            continue
        with files.written_aside(beside) as aside, aside.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    signals = pd.DataFrame({"image_id": rows["image_id"], "drain": _drains(workspace, dataset, rows), **said.signals})
    files.write_parquet(path.with_suffix(prediction_store.SIGNALS), schema.checked(signals, schema.SIGNALS))
    files.write_parquet(path, schema.checked(table, schema.PREDICTIONS))
    return path


def _classified(
    workspace: Workspace, checkpoint_id: str, rows: pd.DataFrame, *, passes: int, augmentations: bool
) -> _Said:
    found = checkpoint.load(workspace, checkpoint_id)
    cache = PixelCache.ensure(workspace, rows, size=found.spec.size)
    films = Films(
        pixels=cache,
        positions=cache.rows_of(rows["image_id"]),
        labels=rows["label"].to_numpy(dtype=np.float64, na_value=np.nan),
        spec=found.spec,
    )
    seen = measured.measure(found, films, rows, device=devices.chosen(), passes=passes, augmentations=augmentations)
    signals: dict[str, Any] = {
        "cam_lung_share": seen.lung_share,
        "cam_agreement": seen.agreement,
        "lung_from": seen.lung_from,
        "lung_area": seen.lung_area,
        **_grades(found, seen),
        **drain_masking.probabilities(found, rows, device=devices.chosen()),
    }
    learnt = training_films.load(workspace, found.card)
    if learnt is not None:
        signals["feature_distance"], names = learnt.distances(seen.features, rows["patient_id"].to_numpy(object))
        signals |= {} if names is None else {"neighbour_ids": names}
    if seen.augmented is not None:
        signals |= _changed(calibration.probabilities(found.card, seen.augmented))
    spread = probabilities = None
    if seen.passes is not None:
        probabilities = calibration.probabilities(found.card, seen.passes)
        spread = uncertainty.spread(probabilities)
        probabilities = probabilities.astype(np.float32)
    return _Said(seen.logits, seen.features, probabilities, spread, signals)


def _grades(found: checkpoint.Checkpoint, seen: measured.Measured) -> dict[str, Any]:
    """Return the quality columns: what the classifier has learnt to tell, else what is measured on the pixels."""
    if seen.quality is None:
        told = found.card["told_besides"]["val"]  # only what it did learn
        columns = found.classifier.further_columns
        grades = {name: seen.further[:, at] for at, name in enumerate(columns) if name in told}
        return grades | {"quality_from": measured.TOLD}
    grades = {name: seen.quality[:, at] for at, name in enumerate(quality.COLUMNS)}
    return grades | {"quality_from": measured.MEASURED}


def _changed(probabilities: np.ndarray) -> dict[str, Any]:
    """Return the columns of the film a little changed, from its probabilities `(N, 8)`."""
    return {
        "augmentation_probabilities": list(probabilities),
        "augmentation_std": probabilities.std(axis=1, ddof=1),
    }


def _drains(workspace: Workspace, dataset: str, rows: pd.DataFrame) -> pd.Series:
    """Return 1 where a source of labels records a drain, 0 where one records none, else null `(N,)`."""
    known = truth.load(workspace, dataset)
    known = known[known["drain"].notna()].groupby("image_id")["drain"].max()
    return rows["image_id"].map(known).astype("Int64")


def _fused(
    workspace: Workspace,
    card: dict[str, Any],
    rows: pd.DataFrame,
    *,
    place: tuple[str, str | None, str | None],
    passes: int,
    augmentations: bool,
) -> _Said:
    own = members.of(workspace, card)
    weights = np.array([member["weight"] for member in card["members"]])
    for member in own:
        _ensured(workspace, member, *place, passes=passes, augmentations=augmentations)
    tables = [_beside(workspace, member, place, rows) for member in own]
    probabilities = np.column_stack([table["probability"] for table in tables])
    signals: dict[str, Any] = {"member_probabilities": list(probabilities)}
    heaviest = tables[int(np.argmax(weights))]
    for name in ("lung_from", "lung_area", *quality.COLUMNS, "quality_from", "neighbour_ids"):
        signals[name] = heaviest[name].to_numpy()
    told = [table for table in tables if (table["quality_from"] == measured.TOLD).all()]
    if told:
        signals |= {name: told[0][name].to_numpy() for name in (*quality.COLUMNS, "quality_from")}
    for name in ("feature_distance", "cam_lung_share", "cam_agreement"):
        signals[name] = _weighted(np.column_stack([table[name] for table in tables]), weights)
    if all(table["augmentation_probabilities"].notna().all() for table in tables):
        changed = np.stack([np.stack(table["augmentation_probabilities"]) for table in tables], axis=2)  # (N, 8, M)
        fused = members.fused_logits(changed.reshape(-1, len(own)), weights).reshape(changed.shape[:2])
        signals |= _changed(calibration.probabilities(card, fused))
    painted = [_painted(workspace, member, table, rows) for member, table in zip(own, tables, strict=True)]
    for name in drain_masking.COLUMNS:
        fused = members.fused_logits(np.column_stack([of_member[name] for of_member in painted]), weights)
        signals[name] = calibration.probabilities(card, fused)
    spread = None
    if (weights > 0).sum() > 1:  # one member alone cannot disagree
        each = np.column_stack([members.fused_logits(column[:, None], [1.0]) for column in probabilities.T])
        spread = uncertainty.spread(calibration.probabilities(card, each), weights=weights / weights.sum())
    return _Said(members.fused_logits(probabilities, weights), spread=spread, signals=signals)


def _painted(
    workspace: Workspace, card: dict[str, Any], table: pd.DataFrame, rows: pd.DataFrame
) -> Mapping[str, np.ndarray | pd.Series]:
    """Return what a member says with drains painted over: from its signals, or now if they are older than the masks."""
    if drain_masking.are_known(table, rows):
        return {name: table[name] for name in drain_masking.COLUMNS}
    return drain_masking.probabilities(checkpoint.load(workspace, card["checkpoint_id"]), rows, device=devices.chosen())


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean `(N,)` over the members `(N, M)` that have a value; NaN where none has."""
    values = values.astype(np.float64)
    counted = np.where(np.isnan(values), 0, weights)
    total = counted.sum(axis=1)
    sums = (np.nan_to_num(values) * counted).sum(axis=1)
    return np.divide(sums, total, out=np.full(len(values), np.nan), where=total > 0)


def _beside(
    workspace: Workspace, card: dict[str, Any], place: tuple[str, str | None, str | None], rows: pd.DataFrame
) -> pd.DataFrame:
    """Return a member's probabilities and signals for these films, in their order."""
    path = workspace.predictions(card["checkpoint_id"], *place)
    signals = schema.checked(files.read_parquet(path.with_suffix(prediction_store.SIGNALS)), schema.SIGNALS)
    table = files.read_parquet(path)[["image_id", "probability"]].merge(signals, on="image_id", validate="one_to_one")
    return table.set_index("image_id").loc[rows["image_id"]]


def predictions_of(
    workspace: Workspace, card: dict[str, Any], dataset: str, split: str | None, part: str | None
) -> pd.Series:
    """Return a checkpoint's calibrated probabilities by `image_id`, made now if they are missing or stale.

    Raises:
        InputError: As `predict` does.
    """
    table = _ensured(workspace, card, dataset, split, part)
    return table.set_index("image_id")["probability"]


def _ensured(
    workspace: Workspace,
    card: dict[str, Any],
    dataset: str,
    split: str | None,
    part: str | None,
    *,
    passes: int = mc_dropout.PASSES,
    augmentations: bool = True,
) -> pd.DataFrame:
    table = prediction_store.fresh(workspace, card, dataset, split, part)
    if table is not None:
        return table
    options: dict[str, Any] = {"split": split, "part": part, "passes": passes, "augmentations": augmentations}
    return files.read_parquet(predict(workspace, card["checkpoint_id"], dataset, **options))


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
