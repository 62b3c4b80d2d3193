"""What a training cost: memory, and what came of each minute."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import psutil
import torch

if TYPE_CHECKING:
    from core.training.loop import Fitted


def peak_memory_mb() -> float:
    """Return the most memory that this process has held so far, in MB: of the GPU where one was used, else of RAM."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return torch.cuda.max_memory_allocated() / 1e6
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def auroc_per_minute(fitted: Fitted) -> float | None:
    """Return the best AUROC on `tune` divided by the minutes of training; None where there is no AUROC.

    It sets classifiers of one study side by side; by itself it says little.
    """
    area = fitted.history[fitted.best_epoch - 1]["tune_auroc"]
    return None if area is None or not fitted.seconds else float(area) / (fitted.seconds / 60)
