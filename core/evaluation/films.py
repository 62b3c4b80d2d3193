"""Labelled predictions, prepared so that their patients can be weighted again and again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Films:
    """Labelled predictions of one part, prepared for weighting by patient."""

    labels: np.ndarray
    """Reference standard, shape `(N,)`, 1 for the finding and 0 without."""
    probabilities: np.ndarray
    """Predicted probability of the finding, shape `(N,)`, in [0, 1]."""
    patients: np.ndarray
    """Number of each film's patient, shape `(N,)`, from 0 to P - 1, in the order of their ids."""

    @classmethod
    def of(cls, labels: np.ndarray, probabilities: np.ndarray, patient_ids: np.ndarray) -> Films:
        """Prepare films given the ids of their patients, shape `(N,)`."""
        _, patients = np.unique(np.asarray(patient_ids, dtype=str), return_inverse=True)
        return cls(np.asarray(labels, dtype=float), np.asarray(probabilities, dtype=float), patients)

    @cached_property
    def patient_count(self) -> int:
        """How many patients there are."""
        return int(self.patients.max()) + 1 if self.patients.size else 0

    @cached_property
    def placed(self) -> tuple[sparse.csr_array, sparse.csr_array] | None:
        """Films of each patient by their place among the U distinct probabilities of positive films, falling.

        Positives at each of them, shape `(U, P)`. Negatives above the first, tied with it, between it and the second,
        and so on, shape `(2 U + 1, P)`. None if there is one class only. Sorted once, whatever is drawn.
        """
        positive = self.labels == 1
        if not positive.any() or positive.all():
            return None
        distinct, own = np.unique(-self.probabilities[positive], return_inverse=True)
        others = -self.probabilities[~positive]
        between = np.searchsorted(distinct, others, "left") + np.searchsorted(distinct, others, "right")
        return (
            self._by_patient(own, positive, len(distinct)),
            self._by_patient(between, ~positive, 2 * len(distinct) + 1),
        )

    def _by_patient(self, place: np.ndarray, kept: np.ndarray, places: int) -> sparse.csr_array:
        """Count the films of a mask `(N,)` by their place and patient, shape `(places, P)`."""
        ones = np.ones(place.size, np.float32)
        return sparse.csr_array((ones, (place, self.patients[kept])), shape=(places, self.patient_count))

    def only(self, kept: np.ndarray) -> Films:
        """Return the films of a mask, shape `(N,)`; patients keep their numbers, so their weights still fit."""
        return Films(self.labels[kept], self.probabilities[kept], self.patients[kept])
