"""The measures on films that share something: sex, age, view, follow-up, size, drain, quality, kind of image.

What only a film with the finding has, such as the size of the air, tells positives apart; each
band of them is set against all negatives, so that the AUROCs of the bands differ by the positives alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.base.statistics import clustered_proportion
from core.evaluation import measures
from core.evaluation.measures import FEW, MIN_PATIENTS, NO_THRESHOLD
from core.evaluation.metrics import Films
from core.evaluation.report import Measure, Subgroup
from core.evaluation.side_by_side import FEW_PATIENTS

UNKNOWN = "unknown"
SIZE, DRAIN = "size of the pneumothorax", "drain"
WITH, WITHOUT = "with a drain", "without a drain"  # positives, against all negatives
NEGATIVES_WITH, NEGATIVES_WITHOUT = "negatives with a drain", "negatives without a drain"
SEXES = {"F": "female", "M": "male"}
AGES = ((18, "under 18"), (40, "18 to 39"), (60, "40 to 59"), (np.inf, "60 and over"))  # years, each below
# Of the hemithorax, each up to and with: the bands in which the difficulty of the phantoms was measured.
SIZES = ((0.05, "up to 5 %"), (0.15, "over 5 to 15 %"), (np.inf, "over 15 %"))
# Fixed, so that parts and data sets can be compared; 1 is faultless.
GRADES = ((0.5, "below 0.5"), (0.7, "0.5 to below 0.7"), (np.inf, "0.7 and over"))


@dataclass(frozen=True)
class Group:
    """Some films, and which classes they should hold."""

    by: str
    name: str
    kept: np.ndarray
    """Which films, shape `(N,)`."""
    classes: tuple[int, ...] = (1, 0)
    """Those that are measured here; a lack of another is no fault."""


def subgroups(films: pd.DataFrame, *, threshold: float | None) -> list[Subgroup]:
    """Return the measures of every group of films by what is known of them.

    What is not known of any film, or is the same for all, tells no films apart and is left out.

    Args:
        films: A row a film: image_id, patient_id, label (0 or 1), probability in [0, 1], and as far as
            known sex, view, age_years, follow_up, size_share, drain, quality_grade, source.
        threshold: The operating point; None leaves what needs one null, with the reason.

    Returns:
        Groups in the order of the module's first sentence; AUROCs by clustered DeLong, sensitivity
        and specificity by the clustered Wilson interval. Films of which a thing is not known are
        the group `unknown`.
    """
    whole = prepared(films)
    return [measured(whole, group, threshold=threshold) for group in groups(films)]


def prepared(films: pd.DataFrame) -> Films:
    """Return a table's films for measuring; the table is as `subgroups` takes it."""
    label = films["label"].to_numpy(dtype=float)
    return Films.of(label, films["probability"].to_numpy(dtype=float), films["patient_id"].to_numpy(object))


def groups(films: pd.DataFrame) -> Iterator[Group]:
    """Yield the groups that tell some of the films apart; the table is as `subgroups` takes it."""
    positive = films["label"].to_numpy(dtype=float) == 1
    own = [
        ("sex", _words(films, "sex", SEXES), list(SEXES.values())),
        ("age", _banded(films, "age_years", AGES), [name for _, name in AGES]),
        ("view", _words(films, "view"), []),
        ("follow-up", _follow_up(films), ["first film", "later films"]),
    ]
    for by, values, order in own:
        yield from (Group(by, name, values == name) for name in _told_apart(values, order))
    size = np.where(positive, _banded(films, "size_share", SIZES, with_limit=True), "")
    for name in _told_apart(size[positive], [name for _, name in SIZES]):
        yield Group(SIZE, name, ~positive | (size == name))
    yield from drain_groups(films)
    last = [
        ("quality grade", _banded(films, "quality_grade", GRADES), [name for _, name in GRADES]),
        ("kind of image", _words(films, "source"), []),
    ]
    for by, values, order in last:
        yield from (Group(by, name, values == name) for name in _told_apart(values, order))


def drain_groups(films: pd.DataFrame) -> Iterator[Group]:
    """Yield positives with and without a drain, against all negatives, and the negatives by themselves."""
    if "drain" not in films:
        return
    positive = films["label"].to_numpy(dtype=float) == 1
    drain = films["drain"].to_numpy(dtype=float, na_value=np.nan)
    if not (drain == 1).any():
        return
    for name, own in ((WITH, drain == 1), (WITHOUT, drain == 0), (UNKNOWN, np.isnan(drain))):
        if (positive & own).any():
            yield Group(DRAIN, name, ~positive | own)
    for name, own in ((NEGATIVES_WITH, drain == 1), (NEGATIVES_WITHOUT, drain == 0)):
        if (~positive & own).any():
            yield Group(DRAIN, name, ~positive & own, classes=(0,))


