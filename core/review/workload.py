"""What reading costs: how many reads, how long a film takes, how many answers change after the model was seen."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.review import counted_reads
from core.review.counted_reads import CASE
from core.review.read_store import ADJUDICATOR, FIRST, WITH_MODEL

GRADES = ["right_grade", "left_grade"]


@dataclass(frozen=True, kw_only=True)
class Seconds:
    """How long a film takes, while the window was visible."""

    median: float
    p90: float
    """Nine films in ten take no longer."""


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What one reader did."""

    reader: str
    reads: int
    """All of them, also those that a later one corrects."""
    films: int
    """Cases: a film that stands in two worklists counts twice."""
    adjudications: int
    """Reads as the third reader, among the reads."""
    days: int
    """With at least one read, in UTC."""
    reads_a_day: float
    before: Seconds | None
    """Up to the answer before the model was seen; None without such a read."""
    after: Seconds | None
    """From there to the answer after it was seen."""
    both: int
    """Cases with an answer before and after."""
    changed: int
    """Of those, where the grade of a side changed."""


def workload(table: pd.DataFrame) -> list[Workload]:
    """Return what each reader did, by name.

    Args:
        table: Reads, as `counted_reads` takes them.
    """
    reads = counted_reads.counted(table)
    key = [*CASE, "reader"]
    before, after = (chosen(table)[[*key, *GRADES]] for chosen in (counted_reads.unaided, counted_reads.aided))
    both = before.merge(after, on=key, suffixes=("", "_after"))
    both["changed"] = False
    for name in GRADES:  # no grade before and none after is no change
        one, other = both[name].astype(float), both[f"{name}_after"].astype(float)
        both["changed"] |= (one != other) & ~(one.isna() & other.isna())
    return [_of_reader(str(reader), own, both[both["reader"] == reader]) for reader, own in reads.groupby("reader")]


def _of_reader(reader: str, reads: pd.DataFrame, both: pd.DataFrame) -> Workload:
    days = pd.to_datetime(reads["created_at"], unit="s").dt.date.nunique()
    return Workload(
        reader=reader,
        reads=len(reads),
        films=len(reads.drop_duplicates(CASE)),
        adjudications=int((reads["role"] == ADJUDICATOR).sum()),
        days=int(days),
        reads_a_day=len(reads) / days,
        before=_seconds(reads[reads["stage"] == FIRST]),
        after=_seconds(reads[reads["stage"] == WITH_MODEL]),
        both=len(both),
        changed=int(both["changed"].sum()),
    )


def _seconds(reads: pd.DataFrame) -> Seconds | None:
    """Add up what the reads of one film took, then take the quantiles of the films."""
    if reads.empty:
        return None
    films = reads.groupby(CASE)["seconds"].sum()
    return Seconds(median=float(films.median()), p90=float(films.quantile(0.9)))
