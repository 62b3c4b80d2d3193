"""What the "is it real?" round has shown: how often readers tell a film from a translation, with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.statistics import clustered_proportion
from core.evaluation.report import Measure
from core.review.origin_store import OriginRead

CHANCE = 0.5  # of whoever cannot tell
MINIMUM = 20  # answers; below, even all right or all wrong says little


@dataclass(frozen=True, kw_only=True)
class Told:
    """How often films were told from translations, by one reader or by all together."""

    reader: str | None
    """None: all readers together."""
    answers: int
    right: int
    patients: int
    """Patients whose films were translated for them."""
    of_seen: int
    """Answers on pairs of patients that the generator learnt from."""
    share: Measure
    """Of right answers, with its 95 % interval by patient; 0.5 is chance."""


def results(reads: list[OriginRead]) -> list[Told]:
    """Return how often each reader was right, by name, then all together; nothing where nobody has answered.

    Args:
        reads: Answers on one synthetic data set.
    """
    names = sorted({one.reader for one in reads})
    found = [_told(name, [one for one in reads if one.reader == name]) for name in names]
    return [*found, _told(None, reads)] if found else []


def earlier(reads: list[OriginRead], own: list[OriginRead], synthetic: str) -> int:
    """Return how many answers are on images that a synthetic data set of this name held before.

    Args:
        reads: All answers.
        own: Those on the set as it is now.
        synthetic: Its name.
    """
    return sum(one.synthetic == synthetic for one in reads) - len(own)


def sentence(told: Told | None) -> str:
    """Say what the answers show, and when they are too few to show anything.

    Args:
        told: Of all readers; None where nobody has answered.

    Examples:
        >>> sentence(None)
        'Nobody has answered yet.'
    """
    if told is None:
        return "Nobody has answered yet."
    if told.answers < MINIMUM or told.share.low is None or told.share.high is None:
        return f"{_count(told.answers)} so far; fewer than {MINIMUM} say nothing of whether readers can tell."
    said = f"{told.right:,} of {told.answers:,} right, {percent(told.share)}"
    if told.share.low > CHANCE:
        return f"Readers tell films from translations: {said}; 50 % is chance."
    if told.share.high < CHANCE:
        return f"Readers take translations for films more often than chance would: {said}; 50 % is chance."
    return f"No evidence that readers can tell films from translations: {said}; 50 % is chance."


def percent(share: Measure) -> str:
    """Say a share with its interval.

    Examples:
        >>> percent(Measure(value=0.5, low=0.25, high=0.75))
        '50 % (25 to 75 %)'
    """
    if share.value is None or share.low is None or share.high is None:
        return f"none: {share.reason}"
    return f"{100 * share.value:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _told(reader: str | None, reads: list[OriginRead]) -> Told:
    hits = np.array([one.right for one in reads])
    patients = np.array([one.made_patient for one in reads])
    interval = clustered_proportion(hits, patients)
    return Told(
        reader=reader,
        answers=len(reads),
        right=int(hits.sum()),
        patients=len(set(patients)),
        of_seen=sum(one.seen for one in reads),
        share=Measure(value=None, reason="nobody has answered") if interval is None else Measure(**interval._asdict()),
    )


def _count(answers: int) -> str:
    return "1 answer" if answers == 1 else f"{answers:,} answers"
