"""What reads say of all films of a part, not only of those read: by the random checks, weighted."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from core.evaluation.report import Measure
from core.review import counted_reads, label_set
from core.triage.random_checks import missed_so_far


@dataclass(frozen=True, kw_only=True)
class Population:
    """What is known of all films that one worklist was made from."""

    worklist: str
    part: str
    checks: int
    """Random checks read and settled; only they speak of the films that are not suspected."""
    checks_with_finding: int
    missed: Measure
    """Share of the films not suspected that have the finding, with its 95 % interval by patient."""
    unsettled: int
    """Films read of which readers could not tell, or do not agree yet; they are left out."""
    listed: int | None
    """Films that the worklist lists; None where its predictions are gone."""
    read: int
    """Of those, films that somebody has read."""
    estimate: Measure
    """Share of all films of the part that have the finding."""


def populations(table: pd.DataFrame) -> list[Population]:
    """Return what the reads say of all films of each worklist's part.

    Args:
        table: Reads, as `counted_reads` takes them; `random_share` is the chance that the worklist's policy
            gave each film not suspected to be read all the same, `listed` how many films it lists.
    """
    cases = label_set.settled(table)
    worklists = counted_reads.counted(table).drop_duplicates("worklist").set_index("worklist")
    return [
        _population(str(name), worklist, cases[cases["worklist"] == name]) for name, worklist in worklists.iterrows()
    ]


def sentence(found: Population) -> str:
    """Say what is known of the films that nobody asked to read, and of all films of the part."""
    if found.missed.value is None:
        return f"Worklist {found.worklist}: {found.missed.reason}."
    checks = "random check" if found.checks == 1 else "random checks"
    said = (
        f"Worklist {found.worklist}: {found.checks_with_finding:,} of {found.checks:,} {checks} had the finding, so "
        f"{_percent(found.missed)} of the films not suspected have it."
    )
    if found.unsettled:
        said += f" Left out, since no reader could tell or readers differ: {_films(found.unsettled)}."
    if found.estimate.value is None:
        return f"{said} The share of all films of {found.part} is {found.estimate.reason}."
    return f"{said} Of all films of {found.part} {_percent(found.estimate)} have it, by weighting."


def _population(name: str, worklist: pd.Series, cases: pd.DataFrame) -> Population:
    told = cases[cases["present"].notna()]
    drawn = told["random_check"].astype(bool)
    checks = told[drawn]
    positive = checks["present"] == 1
    missed = missed_so_far(positive.to_numpy(), checks["patient_id"].to_numpy(str))
    listed = None if pd.isna(worklist.get("listed")) else int(worklist["listed"])
    read = len(cases)
    unknown = Measure(value=None, reason="not known: no random check has been read")
    estimate = unknown
    if missed is not None and listed is None:
        estimate = Measure(value=None, reason="not known: how many films the worklist lists is not known")
    elif missed is not None and listed is not None and read < listed:
        estimate = Measure(value=None, reason=f"not known: {listed - read:,} of the {listed:,} listed films are unread")
    elif missed is not None:
        # Every listed film is read, so only the share missed among the others is uncertain.
        others = len(checks) / float(worklist["random_share"])
        seen = told[~drawn]
        shares = {
            limit: (float(seen["present"].sum()) + others * value) / (len(seen) + others)
            for limit, value in missed._asdict().items()
        }
        estimate = Measure(**shares)
    return Population(
        worklist=name,
        part=f"{worklist['dataset']}, {worklist['part']}",
        checks=len(checks),
        checks_with_finding=int(positive.sum()),
        missed=unknown if missed is None else Measure(**missed._asdict()),
        unsettled=int(cases["present"].isna().sum()),
        listed=listed,
        read=read,
        estimate=estimate,
    )


def _films(count: int) -> str:
    return "1 film" if count == 1 else f"{count:,} films"


def _percent(share: Measure) -> str:
    values = [0.0 if value is None else 100 * value for value in (share.value, share.low, share.high)]
    return "{:.1f} % ({:.1f} to {:.1f} %)".format(*values)
