"""The same predictions against each source of labels, side by side.

A report's label and a radiologist's are two truths. Each source speaks of other films, so every
measure is told twice: on all films that a source speaks of, and on those that all of them speak of,
where a difference comes from the labels alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.data.truth import REPORT
from core.evaluation.intervals import DRAWS
from core.evaluation.measures import measures
from core.evaluation.metrics import Films
from core.evaluation.report import Measure, Truth

NAMES = ("auroc", "average_precision", "sensitivity", "specificity", "ppv", "npv", "brier", "prevalence")


def against_each(
    predictions: pd.DataFrame,
    truth_table: pd.DataFrame,
    *,
    threshold: float | None,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Truth]:
    """Measure predictions against every source of labels that speaks of one of their films.

    Args:
        predictions: A row a film: image_id, patient_id, probability in [0, 1].
        truth_table: The data set's truth table: image_id, truth, label.
        threshold: The operating point, the same against each; None leaves what needs one null.
        draws: Of the patients, for the intervals of average precision and the Brier measure.
        seed: Of the draws.

    Returns:
        The sources, `report` first, each on all its films; then, if there are two or more, each on
        the films that all of them speak of. A label that is null does not speak of its film.
    """
    labels = _labels(predictions, truth_table)
    probabilities = predictions["probability"].to_numpy(dtype=float)
    patients = predictions["patient_id"].to_numpy(object)
    everywhere = ~np.isnan(np.array(list(labels.values()))).any(axis=0) if labels else np.zeros(0, bool)
    found: list[Truth] = []
    for common in (False, True) if len(labels) > 1 else (False,):
        for name, label in labels.items():
            kept = everywhere if common else ~np.isnan(label)
            films = Films.of(label[kept], probabilities[kept], patients[kept])
            own = next((one for one in found if one.truth == name), None)
            if own is not None and own.films == kept.sum():  # the same films: nothing to measure again
                found.append(own.model_copy(update={"common": True}))
                continue
            found.append(
                Truth(
                    truth=name,
                    common=common,
                    films=int(kept.sum()),
                    patients=films.patient_count,
                    positive_films=int((films.labels == 1).sum()),
                    metrics=_measures(films, threshold, draws=draws, seed=seed),
                )
            )
    return found


def _labels(predictions: pd.DataFrame, truth_table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the labels of each source that speaks of a predicted film, shape `(N,)`, NaN where it does not."""
    known = truth_table[truth_table["label"].notna() & truth_table["image_id"].isin(predictions["image_id"])]
    names = sorted(known["truth"].unique().tolist(), key=lambda name: (name != REPORT, name))
    found = {}
    for name in names:
        own = known[known["truth"] == name].set_index("image_id")["label"].astype("float64")
        found[name] = predictions["image_id"].map(own).to_numpy(dtype=float)
    return found


def _measures(films: Films, threshold: float | None, *, draws: int, seed: int) -> dict[str, Measure]:
    if not films.labels.size:
        return dict.fromkeys(NAMES, Measure(value=None, reason="no film that every source speaks of"))
    no_finding = np.zeros(films.labels.size, bool)  # asks for nothing that is told here
    found, _ = measures(films, no_finding, threshold, prevalence=None, draws=draws, seed=seed)
    return {name: found[name] for name in NAMES}
