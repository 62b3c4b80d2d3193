"""Which signal finds wrong calls: the bench that every signal, and their combination, is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation.evaluate import MIN_PATIENTS
from core.evaluation.intervals import bootstrap, percentile_interval
from core.evaluation.metrics import Films, auroc, ranking
from core.evaluation.report import Measure
from core.triage import combination as combining
from core.triage import verdict
from core.triage.combination import Combination

PLAIN = "cut_distance"
"""The signal that needs nothing but the probability: what every other has to beat."""
RISK = 0.05
KNOWN = 0.9
"""A signal that fewer of the films have than this share cannot order them, so it cannot win."""


@dataclass(frozen=True)
class Row:
    """What one signal is worth, on the films that have it."""

    signal: str
    films: int
    errors: int
    error_auroc: Measure
    """Chance that a wrong call has a higher value than a right one; 0.5 is guessing."""
    aurc: float | None
    coverage_at_5: float | None
    """Share of these films, from the surest on, that can be kept with at most 5 % wrong calls among them."""
    gain: Measure
    """`error_auroc` minus that of the plain distance to the cut on the same films."""


@dataclass(frozen=True)
class Bench:
    """The signals side by side, best first, and which one orders the unsure cases."""

    rows: list[Row]
    winner: str
    errors: int
    films: int
    patients: int
    combination: Combination | None
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        rows = [
            {name: value.model_dump() if isinstance(value, Measure) else value for name, value in vars(row).items()}
            for row in self.rows
        ]
        combined = None if self.combination is None else self.combination.to_dict()
        return {**vars(self), "rows": rows, "combination": combined}


def bench(
    table: Mapping[str, np.ndarray],
    errors: np.ndarray,
    patients: np.ndarray,
    *,
    combination: Combination | None = None,
    chosen: str | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Bench:
    """Measure how well each signal tells the wrong calls from the right ones.

    On the films of `tune` a combination is fitted, its figures are cross-fitted by patient, and
    the best signal wins. On those of another part nothing is fitted or chosen: the combination
    and the signal of `tune` are measured as they are.

    Args:
        table: Signals by name, shape `(N,)` each, `cut_distance` among them; higher is more
            reason for a human, NaN is missing.
        errors: Whether the call at the cut is wrong, shape `(N,)`.
        patients: The patient of each film, shape `(N,)`.
        combination: The one fitted on `tune`; given one, none is fitted.
        chosen: The winner on `tune`; given one, none is picked, and no combination fitted either.
        draws: How often the patients are drawn for the intervals (95 %, percentiles); 0 for none.
        seed: Decides the folds and the draws; all signals see the same draws.

    Raises:
        ValueError: If `cut_distance` is not known for every film.
    """
    errors = np.asarray(errors, dtype=bool)
    _, numbers = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    measured_only = chosen is not None and combination is None
    every = dict(table) if measured_only else candidates(table, errors, patients, combination=combination, seed=seed)
    known = int((~np.isnan(np.asarray(every.get(PLAIN, []), dtype=float))).sum())
    if known < errors.size:
        msg = f"Expected {PLAIN} of all {errors.size} films, found it of {known}"
        raise ValueError(msg)
    if chosen is not None:
        every.setdefault(chosen, np.full(errors.size, np.nan))
    rows = _rows(every, errors, numbers, draws=draws, seed=seed)
    best = chosen or winner(every, errors)
    return Bench(
        rows=sorted(rows, key=lambda row: (-_value(row), row.signal != PLAIN)),
        winner=best,
        errors=int(errors.sum()),
        films=errors.size,
        patients=np.unique(numbers).size,
        combination=combination if combination or measured_only else combining.fit(table, errors),
        verdict=verdict.verdict({row.signal: row for row in rows}, best, plain=PLAIN, chosen=chosen is not None),
    )


def candidates(
    table: Mapping[str, np.ndarray],
    errors: np.ndarray,
    patients: np.ndarray,
    *,
    combination: Combination | None = None,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Return the signals and, where it can be had, their combination, cross-fitted unless one is given."""
    values = combination.values(table) if combination else combining.cross_fitted(table, errors, patients, seed=seed)
    return dict(table) | ({combining.NAME: values} if values is not None else {})


def winner(table: Mapping[str, np.ndarray], errors: np.ndarray) -> str:
    """Return the signal with the highest error AUROC among those that nearly every film has.

    A signal that is missing on many films is measured on a selection of them, and would leave
    the others unordered. Of equals `cut_distance` wins, then the first.

    Args:
        table: Signals by name, shape `(N,)` each; NaN is missing.
        errors: Whether the call at the cut is wrong, shape `(N,)`.

    Examples:
        >>> wrong = np.array([True, False, False])
        >>> winner({"cut_distance": np.array([1.0, 2.0, 0.0]), "pass_spread": np.array([3.0, 2.0, 1.0])}, wrong)
        'pass_spread'
    """
    best, name = -1.0, PLAIN
    for signal in sorted(table, key=lambda signal: signal != PLAIN):  # a stable sort: the plain one first
        values = np.asarray(table[signal], dtype=float)
        there = ~np.isnan(values)
        value = auroc(errors[there], values[there]) if there.sum() >= KNOWN * there.size else None
        if value is not None and value > best:
            best, name = value, signal
    return name


