"""The simple CNN: ResNet-18 on one grey channel, with a head of two layers and dropout.

References:
    He et al. (2016), Deep residual learning for image recognition, CVPR.
"""

from __future__ import annotations

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.models.contract import Classifier
from core.vision.loader import Batch
from core.vision.transforms import even_exposure

WIDTH, HIDDEN = 512, 256  # features of ResNet-18; units of the head's first layer


class Cnn(Classifier):
    """Evened exposure, ResNet-18, then dropout - 512 to 256 - ReLU - dropout - 256 to 1."""

    def __init__(self, *, drop_rate: float) -> None:
        super().__init__()
        # Blocks that begin as identities, timm's default, learn later from few films.
        self.trunk = timm.create_model("resnet18", in_chans=1, num_classes=0, pretrained=False, zero_init_last=False)
        self.head = nn.Sequential(
            nn.Dropout(drop_rate),
            nn.Linear(WIDTH, HIDDEN),
            nn.ReLU(),
            nn.Dropout(drop_rate),
            nn.Linear(HIDDEN, 1),
            nn.Flatten(0),  # (B, 1) to (B,)
        )

    @property
    def grid_layer(self) -> nn.Module:
        """The last residual stage: `(B, 512, H/32, W/32)`."""
        return self.trunk.get_submodule("layer4")

    def features(self, images: Tensor) -> Tensor:
        """Return pooled features `(B, 512)` of images `(B, 1, H, W)`."""
        images = even_exposure(images).contiguous(memory_format=torch.channels_last)  # 1.5 times as fast on CPUs
        pooled: Tensor = self.trunk(images)
        return pooled

    def loss(self, batch: Batch) -> Tensor:
        """Return the weighted mean binary cross-entropy of a batch."""
        losses = functional.binary_cross_entropy_with_logits(self(batch.images), batch.labels, reduction="none")
        return (losses * batch.weights).sum() / batch.weights.sum()


def build(*, image_size: int, drop_rate: float) -> Cnn:
    """Build the CNN; every image size of at least 32 px fits."""
    return Cnn(drop_rate=drop_rate).to(memory_format=torch.channels_last)
