"""The cases of a part in the order of a worklist: computed from evidence and a policy, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.triage import policy, random_checks, reasons
from core.triage.policy import NOT_SUSPECTED, SUSPECTED, UNSURE

if TYPE_CHECKING:
    from core.triage.decision import Policy
    from core.triage.evidence import Evidence

RANK = {SUSPECTED: 0, UNSURE: 1, NOT_SUSPECTED: 2}


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many films stand in each zone."""

    films: int
    suspected: int
    unsure: int
    """Those below the cut that the policy wants read, the random checks among them."""
    not_suspected: int
    """Not listed."""
    random_checks: int


def cases(evidence: Evidence, chosen: Policy) -> pd.DataFrame:
    """Return every film of a part in the order of a worklist.

    Suspected films come first, by probability; then the unsure ones, by the policy's signal, those
    without it on top; then the rest. A seeded share of the films that would not be suspected joins
    the unsure at places drawn at random among them, so that neither zone nor order tells a random check.

    Returns:
        The columns of `Evidence.films`, and `zone`, `listed`, `random_check`, `value` (of the
        policy's signal; a random check has that of the film whose place it takes) and
        `first_reason` (a signal's name, or `suspected`).
    """
    films = evidence.films
    values = chosen.values(evidence)
    zone = policy.zones(evidence.probabilities, values, cut=chosen.cut, threshold=chosen.threshold)
    drawn = random_checks.drawn(films["image_id"].to_numpy(object), zone, share=chosen.random_share, seed=chosen.seed)
    unsure = values[(zone == UNSURE) & ~np.isnan(values)]
    if drawn.any() and len(unsure):
        values = values.copy()
        values[drawn] = np.random.default_rng(chosen.seed).choice(unsure, size=int(drawn.sum()))
    zone = np.where(drawn, UNSURE, zone).astype(object)
    table = films.assign(
        zone=zone,
        listed=zone != NOT_SUSPECTED,
        random_check=drawn,
        value=values,
        first_reason=np.where(zone == SUSPECTED, SUSPECTED, reasons.first(evidence, chosen)),
    )
    key = np.where(zone == SUSPECTED, evidence.probabilities, np.where(np.isnan(values), np.inf, values))
    rank = pd.Series(zone).map(RANK).to_numpy()
    order = np.lexsort((films["image_id"].to_numpy(str), -key, rank))
    return table.iloc[order].reset_index(drop=True)


def counts(table: pd.DataFrame) -> Counts:
    """Count the cases of a table that `cases` gave."""
    zone = table["zone"].value_counts()
    return Counts(
        films=len(table),
        suspected=int(zone.get(SUSPECTED, 0)),
        unsure=int(zone.get(UNSURE, 0)),
        not_suspected=int(zone.get(NOT_SUSPECTED, 0)),
        random_checks=int(table["random_check"].sum()),
    )
