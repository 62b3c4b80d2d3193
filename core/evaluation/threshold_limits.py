"""95 % limits of what a threshold achieves, at any threshold, from sums over the patients that were accumulated once.

With the films in the order of their probabilities, a threshold is a place in the order. Of each
patient `h` counts the positives above the place and `f` the negatives there; `s` and `n` are all
positives and negatives of the patient. All limits follow from sums of products of these.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from scipy import special

from core.base.statistics import wilson
from core.evaluation.metrics import Films

LEVEL = 0.95
ROUNDING = 1e-12  # of a sum of squares; below, patients differ no more than floats do


class Limits(NamedTuple):
    """A measure at some thresholds with its limits, shape `(T,)` each; NaN where there is none."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Sums over the patients at each of some places, shape `(T,)` each; `hf` is that of `h` times `f`."""

    h: np.ndarray
    f: np.ndarray
    s: np.ndarray
    n: np.ndarray
    hh: np.ndarray
    ff: np.ndarray
    hf: np.ndarray
    hs: np.ndarray
    hn: np.ndarray
    fs: np.ndarray
    fn: np.ndarray
    ss: np.ndarray
    nn: np.ndarray
    sn: np.ndarray
    with_positive: np.ndarray
    """Patients with a positive film, wherever it stands."""
    with_negative: np.ndarray
    """Patients with a negative film."""
    above: np.ndarray
    """Patients with a film above the place."""
    below: np.ndarray
    """Patients with a film below it."""
    patients: np.ndarray

    def at(self, places: np.ndarray) -> Sums:
        """Return the sums at some of the places, `(T,)`."""
        return Sums(**{field.name: getattr(self, field.name)[places] for field in fields(self)})

    def mirrored(self) -> Sums:
        """Return the sums as seen from below: hits are the negatives below the place, alarms the positives there."""
        return Sums(
            h=self.n - self.f,
            f=self.s - self.h,
            s=self.n,
            n=self.s,
            hh=self.nn - 2 * self.fn + self.ff,
            ff=self.ss - 2 * self.hs + self.hh,
            hf=self.sn - self.hn - self.fs + self.hf,
            hs=self.nn - self.fn,
            hn=self.sn - self.fs,
            fs=self.sn - self.hn,
            fn=self.ss - self.hs,
            ss=self.nn,
            nn=self.ss,
            sn=self.sn,
            with_positive=self.with_negative,
            with_negative=self.with_positive,
            above=self.below,
            below=self.above,
            patients=self.patients,
        )


def accumulated(films: Films, order: np.ndarray) -> Sums:
    """Return the sums at every place of an order, from above all films to below all.

    A sum of squares grows by 2k - 1 when a patient's k-th film comes; the products likewise.

    Args:
        films: The films.
        order: Their rows, the highest probability first, shape `(N,)`.

    Returns:
        The sums, shape `(N + 1,)` each, as float64, which holds these whole numbers exactly.
    """
    positive = films.labels == 1
    own, other = (
        np.bincount(films.patients[rows], minlength=films.patient_count).astype(float) for rows in (positive, ~positive)
    )
    patients, hit = films.patients[order], positive[order]
    hits, alarms = _earlier(patients, hit), _earlier(patients, ~hit)
    of_own, of_other = own[patients], other[patients]
    grows = {
        "h": hit,
        "f": ~hit,
        "hh": np.where(hit, 2 * hits + 1, 0),
        "ff": np.where(hit, 0, 2 * alarms + 1),
        "hf": np.where(hit, alarms, hits),
        "hs": np.where(hit, of_own, 0),
        "hn": np.where(hit, of_other, 0),
        "fs": np.where(hit, 0, of_own),
        "fn": np.where(hit, 0, of_other),
        "above": hits + alarms == 0,
        "below": -1.0 * (hits + alarms + 1 == of_own + of_other),
    }
    sums = {name: np.concatenate([[0.0], np.cumsum(growth, dtype=float)]) for name, growth in grows.items()}
    patient_count = float(((own + other) > 0).sum())
    sums["below"] += patient_count
    everywhere = {
        "s": own.sum(),
        "n": other.sum(),
        "ss": own @ own,
        "nn": other @ other,
        "sn": own @ other,
        "with_positive": (own > 0).sum(),
        "with_negative": (other > 0).sum(),
        "patients": patient_count,
    }
    constants = {name: np.broadcast_to(float(value), sums["h"].shape) for name, value in everywhere.items()}
    return Sums(**sums, **constants)


