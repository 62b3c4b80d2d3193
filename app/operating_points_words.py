"""Operating points in words: the one in force, figures in a line, all proposals as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.evaluation.points_in_force import ACTIVATED, InForce
from core.review import proposal_store
from core.review.proposal_store import History, Proposal

ABBREVIATIONS = ("ppv", "npv", "f1", "mcc")


def in_force_words(found: InForce | None) -> str:
    """Say which point is in force, by whom and since when."""
    if found is None:
        return "No operating point: none could be chosen at training, and none was activated."
    point = found.threshold
    since = "" if found.since is None else f" on {proposal_store.when(found.since.timestamp())}"
    if found.decision_id is None:
        return f"In force: {point.value:.3f}, chosen at training ({point.rule} on tune){since}."
    by = f"proposed by {found.proposed_by}, activated by {point.set_by}"
    return f'In force: {point.value:.3f}, "{point.name}", {by}{since}.'


def figures_words(figures: Mapping[str, Any]) -> str:
    """Say figures in a line: shares with three digits, counts whole; what does not exist is said so.

    Examples:
        >>> figures_words({"sensitivity": 0.91, "ppv": None, "true_positive": 51})
        'sensitivity 0.910, PPV not measurable, true positive 51'
    """
    return ", ".join(f"{_title(name)} {_figure(value)}" for name, value in figures.items())


def history_table(found: History) -> pd.DataFrame:
    """Return one row a proposal, the newest first; a column that says nothing yet is left out."""
    rows = []
    for one in found.proposals:
        made = one.decision
        word = "waiting" if made is None else made.decision
        if made is not None and made.decision == ACTIVATED:
            word = "in force" if made.decision_id == found.known else "was in force"
        rows.append(
            {
                "Name": one.name,
                "Cut": one.threshold,
                "State": word,
                "Proposed by": one.proposed_by,
                "Proposed": proposal_store.when(one.created_at),
                "Reason": one.reason,
                "Decided by": "" if made is None else made.decided_by,
                "Decided": "" if made is None else proposal_store.when(made.created_at),
                "Why declined": (made.reason or "") if made is not None else "",
                "Measured on": measured_on(one),
            }
        )
    table = pd.DataFrame(rows)
    return table.loc[:, [bool((table[name] != "").any()) for name in table]]


def measured_on(one: Proposal) -> str:
    """Say on which films a proposal was measured."""
    counts = f"{one.films:,} films, {one.positive_films:,} positive"
    return f"tune of {one.dataset}/{one.split}, against {one.truth}, {counts}"


def _title(name: str) -> str:
    words = [word.upper() if word in ABBREVIATIONS else word for word in name.split("_")]
    return " ".join(words)


def _figure(value: float | None) -> str:
    if value is None:
        return "not measurable"
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"
