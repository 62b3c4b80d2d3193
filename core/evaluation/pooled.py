"""Several seeds of one configuration taken together: the mean of each metric, and how far seeds lie apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation import metrics
from core.evaluation.aligned import Aligned
from core.evaluation.intervals import DRAWS, bootstrap, percentile_interval
from core.evaluation.measures import ALIKE, FEW, FEW_IN_ALL, INFLATED, LACKING, MIN_PATIENTS, NEED_NO_CLASS
from core.evaluation.report import Measure

SEED = "seed"


class PooledMeasure(Measure):
    """The mean of a metric over the seeds, with its interval for other patients and these seeds."""

    between: float | None = None
    """Standard deviation between the seeds, from 0; None where the metric does not exist."""


@dataclass(frozen=True)
class Pooled:
    """Checkpoints that differ in the seed only, taken together."""

    checkpoints: tuple[str, ...]
    metrics: dict[str, PooledMeasure]

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return len(self.checkpoints)


def groups(configs: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return the checkpoints that differ in nothing but the seed, two or more together.

    Args:
        configs: The resolved configuration of each checkpoint, by its id.

    Returns:
        Groups in the order of their first checkpoint. A configuration that was trained again with
        the same seed adds nothing: the first of them counts. One without a seed stands alone.

    Examples:
        >>> groups({"a": {"depth": 2, "seed": 0}, "b": {"depth": 3, "seed": 0}, "c": {"depth": 2, "seed": 1}})
        [('a', 'c')]
    """
    found: dict[str, dict[str, str]] = {}
    for name, config in configs.items():
        seeds: list[Any] = []
        rest = json.dumps(_without_seed(config, seeds), sort_keys=True, default=str)
        if seeds:
            found.setdefault(rest, {}).setdefault(repr(seeds), name)
    return [tuple(own.values()) for own in found.values() if len(own) > 1]


def pooled(
    aligned: Aligned,
    group: Sequence[str],
    *,
    thresholds: Mapping[str, float | None] | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Pooled:
    """Return the mean of each metric over the seeds, its interval, and the spread between the seeds.

    The interval is that of the mean over these seeds: in each draw of the patients all seeds are
    measured on the same films. What other seeds would do is told by the spread.

    Args:
        aligned: Predictions of the same films, of these checkpoints at least.
        group: Checkpoint ids, two or more, as `groups` gives them.
        thresholds: The operating point of each; with one for all, the measures at it are told too.
        draws: How often the patients are drawn.
        seed: Of the draws.

    Raises:
        ValueError: If there are no two checkpoints.
    """
    if len(group) < 2:
        msg = f"Expected two or more seeds to pool, got {len(group)}"
        raise ValueError(msg)
    films = {name: aligned.of(name) for name in group}
    cuts = {name: (thresholds or {}).get(name) for name in group}
    at_cut = all(cut is not None for cut in cuts.values())

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        own = []
        for name, one in films.items():
            values, cut = metrics.ranking(one, weights) | metrics.errors(one, weights), cuts[name]
            own.append(values | metrics.at_threshold(one, weights, cut) if at_cut and cut is not None else values)
        return {metric: np.column_stack([values[metric] for values in own]) for metric in own[0]}

    patients = int(aligned.patients.max()) + 1
    values = measure(np.ones((1, patients)))
    drawn = bootstrap(measure, patients, aligned.patients.size * len(group), draws=draws, seed=seed)
    labels = aligned.films["label"].to_numpy()
    few = min(np.unique(aligned.patients[labels == label]).size for label in (0, 1)) < MIN_PATIENTS
    why = {name: FEW if few and name not in NEED_NO_CLASS else None for name in values}
    if patients < MIN_PATIENTS:
        why = {name: reason or FEW_IN_ALL for name, reason in why.items()}
    return Pooled(tuple(group), {name: _pooled(name, values[name][0], drawn[name], few=why[name]) for name in values})


def _pooled(name: str, values: np.ndarray, drawn: np.ndarray, *, few: str | None) -> PooledMeasure:
    """Return one metric from its values by seed `(K,)` and in the draws `(D, K)`; `few` says why it has no interval."""
    if np.isnan(values).any():
        return PooledMeasure(value=None, reason="it does not exist for each seed")
    found: dict[str, Any] = {"value": float(values.mean()), "between": float(values.std(ddof=1))}
    interval = percentile_interval(drawn.mean(axis=1))
    if name == "ece":
        return PooledMeasure(**found, reason=INFLATED)
    if few is not None:
        return PooledMeasure(**found, reason=few)
    if interval is None or interval[0] == interval[1]:
        return PooledMeasure(**found, reason=LACKING if interval is None else ALIKE)
    return PooledMeasure(**found, low=interval[0], high=interval[1])


def _without_seed(config: Any, seeds: list[Any]) -> Any:  # noqa: ANN401 (whatever a configuration holds)
    """Return a configuration, flat or in groups, without its seed, which is added to `seeds`."""
    if not isinstance(config, Mapping):
        return config
    seeds += [value for name, value in config.items() if name == SEED]
    return {name: _without_seed(value, seeds) for name, value in config.items() if name != SEED}
