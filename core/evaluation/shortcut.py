"""Whether a classifier recognises the drain in the place of the air.

A drain is put in because of a pneumothorax, so a classifier may learn the one for the other, and
then misses those who have no drain yet: the ones that matter.

References:
    Oakden-Rayner, Dunnmon, Carneiro, Ré, "Hidden Stratification Causes Clinically Meaningful
    Failures in Machine Learning for Medical Imaging", ACM Conference on Health, Inference, and
    Learning, 2020.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.evaluation import by_patient, subgroups
from core.evaluation.intervals import DRAWS
from core.evaluation.report import Shortcut

NONE_PAINTED = "no positive film with a drain that was painted over"
MASKED, CONTROL = "drain_masked_probability", "drain_control_probability"


def shortcut(films: pd.DataFrame, *, threshold: float | None, draws: int = DRAWS, seed: int = 0) -> Shortcut | None:
    """Return how positives with and without a drain fare, and what painting the drain over does.

    Args:
        films: A row a film, as `subgroups.subgroups` takes them; `drain_masked_probability`, where it
            is there, is what the checkpoint says once the drain is painted over, null where unknown, and
            `drain_control_probability` once that place on the other side is.
        threshold: The operating point, or None.
        draws: Of the patients, for the interval of the change.
        seed: Of the draws.

    Returns:
        None where of no film a drain is known.
    """
    if "drain" not in films or films["drain"].isna().all():
        return None
    whole = subgroups.prepared(films)
    by_name = {group.name: group for group in subgroups.drain_groups(films)}
    found = {
        name: subgroups.measured(whole, by_name[name], threshold=threshold) if name in by_name else None
        for name in (subgroups.WITH, subgroups.WITHOUT)
    }
    drain = films["drain"].to_numpy(dtype=float, na_value=np.nan)
    masked, control = (_column(films, name) for name in (MASKED, CONTROL))
    kept = (whole.labels == 1) & (drain == 1) & ~np.isnan(masked)
    before, after = whole.probabilities[kept], masked[kept]
    patients = whole.patients[kept]
    both = kept & ~np.isnan(control)
    lost = int(((before >= threshold) & (after < threshold)).sum()) if threshold is not None and kept.any() else None
    return Shortcut(
        with_drain=found[subgroups.WITH],
        without_drain=found[subgroups.WITHOUT],
        masked_films=int(kept.sum()),
        masked_patients=int(np.unique(patients).size),
        mean_change=by_patient.mean(after - before, patients, lacking=NONE_PAINTED, draws=draws, seed=seed),
        control_change=by_patient.mean(
            control[both] - whole.probabilities[both],
            whole.patients[both],
            lacking=NONE_PAINTED,
            draws=draws,
            seed=seed,
        ),
        beyond_control=by_patient.mean(
            masked[both] - control[both], whole.patients[both], lacking=NONE_PAINTED, draws=draws, seed=seed
        ),
        calls_lost=lost,
    )


def _column(films: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column `(N,)`, NaN where it is null or absent."""
    return films[name].to_numpy(dtype=float, na_value=np.nan) if name in films else np.full(len(films), np.nan)
