"""What one film costs a classifier."""

from __future__ import annotations

import torch
from torch.utils.flop_counter import FlopCounterMode

from core.models.contract import Classifier


def gflops(classifier: Classifier, image_size: int) -> float:
    """Return the billions of floating-point operations of one film `(1, 1, image_size, image_size)`.

    A multiplication with its addition counts as two, so ResNet-18 at 224 px takes 3.6 and not
    the 1.8 multiply-adds that are often quoted.
    """
    device = next(classifier.parameters()).device
    training = classifier.training
    classifier.eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            classifier(torch.zeros(1, 1, image_size, image_size, device=device))
    finally:
        classifier.train(training)
    return counter.get_total_flops() / 1e9
