"""The learning rate over a training: up along a line, then down along a cosine."""

from __future__ import annotations

import math


def learning_rate_share(step: int, steps: int, warmup_share: float) -> float:
    """Return the share of the largest learning rate at a step.

    Args:
        step: Number of the step, from 0.
        steps: Steps in all.
        warmup_share: Share of the steps in which the rate rises, in [0, 1).

    Examples:
        >>> [round(learning_rate_share(step, 8, 0.25), 2) for step in range(8)]
        [0.5, 1.0, 1.0, 0.93, 0.75, 0.5, 0.25, 0.07]
    """
    warmup = round(steps * warmup_share)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))
