"""What is known of the films of a part before anybody looks at them: predictions, signals, the data set's table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base import files, schema
from core.base.errors import InputError
from core.data import radiographs, split_store
from core.data import truth as truths
from core.evaluation import points_in_force, prediction_store, seen
from core.triage import chosen_films, signals
from core.triage.signals import COLUMN, SIGNALS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.base.paths import Workspace
    from core.evaluation.points_in_force import InForce
    from core.triage.worklists import Worklist

SHOWN = (
    *("view", "sex", "age_years", "follow_up", "source", "path", "sha256", "lung_path"),
    *("width", "height", "pixel_spacing_mm", "original_width"),
)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The films of a part, or of one fold of it, with everything triage may use."""

    films: pd.DataFrame
    """A row a film: the predictions, the signals table, `fold`, what pages show of the radiograph,
    `priors`, and each signal as `signal.<name>`; `label` is that of the chosen truth, null where unknown."""
    missing: dict[str, str]
    """Signals that no film of the part has, with the reason."""
    cut: float
    """From which probability on a film is suspected: the worklist's, or the one in force when this was read."""
    card: dict[str, Any]
    dataset: str
    split: str | None
    part: str | None
    truth: str
    predicted: tuple[str, ...] = ()
    """Image ids in the order of the predictions table, beside which the passes lie."""

    def fold(self, name: str) -> Evidence:
        """Return the films of one fold of val: `tune` or `certify`."""
        return replace(self, films=self.films[self.films["fold"] == name].reset_index(drop=True))

    def labelled(self) -> Evidence:
        """Return the films whose label is known."""
        return replace(self, films=self.films[self.films["label"].notna()].reset_index(drop=True))

    @property
    def scope(self) -> dict[str, Any]:
        """What a limit on missed cases that is certified on these films speaks of, and of nothing else."""
        card = {name: self.card[name] for name in ("checkpoint_id", "weights_sha256")}
        return {"dataset": self.dataset, "split": self.split, "truth": self.truth, **card}

    @property
    def table(self) -> dict[str, np.ndarray]:
        """The signals by name, `(N,)` each; those that all films lack are left out."""
        return {name: self.films[COLUMN + name].to_numpy(np.float64) for name in SIGNALS if name not in self.missing}

    @property
    def probabilities(self) -> np.ndarray:
        """The calibrated probability of each film, `(N,)`."""
        return self.films["probability"].to_numpy(np.float64)

    @property
    def labels(self) -> np.ndarray:
        """1, 0, or NaN where unknown, `(N,)`."""
        return self.films["label"].to_numpy(dtype=np.float64, na_value=np.nan)

    @property
    def patients(self) -> np.ndarray:
        """The patient of each film, `(N,)`."""
        return self.films["patient_id"].to_numpy(object)

    @property
    def errors(self) -> np.ndarray:
        """Whether the call at the cut differs from the label, `(N,)`; False where the label is unknown."""
        labels = self.labels
        return np.isfinite(labels) & ((self.probabilities >= self.cut) != (labels == 1))


def load(
    workspace: Workspace,
    card: dict[str, Any],
    dataset: str,
    split: str | None,
    part: str | None,
    *,
    truth: str = truths.REPORT,
    fold: str | None = None,
    cut: float | None = None,
    films: Sequence[str] | None = None,
) -> Evidence:
    """Gather what is known of the films of a part.

    Args:
        workspace: Where everything lies.
        card: The checkpoint's card.
        dataset: Name of the data set.
        split: Name of the split; None for all of the data set.
        part: Name of the part; None for all of the split.
        truth: Source of the labels.
        fold: `tune` or `certify`, of val only.
        cut: That of the worklist whose films these are; None: the operating point in force.
        films: Image ids of a data set that has no split: only these are gathered, so what else it comes to hold
            changes nothing. With a split they are not looked at, since signals compare all films of a patient.

    Raises:
        InputError: If there are no predictions or stale ones, no such labels, or the checkpoint
            has no cut.
    """
    if cut is None:
        cut = in_force(workspace, card).threshold.value
    predicted = None
    if films is not None and split is None:
        table, predicted = chosen_films.predictions(workspace, card, dataset, films)
    else:
        table = prediction_store.load(workspace, card, dataset, split, part)
    path = workspace.predictions(card["checkpoint_id"], dataset, split, part).with_suffix(prediction_store.SIGNALS)
    labels = truths.labels(workspace, dataset, truth)
    known = radiographs.load(workspace, dataset)
    folds = None if split is None else split_store.load(workspace, dataset, split).set_index("image_id")["fold"]
    beside = files.read_parquet(path) if path.exists() else table[["image_id"]]
    found = gathered(
        table,
        schema.checked(beside, schema.SIGNALS),
        known,
        card=card,
        labels=labels,
        neighbour_labels=_labels_learnt(workspace, card),
        folds=folds,
        place=(dataset, split, part),
        truth=truth,
        cut=cut,
        predicted=predicted,
    )
    return found if fold is None else found.fold(fold)


