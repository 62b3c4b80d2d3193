"""How well a classifier tells what it learnt besides the label: image quality and size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from core.models.forward import Outputs
    from core.training.material import Material
    from core.training.targets import Targets

FEW = 10  # films; below, a rank correlation says nothing


def measured(material: Material, outputs: dict[str, Outputs]) -> dict[str, dict[str, Any]]:
    """Return, for `val` (its fold `tune`) and `test` and each column, how far the answers are from the targets.

    Beside the mean absolute error stands that of always giving the mean of train, which an
    answer worth anything undercuts, and Spearman's rank correlation, null where it is undefined.
    """
    if material.targets is None:
        return {}
    part_of = material.table["part"].to_numpy()
    train = material.targets.values[part_of == "train"]
    found: dict[str, dict[str, Any]] = {}
    for part in ("val", "test"):
        wanted = material.targets.values[part_of == part]
        columns = {
            name: _errors(outputs[part].further[:, at], wanted[:, at], train[:, at])
            for at, name in enumerate(material.targets.columns)
        }
        found[part] = {name: errors for name, errors in columns.items() if errors is not None}
    return found


def sources(targets: Targets) -> str:
    """Say where the targets came from."""
    quality = [f"{targets.quality_known} films from a source of truth"] if targets.quality_known else []
    quality += [f"{targets.quality_measured} films measured on their pixels"] if targets.quality_measured else []
    size = f"known of {targets.size_known} films" if targets.size_known else "known of no film, so it was not learnt"
    return f"Image quality was learnt from {' and '.join(quality)}; size of the pneumothorax: {size}."


def _errors(answers: np.ndarray, wanted: np.ndarray, train: np.ndarray) -> dict[str, Any] | None:
    known = np.isfinite(wanted)
    if not known.any() or not np.isfinite(train).any():
        return None
    answers, wanted = answers[known].astype(np.float64), wanted[known]
    varies = known.sum() >= FEW and np.ptp(answers) > 0 and np.ptp(wanted) > 0
    return {
        "films": int(known.sum()),
        "mean_absolute_error": float(np.abs(answers - wanted).mean()),
        "of_the_mean": float(np.abs(np.nanmean(train) - wanted).mean()),
        "rank_correlation": float(stats.spearmanr(answers, wanted).statistic) if varies else None,
    }
