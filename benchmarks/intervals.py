"""Intervals of the AUROC: the patient bootstrap against a loop over scikit-learn, DeLong against its definition.

A loop over scikit-learn draws patients, gathers their films and calls `roc_auc_score`; a few of its draws
are timed and the figure for 1,000 is extrapolated from them. Ours makes all 1,000. DeLong by its
definition compares every positive with every negative film, in blocks that fit the memory; where the pairs are
more than it can do in a minute it is timed on a share of the positives and extrapolated, and the results
are compared at the smaller size. Both are processor time of this one process, with its one thread.

Films come in twos to fives by patient, 5 % of them positive, and many probabilities are tied.
`--quick` has the smaller size and fewer draws of ours, extrapolated too.

    python -m benchmarks.intervals [--quick]
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import TypeVar

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.metrics import roc_auc_score

from core.evaluation import delong, intervals, metrics
from core.evaluation.metrics import Films

SIZES = (112_120, 1_000_000)
DRAWS, OF_SCIKIT_LEARN = 1000, 5
FASTER, DIFFERENCE = 20, 1e-9  # the bars; the second in AUROC
PAIRS = 400_000_000  # what the definition does in a few seconds
BLOCK = 4_000_000  # pairs held at once
Found = TypeVar("Found")


def study(films: int) -> Films:
    """Return simulated predictions of so many films."""
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(films // 2), rng.integers(2, 6, films // 2))[:films]
    ill = rng.random(patients.max() + 1) < 0.06
    labels = (ill[patients] & (rng.random(films) < 0.85)).astype(float)
    shared = rng.standard_normal(patients.max() + 1)[patients]
    values = 1.5 * labels + np.sqrt(0.5) * (shared + rng.standard_normal(films)) - 2
    return Films(labels, np.round(1 / (1 + np.exp(-values)), 4), patients)


def drawn(films: Films, *, draws: int) -> np.ndarray:
    """Return the AUROC of each bootstrap draw of the patients, shape `(draws,)`, as reports have it."""
    own = intervals.bootstrap(
        lambda weights: metrics.ranking(films, weights), films.patient_count, films.labels.size, draws=draws, seed=0
    )
    return own["auroc"]


def by_scikit_learn(films: Films, *, draws: int) -> np.ndarray:
    """Return the same draws by a loop over scikit-learn, shape `(draws,)`."""
    order = np.argsort(films.patients, kind="stable")
    starts = np.searchsorted(films.patients[order], np.arange(films.patient_count + 1))
    rng = np.random.default_rng(0)
    found = []
    for _ in range(draws):
        of = rng.integers(films.patient_count, size=films.patient_count)
        sizes = starts[of + 1] - starts[of]
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        rows = order[np.repeat(starts[of], sizes) + offsets]
        found.append(roc_auc_score(films.labels[rows], films.probabilities[rows]))
    return np.array(found)


def by_definition(films: Films, positives: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return DeLong's AUROC and components of some positives, pair by pair, in blocks.

    Args:
        films: The films.
        positives: Numbers of the positive films to take, shape `(M,)`.

    Returns:
        The AUROC; the share of negatives below each positive `(M,)`, and of positives above each negative `(N,)`.
    """
    negatives = films.probabilities[films.labels == 0]
    places, above = [], np.zeros(negatives.size)
    step = max(1, BLOCK // negatives.size)
    for start in range(0, positives.size, step):
        own = films.probabilities[positives[start : start + step], None]
        won = (own > negatives) + 0.5 * (own == negatives)
        places.append(won.mean(axis=1))
        above += won.sum(axis=0)
    found = np.concatenate(places)
    return float(found.mean()), found, above / positives.size


def slow_variance(films: Films) -> tuple[float, float]:
    """Return the AUROC and its clustered variance by the definition of DeLong and Obuchowski."""
    positive = films.labels == 1
    area, *components = by_definition(films, np.flatnonzero(positive))
    classes = (positive, ~positive)
    sums = [
        np.bincount(films.patients[own], values - area, films.patient_count) / own.sum()
        for own, values in zip(classes, components, strict=True)
    ]
    owners = [np.unique(films.patients[own]).size for own in classes]
    patients = np.unique(films.patients).size
    variance = sum(owner / (owner - 1) * float(own @ own) for owner, own in zip(owners, sums, strict=True))
    return area, variance + 2 * patients / (patients - 1) * float(sums[0] @ sums[1])


def timed(run: Callable[[], Found]) -> tuple[float, Found]:
    """Return how much processor time a run takes, in s, and what it gives."""
    began = time.process_time()
    found = run()
    return time.process_time() - began, found


def bootstraps(films: Films, *, draws: int) -> bool:
    """Measure both bootstraps, print their figures, and tell whether the results agree."""
    of_ours, ours = timed(lambda: drawn(films, draws=draws))
    of_loop, loop = timed(lambda: by_scikit_learn(films, draws=OF_SCIKIT_LEARN))
    a_thousand = [DRAWS * seconds / count for seconds, count in ((of_ours, draws), (of_loop, OF_SCIKIT_LEARN))]
    apart = float(np.abs(ours[:OF_SCIKIT_LEARN] - loop).max())
    made = "" if draws == DRAWS else f", extrapolated from {draws}"
    print(f"  bootstrap, {DRAWS:,} draws: {a_thousand[0]:8.1f} s, five ranking measures at once{made}")
    print(f"  loop over scikit-learn:  {a_thousand[1]:8.1f} s, AUROC alone, extrapolated from {OF_SCIKIT_LEARN} draws")
    print(f"    {a_thousand[1] / a_thousand[0]:.0f} times (bar: at least {FASTER}); largest difference {apart:.1e}")
    return apart <= DIFFERENCE


def delongs(films: Films) -> bool:
    """Measure both forms of DeLong, print their figures, and tell whether the results agree."""
    positives = np.flatnonzero(films.labels == 1)
    negatives = films.labels.size - positives.size
    of_ours, (areas, found) = timed(lambda: delong.covariance(films, films.probabilities[None]))
    share = min(1.0, PAIRS / (positives.size * negatives))
    some = positives[: max(2, int(share * positives.size))]
    of_slow, _ = timed(lambda: by_definition(films, some))
    of_slow *= positives.size / some.size
    made = (
        "" if some.size == positives.size else f", extrapolated from {some.size:,} of the {positives.size:,} positives"
    )
    print(f"  DeLong by one sort:      {1000 * of_ours:8.1f} ms")
    print(f"  DeLong by all pairs:     {1000 * of_slow:8.0f} ms{made}")
    smaller = films
    if some.size < positives.size:
        smaller = films.only(np.arange(films.labels.size) < int(share**0.5 * films.labels.size))
        areas, found = delong.covariance(smaller, smaller.probabilities[None])
    area, variance = slow_variance(smaller)
    apart, off = abs(float(areas[0]) - area), abs(float(found[0, 0]) / variance - 1)
    print(
        f"    {of_slow / of_ours:.0f} times (bar: at least {FASTER}); at {smaller.labels.size:,} films"
        f" the AUROC differs by {apart:.1e}, the variance by {off:.1e} of it",
        flush=True,
    )
    return apart <= DIFFERENCE and off <= DIFFERENCE


def main() -> int:
    """Measure, print, and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="end within 60 s")
    quick = options.parse_args().quick
    right = []
    for size in SIZES[:1] if quick else SIZES:
        films = study(size)
        print(f"{size:,} films of {films.patient_count:,} patients, {int(films.labels.sum()):,} positive")
        drawn(study(1000), draws=2)  # warms up
        right += [bootstraps(films, draws=100 if quick else DRAWS), delongs(films)]
    if not all(right):
        print("WRONG: the results differ")
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
