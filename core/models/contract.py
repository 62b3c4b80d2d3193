"""What every classifier offers, whatever it is made of; tested over the whole registry."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor, nn

from core.vision.loader import Batch


class Classifier(nn.Module):
    """A network that gives pneumothorax logits.

    `head` maps pooled features `(B, F)` to logits `(B,)`, so that it can be run many times on
    features computed once.
    """

    head: nn.Module

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """Return pooled features `(B, F)` of images `(B, 1, H, W)`."""

    @property
    @abstractmethod
    def grid_layer(self) -> nn.Module:
        """The layer whose output `(B, C, h, w)` still knows places; heat maps are made from it."""

    @abstractmethod
    def loss(self, batch: Batch) -> Tensor:
        """Return a scalar from which every parameter learns."""

    def forward(self, images: Tensor) -> Tensor:
        """Return logits `(B,)` of images `(B, 1, H, W)`."""
        logits: Tensor = self.head(self.features(images))
        return logits