def risk_coverage(values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the error rate among the surest films, for each number of films kept.

    Films with the same value have no order: within them the risk is the one expected when they
    are taken at random, so the curve does not depend on the order of the rows.

    Args:
        values: A signal without NaN, shape `(N,)`; the lowest is the surest.
        errors: Whether the call is wrong, shape `(N,)`.

    Returns:
        Coverage (k / N for k from 1 to N) and risk (wrong calls / k), shape `(N,)` each.

    References:
        Geifman, El-Yaniv, "Selective Classification for Deep Neural Networks", NeurIPS 2017.

    Examples:
        >>> coverage, risk = risk_coverage(np.array([0.1, 0.7, 0.7, 0.9]), np.array([0, 1, 0, 1]))
        >>> coverage.tolist(), risk.round(3).tolist()
        ([0.25, 0.5, 0.75, 1.0], [0.0, 0.25, 0.333, 0.5])
    """
    _, group = np.unique(values, return_inverse=True)
    sizes = np.bincount(group)
    rate = np.bincount(group, weights=np.asarray(errors, dtype=float)) / np.maximum(sizes, 1)
    kept = np.arange(1, len(group) + 1)
    return kept / max(len(group), 1), np.cumsum(np.repeat(rate, sizes)) / kept


def aurc(values: np.ndarray, errors: np.ndarray) -> float:
    """Return the area under the risk-coverage curve: the mean risk over the coverages 1/N to 1; lower is better.

    Args:
        values: A signal without NaN, shape `(N,)`, N at least 1; the lowest is the surest.
        errors: Whether the call is wrong, shape `(N,)`.

    References:
        Geifman, Uziel, El-Yaniv, "Bias-Reduced Uncertainty Estimation for Deep Neural
        Classifiers", ICLR 2019.

    Examples:
        >>> aurc(np.array([0.1, 0.5, 0.9]), np.array([0, 0, 1])) == (0 + 0 + 1 / 3) / 3
        True
    """
    return float(np.mean(risk_coverage(values, errors)[1]))


def coverage_at_risk(values: np.ndarray, errors: np.ndarray, *, risk: float = RISK) -> float:
    """Return the largest share of films, from the surest on, with an error rate of at most `risk`; 0 if none.

    Args:
        values: A signal without NaN, shape `(N,)`; the lowest is the surest.
        errors: Whether the call is wrong, shape `(N,)`.
        risk: Highest error rate among the films kept, in [0, 1].

    Examples:
        >>> coverage_at_risk(np.array([0.1, 0.5, 0.7, 0.9]), np.array([0, 0, 1, 1]), risk=0.4)
        0.75
    """
    coverage, found = risk_coverage(values, errors)
    within = np.flatnonzero(found <= risk + 1e-12)
    return float(coverage[within[-1]]) if within.size else 0.0


def _rows(
    table: dict[str, np.ndarray], errors: np.ndarray, patients: np.ndarray, *, draws: int, seed: int
) -> list[Row]:
    """Measure each signal, given the films' patients by number from 0, shape `(N,)`; the draws are the same for all."""
    columns = {name: np.asarray(values, dtype=float) for name, values in table.items()}
    all_films = {name: Films(errors.astype(float), values, patients) for name, values in columns.items()}
    known = {name: ~np.isnan(values) for name, values in columns.items()}
    own = {name: films.only(known[name]) for name, films in all_films.items()}
    # the plain distance on the same films, where these are not all films
    plain = {name: all_films[PLAIN].only(there) for name, there in known.items() if not there.all()}

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        areas = {name: ranking(films, weights)["auroc"] for name, films in own.items()}
        beside = {name: ranking(films, weights)["auroc"] for name, films in plain.items()}
        return areas | {f"{name}: gain": areas[name] - beside.get(name, areas[PLAIN]) for name in areas}

    count = int(patients.max()) + 1 if patients.size else 0
    values = measure(np.ones((1, count)))
    drawn = bootstrap(measure, count, errors.size, draws=draws, seed=seed) if draws and count else {}
    rows = []
    for name, films in own.items():
        wrong = films.labels == 1
        exists = bool(wrong.any() and not wrong.all())
        reason = _why_none(wrong)
        few = min(np.unique(films.patients[wrong]).size, np.unique(films.patients[~wrong]).size) < MIN_PATIENTS
        area, gain = (
            _measure(float(values[key][0]), drawn.get(key), reason=reason, few=few) for key in (name, f"{name}: gain")
        )
        rows.append(
            Row(
                signal=name,
                films=wrong.size,
                errors=int(wrong.sum()),
                error_auroc=area,
                aurc=aurc(films.probabilities, wrong) if exists else None,
                coverage_at_5=coverage_at_risk(films.probabilities, wrong) if exists else None,
                gain=Measure(value=None, reason="the others are compared with it") if name == PLAIN else gain,
            )
        )
    return rows


def _why_none(wrong: np.ndarray) -> str:
    if not wrong.size:
        return "no film has a value"
    return f"no wrong call on {wrong.size:,} films" if not wrong.any() else f"no right call on {wrong.size:,} films"


def _measure(value: float, drawn: np.ndarray | None, *, reason: str, few: bool) -> Measure:
    if np.isnan(value):
        return Measure(value=None, reason=reason)
    if drawn is None:
        return Measure(value=value, reason="no interval: nothing was drawn")
    if few:
        return Measure(value=value, reason=f"no interval: fewer than {MIN_PATIENTS} patients with right or wrong calls")
    interval = percentile_interval(drawn)
    if interval is None or interval[0] == interval[1]:
        return Measure(value=value, reason="no interval: the draws of the patients do not vary")
    return Measure(value=value, low=interval[0], high=interval[1])


def _value(row: Row) -> float:
    return -1.0 if row.error_auroc.value is None else row.error_auroc.value
