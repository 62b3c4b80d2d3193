"""How far readers agree, with each other and with the model, on the cases read; and everything of it at once."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter

from core.evaluation.report import Measure
from core.review import against_model, coefficients, counted_reads, population, workload
from core.review.against_model import AgainstModel, Changed
from core.review.answer import ABSENT, GRADES, PRESENT, SIDES, UNCERTAIN
from core.review.coefficients import Coefficients
from core.review.counted_reads import CASE
from core.review.population import Population
from core.review.workload import Workload

FILM, SIDE = "film", "side"
CALLS = (ABSENT, UNCERTAIN, PRESENT)
CATEGORIES = {FILM: len(CALLS), SIDE: len(GRADES)}
UNITS = {FILM: "films", SIDE: "sides"}
NO_ANSWER = -1  # read, but not called: an unreadable film
ON_CASES = "on the cases read"
FLEISS = "Fleiss' kappa"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far some readers say the same of what they all could read."""

    units: int
    """Films or sides of films."""
    patients: int
    same: int
    """Units of which all say the same."""
    left_out: int
    """Units that all have read, but one of them called unreadable."""
    kappa: Measure
    """Cohen's of a pair, weighted by squared distance for grades; Fleiss' of all together, unweighted."""
    ac1: Measure
    """Gwet's AC1, unweighted."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two readers of the same cases."""

    first: str
    second: str
    unaided: Agreement
    """Before the model was seen."""
    aided: Agreement
    """After it was seen."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """All cases that have the same number of readers, who need not be the same ones."""

    readers: int
    unaided: Agreement
    aided: Agreement


@dataclass(frozen=True, kw_only=True)
class Study:
    """Everything that is counted on the cases read of one data set."""

    reads: int
    cases: int
    patients: int
    practice_reads: int
    """Left out everywhere."""
    reads_without_film: int
    """Whose list's predictions are gone; they count as work only."""
    pairs: Mapping[str, list[Pair]]
    """By unit: `film`, what it is called; `side`, its grade from 0 to 4."""
    panels: Mapping[str, list[Panel]]
    against_model: list[AgainstModel]
    changes: list[Changed]
    """Empty: no reference."""
    workload: list[Workload]
    populations: list[Population]


def study(table: pd.DataFrame, truths: pd.DataFrame | None = None) -> Study:
    """Count everything on the reads of one data set.

    Args:
        table: What `reads.read_table` gave, of one data set: films and phantoms never share a table.
        truths: The data set's truth table; without it only a third reader's adjudication is a reference.
    """
    reads, placed = counted_reads.counted(table), counted_reads.placed(table)
    return Study(
        reads=len(reads),
        cases=len(placed.drop_duplicates(CASE)),
        patients=placed["patient_id"].nunique(),
        practice_reads=len(table) - len(reads),
        reads_without_film=len(reads) - len(placed),
        pairs={unit: pairs(table, unit) for unit in UNITS},
        panels={unit: panels(table, unit) for unit in UNITS},
        against_model=against_model.against_model(table),
        changes=against_model.changes(table, truths),
        workload=workload.workload(table),
        populations=population.populations(table),
    )


def agreement(table: pd.DataFrame, truths: Mapping[str, pd.DataFrame] | None = None) -> dict[str, Any]:
    """Return everything that is counted, ready for JSON, by data set.

    Args:
        table: What `reads.read_table` gave.
        truths: Truth tables by data set.

    Returns:
        `datasets`: by name the fields of `Study`, and `sentences` that say them.
    """
    known = truths or {}
    found = {}
    for dataset, reads in table.groupby("dataset"):
        counted = study(reads, known.get(str(dataset)))
        found[str(dataset)] = TypeAdapter(Study).dump_python(counted, mode="json") | {"sentences": sentences(counted)}
    return {"datasets": found}


def pairs(table: pd.DataFrame, unit: str) -> list[Pair]:
    """Return how far each two readers agree who have read a case in common, by name.

    Args:
        table: Reads, as `counted_reads` takes them.
        unit: `film` or `side`.
    """
    before, after = _both_stages(table, unit)
    found = []
    for first, second in itertools.combinations(before.columns, 2):
        if before[[first, second]].notna().all(axis=1).any():
            stages = (_of_pair(codes[[first, second]].dropna(), unit) for codes in (before, after))
            found.append(Pair(first=first, second=second, unaided=next(stages), aided=next(stages)))
    return found


def panels(table: pd.DataFrame, unit: str) -> list[Panel]:
    """Return how far all readers agree, for each number of readers that cases have, from two on.

    Args:
        table: Reads, as `counted_reads` takes them.
        unit: `film` or `side`.
    """
    before, after = _both_stages(table, unit)
    numbers = sorted({int(count) for count in before.notna().sum(axis=1)} - {0, 1})
    return [
        Panel(readers=number, unaided=_of_panel(before, number, unit), aided=_of_panel(after, number, unit))
        for number in numbers
    ]


