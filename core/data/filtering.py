"""The films of a split, made ready once, so that every filter and every count is a look-up and not another reading.

A column of few distinct values is kept as what each distinct value names and the position of each film's
value: a filter asks the distinct values, a count adds up positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core.data.assignment import PARTS
from core.data.browsing import LABEL_WORDS, joined, part_places

CHOICES = {
    "part": "Part",
    "label_words": "Report label",
    "view": "View",
    "sex": "Sex",
    "source": "Kind of image",
    "findings": "Finding",
}
RANGES = {"age_years": "Age (years)", "follow_up": "Follow-up"}
ORDERS = {
    "part": "Part, then film",
    "film": "Film",
    "youngest": "Youngest first",
    "oldest": "Oldest first",
    "follow_up": "Latest follow-up first",
}
DECADE = 10  # years
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """A column of few distinct values.

    Attributes:
        names: What each distinct value names: "A|B" two findings, a view itself, what is not known nothing.
        rows: The position of each film's value among them, shape `(N,)`.
    """

    names: tuple[frozenset[str], ...]
    rows: np.ndarray

    def options(self) -> list[str]:
        """Return all that is named, in alphabetical order."""
        return sorted(frozenset().union(*self.names))

    def naming(self, chosen: Sequence[str]) -> np.ndarray:
        """Tell which films name one of those chosen, boolean, shape `(N,)`."""
        return np.array([not named.isdisjoint(chosen) for named in self.names], dtype=bool)[self.rows]


@dataclass(frozen=True, kw_only=True, eq=False)
class SplitFilms:
    """The films of a split; nobody may change them.

    Attributes:
        table: One row a film, in the order of the parts, as `browsing.joined` makes it.
        columns: The columns that filters choose from.
        numbers: The columns of which filters take a range, NaN where not known, each of shape `(N,)`.
        parts: The position of each film's part in `PARTS`, shape `(N,)`.
        with_images: Whether the data set has pixels, or is a table only.
    """

    table: pd.DataFrame
    columns: Mapping[str, Coded]
    numbers: Mapping[str, np.ndarray]
    parts: np.ndarray
    with_images: bool

    def __len__(self) -> int:
        """Return how many films there are."""
        return len(self.table)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which films somebody wants to see, and in what order; as it is made, all of them.

    Attributes:
        choices: What is chosen of a column of `CHOICES`; nothing lets all through.
        ranges: The smallest and largest value, both included, of a column of `RANGES`.
        search: A patient's id, or a piece of a film's.
        order: A key of `ORDERS`.
    """

    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    search: str = ""
    order: str = "part"


def prepared(radiographs: pd.DataFrame, split: pd.DataFrame) -> SplitFilms:
    """Join a split's films with everything known of them, and make ready what filters and counts look up."""
    table = joined(radiographs, split)
    words = {name: table[name] for name in CHOICES if name != "label_words"}
    columns = {name: _coded(values, separator="|" if name == "findings" else "") for name, values in words.items()}
    columns["label_words"] = _labels(table["label"])
    return SplitFilms(
        table=table,
        columns=columns,
        numbers={name: table[name].to_numpy(dtype=float, na_value=np.nan) for name in RANGES},
        parts=part_places(table["part"]),
        with_images=bool(radiographs["path"].notna().all()),
    )


def _coded(values: pd.Series, *, separator: str) -> Coded:
    rows, distinct = pd.factorize(values, use_na_sentinel=False)
    named = [
        () if pd.isna(value) else str(value).split(separator) if separator else (str(value),) for value in distinct
    ]
    return Coded(names=tuple(map(frozenset, named)), rows=rows)


def _labels(labels: pd.Series) -> Coded:
    rows, distinct = pd.factorize(labels, use_na_sentinel=False)
    words = (UNKNOWN if pd.isna(label) else LABEL_WORDS[int(label)] for label in distinct)
    return Coded(names=tuple(frozenset((word,)) for word in words), rows=rows)


def choices(films: SplitFilms) -> list[tuple[str, str, list[str]]]:
    """Return the choices that can tell films apart: column, title, options."""
    found = [(column, title, films.columns[column].options()) for column, title in CHOICES.items()]
    return [(column, title, options) for column, title, options in found if len(options) > 1]


