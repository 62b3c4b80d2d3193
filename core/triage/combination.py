"""Several signals made into one: a logistic regression for "the model's call on this film is wrong"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy import special

from core.data.dealing import deal

NAME = "combination"
FOLDS = 5


@dataclass(frozen=True)
class Term:
    """How one signal enters the combination."""

    median: float
    """Stands in for a missing value; in the signal's own unit, as are `mean` and `scale`."""
    mean: float
    scale: float
    """Standard deviation, above 0."""
    coefficient: float
    """Change of the log odds of a wrong call by one `scale`."""


@dataclass(frozen=True)
class Combination:
    """A fitted logistic regression on standardised signals."""

    intercept: float
    terms: dict[str, Term]

    def values(self, table: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the fitted probability that each film's call is wrong.

        Args:
            table: Signals by name, shape `(N,)` each, at least one; NaN, infinity and a signal
                that is not there count as missing, for which the median of the fit stands in.

        Returns:
            Shape `(N,)`, in [0, 1]; higher is more likely wrong.

        Examples:
            >>> one = Combination(intercept=0.0, terms={"drain": Term(median=0, mean=1, scale=2, coefficient=3)})
            >>> one.values({"drain": np.array([1.0, 3.0, np.nan])}).round(3).tolist()
            [0.5, 0.953, 0.182]
        """
        log_odds = np.full(len(next(iter(table.values()))), self.intercept)
        for name, term in self.terms.items():
            values = np.asarray(table[name], dtype=float) if name in table else np.full(log_odds.size, np.nan)
            filled = np.where(np.isfinite(values), values, term.median)
            log_odds += term.coefficient * (filled - term.mean) / term.scale
        return special.expit(log_odds)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` gave."""
        return cls(float(values["intercept"]), {name: Term(**term) for name, term in values["terms"].items()})


def fit(table: Mapping[str, np.ndarray], errors: np.ndarray) -> Combination | None:
    """Fit the combination to films whose calls are known to be right or wrong.

    A ridge penalty (C = 1, on standardised signals) keeps the coefficients of signals that say
    the same from running against each other. The same films give the same combination.

    Args:
        table: Signals by name, shape `(N,)` each; NaN and infinity are missing.
        errors: Whether the call at the cut is wrong, shape `(N,)`.

    Returns:
        The combination, without the signals that are constant or missing for every film; None
        if all calls are right, or all wrong, or no signal is left.

    References:
        Hoerl, Kennard, "Ridge Regression: Biased Estimation for Nonorthogonal Problems",
        Technometrics 12(1), 1970.
    """
    from sklearn.linear_model import LogisticRegression

    errors = np.asarray(errors, dtype=bool)
    if not errors.any() or errors.all():
        return None
    measured, columns = {}, []
    for name, raw in table.items():
        values = np.asarray(raw, dtype=float)
        there = np.isfinite(values)
        if not there.any() or np.ptp(values[there]) == 0:
            continue
        median = float(np.median(values[there]))
        filled = np.where(there, values, median)
        mean, scale = float(filled.mean()), float(filled.std())
        if not np.isfinite(scale) or scale == 0:  # beyond what float64 can square
            continue
        measured[name] = (median, mean, scale)
        columns.append((filled - mean) / scale)
    if not columns:
        return None
    model = LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-8)
    model.fit(np.column_stack(columns), errors)
    terms = {
        name: Term(*numbers, coefficient=float(coefficient))
        for (name, numbers), coefficient in zip(measured.items(), model.coef_[0], strict=True)
    }
    return Combination(float(model.intercept_[0]), terms)


def cross_fitted(
    table: Mapping[str, np.ndarray], errors: np.ndarray, patients: np.ndarray, *, folds: int = FOLDS, seed: int = 0
) -> np.ndarray | None:
    """Return the combination's value of each film, fitted on other patients than the film's own.

    So its worth can be measured on the films it learns from.

    Args:
        table: Signals by name, shape `(N,)` each.
        errors: Whether the call at the cut is wrong, shape `(N,)`.
        patients: The patient of each film, shape `(N,)`; all films of a patient share a fold.
        folds: How many times it is fitted; fewer where there are fewer patients.
        seed: Decides the folds; patients with a wrong call are spread evenly over them.

    Returns:
        Shape `(N,)`, in [0, 1]; None if the films of some fold's other patients do not allow a fit.
    """
    errors = np.asarray(errors, dtype=bool)
    ids, patient = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    folds = min(folds, ids.size)
    if folds < 2:
        return None
    erring = np.bincount(patient, weights=errors) > 0
    shares = [1 / folds] * folds
    fold = deal(erring.astype(int), np.zeros(ids.size, int), shares, rng=np.random.default_rng(seed))[patient]
    values = np.empty(errors.size)
    for number in range(folds):
        own = fold == number
        fitted = fit({name: np.asarray(column)[~own] for name, column in table.items()}, errors[~own])
        if fitted is None:
            return None
        values[own] = fitted.values({name: np.asarray(column)[own] for name, column in table.items()})
    return values
