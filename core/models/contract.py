"""What every classifier offers, whatever it is made of; tested over the whole registry."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.vision.loader import Batch
from core.vision.transforms import even_exposure


class Classifier(nn.Module):
    """A network that gives pneumothorax logits.

    `trunk` is the backbone, a timm model that may start from given weights; `head` maps features
    `(B, F)` to logits `(B,)`, so that it can be run many times on features computed once.
    """

    trunk: nn.Module
    head: nn.Module
    further_columns: tuple[str, ...] = ()
    """What it tells besides the logit, by the columns of the truth table that teach it; K of them."""

    def further(self, features: Tensor) -> Tensor:
        """Return what it tells besides, `(B, K)`, each in [0, 1], of features `(B, F)`."""
        return features.new_empty(len(features), 0)

    def features(self, images: Tensor) -> Tensor:
        """Return pooled features `(B, F)` of images `(B, 1, H, W)`; here the trunk's own."""
        pooled: Tensor = self.trunk(self.prepared(images))
        return pooled

    def features_of(self, batch: Batch) -> Tensor:
        """Return the features `(B, F)` of a batch of images, or those that it holds in their place."""
        return batch.images if batch.images.ndim == 2 else self.features(batch.images)

    @staticmethod
    def prepared(images: Tensor) -> Tensor:
        """Return images `(B, 1, H, W)` as trunks take them: exposure evened, channels last."""
        # On CPUs that order is 1.5 times as fast.
        return even_exposure(images).contiguous(memory_format=torch.channels_last)

    @property
    @abstractmethod
    def grid_layer(self) -> nn.Module:
        """The layer whose output still knows places; heat maps are made from it."""

    def grid(self, output: Tensor) -> Tensor:
        """Return the output of `grid_layer` as a grid `(B, C, h, w)`."""
        return output

    def loss_on(self, features: Tensor, batch: Batch) -> Tensor:
        """Return the scalar loss of a batch whose features `(B, F)` are known: here weighted cross-entropy."""
        return cross_entropy(self.head(features), batch)

    def loss(self, batch: Batch) -> Tensor:
        """Return a scalar from which every parameter learns."""
        return self.loss_on(self.features_of(batch), batch)

    def forward(self, images: Tensor) -> Tensor:
        """Return logits `(B,)` of images `(B, 1, H, W)`."""
        logits: Tensor = self.head(self.features(images))
        return logits


def cross_entropy(logits: Tensor, batch: Batch) -> Tensor:
    """Return the weighted mean binary cross-entropy (nats) of logits `(B,)`."""
    losses = functional.binary_cross_entropy_with_logits(logits, batch.labels, reduction="none")
    return (losses * batch.weights).sum() / batch.weights.sum()
