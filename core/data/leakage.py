"""Whether the parts of a split really are apart: patients, pixels, synthetic children, look-alikes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from core.data.look_alikes import MIN_CORRELATION, look_alikes

NAMED = 5  # how many patients or images a message names


@dataclass(frozen=True, kw_only=True)
class LeakAudit:
    """What was checked of a split, and what was found, in sentences."""

    passed: bool
    failures: list[str]
    warnings: list[str]
    checked_pixels: bool
    """Whether the decoded pixels of every film could be compared; False for a table without images."""
    checked_look_alikes: bool
    """Whether thumbnails were given, so that nearly identical films could be found."""
    leaking_patients: list[str] = field(default_factory=list)
    """Patients who stand in more than one part, up to five."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LeakAudit:
        """Read back what `to_dict` gave."""
        return cls(**values)


def audit(
    radiographs: pd.DataFrame,
    split: pd.DataFrame,
    *,
    strict: bool = False,
    thumbnails: np.ndarray | None = None,
    in_two_lists: Sequence[str] = (),
) -> LeakAudit:
    """Check that no patient, no picture and no synthetic child's parent stands in two parts.

    A failure is a patient in two parts, identical decoded pixels in two parts, a synthetic film
    apart from its parent or its parent's patient, or an image that two given lists name. Films in
    two parts that look alike (`look_alikes`) are a warning, with `strict` a failure.

    Args:
        radiographs: The radiographs table, with sha256, source and parent_image_id where known.
        split: The SPLIT columns.
        strict: Whether look-alikes fail the audit.
        thumbnails: The films of `split`, row by row, shape `(N, 64, 64)` `uint8`.
        in_two_lists: Images that two given lists name.
    """
    films = split[["image_id", "patient_id", "part"]].merge(_origin(radiographs), on="image_id", how="left")
    failures, warnings = [], []
    leaking = _in_two_parts(films["patient_id"], films["part"])
    if leaking:
        failures.append(f"{_count(leaking, 'patient')} in two parts: {named(leaking)}.")
    if in_two_lists:
        failures.append(f"{_count(in_two_lists, 'image')} in two of the given lists: {named(in_two_lists)}.")

    hashed = films["sha256"].notna()
    twins = _in_two_parts(films.loc[hashed, "sha256"], films.loc[hashed, "part"])
    if twins:
        pairs = ["=".join(films.loc[films["sha256"] == twin, "image_id"].head(3)) for twin in twins[:NAMED]]
        failures.append(f"{_count(twins, 'picture')} with identical pixels in two parts: {named(pairs, len(twins))}.")
    if not hashed.all():
        unchecked = "no film has an image" if not hashed.any() else f"{int((~hashed).sum())} films have no image"
        warnings.append(f"Pixels not checked: {unchecked}.")

    apart = _apart_from_parent(films, radiographs)
    if apart:
        failures.append(f"{_count(apart, 'synthetic film')} apart from the parent: {named(apart)}.")

    if thumbnails is not None:
        alike = look_alikes(thumbnails, films["part"].to_numpy(object))
        if len(alike.pairs):
            images = films["image_id"].to_numpy(object)
            pairs = [f"{images[first]}~{images[second]}" for first, second in alike.pairs[:NAMED]]
            found = (
                f"{_count(alike.correlations.tolist(), 'pair')} of films in two parts that look alike "
                f"(correlation {MIN_CORRELATION} or more at 64 px): {named(pairs, len(alike.pairs))}."
            )
            (failures if strict else warnings).append(found)
    return LeakAudit(
        passed=not failures,
        failures=failures,
        warnings=warnings,
        checked_pixels=bool(hashed.all()),
        checked_look_alikes=thumbnails is not None,
        leaking_patients=leaking[:NAMED],
    )


def named(names: Iterable[str], total: int | None = None) -> str:
    """List up to five names, and say how many more there are.

    Examples:
        >>> named(["a", "b"]), named("abcdefg")
        ('a, b', 'a, b, c, d, e and 2 more')
    """
    names = list(names)
    more = (len(names) if total is None else total) - min(len(names), NAMED)
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _count(things: Sequence[Any], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _origin(radiographs: pd.DataFrame) -> pd.DataFrame:
    return radiographs.reindex(columns=["image_id", "sha256", "parent_image_id"])


def _in_two_parts(keys: pd.Series, parts: pd.Series) -> list[str]:
    distinct = pd.DataFrame({"key": keys, "part": parts}).drop_duplicates()
    return sorted(distinct.loc[distinct.duplicated("key"), "key"].unique())


def _apart_from_parent(films: pd.DataFrame, radiographs: pd.DataFrame) -> list[str]:
    """Return the synthetic films whose parent, or whose parent's patient, stands in another part."""
    children = films[films["parent_image_id"].notna()]
    parent_patient = children["parent_image_id"].map(radiographs.set_index("image_id")["patient_id"])
    places = films[["patient_id", "part"]].drop_duplicates()
    met = pd.DataFrame({"image_id": children["image_id"], "own": children["part"], "patient_id": parent_patient})
    met = met[met["patient_id"].notna()].merge(places, on="patient_id")
    return sorted(met.loc[met["own"] != met["part"], "image_id"].unique())
