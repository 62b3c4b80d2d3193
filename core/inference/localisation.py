"""Measures whether a checkpoint's heat maps meet the pneumothorax, on the films of a part whose region is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base import files, progress
from core.data import radiographs, regions, split_store
from core.data.pixel_cache import PixelCache
from core.evaluation import localisation, map_measures
from core.inference import heat_maps
from core.models import cards, checkpoint, members, registry
from core.vision import device as devices
from core.vision import loader
from core.vision.loader import Films

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace

BATCH = 64  # radiographs


@dataclass(frozen=True)
class _Maps:
    """The heat maps of one classifier."""

    card: dict[str, Any]
    weight: float | None  # of a member, else None
    maps: np.ndarray  # (N, h, w)


def localise(
    workspace: Workspace, checkpoint_id: str, dataset: str, split: str, part: str, *, method: str = "grad-cam"
) -> dict[str, Any]:
    """Hold a checkpoint's heat maps for a pneumothorax against its known regions, and write the report.

    A film counts where a mask or a box says where its pneumothorax is, whatever its report says; of
    val only the fold `tune`. Of an ensemble each member is measured, and the weighted mean of their
    maps, each scaled to a sum of 1.

    Args:
        workspace: Where the data set and the checkpoint lie.
        checkpoint_id: The checkpoint.
        dataset: The data set.
        split: A split of it.
        part: A part of the split.
        method: One of `heat_maps.METHODS`.

    Returns:
        The report as plain values; without a film whose region is known its measures are null, with the reason.

    Raises:
        InputError: If one of them does not exist, the checkpoint did not learn from this kind of
            image, a member is no longer the one that was fused, or films are gone.
        Cancelled: If a stop was asked for; no report is written.
    """
    card = cards.read_card(workspace, checkpoint_id)
    certificate = split_store.certificate(workspace, dataset, split)
    rows = _rows(workspace, dataset, split, part)
    cards.refuse_other_kinds(card, rows)
    progress.announce("Reading the known regions")
    known = regions.regions(workspace, dataset, rows, size=localisation.SIDE)
    has_region = rows["image_id"].isin(list(known.masks))
    without_region = int((rows.loc[~has_region, "label"] == 1).sum())
    rows = rows[has_region].reset_index(drop=True)
    found = _of_checkpoint(workspace, card, rows, method) if len(rows) else []
    measured = _measured(found, rows, known)
    report = {
        "checkpoint_id": checkpoint_id,
        "weights_sha256": card["weights_sha256"],
        "dataset": dataset,
        "split": split,
        "split_sha256": certificate["table_sha256"],
        "part": part,
        "method": method,
        "target": "for",
        "counts": {
            "films": len(rows),
            "patients": int(rows["patient_id"].nunique()),
            "negative_by_report": int((rows["label"] == 0).sum()),
            "positive_without_region": without_region,
        },
        "kinds": radiographs.sources(rows),
        "regions": {
            "from": dict(sorted(Counter(known.source.values()).items())),
            "left_out": dict(sorted(Counter(known.left_out.values()).items())),
        },
        "side": localisation.SIDE,
        "tolerance": localisation.TOLERANCE,
        **measured[0],
        "members": measured[1:],
        "versions": checkpoint.versions(),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    place = localisation.path(workspace, checkpoint_id, dataset, split, part, method=method)
    files.write_json(place, report)
    return report


def _rows(workspace: Workspace, dataset: str, split: str, part: str) -> pd.DataFrame:
    table = split_store.load(workspace, dataset, split)
    own = table[table["part"] == part]
    if part == "val":  # the other fold is kept for the limit on missed cases
        own = own[own["fold"] == "tune"]
    rows = radiographs.load(workspace, dataset)
    return rows[rows["image_id"].isin(own["image_id"])].reset_index(drop=True)


def _of_checkpoint(workspace: Workspace, card: dict[str, Any], rows: pd.DataFrame, method: str) -> list[_Maps]:
    """Return the maps of a classifier, or of each member of an ensemble."""
    if card["model"] != registry.ENSEMBLE:
        return [_Maps(card, None, _maps(workspace, card, rows, method))]
    weights = [float(member["weight"]) for member in card["members"]]
    return [
        _Maps(member, weight, _maps(workspace, member, rows, method))
        for member, weight in zip(members.of(workspace, card), weights, strict=True)
    ]


def _maps(workspace: Workspace, card: dict[str, Any], rows: pd.DataFrame, method: str) -> np.ndarray:
    """Return a classifier's heat maps for a pneumothorax `(N, h, w)`."""
    found = checkpoint.load(workspace, card["checkpoint_id"])
    cache = PixelCache.ensure(workspace, rows, size=found.spec.size)
    films = Films(pixels=cache, positions=cache.rows_of(rows["image_id"]), labels=np.ones(len(rows)), spec=found.spec)
    device = devices.chosen()
    classifier = found.classifier.to(device)
    batches = loader.plain_batches(films, batch_size=BATCH, device=device)
    maps = [
        heat_maps.heat_maps(heat_maps.see(classifier, batch.images), method, signs=np.ones(len(batch.rows)))
        for batch in progress.track(
            batches, f"Drawing maps of {card['title']}", total=len(films), unit="films", weight=BATCH
        )
    ]
    return np.concatenate(maps)


def _measured(found: list[_Maps], rows: pd.DataFrame, known: regions.Regions) -> list[dict[str, Any]]:
    """Return the measures of the checkpoint as a whole, then of each member of an ensemble."""
    patients = rows["patient_id"].to_numpy(object)
    met: list[list[localisation.Met]] = [[] for _ in found]
    together: list[localisation.Met] = []
    for number, name in enumerate(progress.track(rows["image_id"], "Measuring", total=len(rows), unit="films")):
        large = [map_measures.enlarged(one.maps[number], (localisation.SIDE, localisation.SIDE)) for one in found]
        for own, heat_map in zip(met, large, strict=True):
            own.append(localisation.meet(heat_map, known.masks[name]))
        if len(found) > 1:
            together.append(localisation.meet(_mean(large, [one.weight or 0.0 for one in found]), known.masks[name]))
    if len(found) < 2:
        return [_of_one(met[0] if met else [], patients, found[0].maps.shape[1:] if found else None)]
    each = [
        {
            **{key: one.card[key] for key in ("checkpoint_id", "model", "title", "weights_sha256")},
            "weight": one.weight,
            **_of_one(own, patients, one.maps.shape[1:]),
        }
        for one, own in zip(found, met, strict=True)
    ]
    return [_of_one(together, patients, None), *each]


def _of_one(met: list[localisation.Met], patients: np.ndarray, grid: tuple[int, ...] | None) -> dict[str, Any]:
    measures = localisation.summary(met, patients)
    return {
        "grid": None if grid is None else list(grid),  # of an ensemble each member has its own
        "empty_maps": sum(one.empty for one in met),
        "measures": {name: measure.model_dump(mode="json") for name, measure in measures.items()},
    }


def _mean(maps: list[np.ndarray], weights: list[float]) -> np.ndarray:
    """Return the weighted mean of maps `(224, 224)`, each scaled to a sum of 1; one of zeros adds nothing."""
    mean = np.zeros_like(maps[0])
    for one, weight in zip(maps, weights, strict=True):
        total = float(one.sum())
        if total > 0:
            mean += weight / total * one
    return mean