def share_of_class(sums: Sums) -> Limits:
    """Return the sensitivity; mirrored, the specificity."""
    return _wilson(sums.h, sums.s, sums.with_positive, squares=sums.hh, cross=sums.hs, sizes=sums.ss)


def share_of_call(sums: Sums) -> Limits:
    """Return the PPV at the films' own prevalence; mirrored, the NPV."""
    called = sums.hh + 2 * sums.hf + sums.ff
    return _wilson(sums.h, sums.h + sums.f, sums.above, squares=sums.hh, cross=sums.hh + sums.hf, sizes=called)


def share_at_prevalence(sums: Sums, prevalence: float) -> Limits:
    """Return the PPV at a chosen prevalence; mirrored and with the prevalence of the negatives, the NPV.

    It follows from the likelihood ratio. The limits are those of the ratio's logarithm, by the
    delta method over the patients; there are none where one of the ratio's counts is 0.

    Args:
        sums: At the thresholds.
        prevalence: Share of the films that `h` and `s` count, in (0, 1).

    References:
        Simel, Samsa, Matchar, "Likelihood Ratios with Confidence: Sample Size Estimation for Diagnostic
        Test Studies", Journal of Clinical Epidemiology 44(8), 1991: the logarithm, for independent films.

    Raises:
        ValueError: If the prevalence is out of range.
    """
    if not 0 < prevalence < 1:
        msg = f"Expected a prevalence between 0 and 1, got {prevalence}"
        raise ValueError(msg)
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.log(prevalence / (1 - prevalence)) + np.log(sums.h / sums.s) - np.log(sums.f / sums.n)
        of_hits = sums.hh / sums.h**2 - 2 * sums.hs / (sums.h * sums.s) + sums.ss / sums.s**2
        of_alarms = sums.ff / sums.f**2 - 2 * sums.fn / (sums.f * sums.n) + sums.nn / sums.n**2
        of_both = (
            sums.hf / (sums.h * sums.f)
            - sums.hn / (sums.h * sums.n)
            - sums.fs / (sums.f * sums.s)
            + sums.sn / (sums.s * sums.n)
        )
        variance = (of_hits + of_alarms - 2 * of_both) * sums.patients / (sums.patients - 1)
        there = (sums.h > 0) & (sums.f > 0) & (sums.patients > 1)
        half = special.ndtri(0.5 + LEVEL / 2) * np.sqrt(np.where(there, np.maximum(variance, 0), np.nan))
    return Limits(special.expit(logit), special.expit(logit - half), special.expit(logit + half))


def _wilson(
    hits: np.ndarray,
    films: np.ndarray,
    patients: np.ndarray,
    *,
    squares: np.ndarray,
    cross: np.ndarray,
    sizes: np.ndarray,
) -> Limits:
    """Return what `base.statistics.clustered_proportion` does, for many proportions at once.

    Args:
        hits: Films that count, shape `(T,)`.
        films: Films that could.
        patients: Patients with such films.
        squares: Sum of the squares of each patient's hits.
        cross: Sum of the products of each patient's hits and films.
        sizes: Sum of the squares of each patient's films.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / films
        residual = squares - 2 * share * cross + share**2 * sizes
        variance = patients / (patients - 1) * residual / films**2
        alone = share * (1 - share) / (films - 1)
        varies = (share > 0) & (share < 1) & (patients > 1) & (residual > ROUNDING * squares)
        effective = np.where(varies, np.minimum(films * alone / variance, films), patients)
        return Limits(share, *wilson(share, effective, level=LEVEL))


def _earlier(patients: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return how many films that count stand earlier in the order and are of the same patient, shape `(N,)`."""
    if not patients.size:
        return np.zeros(0)
    together = np.argsort(patients, kind="stable")
    own, counts = patients[together], counted[together].astype(float)
    before = np.cumsum(counts) - counts
    starts = np.flatnonzero(np.concatenate([[True], own[1:] != own[:-1]]))
    found = np.empty_like(before)
    found[together] = before - np.repeat(before[starts], np.diff(np.append(starts, own.size)))
    return found
