"""Readers as points in ROC space: what each called before the model was seen, against a reference standard."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.base.statistics import clustered_proportion
from core.evaluation.report import Measure
from core.review import counted_reads
from core.review.counted_reads import PRESENCE

MIN_FILMS = 5  # of a class; fewer make no point


@dataclass(frozen=True, kw_only=True)
class ReaderPoint:
    """One reader's sensitivity and specificity, without the model's help."""

    reader: str
    films: int
    """That the reader called present or absent and the reference standard speaks of."""
    patients: int
    sensitivity: Measure
    specificity: Measure


def reader_points(table: pd.DataFrame, labels: pd.Series) -> list[ReaderPoint]:
    """Return each reader's sensitivity and specificity before the model was seen, a reader each.

    A film that was read in several worklists counts once, by the reader's first answer; one that the
    reader could not tell does not count. The films are those that stood on worklists, so a
    point does not lie on the scale of a curve over a whole part.

    Args:
        table: Reads of one part, what `reads.read_table` gave.
        labels: The reference standard by `image_id`: 1, 0 or null.

    Returns:
        Readers with at least `MIN_FILMS` films of each class, by name.
    """
    reads = counted_reads.unaided(table).sort_values("read_id").drop_duplicates(["image_id", "reader"])
    reads = reads.assign(
        label=reads["image_id"].map(labels).astype("float64"), says=reads["called"].map(PRESENCE).astype("float64")
    )
    reads = reads[reads["label"].notna() & reads["says"].notna()]
    points = [_point(str(reader), own) for reader, own in reads.groupby("reader")]
    return [point for point in points if point is not None]


def _point(reader: str, reads: pd.DataFrame) -> ReaderPoint | None:
    ill = reads["label"] == 1
    if min(int(ill.sum()), int((~ill).sum())) < MIN_FILMS:
        return None
    shares = [
        clustered_proportion((own["says"] == right).to_numpy(), own["patient_id"].to_numpy(str))
        for own, right in ((reads[ill], 1.0), (reads[~ill], 0.0))
    ]
    sensitivity, specificity = (Measure(**share._asdict()) for share in shares if share is not None)
    return ReaderPoint(
        reader=reader,
        films=len(reads),
        patients=int(reads["patient_id"].nunique()),
        sensitivity=sensitivity,
        specificity=specificity,
    )