def measured(whole: Films, group: Group, *, threshold: float | None) -> Subgroup:
    """Return the counts and measures of one group.

    Args:
        whole: All films, shape `(N,)`.
        group: Which of them.
        threshold: The operating point, or None.
    """
    films = whole.only(group.kept)
    positive = films.labels == 1
    patients = {label: _patients(films.patients[films.labels == label]) for label in (1, 0)}
    return Subgroup(
        by=group.by,
        group=group.name,
        films=films.labels.size,
        patients=_patients(films.patients),
        positive_films=int(positive.sum()),
        positive_patients=patients[1],
        auroc=_auroc(films, fewest=min(patients.values())),
        sensitivity=_called_right(films, 1, threshold),
        specificity=_called_right(films, 0, threshold),
        warning=_warning({label: count for label, count in patients.items() if label in group.classes}),
    )


def _patients(numbers: np.ndarray) -> int:
    """Count the different patients of some films, given their numbers, shape `(N,)`."""
    return int(np.count_nonzero(np.bincount(numbers)))  # ten times as fast as np.unique


def _auroc(films: Films, *, fewest: int) -> Measure:
    """Return the AUROC with its interval by clustered DeLong; null, or without one, with the reason.

    Args:
        films: The films.
        fewest: Patients of the class that fewer own.
    """
    ill = films.labels == 1
    lacking = None if ill.any() and not ill.all() else "no negative film" if ill.any() else "no positive film"
    found = measures.auroc(films, lacking)
    return found if found.value is None or fewest >= MIN_PATIENTS else Measure(value=found.value, reason=FEW)


def _called_right(films: Films, label: int, threshold: float | None) -> Measure:
    """Return the sensitivity (label 1) or specificity (label 0), with the clustered Wilson interval."""
    if threshold is None:
        return Measure(value=None, reason=NO_THRESHOLD)
    own = films.labels == label
    called = films.probabilities[own] >= threshold
    found = clustered_proportion(called == (label == 1), films.patients[own])
    if found is None:
        return Measure(value=None, reason="no positive film" if label == 1 else "no negative film")
    return Measure(**found._asdict())


def _warning(patients: dict[int, int]) -> str | None:
    """Say that little can be concluded from so few patients of the classes that are measured, or None."""
    words = {1: "with a pneumothorax", 0: "without one"}
    few = [f"{count} {words[label]}" for label, count in patients.items() if count < FEW_PATIENTS]
    return f"fewer than {FEW_PATIENTS} patients of a class ({', '.join(few)}): little can be concluded" if few else None


def _told_apart(values: np.ndarray, order: list[str]) -> list[str]:
    """Return the values in their order, those not in it by the alphabet, unknown last; none where all are alike."""
    there = set(np.unique(values).tolist())
    if len(there) < 2:
        return []
    others = sorted(there - set(order) - {UNKNOWN})
    return [*(name for name in order if name in there), *others, *([UNKNOWN] if UNKNOWN in there else [])]


def _words(films: pd.DataFrame, column: str, words: dict[str, str] | None = None) -> np.ndarray:
    """Return a column in words, shape `(N,)`; what `words` does not know is unknown."""
    if column not in films:
        return np.full(len(films), UNKNOWN)
    values = films[column].astype("object")
    if words is not None:
        values = values.map(words)
    return values.where(values.notna(), UNKNOWN).to_numpy(dtype=str)


def _banded(
    films: pd.DataFrame, column: str, bands: tuple[tuple[float, str], ...], *, with_limit: bool = False
) -> np.ndarray:
    """Return the band of each value, shape `(N,)`; a value at a limit is in the band above, or in the one below."""
    if column not in films:
        return np.full(len(films), UNKNOWN)
    values = films[column].to_numpy(dtype=float, na_value=np.nan)
    limits = np.array([limit for limit, _ in bands[:-1]])
    names = np.array([name for _, name in bands])
    at = np.searchsorted(limits, values, side="left" if with_limit else "right")
    return np.where(np.isnan(values), UNKNOWN, names[np.minimum(at, len(bands) - 1)])


def _follow_up(films: pd.DataFrame) -> np.ndarray:
    if "follow_up" not in films:
        return np.full(len(films), UNKNOWN)
    number = films["follow_up"].to_numpy(dtype=float, na_value=np.nan)
    return np.select([np.isnan(number), number == 0], [UNKNOWN, "first film"], "later films")
