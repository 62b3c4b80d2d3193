"""How far several probabilities of one film lie apart: those of passes of MC dropout, or of an ensemble's members."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special


@dataclass(frozen=True)
class Spread:
    """What T probabilities of each of N films have in common, and how they differ."""

    mean: np.ndarray
    """Shape `(N,)`, in [0, 1]."""
    std: np.ndarray
    """Standard deviation, shape `(N,)`, not negative."""
    predictive_entropy: np.ndarray
    """Entropy of the mean in nats, shape `(N,)`, in [0, log 2]: how undecided they are together."""
    mutual_information: np.ndarray
    """The part of it, in nats, that comes from their disagreement, shape `(N,)`, from 0 to the whole."""


def spread(probabilities: np.ndarray, *, weights: np.ndarray | None = None) -> Spread:
    """Return mean, standard deviation, predictive entropy and mutual information of each film.

    Passes are draws out of endlessly many, so their variance is divided by T - 1. Members are all
    there are: their variance is the weighted mean of the squared distances from the weighted mean.

    Args:
        probabilities: Calibrated, of each film in each pass or by each member, shape `(N, T)`, in [0, 1].
        weights: How much each member counts, shape `(T,)`, not negative, of sum 1; None for passes.

    Raises:
        ValueError: If the shapes do not fit, a probability or weight is out of range, or there is
            one pass only, which has no spread.

    References:
        Houlsby, Huszar, Ghahramani, Lengyel, "Bayesian Active Learning for Classification and
        Preference Learning", arXiv 1112.5745, 2011: the mutual information as a difference of entropies.

    Examples:
        >>> found = spread(np.array([[0.5, 0.5, 0.5], [0.0, 1.0, 0.5]]))
        >>> found.std.tolist(), found.predictive_entropy.round(3).tolist(), found.mutual_information.round(3).tolist()
        ([0.0, 0.5], [0.693, 0.693], [0.0, 0.462])
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    if probabilities.ndim != 2:
        msg = f"Expected probabilities of shape (N, T), got shape {probabilities.shape}"
        raise ValueError(msg)
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        msg = f"Expected probabilities in [0, 1], got {probabilities.min()} to {probabilities.max()}"
        raise ValueError(msg)
    passes = probabilities.shape[1]
    if weights is None:
        _refuse_one_pass(passes)
        share, correction = np.full(passes, 1 / passes), passes / (passes - 1)
    else:
        share, correction = _shares(weights, passes), 1.0
    mean = np.clip(probabilities @ share, 0, 1)  # rounding may lead out
    variance = (probabilities - mean[:, None]) ** 2 @ share * correction
    entropy = _entropy(mean)
    information = np.clip(entropy - _entropy(probabilities) @ share, 0, entropy)
    return Spread(mean, np.sqrt(variance), entropy, information)


def error_of_std(passes: int) -> float:
    """Return the relative Monte-Carlo error of a standard deviation of T passes, `1 / sqrt(2 (T - 1))`.

    It is the standard error over the standard deviation for values that are about normally
    distributed; the wider their tails, the larger it really is.

    Raises:
        ValueError: If there is one pass only, which has no spread.

    Examples:
        >>> round(error_of_std(30), 3)
        0.131
    """
    _refuse_one_pass(passes)
    return 1 / math.sqrt(2 * (passes - 1))


def _refuse_one_pass(passes: int) -> None:
    if passes < 2:
        msg = f"Expected two or more passes, got {passes}"
        raise ValueError(msg)


def _shares(weights: np.ndarray, members: int) -> np.ndarray:
    share = np.asarray(weights, dtype=np.float64)
    if share.shape != (members,):
        msg = f"Expected a weight for each of {members} members, got shape {share.shape}"
        raise ValueError(msg)
    if not (share >= 0).all() or not math.isclose(share.sum(), 1, abs_tol=1e-6):
        msg = f"Expected weights that are not negative, of sum 1, got {share.tolist()}"
        raise ValueError(msg)
    return share


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    """Return the entropy in nats of yes or no at each probability."""
    entropy: np.ndarray = special.entr(probabilities) + special.entr(1 - probabilities)
    return entropy
