"""One pass of films through a classifier, dropout off: what prediction and training's own measuring share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch

from core.models.contract import Classifier
from core.vision.loader import Batch


@dataclass(frozen=True)
class Outputs:
    """What a classifier says of N films, in their order."""

    logits: np.ndarray  # (N,) float64
    features: np.ndarray  # (N, F) float16, pooled
    further: np.ndarray  # (N, K) float32 in [0, 1], the columns the classifier names


def run(classifier: Classifier, batches: Iterable[Batch]) -> Outputs:
    """Return what a classifier says of batches of films; it is left in the mode it was in."""
    training = classifier.training
    classifier.eval()
    logits, features, further = [], [], []
    try:
        with torch.inference_mode():
            for batch in batches:
                pooled = classifier.features_of(batch)
                logits.append(classifier.head(pooled).double().cpu().numpy())
                features.append(pooled.half().cpu().numpy())
                further.append(classifier.further(pooled).float().cpu().numpy())
    finally:
        classifier.train(training)
    if not logits:
        return Outputs(np.empty(0), np.empty((0, 0), np.float16), np.empty((0, len(classifier.further_columns))))
    return Outputs(np.concatenate(logits), np.concatenate(features), np.concatenate(further))
