"""The simple CNN: ResNet-18 on one grey channel, with a head of two layers and dropout.

References:
    He et al. (2016), Deep residual learning for image recognition, CVPR.
"""

from __future__ import annotations

from torch import nn

from core.models.convolutional import Convolutional, resnet18_backbone
from core.models.registry import Architecture

WIDTH, HIDDEN = 512, 256  # features of ResNet-18; units of the head's first layer


def build(wanted: Architecture) -> Convolutional:
    """Build the CNN: dropout - 512 to 256 - ReLU - dropout - 256 to 1; every size of at least 32 px fits."""
    head = nn.Sequential(
        nn.Dropout(wanted.drop_rate),
        nn.Linear(WIDTH, HIDDEN),
        nn.ReLU(),
        nn.Dropout(wanted.drop_rate),
        nn.Linear(HIDDEN, 1),
        nn.Flatten(0),  # (B, 1) to (B,)
    )
    return Convolutional(resnet18_backbone(), head, grid_layer="layer4")
