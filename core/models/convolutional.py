"""A convolutional backbone with a head of its own: what all classifiers but the transformer are made of."""

from __future__ import annotations

import timm
import torch
from torch import nn

from core.models.contract import Classifier


class Convolutional(Classifier):
    """Evened exposure, a timm backbone with global average pooling, then the head."""

    def __init__(self, trunk: nn.Module, head: nn.Module, *, grid_layer: str) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self._grid_layer = grid_layer

    @property
    def grid_layer(self) -> nn.Module:
        """The backbone's last stage: `(B, C, H/32, W/32)`."""
        return self.trunk.get_submodule(self._grid_layer)


def backbone(name: str) -> nn.Module:
    """Return a timm backbone for one channel, without weights and without a classifier of its own."""
    trunk = timm.create_model(name, in_chans=1, num_classes=0, pretrained=False)
    return trunk.to(memory_format=torch.channels_last)


def resnet18_backbone() -> nn.Module:
    """Return ResNet-18 for one channel: `(B, 1, H, W)` to `(B, 512)`."""
    # Blocks that begin as identities, timm's default, learn later from few films.
    trunk = timm.create_model("resnet18", in_chans=1, num_classes=0, pretrained=False, zero_init_last=False)
    return trunk.to(memory_format=torch.channels_last)


def linear_head(width: int, *, drop_rate: float) -> nn.Module:
    """Return dropout, then one linear layer: features `(B, width)` to logits `(B,)`."""
    return nn.Sequential(nn.Dropout(drop_rate), nn.Linear(width, 1), nn.Flatten(0))
