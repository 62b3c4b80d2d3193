"""Readers beside the model: where they differ from it, and whether seeing it helped them or did harm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from core.base.statistics import clustered_proportion
from core.data import truth
from core.evaluation.report import Measure
from core.review import counted_reads
from core.review.answer import UNCERTAIN
from core.review.counted_reads import CASE, PRESENCE

BY_ADJUDICATION = "a third reader's adjudication"
REFERENCES = {  # the truths that may judge a reader; a report is none, and what readers said is not judged by itself
    truth.PHANTOM: "the adjudicated label of the phantoms",
    truth.ADJUDICATED: "imported adjudicated labels",
}


@dataclass(frozen=True, kw_only=True)
class AgainstModel:
    """What one reader called films before the model was seen, against the model's call at the worklist's cut."""

    reader: str
    checkpoint_id: str
    films: int
    """That the reader could call, and the model gave a probability; the four below add up to it."""
    both_present: int
    only_reader: int
    """Called present by the reader alone."""
    only_model: int
    """Suspected by the model alone."""
    both_absent: int
    cannot_tell: int
    unreadable: int
    without_probability: int
    agreement: Measure
    """Share of the films on which both say the same, with its 95 % interval by patient."""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One reader's calls before and after the model was seen, judged by an adjudicated reference."""

    reader: str
    films: int
    """With a reference, called present or absent both before and after; the four below add up to it."""
    helped: int
    """Wrong before, right after."""
    harmed: int
    """Right before, wrong after."""
    stayed_right: int
    stayed_wrong: int
    not_called: int
    """With a reference, but the reader could not tell, before or after."""
    references: Mapping[str, int]
    """What the films are judged by."""
    p: Measure
    """Exact McNemar test: helped and harmed are equally likely."""


def against_model(table: pd.DataFrame) -> list[AgainstModel]:
    """Return each reader's answers before the model was seen against the model's call, a row a reader and checkpoint.

    Args:
        table: Reads, as `counted_reads` takes them.
    """
    reads = counted_reads.unaided(table)
    return [
        _against(str(reader), str(checkpoint_id), own)
        for (reader, checkpoint_id), own in reads.groupby(["reader", "checkpoint_id"])
    ]


def changes(table: pd.DataFrame, truths: pd.DataFrame | None) -> list[Changed]:
    """Return how often the model helped each reader or did harm, a row a reader with an adjudicated film read twice.

    Args:
        table: Reads of one data set, as `counted_reads` takes them.
        truths: The data set's truth table, if it has one.
    """
    known = _references(table, truths)
    before = counted_reads.unaided(table)[[*CASE, "reader", "called"]]
    after = counted_reads.aided(table)[[*CASE, "reader", "called"]]
    both = before.merge(after, on=[*CASE, "reader"], suffixes=("_before", "_after")).merge(known, on=CASE)
    return [_changed(str(reader), own) for reader, own in both.groupby("reader")]


def sentence(changed: Changed) -> str:
    """Say whether seeing the model helped a reader.

    Examples:
        >>> counts = {"films": 38, "helped": 6, "harmed": 1, "stayed_right": 28, "stayed_wrong": 3, "not_called": 0}
        >>> sentence(Changed(reader="Ada", **counts, references={}, p=Measure(value=0.125)))
        'Ada, with the model: 6 wrong calls became right and 1 right call wrong, of 38 (exact McNemar p 0.125).'
    """
    helped = "1 wrong call" if changed.helped == 1 else f"{changed.helped:,} wrong calls"
    harmed = "1 right call" if changed.harmed == 1 else f"{changed.harmed:,} right calls"
    test = changed.p.reason if changed.p.value is None else f"exact McNemar p {p_words(changed.p.value)}"
    return f"{changed.reader}, with the model: {helped} became right and {harmed} wrong, of {changed.films:,} ({test})."


def p_words(value: float) -> str:
    """Return a p value as it is read.

    Examples:
        >>> p_words(0.125), p_words(0.00001)
        ('0.125', 'below 0.001')
    """
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def _against(reader: str, checkpoint_id: str, reads: pd.DataFrame) -> AgainstModel:
    known = reads["probability"].notna()
    called = reads["called"].map(PRESENCE).astype(float)
    kept = known & called.notna()
    mine, model = called[kept] == 1, reads.loc[kept, "probability"] >= reads.loc[kept, "cut"]
    same = clustered_proportion((mine == model).to_numpy(), reads.loc[kept, "patient_id"].to_numpy(str))
    none = Measure(value=None, reason="no film that both called")
    return AgainstModel(
        reader=reader,
        checkpoint_id=checkpoint_id,
        films=int(kept.sum()),
        both_present=int((mine & model).sum()),
        only_reader=int((mine & ~model).sum()),
        only_model=int((~mine & model).sum()),
        both_absent=int((~mine & ~model).sum()),
        cannot_tell=int((known & (reads["called"] == UNCERTAIN)).sum()),
        unreadable=int((known & reads["called"].isna()).sum()),
        without_probability=int((~known).sum()),
        agreement=none if same is None else Measure(**same._asdict()),
    )


def _references(table: pd.DataFrame, truths: pd.DataFrame | None) -> pd.DataFrame:
    """Return `reference` (1.0 or 0.0) and `source` of each case that has one; a truth goes before an adjudication."""
    cases = counted_reads.placed(table)[CASE].drop_duplicates()
    found = []
    if truths is not None:
        for name, words in REFERENCES.items():
            own = truths[(truths["truth"] == name) & truths["label"].notna()]
            own = own[["image_id"]].assign(reference=own["label"].astype(float), source=words)
            found.append(cases.merge(own, on="image_id"))
    third = counted_reads.adjudicated(table)
    third = third[CASE].assign(reference=third["called"].map(PRESENCE).astype(float), source=BY_ADJUDICATION)
    found.append(third[third["reference"].notna()])
    return pd.concat([rows for rows in found if len(rows)] or found[-1:]).drop_duplicates(CASE)


def _changed(reader: str, reads: pd.DataFrame) -> Changed:
    before, after = (reads[f"called_{when}"].map(PRESENCE).astype(float) for when in ("before", "after"))
    told = before.notna() & after.notna()
    kept = reads[told]
    right, then = before[told] == kept["reference"], after[told] == kept["reference"]
    helped, harmed = int((~right & then).sum()), int((right & ~then).sum())
    return Changed(
        reader=reader,
        films=len(kept),
        helped=helped,
        harmed=harmed,
        stayed_right=int((right & then).sum()),
        stayed_wrong=int((~right & ~then).sum()),
        not_called=int((~told).sum()),
        references={str(name): int(count) for name, count in kept["source"].value_counts().items()},
        p=_mcnemar(helped, harmed),
    )


def _mcnemar(helped: int, harmed: int) -> Measure:
    """Test whether helped and harmed are equally likely, by the binomial distribution of those that changed.

    References:
        McNemar, "Note on the sampling error of the difference between correlated proportions or
        percentages", Psychometrika 12(2), 1947.
    """
    from scipy.stats import binomtest  # a second to import, and pages read this module

    if not helped + harmed:
        return Measure(value=None, reason="no test: no call turned right or wrong")
    return Measure(value=float(binomtest(helped, helped + harmed, 0.5).pvalue))
