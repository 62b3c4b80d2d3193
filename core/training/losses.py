"""How much each film counts in the loss, and how well logits fit labels."""

from __future__ import annotations

from typing import Literal

import numpy as np


def film_weights(labels: np.ndarray, imbalance: Literal["none", "loss-weight"]) -> np.ndarray:
    """Return the weight of each film `(N,)`, 1 on average.

    With "loss-weight" the positive films together count as much as the negative ones.

    Args:
        labels: 0 or 1, shape `(N,)`, both present.
        imbalance: What to do about unequal classes.

    Examples:
        >>> film_weights(np.array([0, 0, 0, 1]), "loss-weight").round(2).tolist()
        [0.67, 0.67, 0.67, 2.0]
    """
    if imbalance == "none":
        return np.ones(len(labels))
    share = float(np.mean(labels))
    return np.where(labels == 1, 0.5 / share, 0.5 / (1 - share))


def log_loss(labels: np.ndarray, logits: np.ndarray) -> float:
    """Return the mean binary cross-entropy (nats) of logits `(N,)` against labels `(N,)`.

    Examples:
        >>> round(log_loss(np.array([1, 0]), np.array([0.0, 0.0])), 4)
        0.6931
    """
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))
