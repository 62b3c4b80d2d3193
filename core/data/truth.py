"""Named sources of labels: the report's, the phantoms' own, readers'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from core.base import files
from core.base.errors import InputError
from core.base.schema import NUMBER, TRUTH, WHOLE
from core.data import radiographs

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace
    from core.data.listing import Tally

SHARES = ("size_share", "quality_grade")  # columns whose values lie in [0, 1]
REPORT = "report"  # the findings of the CSV, always equal to the radiographs' `label`
PHANTOM = "phantom"  # what the phantoms were made with
ADJUDICATED = "adjudicated"  # imported human labels


def load(workspace: Workspace, dataset: str) -> pd.DataFrame:
    """Read the truth table of a data set, one row an image and source of labels.

    Raises:
        InputError: If the data set does not exist, or has no truth table.
    """
    path = workspace.truth(dataset)
    if not path.exists():
        radiographs.load(workspace, dataset)  # says which data sets exist, if this one does not
        msg = f"Expected a truth table for data set {dataset!r}, found none; run index again."
        raise InputError(msg)
    return files.read_parquet(path)


def truth_names(workspace: Workspace, dataset: str) -> list[str]:
    """Return the sources of labels that a data set has, `report` first.

    Raises:
        InputError: If the data set does not exist, or has no truth table.
    """
    names = load(workspace, dataset)["truth"].unique().tolist()
    return sorted(names, key=lambda name: (name != REPORT, name))


def labels(workspace: Workspace, dataset: str, truth: str = REPORT) -> pd.Series:
    """Return the labels of one source, indexed by `image_id`: 1, 0, or null where unknown.

    Only images that the source speaks of are in it.

    Raises:
        InputError: If the data set has no source of this name; the sentence lists those it has.
    """
    table = load(workspace, dataset)
    chosen = table[table["truth"] == truth]
    if chosen.empty:
        names = ", ".join(truth_names(workspace, dataset))
        msg = f"Expected a source of labels of data set {dataset!r}, found none named {truth!r}; choose from {names}."
        raise InputError(msg)
    return chosen.set_index("image_id")["label"]


def from_csv(csv: Path, known: pd.DataFrame, left_out: Tally) -> pd.DataFrame:
    """Read labels that stand beside a data set's table, such as the phantoms' `truth.csv`.

    The source is named `phantom` for images that are phantoms, else `adjudicated`.

    Args:
        csv: With `image_id` (or `Image Index`) and `label`; the truth table's other columns and
            further ones are taken as they are.
        known: Rows of the radiographs table.
        left_out: Where rows that cannot be used are counted.

    Returns:
        Rows for the truth table.

    Raises:
        InputError: If the file is no such table.
    """
    try:
        rows = pd.read_csv(csv, dtype={"image_id": "str", "Image Index": "str"})
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        msg = f"Expected a table of labels in {csv.name}, found no readable CSV ({error}); correct or remove it."
        raise InputError(msg) from error
    if "image_id" not in rows:
        rows = rows.rename(columns={"Image Index": "image_id"})
    if not isinstance(rows.index, pd.RangeIndex):  # a row longer than the header shifts them all
        msg = f"Expected rows as long as the header in {csv.name}, found longer ones; correct it."
        raise InputError(msg)
    if not {"image_id", "label"} <= set(rows):
        msg = f"Expected the columns image_id and label in {csv.name}, found {', '.join(map(str, rows))}; correct it."
        raise InputError(msg)
    rows = _in_their_types(rows.drop(columns="truth", errors="ignore"), csv)
    good = rows["label"].isin([0, 1]) | rows["label"].isna()
    left_out.add("label neither 0 nor 1", rows.loc[~good, "image_id"])
    sources = rows["image_id"].map(known.set_index("image_id")["source"])
    left_out.add("image not in the data set", rows.loc[sources.isna() & good, "image_id"])
    rows = rows.assign(truth=sources.map(lambda source: PHANTOM if source == PHANTOM else ADJUDICATED))
    rows = rows[good & sources.notna()]
    twice = rows["image_id"].duplicated(keep=False)
    left_out.add("listed twice", rows.loc[twice, "image_id"])
    return rows[~twice]


def _in_their_types(rows: pd.DataFrame, csv: Path) -> pd.DataFrame:
    numbers = {name for name, dtype in TRUTH.columns.items() if dtype in (WHOLE, NUMBER)}
    for name in numbers & set(rows):
        values = pd.to_numeric(rows[name], errors="coerce").astype("float64")
        wrong = values.isna() & rows[name].notna()
        if TRUTH.columns[name] == WHOLE:
            wrong |= values % 1 > 0
        if name in SHARES:
            wrong |= ~values.between(0, 1) & values.notna()
        if wrong.any():
            place = int(wrong.idxmax())
            found = f"{rows[name][place]!r} in row {place + 2}"  # the header is row 1
            kind = "shares from 0 to 1" if name in SHARES else "numbers"
            msg = f"Expected {kind} in column {name} of {csv.name}, found {found}; correct it."
            raise InputError(msg)
        rows = rows.assign(**{name: values})
    return rows


def labelled(workspace: Workspace, dataset: str, name: str) -> pd.DataFrame:
    """Return the radiographs of a data set whose own table knows no label, with those of a source, to be divided by.

    Raises:
        InputError: If the table knows labels, or there is no source of this name.
    """
    table = radiographs.load(workspace, dataset)
    if table["label"].notna().any():  # all splits of a data set and seed come from one assignment of patients
        msg = (
            f"Expected --labels for a data set whose table knows no label, found labels in that of {dataset!r}; leave "
            "it out here, and train with `--labels` on the split."
        )
        raise InputError(msg, field="labels")
    return table.assign(label=table["image_id"].map(labels(workspace, dataset, name)).astype("Int64"))
