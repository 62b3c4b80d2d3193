"""The limit on missed cases: how far it holds is certified on the fold `certify`, with the patient as unit.

The promise: if the patients are drawn at random from those it is made for, then with probability
`confidence` the share of positive patients whose positive film, taken at random, ends in the
third zone is at most `max_missed`. The signal, its combination, the cut and the thresholds to try
come from `tune`; `certify` only says how far along them the promise holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from scipy import special

from core.base.errors import InputError
from core.base.statistics import Interval, clustered_proportion
from core.triage.policy import NOT_SUSPECTED, above, zones

STEPS = 50


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """Whether a limit on missed cases holds, at which threshold, and what that was learnt from."""

    certified: bool
    max_missed: float
    """Highest share of the positive patients in the third zone, in (0, 1)."""
    confidence: float
    """Probability over the draw of the patients of `certify` that a certified limit holds, in (0, 1)."""
    threshold: float | None
    """On the signal; null when not certified: then every film below the cut is unsure."""
    positive_patients: int
    missed: int | None
    """Of them, at the threshold; when not certified at the strictest one. Null when none was tried."""
    upper: float | None
    """One-sided upper limit (Clopper-Pearson) of the missed share, beside `missed`."""
    positives_needed: int | None
    """Positive patients without which not even none missed would do; null unless these are too few."""
    not_suspected: int
    """Films of `certify` in the third zone at the threshold, with or without a label."""
    false_omission: Interval | None
    """Positives among its labelled films, 95 % by patient; after the threshold was chosen on them."""
    reason: str | None
    """Why not certified, in a sentence."""
    scope: dict[str, Any]
    """What the certificate speaks of, and of nothing else: data set, split, truth, checkpoint."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        interval = None if self.false_omission is None else self.false_omission._asdict()
        return asdict(self) | {"false_omission": interval}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read back what `to_dict` gave."""
        interval = values["false_omission"]
        return cls(**{**values, "false_omission": None if interval is None else Interval(**interval)})


def upper_limit(missed: int, patients: int, *, confidence: float) -> float:
    """Return the one-sided upper limit of a share of which `missed` of `patients` were seen.

    Args:
        missed: From 0 to `patients`.
        patients: At least 1.
        confidence: Probability that the limit lies above the true share, in (0, 1).

    References:
        Clopper, Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the
        Binomial", Biometrika 26(4), 1934.

    Examples:
        >>> f"{upper_limit(0, 22, confidence=0.9):.4f} {upper_limit(2, 2, confidence=0.9)}"
        '0.0994 1.0'
    """
    return 1.0 if missed >= patients else float(special.betaincinv(missed + 1, patients - missed, confidence))


def positives_needed(max_missed: float, confidence: float, *, missed: int = 0) -> int:
    """Return how many positive patients certify a limit when so many of them are missed.

    Args:
        max_missed: The limit, in (0, 1).
        confidence: In (0, 1).
        missed: At least 0.

    Raises:
        InputError: If the limit or the confidence is out of range.

    Examples:
        >>> [positives_needed(0.10, 0.90, missed=missed) for missed in (0, 1, 2)]
        [22, 38, 52]
    """
    _check(max_missed, confidence)
    few, enough = missed, missed + 1
    while upper_limit(missed, enough, confidence=confidence) > max_missed:
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        if upper_limit(missed, middle, confidence=confidence) > max_missed:
            few = middle
        else:
            enough = middle
    return enough


def thresholds_from_tune(values_below_cut: np.ndarray) -> np.ndarray:
    """Return the thresholds that `certify` will try, from the strictest (smallest third zone) to the laxest.

    Args:
        values_below_cut: The signal of the films of `tune` below the cut, shape `(N,)`; NaN is missing.

    Returns:
        Rising, at most 50: each sends about 2 % more of these films to the third zone, the last
        all of them. Empty if no film has a value.

    Examples:
        >>> thresholds_from_tune(np.array([0.0, 0.0, 1.0, 3.0, np.nan]))[:2].tolist()
        [1.0, 3.0]
    """
    values = np.asarray(values_below_cut, dtype=float)
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros(0)
    steps = np.unique(values)
    after = np.append(steps[1:], above(steps))  # the lowest threshold with the films of a step in the third zone
    ends = np.quantile(values, np.linspace(0, 1, STEPS + 1)[1:], method="inverted_cdf")
    return after[np.searchsorted(steps, np.unique(ends))]


def certify(
    probabilities: np.ndarray,
    values: np.ndarray,
    labels: np.ndarray,
    patients: np.ndarray,
    *,
    cut: float,
    thresholds: np.ndarray,
    max_missed: float,
    confidence: float,
    seed: int,
    scope: Mapping[str, Any],
) -> Certificate:
    """Find the laxest threshold at which the limit on missed cases is certified on the films of `certify`.

    Of each positive patient one positive film is drawn, so the patients are independent and the
    missed ones binomial. The thresholds are tested one after the other, each at the full level,
    up to the first that fails (fixed-sequence testing): a false promise needs the first threshold
    that breaks the limit to pass, so its chance is at most 1 - confidence. That holds because
    nothing but the order, fixed beforehand on `tune`, decides what is tested. So a threshold that
    leaves no film of `certify` in the third zone is passed through like any other; but if none
    further passes, nothing was seen of a third zone, and the answer is "not certified".

    Args:
        probabilities: Calibrated probability of the finding, shape `(N,)`, in [0, 1].
        values: The signal that orders the unsure cases, shape `(N,)`; NaN is missing, thus unsure.
        labels: Reference standard, shape `(N,)`, 1, 0 or NaN where there is none.
        patients: The patient of each film, shape `(N,)`.
        cut: The operating point; a positive at or above it is found.
        thresholds: From `thresholds_from_tune`, shape `(T,)`.
        max_missed: The limit, in (0, 1).
        confidence: In (0, 1).
        seed: Draws the films; to be fixed beforehand, since the best of many seeds promises nothing.
        scope: Data set, split, truth and checkpoint that the certificate speaks of.

    Raises:
        InputError: If the limit or the confidence is out of range.
        ValueError: If the thresholds do not rise.

    References:
        Angelopoulos, Bates, Candès, Jordan, Lei, "Learn then Test: Calibrating Predictive
        Algorithms to Achieve Risk Control", arXiv:2110.01052, 2021: fixed-sequence testing over
        a parameter; Clopper, Pearson, see `upper_limit`.
    """
    _check(max_missed, confidence)
    thresholds = np.asarray(thresholds, dtype=float)
    if not (np.diff(thresholds) > 0).all():
        msg = f"Expected thresholds that rise, from the strictest to the laxest, got {thresholds.tolist()}"
        raise ValueError(msg)
    probabilities, values, labels = (np.asarray(array, dtype=float) for array in (probabilities, values, labels))
    patients = np.asarray(patients, dtype=str)
    film = _one_positive_film_each(probabilities, values, labels, patients, seed=seed)
    needed = positives_needed(max_missed, confidence)
    missable = np.sort(values[film][(probabilities[film] < cut) & ~np.isnan(values[film])])
    missed = np.searchsorted(missable, thresholds, side="left")  # by threshold, never falling
    uppers = [upper_limit(int(count), film.size, confidence=confidence) for count in missed] if film.size else []

    def answer(step: int | None, *, threshold: float | None = None, reason: str | None = None) -> Certificate:
        """Put the certificate together; `step` is the threshold whose figures it quotes."""
        third = zones(probabilities, values, cut=cut, threshold=threshold) == NOT_SUSPECTED
        known = third & ~np.isnan(labels)
        return Certificate(
            certified=threshold is not None,
            max_missed=max_missed,
            confidence=confidence,
            threshold=threshold,
            positive_patients=film.size,
            missed=None if step is None else int(missed[step]),
            upper=None if step is None else uppers[step],
            positives_needed=needed if film.size < needed else None,
            not_suspected=int(third.sum()),
            false_omission=clustered_proportion(labels[known] == 1, patients[known]),
            reason=reason,
            scope=dict(scope),
        )

    limit = f"{100 * max_missed:.3g} % missed at a confidence of {100 * confidence:.3g} %"
    if film.size < needed:
        return answer(
            None,
            reason=f"A limit of {limit} needs at least {needed:,} positive patients even if none is missed; "
            f"`certify` has {film.size:,}.",
        )
    if not thresholds.size:
        return answer(
            None, reason="No film of `tune` below the cut has a value of the signal, so no threshold is known."
        )
    passes = np.asarray(uppers) <= max_missed
    last = (int(np.argmin(passes)) if not passes.all() else passes.size) - 1
    if last < 0:
        return answer(
            0,
            reason=f"Even the strictest threshold misses {missed[0]:,} of {film.size:,} positive patients: up to "
            f"{100 * uppers[0]:.1f} % may be missed, above the limit of {limit}.",
        )
    threshold = float(thresholds[last])
    if not (zones(probabilities, values, cut=cut, threshold=threshold) == NOT_SUSPECTED).any():
        return answer(0, reason=_nothing_seen(missed, last, film.size, limit))
    return answer(last, threshold=threshold)


def _check(max_missed: float, confidence: float) -> None:
    for field, title, value in (
        ("max_missed", "a limit on missed cases", max_missed),
        ("confidence", "a confidence", confidence),
    ):
        if not 0 < value < 1:
            msg = f"Expected {title} above 0 and below 1, found {value}; give another."
            raise InputError(msg, field=field)


def _one_positive_film_each(
    probabilities: np.ndarray, values: np.ndarray, labels: np.ndarray, patients: np.ndarray, *, seed: int
) -> np.ndarray:
    """Return the row of one random positive film of each positive patient, shape `(P,)`, whatever the rows' order."""
    rows = np.flatnonzero(labels == 1)
    rows = rows[np.lexsort((values[rows], probabilities[rows], patients[rows]))]
    _, first, count = np.unique(patients[rows], return_index=True, return_counts=True)
    chance = np.random.default_rng(seed).random(first.size)
    return rows[first + (chance * count).astype(int)]


def _nothing_seen(missed: np.ndarray, last: int, patients: int, limit: str) -> str:
    if last + 1 == missed.size:
        return "No threshold leaves a film of `certify` in the third zone, so nothing was seen of it."
    return (
        f"The thresholds that keep the limit of {limit} leave no film of `certify` in the third zone; "
        f"the next one misses {missed[last + 1]:,} of {patients:,} positive patients."
    )
