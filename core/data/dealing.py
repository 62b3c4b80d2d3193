"""Dealing patients out to places, evenly in every respect that is known of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def deal(classes: np.ndarray, strata: np.ndarray, shares: Sequence[float], *, rng: np.random.Generator) -> np.ndarray:
    """Deal patients to places so that each place gets its share of every class and stratum.

    Within a class the patients stand in a row, ordered by stratum and at random inside it, and
    each place takes its patients at even distances from a random start (systematic drawing).
    So the counts by class are exact, and those by stratum differ by about one from their share.

    Args:
        classes: What must be in every place where there are enough, shape `(N,)`, whole numbers.
        strata: What should be alike in every place, shape `(N,)`, whole numbers.
        shares: Share of the patients for each place, summing to 1. When a class has fewer
            patients than there are places, the first places get one each.
        rng: Where chance comes from; the result depends on the order of the patients too.

    Returns:
        The place of each patient, shape `(N,)`, from 0.

    Examples:
        >>> classes = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
        >>> places = deal(classes, np.zeros(10, int), [0.5, 0.5], rng=np.random.default_rng(0))
        >>> np.bincount(places[classes == 1]).tolist(), np.bincount(places[classes == 0]).tolist()
        ([2, 2], [3, 3])
    """
    chance = rng.random(classes.size)
    places = np.zeros(classes.size, dtype=np.int64)
    for value in np.unique(classes):
        members = np.flatnonzero(classes == value)
        row = members[np.lexsort((chance[members], strata[members]))]
        counts = apportion(members.size, shares)
        wanted = np.concatenate([(np.arange(count) + rng.random()) / max(count, 1) for count in counts])
        taker = np.repeat(np.arange(len(counts)), counts)
        places[row] = taker[np.argsort(wanted, kind="stable")]
    return places


def apportion(total: int, shares: Sequence[float]) -> list[int]:
    """Divide whole things by shares: the largest remainders get one more, and no place stays empty without need.

    Args:
        total: How many there are.
        shares: Share of each place, summing to 1.

    Examples:
        >>> apportion(10, [0.5, 0.3, 0.2]), apportion(4, [0.7, 0.1, 0.1, 0.1]), apportion(2, [0.4, 0.2, 0.4])
        ([5, 3, 2], [1, 1, 1, 1], [1, 1, 0])
    """
    if total <= len(shares):
        return [int(place < total) for place in range(len(shares))]
    quotas = np.asarray(shares) * total
    counts = np.floor(quotas + 1e-9).astype(int)
    for place in np.argsort(counts - quotas, kind="stable")[: total - counts.sum()]:
        counts[place] += 1
    for place in np.flatnonzero(counts == 0):
        counts[np.argmax(counts)] -= 1
        counts[place] = 1
    return counts.tolist()
