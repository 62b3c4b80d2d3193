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
    """Return each reader's answer on each case before the model was seen, a row a case and reader."""
    return _last(_readers(table, FIRST), [*CASE, "reader"])


def aided(table: pd.DataFrame) -> pd.DataFrame:
    """Return each reader's last answer on each case after the model was seen, a row a case and reader."""
    return _last(_readers(table, WITH_MODEL), [*CASE, "reader"])


def final(table: pd.DataFrame) -> pd.DataFrame:
    """Return each reader's last answer on each case: that after the model was seen, else that before."""
    return _last(_readers(table, FIRST, WITH_MODEL), [*CASE, "reader"])


def adjudicated(table: pd.DataFrame) -> pd.DataFrame:
    """Return the third reader's last answer, a row a case that has one."""
    reads = placed(table)
    return _last(reads[reads["role"] == ADJUDICATOR], CASE)


def settled(table: pd.DataFrame) -> pd.DataFrame:
    """Return what each case was called in the end, a row a case on which no reader is waited for.

    The third reader's answer counts; where there is none, that which all readers share. As
    everywhere, a reader has answered only after seeing the model.

    Returns:
        `worklist`, `image_id`, `patient_id`, `random_check` and `present`: 1.0, 0.0, or NaN where the
        readers could not tell or do not agree.
    """
    third = adjudicated(table)
    readers = aided(table).merge(third[CASE], on=CASE, how="left", indicator="decided")
    readers = readers[readers["decided"] == "left_only"]
    by_case = readers.groupby(CASE)["reader"]
    named = readers["readers"].map(len)
    wished = readers.groupby(CASE)["second_reader"].transform("any")
    needed = named.where(named > 0, 1 + wished.astype(int))
    reads = pd.concat([third, readers[by_case.transform("nunique") >= needed]])
    cases = (
        reads.assign(present=reads["called"].map(PRESENCE).astype(float).fillna(0.5))
        .groupby(CASE, sort=False)
        .agg(
            patient_id=("patient_id", "first"),
            random_check=("random_check", "first"),
            present=("present", "mean"),  # 0 or 1 only where all say so
        )
        .reset_index()
    )
    cases["present"] = cases["present"].where(cases["present"].isin([0.0, 1.0]))
    return cases


def _readers(table: pd.DataFrame, *stages: int) -> pd.DataFrame:
    reads = placed(table)
    return reads[(reads["role"] == READER) & reads["stage"].isin(stages)]


def _last(reads: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Keep the last read of each group; an answer after the model was seen is later than any before."""
    return reads.sort_values(["stage", "read_id"]).drop_duplicates(by, keep="last").sort_values("read_id")
