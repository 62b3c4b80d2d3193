"""The signals: what may tell that the model's call on a film is wrong, each oriented so that more means more unsure.

They are derived from what `predict` wrote. One that is missing is named with its reason, never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What a page shows of a signal."""

    title: str
    """As a table's row: a few words."""
    about: str
    """What it is, in one sentence with its unit."""


SIGNALS = {
    "cut_distance": Signal(
        title="Near the cut", about="1 less the distance between the probability and the cut: the plain distance."
    ),
    "pass_spread": Signal(
        title="Spread over passes", about="Standard deviation of the probability over passes with dropout."
    ),
    "member_spread": Signal(
        title="Members disagree", about="Standard deviation of the probability between the ensemble's members."
    ),
    "predictive_entropy": Signal(
        title="Predictive entropy", about="Entropy (nats) of the mean probability over passes or members."
    ),
    "mutual_information": Signal(
        title="Mutual information", about="The part of that entropy (nats) that comes from their disagreement."
    ),
    "augmentation_spread": Signal(
        title="Spread over small changes",
        about="Standard deviation of the probability when the film is turned, moved or resized a little.",
    ),
    "poor_quality": Signal(
        title="Poor image quality", about="1 less the quality grade, which is 1 for a faultless film."
    ),
    "feature_distance": Signal(
        title="Unlike the training films",
        about="Distance to the training films in feature space; 1 is the usual one among themselves.",
    ),
    "outside_lung": Signal(
        title="Heat map outside the lung", about="Share of the heat map that lies outside the lung field."
    ),
    "heat_map_disagreement": Signal(
        title="Heat maps disagree", about="1 less the rank correlation between heat maps by three methods."
    ),
    "drain": Signal(title="Drain recorded", about="1 if a drain is recorded for the film, 0 if none is."),
    "prior_change": Signal(
        title="Differs from the previous film",
        about="Change of the probability against the patient's previous film.",
    ),
    "neighbours_disagree": Signal(
        title="Nearest cases are labelled otherwise",
        about="Share of the five nearest training films whose label is not the model's call.",
    ),
}
COMBINATION = Signal(title="Combination", about="A logistic regression on all signals, fitted on tune.")
COLUMN = "signal."  # + name: the column of a signal in a table of films

AGAIN = "run `python -m core predict` again"


def title(name: str) -> str:
    """Return what a signal, or `combination`, is called."""
    return SIGNALS.get(name, COMBINATION).title


def assemble(
    films: pd.DataFrame, *, cut: float, ensemble: bool, neighbour_labels: Mapping[str, Any]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Derive the signals of films from their predictions, what lies beside these, and their dates.

    Args:
        films: Rows with the columns of the predictions and the signals tables, and `follow_up`;
            all films of a patient, since each is compared with the one before it.
        cut: The operating point in force.
        ensemble: Whether a checkpoint of several members speaks.
        neighbour_labels: Labels of the training films by `image_id`.

    Returns:
        The signals by name, `(N,)` each, NaN where a film lacks one; and why a signal is missing
        on every film.
    """
    probability = films["probability"].to_numpy(np.float64)
    spread = _column(films, "probability_std")
    none = np.full(len(films), np.nan)
    signals = {
        "cut_distance": 1 - np.abs(probability - cut),
        "pass_spread": none if ensemble else spread,
        "member_spread": spread if ensemble else none,
        "predictive_entropy": _column(films, "predictive_entropy"),
        "mutual_information": _column(films, "mutual_information"),
        "augmentation_spread": _column(films, "augmentation_std"),
        "poor_quality": 1 - _column(films, "quality_grade"),
        "feature_distance": _column(films, "feature_distance"),
        "outside_lung": 1 - _column(films, "cam_lung_share"),
        "heat_map_disagreement": 1 - _column(films, "cam_agreement"),
        "drain": _column(films, "drain"),
        "prior_change": np.abs(probability - previous(films)),
        "neighbours_disagree": _neighbours(films, probability >= cut, neighbour_labels),
    }
    return signals, {
        name: _why_missing(name, ensemble=ensemble) for name, values in signals.items() if np.isnan(values).all()
    }


def previous(films: pd.DataFrame) -> np.ndarray:
    """Return the probability of each patient's previous film `(N,)`, NaN for a first one or an unknown order."""
    order = films[["patient_id", "follow_up", "probability"]].reset_index(drop=True)
    order = order[order["follow_up"].notna()].sort_values(["patient_id", "follow_up"], kind="stable")
    before = order.groupby("patient_id")["probability"].shift()
    return before.reindex(range(len(films))).to_numpy(np.float64)


def priors(films: pd.DataFrame) -> np.ndarray:
    """Return how many earlier films of its patient each film has among these `(N,)`, 0 where the order is unknown."""
    order = films[["patient_id", "follow_up"]].reset_index(drop=True)
    order = order[order["follow_up"].notna()].sort_values(["patient_id", "follow_up"], kind="stable")
    return order.groupby("patient_id").cumcount().reindex(range(len(films)), fill_value=0).to_numpy(np.int64)


def _column(films: pd.DataFrame, name: str) -> np.ndarray:
    if name not in films:
        return np.full(len(films), np.nan)
    return films[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _neighbours(films: pd.DataFrame, called: np.ndarray, labels: Mapping[str, Any]) -> np.ndarray:
    """Return the share of the nearest training films with the other label `(N,)`."""
    shares = np.full(len(films), np.nan)
    if "neighbour_ids" not in films:
        return shares
    known = films["neighbour_ids"].notna().to_numpy()
    if not known.any():
        return shares
    names = films["neighbour_ids"].to_numpy()[known]
    lengths = np.array([len(one) for one in names])
    flat = pd.Series(np.concatenate([np.asarray(one, object) for one in names]))
    label = flat.map(pd.Series(labels, dtype="Float64")).to_numpy(np.float64, na_value=np.nan)
    differs = np.where(np.isnan(label), np.nan, label != np.repeat(called[known], lengths))
    row = np.repeat(np.arange(len(names)), lengths)
    there = ~np.isnan(differs)
    count = np.bincount(row[there], minlength=len(names))
    unlike = np.bincount(row[there], weights=differs[there], minlength=len(names))
    shares[known] = np.divide(unlike, count, out=np.full(len(names), np.nan), where=count > 0)
    return shares


def _why_missing(name: str, *, ensemble: bool) -> str:
    if name == "pass_spread" and ensemble:
        return "an ensemble's spread is that between its members"
    if name == "member_spread":
        if not ensemble:
            return "one classifier has no members"
        return "fewer than two members have a weight"
    if name in ("pass_spread", "predictive_entropy", "mutual_information"):
        return "fewer than two members have a weight" if ensemble else f"predicted without passes; {AGAIN} --passes 30"
    return {
        "augmentation_spread": f"not looked at in small changes; {AGAIN} with --augmentations",
        "poor_quality": "no grade could be measured on these films",
        "feature_distance": f"the checkpoint holds no features of its training films, or {AGAIN}",
        "outside_lung": f"no heat map met a lung field; if these are old predictions, {AGAIN}",
        "heat_map_disagreement": f"the heat maps are even or all zero; if these are old predictions, {AGAIN}",
        "drain": "no source of labels records drains",
        "prior_change": "no patient has an earlier film here, or their order is unknown",
        "neighbours_disagree": "it is not known any more which films the checkpoint learnt from",
    }.get(name, f"not in the table of signals; {AGAIN}")
