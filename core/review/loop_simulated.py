"""A reader who errs at a chosen rate, the labels that a classifier begins with, and which films are read first."""

from __future__ import annotations

import numpy as np

BEGIN, READS, DRAW = 0, 1, 2  # the streams of random numbers of a seed


def known_films(patients: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Tell which films have a label to begin with: those of a share of the patients.

    Args:
        patients: Of each film, `(N,)`.
        share: Of the patients, in (0, 1].
        seed: The same draws the same patients; a larger share holds those of a smaller one.

    Returns:
        True or False for each film; of at least one patient all.

    Examples:
        >>> known_films(np.array(["a", "a", "b", "b"]), 0.5, seed=0).sum()
        np.int64(2)
    """
    names = np.unique(patients)
    order = np.random.default_rng([seed, BEGIN]).permutation(names)
    known: np.ndarray = np.isin(patients, order[: max(1, round(share * len(names)))])
    return known


def answers(truth: np.ndarray, error_rate: float, seed: int) -> np.ndarray:
    """Return what a reader calls each film: the truth, or its opposite with a chance.

    Args:
        truth: 0 or 1, `(N,)`.
        error_rate: The chance of a wrong answer, in [0, 0.5], the same for every film.
        seed: A film is answered alike whichever way it is drawn; a larger rate errs where a smaller one does.
    """
    wrong = np.random.default_rng([seed, READS]).random(truth.size) < error_rate
    return np.where(wrong, 1 - truth, truth)


def unsure_first(entropy: np.ndarray) -> np.ndarray:
    """Return the films by their predictive entropy, the largest first, `(N,)`; equal ones in their order."""
    return np.argsort(-entropy, kind="stable")


def at_random(films: int, seed: int) -> np.ndarray:
    """Return the films in an order drawn by the seed, `(N,)`."""
    return np.random.default_rng([seed, DRAW]).permutation(films)


def budgets(asked: tuple[int, ...], pool: int) -> tuple[int, ...]:
    """Return how many reads there can be, rising: what is asked for, at most all of the pool.

    Examples:
        >>> budgets((100, 50, 900, 1000), 420)
        (50, 100, 420)
    """
    return tuple(sorted({min(one, pool) for one in asked}))


def labels(begin: np.ndarray, read: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return the labels that are learnt: those to begin with, an answer in their place where a film was read.

    Args:
        begin: 0, 1, or NaN where unknown, `(N,)`.
        read: Where the films stand that were read.
        given: What the reader calls each film, `(N,)`.
    """
    after = begin.copy()
    after[read] = given[read]
    return after