def lead_sentence(found: Study) -> str:
    """Say how far the readers agree before the model was seen, on the cases read."""
    pair, panel = found.pairs[FILM], found.panels[FILM]
    if not pair:
        who = f"{len(found.workload):,} readers have" if len(found.workload) > 1 else f"{found.workload[0].reader} has"
        return f"{who} read {_counted(found.cases, FILM)}; agreement needs a second reader of the same cases."
    return (
        pair_sentence(pair[0])
        if len(pair) == 1
        else panel_sentence(max(panel, key=lambda one: (one.unaided.units, one.readers)))
    )


def pair_sentence(pair: Pair) -> str:
    """Say on how many films two readers agree."""
    if not pair.unaided.units:
        return f"{pair.first} and {pair.second} have no film in common that both could read."
    return f"{pair.first} and {pair.second} agree on {_said(pair.unaided, 'kappa')} {ON_CASES}."


def panel_sentence(panel: Panel) -> str:
    """Say on how many films all readers agree."""
    who = "Both readers" if panel.readers == 2 else f"All {panel.readers} readers"
    return f"{who} of a film agree on {_said(panel.unaided, FLEISS)} {ON_CASES}."


def sentences(found: Study) -> list[str]:
    """Say the main things that were counted, one sentence each."""
    changed = [against_model.sentence(one) for one in found.changes] or ["Before and after the model: no reference."]
    said = [lead_sentence(found)] if found.cases else ["No read yet."]
    if len(found.pairs[FILM]) > 1:
        said += [pair_sentence(pair) for pair in found.pairs[FILM]]
    return said + changed + [population.sentence(one) for one in found.populations]


def words(measure: Measure) -> str:
    """Return a coefficient with its interval, or why there is none.

    Examples:
        >>> words(Measure(value=0.714, low=0.52, high=0.88)), words(Measure(value=None, reason="one answer"))
        ('0.71 (0.52 to 0.88)', 'none: one answer')
    """
    if measure.value is None:
        return f"none: {measure.reason}"
    if measure.low is None or measure.high is None:
        return f"{measure.value:.2f}, {measure.reason}"
    return f"{measure.value:.2f} ({measure.low:.2f} to {measure.high:.2f})"


def _both_stages(table: pd.DataFrame, unit: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the answers before and after the model was seen, as `_codes` gives them, with the same columns."""
    before, after = (_codes(chosen(table), unit) for chosen in (counted_reads.unaided, counted_reads.aided))
    return before, after.reindex(columns=before.columns)


def _codes(reads: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Return the number of each answer's category, a row a unit and a column a reader; NaN where one has not read."""
    if unit == FILM:
        numbers = {call: number for number, call in enumerate(CALLS)}
        long = reads.assign(side="", code=reads["called"].map(numbers).astype(float))
    else:
        long = pd.concat([reads.assign(side=side, code=reads[f"{side}_grade"].astype(float)) for side in SIDES])
    long["code"] = long["code"].fillna(NO_ANSWER)
    return long.pivot_table(index=[*CASE, "side", "patient_id"], columns="reader", values="code")


def _of_pair(both: pd.DataFrame, unit: str) -> Agreement:
    told = both[(both >= 0).all(axis=1)]
    first, second = (told.iloc[:, column].to_numpy(int) for column in (0, 1))
    found = coefficients.of_pair(first, second, _patients(told), categories=CATEGORIES[unit], quadratic=unit == SIDE)
    return _agreement(found, told, same=int((first == second).sum()), left_out=len(both) - len(told))


def _of_panel(codes: pd.DataFrame, readers: int, unit: str) -> Agreement:
    read = codes[codes.notna().sum(axis=1) == readers]
    told = read[~(read == NO_ANSWER).any(axis=1)]
    answers = told.to_numpy(float)
    counts = np.stack([(answers == category).sum(axis=1) for category in range(CATEGORIES[unit])], axis=1)
    found = coefficients.of_readers(counts, _patients(told))
    same = int((counts.max(axis=1) == readers).sum()) if len(told) else 0
    return _agreement(found, told, same=same, left_out=len(read) - len(told))


def _agreement(found: Coefficients, told: pd.DataFrame, *, same: int, left_out: int) -> Agreement:
    patients = int(np.unique(_patients(told)).size)
    return Agreement(units=len(told), patients=patients, same=same, left_out=left_out, kappa=found.kappa, ac1=found.ac1)


def _patients(codes: pd.DataFrame) -> np.ndarray:
    return codes.index.get_level_values("patient_id").to_numpy(str)


def _said(found: Agreement, name: str) -> str:
    if found.kappa.value is None:
        kappa = f"no {name}: {found.kappa.reason}"
    else:
        kappa = f"{name} {words(found.kappa).replace(' (', ', ').rstrip(')')}"
    return f"{found.same:,} of {_counted(found.units, FILM)} ({kappa})"


def _counted(count: int, unit: str) -> str:
    return f"1 {unit}" if count == 1 else f"{count:,} {UNITS[unit]}"
