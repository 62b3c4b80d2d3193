"""Which reads a statistic counts: those before the model was seen, those after it, and each reader's last."""

from __future__ import annotations

import pandas as pd

from core.review.answer import ABSENT, PRESENT
from core.review.read_store import ADJUDICATOR, FIRST, READER, WITH_MODEL
from core.review.reading_list import PRACTICE

CASE = ["worklist", "image_id"]
PRESENCE = {PRESENT: 1.0, ABSENT: 0.0}  # whoever cannot tell says neither


def counted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the reads that may enter a statistic: all but those of practice rounds.

    Args:
        table: What `reads.read_table` gave, a row a read, as everywhere in the modules that count reads.
    """
    return table[table["purpose"] != PRACTICE]


def placed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the reads of films that are still known: of whom, and in which list; intervals go by patient."""
    reads = counted(table)
    return reads[reads["patient_id"].notna()]


def unaided(table: pd.DataFrame) -> pd.DataFrame:
    """Return each reader's answer on each case before the model, or another's answer, was seen."""
    return _last(_own(_readers(table, FIRST)), [*CASE, "reader"])


def aided(table: pd.DataFrame) -> pd.DataFrame:
    """Return each reader's last answer on each case after the model, not another's answer or the label, was seen."""
    return _last(_untold(_own(_readers(table, WITH_MODEL))), [*CASE, "reader"])


def adjudicated(table: pd.DataFrame) -> pd.DataFrame:
    """Return the third reader's last answer before the label was seen, a row a case that has one."""
    reads = placed(table)
    return _last(_untold(reads[reads["role"] == ADJUDICATOR]), CASE)


def zone_was_seen(table: pd.DataFrame) -> bool:
    """Tell whether a first answer among these was given by somebody who had seen the zone in an open list."""
    firsts = counted(table)
    return any(seen.get("zone") is not None for seen in firsts.loc[firsts["stage"] == FIRST, "seen"])


def told(table: pd.DataFrame) -> int:
    """Return how many answers were given after the counterfactual was seen, which tells the film's label."""
    reads = counted(table)
    return len(reads) - len(_untold(reads))


def _untold(reads: pd.DataFrame) -> pd.DataFrame:
    """Return the reads that no counterfactual can have moved."""
    return reads[reads["seen"].map(lambda seen: seen.get("counterfactual") is None).astype(bool)]


def _own(reads: pd.DataFrame) -> pd.DataFrame:
    """Return the reads that no other reader's answer can have moved."""
    return reads[reads["seen"].map(lambda seen: not seen["others"]).astype(bool)]


def _readers(table: pd.DataFrame, *stages: int) -> pd.DataFrame:
    reads = placed(table)
    return reads[(reads["role"] == READER) & reads["stage"].isin(stages)]


def _last(reads: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Keep the last read of each group; an answer after the model was seen is later than any before."""
    return reads.sort_values(["stage", "read_id"]).drop_duplicates(by, keep="last").sort_values("read_id")
