"""How much each film counts in the loss, and how well logits fit labels."""

from __future__ import annotations

import numpy as np


def balanced_weights(labels: np.ndarray) -> np.ndarray:
    """Return weights `(N,)`, 1 on average, with which positive films together count as much as negative ones.

    Args:
        labels: 0 or 1, shape `(N,)`, both present.

    Examples:
        >>> balanced_weights(np.array([0, 0, 0, 1])).round(2).tolist()
        [0.67, 0.67, 0.67, 2.0]
    """
    share = float(np.mean(labels))
    return np.where(labels == 1, 0.5 / share, 0.5 / (1 - share))


def log_loss(labels: np.ndarray, logits: np.ndarray) -> float:
    """Return the mean binary cross-entropy (nats) of logits `(N,)` against labels `(N,)`.

    Examples:
        >>> round(log_loss(np.array([1, 0]), np.array([0.0, 0.0])), 4)
        0.6931
    """
    return float(np.mean(np.logaddexp(0, logits) - labels * logits))
