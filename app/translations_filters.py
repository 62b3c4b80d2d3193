"""Which translations are shown, and in what order: a filter for any field of their passports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from core.base import schema

TITLES = {
    "image_id": "Image",
    "parent_image_id": "Film it was made from",
    "patient_id": "Patient",
    "part": "Part",
    "direction": "Direction",
    "generator_id": "Generator",
    "generator_sha256": "Generator's weights",
    "patients_sha256": "Patients the generator saw",
    "cycle_error": "Error there and back",
    "identity_error": "Error where nothing should change",
    "change": "Change",
    "classifier_id": "Classifier",
    "probability_parent": "Probability of the film",
    "probability_synthetic": "Probability of the translation",
    "probability_reconstruction": "Probability there and back",
    "probability_shift": "Shift of the probability",
    "lung_from": "Lung field from",
    "change_in_lung": "Change inside the lung field",
    "reconstruction_in_lung": "There and back inside the lung field",
    "region_from": "Region from",
    "change_in_region": "Change inside the region",
    "reconstruction_in_region": "There and back inside the region",
    "origin_id": "Real-vs-synthetic classifier",
    "real_probability": "Probability of being a film",
    "nearest_image_id": "Nearest training film",
    "nearest_distance": "Distance to the nearest training film",
    "parent_distance": "Distance to the film it was made from",
    "lead_in_region": "Change inside the region, beyond there and back",
    "memorised": "Nearer to a training film than to its own",
}
ORDERS = {  # title: column, whether the largest stand first at first
    "Realism": ("real_probability", True),
    "Change": ("change", True),
    "Error there and back": ("cycle_error", True),
    "Shift of the probability": ("probability_shift", True),
    "Change inside the region, beyond there and back": ("lead_in_region", True),
    "Nearest training film": ("nearest_distance", False),
    "Image": ("image_id", False),
}
FEW = 12  # distinct values of a text, up to which they are offered one by one


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which translations somebody wants to see; as it is made, all of them."""

    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What is chosen of a column of few values; nothing lets all through."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """The smallest and the largest value, both included; what is not known is left out."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """A piece of the value of a column of names."""


def offered(pairs: pd.DataFrame) -> list[str]:
    """Return the passport fields that can tell the translations apart, in the order of the passport."""
    names = [*schema.PASSPORTS.columns, "lead_in_region", "memorised"]
    return [name for name in names if name in pairs and len(pairs[name].drop_duplicates()) > 1]


def is_number(pairs: pd.DataFrame, column: str) -> bool:
    """Tell whether a field is filtered by a range."""
    return pd.api.types.is_float_dtype(pairs[column])


def values(pairs: pd.DataFrame, column: str) -> list[str] | None:
    """Return the distinct values of a text, or None where they are too many to choose from."""
    found = sorted(pairs[column].dropna().astype(str).unique())
    return found if len(found) <= FEW else None


def matching(pairs: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """Return the translations that fit every filter.

    Examples:
        >>> table = pd.DataFrame({"part": ["train", "val"], "change": [0.1, None]})
        >>> matching(table, Wanted(choices={"part": ["val"]})).index.tolist()
        [1]
        >>> matching(table, Wanted(ranges={"change": (0, 1)})).index.tolist()
        [0]
    """
    kept = pd.Series(True, index=pairs.index)
    for column, chosen in wanted.choices.items():
        if chosen:
            kept &= pairs[column].astype(str).isin(list(chosen))
    for column, (low, high) in wanted.ranges.items():
        kept &= pairs[column].between(low, high).fillna(False)
    for column, text in wanted.texts.items():
        if text.strip():
            kept &= pairs[column].astype(str).str.contains(text.strip(), case=False, regex=False)
    return pairs[kept]


def ordered(pairs: pd.DataFrame, order: str, *, reverse: bool = False) -> pd.DataFrame:
    """Return the translations in an order; what is not known goes last, equals by their names.

    Args:
        pairs: The translations.
        order: A key of `ORDERS`.
        reverse: Whether the other end stands first.
    """
    column, largest_first = ORDERS[order]
    named = pairs.sort_values("image_id", kind="stable")
    return named.sort_values(column, ascending=largest_first == reverse, kind="stable", na_position="last")
