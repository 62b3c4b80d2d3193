"""Do heat maps meet the pneumothorax? Measures of maps against known regions, and the reports on disk.

Each measure stands beside what chance gives: a point set at random, or a map that is even everywhere.

References:
    Zhang, Lin, Brandt, Shen, Sclaroff (2016), Top-down neural attention by excitation backprop, ECCV:
    the pointing game, with a tolerance of 15 pixels.
    Saporta et al. (2022), Benchmarking saliency methods for chest X-ray interpretation, Nature Machine
    Intelligence 4: the hit rate, without a tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from core.base import files
from core.base.statistics import clustered_proportion
from core.evaluation import intervals
from core.evaluation.curves import precision_recall
from core.evaluation.evaluate import MIN_PATIENTS
from core.evaluation.report import Measure

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from core.base.paths import Workspace

SIDE = 224  # pixels at which maps and regions are compared
TOLERANCE = 15  # pixels of these
SEED = 0  # of the draws of patients
NAMES = ("pointing", "hit", "auprc", "area", "area_with_tolerance")
NO_REGION = "no film of this part has a mask or boxes of the pneumothorax"


@dataclass(frozen=True)
class Met:
    """How one heat map meets one region."""

    pointing: bool  # its maximum lies in the region or at most `TOLERANCE` from it
    hit: bool  # its maximum lies in the region
    auprc: float  # of its pixels against the region's; of an even map `area`
    area: float  # share of the film that the region takes: what chance gives for `hit` and `auprc`
    area_with_tolerance: float  # share that is at most `TOLERANCE` from it: what chance gives for `pointing`
    empty: bool  # the map is zero everywhere: neither points nor hits


def meet(heat_map: np.ndarray, region: np.ndarray) -> Met:
    """Hold a heat map against the region of the pneumothorax.

    Args:
        heat_map: `(224, 224)`, at least 0.
        region: `(224, 224)` bool, not empty.

    Raises:
        ValueError: If their shapes differ, or the region is empty.
    """
    if heat_map.shape != region.shape or not region.any():
        msg = f"Expected a map and a region of one shape, the region not empty, got {heat_map.shape} and {region.shape}"
        raise ValueError(msg)
    near = cv2.distanceTransform((~region).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= TOLERANCE
    row, column = maximum(heat_map)
    there = bool(heat_map.any())
    return Met(
        pointing=there and bool(near[row, column]),
        hit=there and bool(region[row, column]),
        auprc=average_precision(heat_map, region),
        area=float(region.mean()),
        area_with_tolerance=float(near.mean()),
        empty=not there,
    )


def maximum(heat_map: np.ndarray) -> tuple[int, int]:
    """Return the row and column of a map's maximum; of several equal pixels the one nearest to their middle.

    A bilinear map is flat from the middle of an outer place to the film's edge: the first of its equal
    pixels would always lie at the upper left.

    Examples:
        >>> maximum(np.array([[0, 3, 3, 3], [0, 1, 1, 1]]))
        (0, 2)
    """
    places = np.argwhere(heat_map >= heat_map.max() * (1 - 1e-6))
    row, column = places[((places - places.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return int(row), int(column)


def average_precision(heat_map: np.ndarray, region: np.ndarray) -> float:
    """Return the area under the precision-recall curve of a map's pixels, by steps; pixels of one value count together.

    Args:
        heat_map: Any shape.
        region: Of the same shape, bool, not empty.

    Examples:
        >>> round(average_precision(np.array([0.9, 0.6, 0.6, 0.1]), np.array([True, True, False, False])), 12)
        0.833333333333
    """
    if region.all():  # no other pixel is there to be mistaken for it
        return 1.0
    curve = precision_recall(region.ravel().astype(int), heat_map.ravel())
    return float(np.diff(curve.x, prepend=0) @ curve.y)


def summary(met: list[Met], patients: np.ndarray, *, draws: int = intervals.DRAWS) -> dict[str, Measure]:
    """Return the mean of each measure over films with its 95 % interval by patient; null without films.

    Args:
        met: How the maps of N films meet their regions.
        patients: The patient of each film `(N,)`.
        draws: How often the patients are drawn for the intervals of means.
    """
    if not met:
        return {name: Measure(value=None, reason=NO_REGION) for name in NAMES}
    values = {name: np.array([getattr(one, name) for one in met], dtype=float) for name in NAMES}
    _, number = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    count = int(number.max()) + 1
    found = {}
    for name in ("pointing", "hit"):
        share = clustered_proportion(values[name], number)
        found[name] = Measure(value=None) if share is None else Measure(**share._asdict())
    means = NAMES[2:]
    sums = {name: np.bincount(number, weights=values[name]) for name in means}
    films = np.bincount(number)

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        return {name: (weights @ sums[name]) / (weights @ films) for name in means}

    drawn = intervals.bootstrap(measure, count, len(met), draws=draws, seed=SEED)
    for name in means:
        mean = float(values[name].mean())
        limits = intervals.percentile_interval(drawn[name]) if count >= MIN_PATIENTS else None
        if limits is None:
            found[name] = Measure(value=mean, reason=f"no interval: fewer than {MIN_PATIENTS} patients")
        else:
            found[name] = Measure(value=mean, low=limits[0], high=limits[1])
    return found


def path(workspace: Workspace, checkpoint_id: str, dataset: str, split: str, part: str, *, method: str) -> Path:
    """Return where a report lies: apart from the evaluation reports, which are read as such."""
    folder = workspace.reports / "localisation" / workspace.checkpoint(checkpoint_id).name
    return folder / f"{dataset}-{split}-{part}-{method}.json"


def read(
    workspace: Workspace, card: Mapping[str, Any], dataset: str, split: str, part: str, *, method: str = "grad-cam"
) -> dict[str, Any] | None:
    """Return the report of a checkpoint on a part, or None if there is none of its weights.

    Raises:
        InputError: If the file is damaged.
    """
    place = path(workspace, card["checkpoint_id"], dataset, split, part, method=method)
    if not place.exists():
        return None
    report: dict[str, Any] = files.read_json(place)
    return report if report.get("weights_sha256") == card["weights_sha256"] else None