def of_worklist(workspace: Workspace, card: dict[str, Any], worklist: Worklist) -> Evidence:
    """Gather what is known of the films that a worklist was made from.

    Raises:
        InputError: As `load`.
    """
    about: dict[str, Any] = {"truth": worklist.truth, "cut": worklist.cut}
    if not chosen_films.is_whole(worklist.split, worklist.part):
        return load(workspace, card, worklist.dataset, worklist.split, worklist.part, **about)
    return load(workspace, card, worklist.dataset, None, None, films=worklist.films, **about)


def in_force(workspace: Workspace, card: dict[str, Any]) -> InForce:
    """Return a checkpoint's operating point in force.

    Raises:
        InputError: If it has none.
    """
    point = points_in_force.told(workspace, card)
    if point is None:
        msg = (
            f"Expected an operating point on the card of {card['checkpoint_id']!r}, found none, as its fold tune held "
            "one class; train on a split whose tune holds both."
        )
        raise InputError(msg)
    return point


def may_be_known(workspace: Workspace, evidence: Evidence) -> str | None:
    """Say why a checkpoint may have learnt from films of this split's fold `certify`, or None."""
    card = evidence.card
    if evidence.split is None or not seen.may_have_learnt(workspace, card, evidence.dataset, evidence.split):
        return None
    return (
        f"The checkpoint learnt from {card['dataset']}/{card['split']} as it then was, and may have seen films of this "
        "certify fold; use its own split or train it on this one."
    )


def gathered(
    table: pd.DataFrame,
    beside: pd.DataFrame,
    films: pd.DataFrame,
    *,
    card: dict[str, Any],
    labels: pd.Series,
    neighbour_labels: pd.Series,
    folds: pd.Series | None,
    place: tuple[str, str | None, str | None],
    truth: str,
    cut: float,
    predicted: Sequence[str] | None = None,
) -> Evidence:
    """Join what `load` has read; see there.

    Args:
        table: The predictions.
        beside: The signals table.
        films: The radiographs table.
        card: The checkpoint's card.
        labels: Of the chosen truth, by `image_id`.
        neighbour_labels: Of the films the checkpoint learnt from, by `image_id`.
        folds: By `image_id`; None without a split.
        place: Data set, split and part.
        truth: Name of the chosen truth.
        cut: From which probability on a film is suspected.
        predicted: Image ids of all the predictions, in their order; None: those of `table`.
    """
    shown = [name for name in SHOWN if name in films]
    joined = table.drop(columns="label").merge(beside, on="image_id", how="left", validate="one_to_one")
    joined = joined.merge(films[["image_id", *shown]], on="image_id", how="left", validate="one_to_one")
    joined["label"] = joined["image_id"].map(labels)
    joined["fold"] = None if folds is None else joined["image_id"].map(folds)
    joined["priors"] = signals.priors(joined)
    values, missing = signals.assemble(joined, cut=cut, ensemble="members" in card, neighbour_labels=neighbour_labels)
    joined = joined.assign(**{COLUMN + name: column for name, column in values.items()})
    dataset, split, part = place
    return Evidence(
        films=joined,
        missing=missing,
        cut=cut,
        card=card,
        dataset=dataset,
        split=split,
        part=part,
        truth=truth,
        predicted=tuple(table["image_id"] if predicted is None else predicted),
    )


def _labels_learnt(workspace: Workspace, card: dict[str, Any]) -> pd.Series:
    """Return the labels the checkpoint learnt from by `image_id`; none if the data set is gone."""
    try:
        return truths.labels(workspace, card["dataset"], card["labels"])
    except InputError:
        return pd.Series(dtype="Int64")
