"""One pass of films through a classifier, dropout off: what prediction and training's own measuring share."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from core.models.contract import Classifier
from core.vision.loader import Batch


def run(classifier: Classifier, batches: Iterable[Batch]) -> tuple[np.ndarray, np.ndarray]:
    """Return the logits `(N,)` as float64 and the pooled features `(N, F)` as float16, in the batches' order.

    The classifier is left in the mode it was in.
    """
    training = classifier.training
    classifier.eval()
    logits, features = [], []
    try:
        with torch.inference_mode():
            for batch in batches:
                pooled = classifier.features(batch.images)
                logits.append(classifier.head(pooled).double().cpu().numpy())
                features.append(pooled.half().cpu().numpy())
    finally:
        classifier.train(training)
    if not logits:
        return np.empty(0), np.empty((0, 0), np.float16)
    return np.concatenate(logits), np.concatenate(features)
