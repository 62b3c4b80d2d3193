"""Intervals by drawing patients again, with replacement: films of one patient always come together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

DRAWS = 1000
LEVEL = 0.95
BLOCK_VALUES = 8_000_000  # weights by film held at once; bounds the memory, not the result


def bootstrap(
    measure: Callable[[np.ndarray], dict[str, np.ndarray]], patients: int, films: int, *, draws: int, seed: int
) -> dict[str, np.ndarray]:
    """Return the values of some measures in each bootstrap draw of the patients.

    Args:
        measure: Takes weights `(D, P)`, returns values `(D,)`, or `(D, ...)`, by name.
        patients: How many patients there are, P.
        films: How many films there are; it decides how many draws are made at once.
        draws: How often the patients are drawn.
        seed: The same seed and patients give the same draws, so two checkpoints can be compared pairwise.

    Returns:
        Values by name, shape `(draws,)`, or `(draws, ...)`.

    References:
        Field, Welsh, "Bootstrapping Clustered Data", Journal of the Royal Statistical Society
        Series B 69(3), 2007: the cluster bootstrap.
    """
    blocks = [measure(weights) for weights in patient_weights(patients, films, draws=draws, seed=seed)]
    return {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}


def patient_weights(patients: int, films: int, *, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each patient is drawn, shape `(D, P)` a block; each row sums to P."""
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK_VALUES // max(films, 1))
    for start in range(0, draws, block):
        count = min(block, draws - start)
        drawn = rng.integers(patients, size=(count, patients)) + patients * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * patients).reshape(count, patients).astype(float)


def percentile_band(values: np.ndarray, *, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the pointwise percentile limits of bootstrapped curves, or None if less than half of them exist.

    Args:
        values: Of each draw at each of G places, shape `(D, G)`; a row of NaN where the curve does not exist.
        level: Coverage at each place, in (0, 1).

    Returns:
        The lower and the upper limit, shape `(G,)` each.
    """
    there = values[~np.isnan(values).any(axis=1)]
    if len(there) * 2 < len(values) or not len(there):
        return None
    low, high = np.quantile(there, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high


def percentile_interval(values: np.ndarray, *, level: float = LEVEL) -> tuple[float, float] | None:
    """Return the percentile interval of bootstrap values, or None if the measure exists in less than half of them.

    Args:
        values: Values of the draws, shape `(D,)`, NaN where the measure does not exist.
        level: Coverage, in (0, 1).

    Examples:
        >>> percentile_interval(np.arange(101.0), level=0.5)
        (25.0, 75.0)
    """
    there = values[~np.isnan(values)]
    if there.size * 2 < values.size or not there.size:
        return None
    low, high = np.quantile(there, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
