"""Any threshold by lookup against scikit-learn's recount.

The films are sorted once; then a threshold is a search in their order. scikit-learn's
`confusion_matrix` counts all films again at each. Both answer the same random thresholds, half of
which are the probability of a film, where ties matter: probabilities have four digits, so each
stands for many films. Times are medians of processor time on one core.

`--quick` times fewer recounts, and holds most results at a million films against a plain numpy recount.

    python -m benchmarks.thresholds [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
from sklearn.metrics import confusion_matrix

from core.evaluation.metrics import Films
from core.evaluation.thresholds import Counts, Thresholds

SIZES = (112_120, 1_000_000)
THRESHOLDS, LOOKUPS = 1000, 2000
BAR = 1000  # lookup against recount
GRID = np.arange(1001) / 1000
DIGITS = 4


def made(count: int) -> Films:
    """Return films of count / 2 patients, 5 % of them positive."""
    rng = np.random.default_rng(0)
    patients = np.sort(rng.integers(0, count // 2, count))
    labels = (rng.random(count) < 0.05).astype(float)
    logit = 1.8 * labels - 3 + rng.normal(size=count // 2)[patients] + rng.normal(size=count)
    return Films(labels, (1 / (1 + np.exp(-logit))).round(DIGITS), np.unique(patients, return_inverse=True)[1])


def recounted(films: Films, threshold: float) -> Counts:
    """Return what scikit-learn counts at a threshold."""
    table = confusion_matrix(films.labels, films.probabilities >= threshold, labels=[0, 1])
    return Counts(table[1, 1], table[0, 1], table[1, 0], table[0, 0])


def timed(run: Callable[[], object], *, times: int, of: int = 1) -> float:
    """Return the median processor time of one of the `of` answers that a run gives, in s."""
    found = []
    for _ in range(times):
        began = time.process_time()
        run()
        found.append(time.process_time() - began)
    return float(np.median(found)) / of


def counted_again(films: Films, threshold: float) -> Counts:
    """Return the counts at a threshold without sorting; plain numpy, the quickest recount."""
    called, ill = films.probabilities >= threshold, films.labels == 1
    found, alarms, positives = int(np.count_nonzero(called & ill)), int(np.count_nonzero(called)), int(ill.sum())
    return Counts(*map(np.asarray, (found, alarms - found, positives - found, ill.size - positives - alarms + found)))


def measure(count: int, *, recounts: int, compared: int) -> bool:
    """Measure at one size, print the figures, and tell whether the results are right.

    Args:
        count: Films.
        recounts: How many of scikit-learn's are timed.
        compared: How many of scikit-learn's results are compared; the others are held against plain numpy's.
    """
    films = made(count)
    rng = np.random.default_rng(1)
    asked = np.concatenate([rng.random(THRESHOLDS // 2), rng.choice(films.probabilities, THRESHOLDS // 2)])
    rng.shuffle(asked)
    sorting = timed(lambda: Thresholds.of(films), times=3)
    lookup = Thresholds.of(films)
    several = [float(asked[at % THRESHOLDS]) for at in range(LOOKUPS)]
    of_lookup = timed(lambda: [lookup.at(threshold) for threshold in several], times=5, of=LOOKUPS)
    of_grid = timed(lambda: lookup.at(GRID), times=50)
    first_limits = timed(lambda: lookup.limits(GRID), times=1)
    of_limits = timed(lambda: lookup.limits(GRID), times=5)
    shown = iter(asked[:recounts])
    of_recount = timed(lambda: recounted(films, float(next(shown))), times=recounts)
    ours = np.column_stack(lookup.at(asked))
    right = all(
        tuple(own) == tuple(int(value) for value in (recounted if at < compared else counted_again)(films, threshold))
        for at, (own, threshold) in enumerate(zip(ours.tolist(), asked.tolist(), strict=True))
    )
    print(f"{count:,} films, {len(np.unique(films.probabilities)):,} different probabilities")
    print(f"  scikit-learn's recount:    {1000 * of_recount:8.1f} ms")
    print(
        f"  ours, one lookup:          {1e6 * of_lookup:8.2f} us, {of_recount / of_lookup:,.0f} times quicker"
        f" (bar: at least {BAR:,})"
    )
    print(f"  ours, 1,001 thresholds:    {1000 * of_grid:8.2f} ms")
    print(f"  sorting, once:             {1000 * sorting:8.1f} ms")
    print(f"  limits by patient, once:   {1000 * first_limits:8.1f} ms, then {1000 * of_limits:.1f} ms for 1,001")
    print(
        f"  equal at {THRESHOLDS:,} random thresholds, half of them tied: {'yes' if right else 'NO'}"
        f" ({min(compared, THRESHOLDS):,} of scikit-learn's, the others of plain numpy's)",
        flush=True,
    )
    if not right:
        print("WRONG: the counts differ")
    return right


def main() -> int:
    """Measure, print, and return the exit status."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="end within 60 s")
    quick = options.parse_args().quick
    print("one core; medians")
    right = [
        measure(count, recounts=5 if quick else 25, compared=10 if quick and count > SIZES[0] else THRESHOLDS)
        for count in SIZES
    ]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
