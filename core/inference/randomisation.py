"""Do a checkpoint's heat maps show what it learnt? They are held against those of untrained networks of its build.

A map that an untrained network draws as well shows the build and the film's edges, not what was
learnt. The check is made once a checkpoint and kept beside its predictions.

References:
    Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim (2018), Sanity checks for saliency maps, NeurIPS 31:
    the model parameter randomization test; here all weights are drawn anew at once.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from core.base import files, progress
from core.base.errors import InputError
from core.data import radiographs
from core.data.pixel_cache import PixelCache
from core.evaluation import map_measures
from core.inference import heat_maps, own_calls
from core.models import cards, checkpoint
from core.vision import transforms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.base.paths import Workspace
    from core.models.checkpoint import Checkpoint
    from core.models.contract import Classifier

FILMS = 32  # at most
SEEDS = (0, 1, 2)  # of the untrained networks
FEWEST_PAIRS = 8  # of maps that can be compared; an untrained network's may be zero everywhere
FILE = "heat_map_check.json"
FORM = 1  # to be changed with every change of how the check is made


@dataclass(frozen=True, kw_only=True)
class Check:
    """How far a checkpoint's heat maps resemble those of untrained networks."""

    weights_sha256: str
    films: int
    pairs: int  # of a trained and an untrained map, neither the same everywhere
    correlation: float | None  # mean absolute Spearman correlation over films and seeds, in [0, 1]
    form: int = FORM


def of(workspace: Workspace, loaded: Checkpoint, pixels: np.ndarray) -> Check:
    """Return the check of a checkpoint: the one that is kept, else made now and kept.

    Grad-CAM for each network's own call is compared, of the trained network and of three untrained
    ones. A pair of which one map is the same everywhere has no correlation and is left out.

    Args:
        workspace: Where it is kept.
        loaded: The checkpoint; its classifier in eval mode.
        pixels: Films as the pixel cache has them at the checkpoint's size, `(N, H, H)` uint8; the
            first 32 are used.
    """
    kept = read(workspace, loaded.card)
    if kept is not None:
        return kept
    device = next(loaded.classifier.parameters()).device
    images = transforms.normalise(pixels[:FILMS], loaded.spec).to(device)
    found = _correlations(workspace, loaded, images) if len(images) else np.empty(0)
    there = found[~np.isnan(found)]
    check = Check(
        weights_sha256=loaded.card["weights_sha256"],
        films=len(images),
        pairs=len(there),
        correlation=float(np.abs(there).mean()) if len(there) >= FEWEST_PAIRS else None,
    )
    if check.correlation is not None or len(images) == FILMS:  # too few films today may be more tomorrow
        files.write_json(_path(workspace, loaded.checkpoint_id), asdict(check))
    return check


def read(workspace: Workspace, card: Mapping[str, Any]) -> Check | None:
    """Return the check that is kept of a checkpoint, or None if there is none of these weights.

    Raises:
        InputError: If the file is damaged.
    """
    path = _path(workspace, card["checkpoint_id"])
    if not path.exists():
        return None
    found = files.read_json(path)
    if (found.get("weights_sha256"), found.get("form")) != (card["weights_sha256"], FORM):
        return None
    return Check(**found)


def films(workspace: Workspace, loaded: Checkpoint, dataset: str) -> np.ndarray:
    """Return films of a data set to check a checkpoint with, as the pixel cache has them, `(N, H, H)` uint8.

    The first 32 by a hash of their names, of the kinds of image that the checkpoint may read.

    Raises:
        InputError: If there is no such data set, it is a table only, or a file is gone.
    """
    table = radiographs.load(workspace, dataset)
    kinds = [rows for _, rows in table.groupby("source") if _may_read(loaded.card, rows)]
    rows = pd.concat(kinds) if kinds else table.iloc[:0]
    order = rows["image_id"].map(lambda name: hashlib.sha256(str(name).encode()).hexdigest())
    rows = rows.loc[order.sort_values().index[:FILMS]]
    if rows.empty:
        return np.empty((0, loaded.spec.size, loaded.spec.size), np.uint8)
    cache = PixelCache.ensure(workspace, rows, size=loaded.spec.size)
    return cache.read(cache.rows_of(rows["image_id"]))


def _may_read(card: dict[str, Any], rows: pd.DataFrame) -> bool:
    try:
        cards.refuse_other_kinds(card, rows)
    except InputError:
        return False
    return True


def _path(workspace: Workspace, checkpoint_id: str) -> Path:
    return workspace.root / "predictions" / checkpoint_id / FILE


def _untrained(workspace: Workspace, loaded: Checkpoint, device: torch.device) -> list[Classifier]:
    """Return networks of the same build whose weights have learnt nothing."""
    networks = []
    for seed in SEEDS:
        with torch.random.fork_rng(devices=[]):  # leaves the process's random numbers as they were
            torch.manual_seed(seed)
            network = checkpoint.untrained(workspace, loaded.card)
        networks.append(network.eval().to(device))
    return networks


def _correlations(workspace: Workspace, loaded: Checkpoint, images: torch.Tensor) -> np.ndarray:
    """Return the Spearman correlations `(3, N)` with untrained maps; NaN where one is the same everywhere."""
    progress.announce("Comparing with untrained networks")
    seen = heat_maps.see(loaded.classifier, images)
    trained = heat_maps.heat_maps(seen, signs=own_calls.at_training(loaded.card, seen.logits.cpu().numpy()).signs)
    found = []
    for network in _untrained(workspace, loaded, images.device):
        random = heat_maps.see(network, images)
        # What an untrained network calls positive is chance; for the other side its map is often zero.
        by_chance = np.where(random.logits.cpu().numpy() >= 0, 1.0, -1.0)
        found.append(map_measures.agreement([trained, heat_maps.heat_maps(random, signs=by_chance)]))
    return np.stack(found)
