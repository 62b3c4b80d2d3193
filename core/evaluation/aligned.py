"""The predictions of several classifiers for the same films, in one order, so that they can be compared pairwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.evaluation.evaluate import Negatives, kept_negatives
from core.evaluation.measures import labelled
from core.evaluation.metrics import Films


@dataclass(frozen=True)
class Aligned:
    """What several classifiers say of the same labelled films."""

    films: pd.DataFrame
    """A row a film: image_id, patient_id, label (float), findings, source."""
    probabilities: dict[str, np.ndarray]
    """By classifier, shape `(N,)` in the order of the films, in [0, 1]."""
    patients: np.ndarray
    """Number of each film's patient, shape `(N,)`, from 0 to P - 1."""
    without_label: int
    """Predicted films that the reference standard does not speak of; they are left out."""

    def of(self, name: str) -> Films:
        """Return the films with the probabilities of one classifier."""
        return Films(self.films["label"].to_numpy(), self.probabilities[name], self.patients)


def align(
    tables: Mapping[str, pd.DataFrame],
    radiographs: pd.DataFrame,
    *,
    labels: pd.Series | None,
    negatives: Negatives = "all",
    truth: str = "report",
) -> Aligned:
    """Put predictions of the same films into one order.

    Args:
        tables: Predictions tables by the name of their classifier, at least one.
        radiographs: The data set's radiographs table: image_id, findings, source.
        labels: The reference standard by image_id, 1, 0 or null; None takes that of the first table.
        negatives: `no-finding` leaves negatives out whose report tells of other findings.
        truth: Name of the source of labels.

    Raises:
        InputError: If the tables speak of different films, or cannot be measured for themselves, or
            real films stand beside others.
        ValueError: If there is no table.
    """
    if not tables:
        msg = "Expected predictions of one or more classifiers, got none"
        raise ValueError(msg)
    (first, table), *others = tables.items()
    for name, other in others:
        _refuse_other_films(first, table["image_id"], name, other["image_id"])
    known, without_label = labelled(table, labels, truth)
    films = known.drop(columns="probability").merge(
        radiographs[["image_id", "findings", "source"]], on="image_id", how="left"
    )
    films = kept_negatives(films, negatives)[["image_id", "patient_id", "label", "findings", "source"]]
    _refuse_mixed_kinds(films["source"])
    films = films.sort_values("image_id", ignore_index=True)  # as the order of the rows must not matter
    own = {first: known} | {
        name: labelled(other, films.set_index("image_id")["label"], truth)[0] for name, other in others
    }
    return Aligned(
        films=films,
        probabilities={
            name: one.set_index("image_id")["probability"].reindex(films["image_id"]).to_numpy(dtype=float)
            for name, one in own.items()
        },
        patients=np.unique(films["patient_id"].to_numpy(dtype=str), return_inverse=True)[1],
        without_label=without_label,
    )


def refuse_mixed_training(kinds: Mapping[str, Mapping[str, int]]) -> None:
    """Refuse classifiers that learnt from made films beside one that learnt from real ones.

    Args:
        kinds: What each learnt from, films by source, by its name; of a table from elsewhere nothing is known.

    Raises:
        InputError: If so.
    """
    made = {name: 2 * sum(own.values()) - 2 * own.get("real", 0) > sum(own.values()) for name, own in kinds.items()}
    of_made, of_real = ([name for name, own in made.items() if own is wanted] for wanted in (True, False))
    if of_made and of_real:
        msg = (
            f"Expected checkpoints that learnt from the same kind of image, found {of_made[0]}, of phantoms or "
            f"generated films, beside {of_real[0]}, of real ones; compare those of one kind."
        )
        raise InputError(msg, field="checkpoints")


def _refuse_mixed_kinds(sources: pd.Series) -> None:
    counts = sources.dropna().astype(str).value_counts().sort_index()
    if "real" in counts and len(counts) > 1:
        told = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
        msg = f"Expected films of one kind to compare on, found {told}; choose a part of real films, or one without."
        raise InputError(msg, field="part")


def _refuse_other_films(first: str, of_first: pd.Series, second: str, of_second: pd.Series) -> None:
    lacking, besides = _lacking(of_first, of_second), _lacking(of_second, of_first)
    if lacking or besides:
        msg = (
            f"Expected predictions of the same films to compare, found {lacking:,} films of {first!r} that {second!r} "
            f"lacks and {besides:,} the other way round; run `predict` for both on the same part."
        )
        raise InputError(msg)


def _lacking(ids: pd.Series, others: pd.Series) -> int:
    """Count the ids that others lack; through an index, which is many times as fast on text as `isin`."""
    return int((pd.Index(others).get_indexer_for(ids) < 0).sum())