def ranges(films: SplitFilms) -> list[tuple[str, str, int, int]]:
    """Return the ranges that can tell films apart: column, title, and the whole numbers that hold all known values."""
    found = []
    for column, title in RANGES.items():
        known = films.numbers[column][~np.isnan(films.numbers[column])]
        if known.size and known.min() < known.max():
            found.append((column, title, int(np.floor(known.min())), int(np.ceil(known.max()))))
    return found


def matching(films: SplitFilms, wanted: Wanted) -> np.ndarray:
    """Return the rows of the table that fit every filter, in the wanted order, shape `(K,)`.

    A range leaves out what is not known. A patient's id stands for that patient's films; any other text
    for the films whose id holds it, in capitals or not.

    Examples:
        >>> base = {"patient_id": "7", "label": 1, "source": "real", "path": None, "follow_up": 0}
        >>> rows = [("a.png", "Mass|Nodule", "PA", 41.0), ("b.png", "Mass", "AP", None)]
        >>> known = [
        ...     base | {"image_id": image, "findings": found, "view": view, "sex": "F", "age_years": age}
        ...     for image, found, view, age in rows
        ... ]
        >>> split = pd.DataFrame({"image_id": ["a.png", "b.png"], "patient_id": "7", "part": "train", "label": 1})
        >>> films = prepared(pd.DataFrame(known), split)
        >>> matching(films, Wanted(choices={"findings": ["Nodule"]}, ranges={"age_years": (40, 50)})).tolist()
        [0]
    """
    kept = np.ones(len(films), dtype=bool)
    for column, chosen in wanted.choices.items():
        if chosen:
            kept &= films.columns[column].naming(chosen)
    for column, (low, high) in wanted.ranges.items():
        kept &= (films.numbers[column] >= low) & (films.numbers[column] <= high)
    text = wanted.search.strip()
    if text:
        kept &= _named(films.table, text)
    return _ordered(films, np.flatnonzero(kept), wanted.order)


def _named(table: pd.DataFrame, text: str) -> np.ndarray:
    own = (table["patient_id"] == text).to_numpy(dtype=bool, na_value=False)
    if own.any():
        return own
    return table["image_id"].str.contains(text, case=False, regex=False).to_numpy(dtype=bool)


def _ordered(films: SplitFilms, rows: np.ndarray, order: str) -> np.ndarray:
    """Order rows; equals stay as they were, what is not known goes last."""
    if order == "part":
        return rows
    if order == "film":
        return rows[films.table["image_id"].iloc[rows].argsort(kind="stable").to_numpy()]
    values = films.numbers["follow_up" if order == "follow_up" else "age_years"][rows]
    return rows[np.argsort(values if order == "youngest" else -values, kind="stable")]


def counts_by_part(films: SplitFilms, column: str) -> pd.DataFrame:
    """Count the films that name each value of a column, a column a part that has films.

    A film counts for each of its findings, and as "unknown" where nothing is known.
    """
    coded = films.columns[column]
    shape = (len(coded.names), len(PARTS))
    each = np.bincount(coded.rows * len(PARTS) + films.parts, minlength=shape[0] * shape[1]).reshape(shape)
    names = [sorted(named) or [UNKNOWN] for named in coded.names]
    rows = {name: np.zeros(len(PARTS), dtype=int) for name in sorted({name for found in names for name in found})}
    for found, counts in zip(names, each, strict=True):
        for name in found:
            rows[name] += counts
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(PARTS), dtype=int)
    return table[[part for part, there in films_by_part(films).items() if there]]


def films_by_part(films: SplitFilms) -> dict[str, int]:
    """Count the films of each part."""
    return dict(zip(PARTS, np.bincount(films.parts, minlength=len(PARTS)).tolist(), strict=True))


def ages_by_part(films: SplitFilms) -> pd.DataFrame:
    """Count the films of each decade of age, named by its first year, a column a part with films of known age."""
    ages = films.numbers["age_years"]
    known = ~np.isnan(ages)
    if not known.any():
        return pd.DataFrame()
    decades = (ages[known] // DECADE).astype(int)
    each = np.zeros((decades.max() + 1, len(PARTS)), dtype=int)
    np.add.at(each, (decades, films.parts[known]), 1)
    table = pd.DataFrame(each, index=np.arange(len(each)) * DECADE, columns=list(PARTS))
    return table.loc[:, table.any()]
