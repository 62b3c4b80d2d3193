"""From the reads so far to labels that a classifier may learn: in the place of those it learnt from before.

A film's part is that of its patient in the split, whatever its label: readers of train and val teach,
those of test measure. A film on which readers disagree, or could not tell, keeps the label it had.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from core.base import files, schema
from core.base.errors import InputError
from core.data import radiographs, split_store, truth
from core.evaluation.loop_report import Replaced
from core.review import label_set
from core.review.counted_reads import counted

if TYPE_CHECKING:
    from core.base.paths import Workspace

PREFIX = "reads-"  # of the name of a source of labels made here; the hash of its labels follows
REFERENCES = (truth.PHANTOM, truth.ADJUDICATED, truth.REPORT)  # the nearest to the truth first
TAKEN = ("label", "side", "drain", "boxes", "read_at")  # what readers tell of a film, by the columns of the truth table
LEARNT = ("train", "val")
GONE, OTHER_PIXELS, NO_PART = "no longer in the data set", "read on other pixels than the film has", "in no part"


@dataclass(frozen=True, kw_only=True)
class NewLabels:
    """Labels to learn from, and what readers changed in them."""

    rows: pd.DataFrame
    """Of the truth table, a row a film."""
    replaced: Replaced
    test: pd.Series
    """What readers called films of test, by `image_id`: 0 or 1."""

    @property
    def changed(self) -> int:
        """How many films of train and val have another label than before."""
        return self.replaced.to_present + self.replaced.to_absent + self.replaced.newly_labelled


def new_labels(workspace: Workspace, reads: pd.DataFrame, *, dataset: str, split: str, before: str) -> NewLabels:
    """Return the labels of a data set with those of its readers in their place; nothing is written.

    Args:
        workspace: Where the data set lies.
        reads: What `reads.read_table` gave, of any data set.
        dataset: The data set.
        split: Its split, which tells who teaches and who measures.
        before: The source of the labels that the classifier learnt from.

    Raises:
        InputError: If the data set, the split or the source does not exist.
    """
    films = radiographs.load(workspace, dataset).set_index("image_id")
    parts = split_store.load(workspace, dataset, split).set_index("image_id")["part"]
    frame, pending = label_set.label_set(reads[reads["dataset"] == dataset])
    frame = frame.set_index("image_id")
    reasons = _left_out(frame, films, parts)
    own = frame[reasons.isna()]
    part = own.index.to_series().map(parts)
    decided = own["label"].notna()
    taught = own[part.isin(LEARNT) & decided]
    known = truth.labels(workspace, dataset, before)
    old = taught.index.to_series().map(known)
    rows = _rows(truth.load(workspace, dataset).query("truth == @before"), taught)
    name = PREFIX + _digest(rows)
    return NewLabels(
        rows=schema.checked(rows.assign(truth=name), schema.TRUTH),
        replaced=Replaced(
            before=before,
            after=name,
            films=len(taught),
            to_present=int(((old == 0) & (taught["label"] == 1)).sum()),
            to_absent=int(((old == 1) & (taught["label"] == 0)).sum()),
            newly_labelled=int(old.isna().sum()),
            confirmed=int((old == taught["label"]).sum()),
            undecided=int((part.isin(LEARNT) & ~decided).sum()),
            pending=pending,
            test_films=int(((part == "test") & decided).sum()),
            seen_counterfactual=int((taught["seen_counterfactual"] > 0).sum()),
            left_out={str(reason): int(count) for reason, count in reasons.value_counts().sort_index().items()},
        ),
        test=own.loc[(part == "test") & decided, "label"].astype("float64"),
    )


def refuse_nothing_new(new: NewLabels, reads: pd.DataFrame, *, dataset: str) -> None:
    """Refuse labels from which a classifier would learn what it has learnt.

    Args:
        new: What readers changed.
        reads: What `reads.read_table` gave.
        dataset: The data set.

    Raises:
        InputError: If no label of a film of train or val is another by the reads; the sentence says why.
    """
    if new.changed:
        return
    found = new.replaced
    many = int((counted(reads)["dataset"] == dataset).sum())
    wait = f"; waiting for a reader: {_count(found.pending, 'case')}" if found.pending else ""
    if not many:
        told = f"no read of a film of {dataset!r}; read a worklist of its part train or val"
    elif found.films:
        told = f"that they call {_count(found.films, 'film')} what {found.before!r} does{wait}; read further films"
    elif found.test_films and not found.undecided:
        told = (
            f"{_count(many, 'read')}, which decide {_count(found.test_films, 'film')} of test only: these measure and "
            f"never teach{wait}; read a worklist of train or val"
        )
    else:
        left_out = sum(found.left_out.values())
        besides = f" ({_count(left_out, 'film')} no longer as they were read)" if left_out else ""
        told = (
            f"{_count(many, 'read')}, which decide none, and {_count(found.undecided, 'film')} of train and val on "
            f"which readers disagree or could not tell{wait}{besides}; adjudicate them or read further films"
        )
    msg = f"Expected reads that change labels of train or val, found {told}."
    raise InputError(msg)


def keep(workspace: Workspace, dataset: str, new: NewLabels) -> None:
    """Write the labels into the data set's truth table, unless they are there: their name follows from them."""
    table = truth.load(workspace, dataset)
    if (table["truth"] == new.replaced.after).any():
        return
    merged = schema.checked(pd.concat([table, new.rows], ignore_index=True), schema.TRUTH)
    files.write_parquet(workspace.truth(dataset), merged)


def reference(workspace: Workspace, dataset: str, split: str) -> str:
    """Return the source of labels that is nearest to the truth, among those that know both classes in test.

    Raises:
        InputError: If there is none.
    """
    parts = split_store.load(workspace, dataset, split)
    test = parts.loc[parts["part"] == "test", "image_id"]
    names = truth.truth_names(workspace, dataset)
    for name in (one for one in REFERENCES if one in names):
        if test.map(truth.labels(workspace, dataset, name)).nunique() == 2:
            return name
    msg = (
        f"Expected a source of labels that knows films of test with and without a pneumothorax, found none in split "
        f"{split!r} of {dataset!r}; name one with --truth, or choose another split."
    )
    raise InputError(msg, field="truth")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _left_out(frame: pd.DataFrame, films: pd.DataFrame, parts: pd.Series) -> pd.Series:
    """Say of each film of a label set why it counts nowhere, null where it counts."""
    reasons = pd.Series(pd.NA, index=frame.index, dtype="str")
    reasons[~frame.index.isin(parts.index)] = NO_PART
    now = frame.index.to_series().map(films["sha256"])
    reasons[(now != frame["image_sha256"]).fillna(True).astype(bool)] = OTHER_PIXELS
    reasons[~frame.index.isin(films.index)] = GONE
    return reasons


def _rows(before: pd.DataFrame, taught: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the truth table with what readers say of some films in the place of what stood there."""
    rows = before.set_index("image_id")
    new = taught.index.difference(rows.index)
    rows = rows.reindex([*rows.index, *new])
    for column in TAKEN:
        rows.loc[taught.index, column] = taught[column].astype(rows[column].dtype)
    return rows.reset_index(names="image_id")


def _digest(rows: pd.DataFrame) -> str:
    told = rows[["image_id", "label"]].sort_values("image_id").to_csv(index=False, float_format="%.0f")
    return hashlib.sha256(told.encode()).hexdigest()[:8]
