"""Any threshold by lookup: the films are sorted once, and what lies above each place in the order is accumulated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from core.evaluation import operating_point
from core.evaluation.metrics import Films
from core.evaluation.operating_point import OperatingPoint
from core.evaluation.threshold_limits import (
    Limits,
    Sums,
    accumulated,
    share_at_prevalence,
    share_of_call,
    share_of_class,
)


class Counts(NamedTuple):
    """Films by reference standard and call at some thresholds, shape `(T,)` each; whole films or shares of them."""

    true_positive: np.ndarray
    false_positive: np.ndarray
    false_negative: np.ndarray
    true_negative: np.ndarray


@dataclass(frozen=True)
class Thresholds:
    """Films in the order of their probabilities, ready to be asked about any threshold."""

    films: Films
    order: np.ndarray
    """Rows of `films`, the highest probability first, shape `(N,)`."""
    rising: np.ndarray
    """The probabilities, the lowest first, shape `(N,)`."""
    found: np.ndarray
    """Positives among the first films in the order, shape `(N + 1,)`."""

    @classmethod
    def of(cls, films: Films) -> Thresholds:
        """Sort films once; a film is called positive at or above a threshold."""
        order = np.argsort(-films.probabilities, kind="stable")
        found = np.concatenate([[0], np.cumsum(films.labels[order] == 1)])
        return cls(films, order, np.ascontiguousarray(films.probabilities[order][::-1]), found)

    @property
    def positives(self) -> int:
        """Films with the finding."""
        return int(self.found[-1])

    @property
    def negatives(self) -> int:
        """Films without it."""
        return self.rising.size - self.positives

    @property
    def prevalence(self) -> float:
        """Share of the films with the finding; NaN if there are none."""
        return self.positives / self.rising.size if self.rising.size else float("nan")

    def at(self, thresholds: np.ndarray | float) -> Counts:
        """Return the films by reference standard and call.

        Args:
            thresholds: On the probability, shape `(T,)`, or one.

        Examples:
            >>> films = Films.of(np.array([1, 0, 1, 0]), np.array([0.9, 0.6, 0.6, 0.1]), np.array(list("abcd")))
            >>> [int(count) for count in Thresholds.of(films).at(0.6)]
            [2, 1, 0, 1]
        """
        size = self.rising.size
        called = size - self.rising.searchsorted(thresholds)
        true_positive = self.found[called]
        positives = self.found[-1]
        false_positive = called - true_positive
        return Counts(true_positive, false_positive, positives - true_positive, size - positives - false_positive)

    def named_points(self) -> dict[str, OperatingPoint]:
        """Return the operating point of every rule on these films; none if there is one class only."""
        return operating_point.named_points(self.films.labels, self.films.probabilities)

    def limits(self, thresholds: np.ndarray, *, prevalence: float | None = None) -> dict[str, Limits]:
        """Return the proportions at each threshold with their 95 % limits, which go by patient.

        Sensitivity, specificity, and PPV and NPV at the films' own prevalence, have the interval of
        `base.statistics.clustered_proportion`; at a chosen one PPV and NPV have that of
        `threshold_limits.share_at_prevalence`.

        Args:
            thresholds: On the probability, shape `(T,)`.
            prevalence: For PPV and NPV, in (0, 1); None takes that of the films.
        """
        above = self._sums.at(self.rising.size - self.rising.searchsorted(thresholds))
        below = above.mirrored()
        found = {"sensitivity": share_of_class(above), "specificity": share_of_class(below)}
        if prevalence is None:
            return found | {"ppv": share_of_call(above), "npv": share_of_call(below)}
        return found | {
            "ppv": share_at_prevalence(above, prevalence),
            "npv": share_at_prevalence(below, 1 - prevalence),
        }

    def flips(self, active: float, new: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the films that another threshold calls otherwise.

        Args:
            active: The threshold in force.
            new: The one in its place.

        Returns:
            Rows of those newly suspected, and of those no longer suspected: positives first, then
            those nearest to the active threshold.
        """
        size = self.rising.size
        first, last = (size - int(self.rising.searchsorted(threshold)) for threshold in (active, new))
        return self._from_active(self.order[first:last]), self._from_active(self.order[last:first][::-1])

    def _from_active(self, rows: np.ndarray) -> np.ndarray:
        """Return rows, which stand with the nearest first, the positives among them before the others."""
        positive = self.films.labels[rows] == 1
        return np.concatenate([rows[positive], rows[~positive]])

    @cached_property
    def _sums(self) -> Sums:
        return accumulated(self.films, self.order)


def measures(counts: Counts) -> dict[str, np.ndarray]:
    """Return what follows from counts by division alone, shape `(T,)` each; NaN where nothing is divided.

    Returns:
        sensitivity, specificity, ppv, npv, f1, mcc (Matthews 1975), and alerts, the share called positive.
    """
    found, false, missed, quiet = (np.asarray(count, dtype=float) for count in counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "sensitivity": found / (found + missed),
            "specificity": quiet / (quiet + false),
            "ppv": found / (found + false),
            "npv": quiet / (quiet + missed),
            "f1": 2 * found / (2 * found + false + missed),
            "mcc": (found * quiet - false * missed)
            / np.sqrt((found + false) * (found + missed) * (quiet + false) * (quiet + missed)),
            "alerts": (found + false) / (found + false + missed + quiet),
        }


def at_prevalence(counts: Counts, prevalence: float) -> Counts:
    """Return the counts as shares of all films, weighed so that a share of them has the finding.

    Args:
        counts: Of films.
        prevalence: In [0, 1].
    """
    found, false, missed, quiet = (np.asarray(count, dtype=float) for count in counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        sensitivity, specificity = found / (found + missed), quiet / (quiet + false)
    return Counts(
        prevalence * sensitivity,
        (1 - prevalence) * (1 - specificity),
        prevalence * (1 - sensitivity),
        (1 - prevalence) * specificity,
    )
