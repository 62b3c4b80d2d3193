"""ResNet-18 with one linear layer on top.

References:
    He et al. (2016), Deep residual learning for image recognition, CVPR.
"""

from __future__ import annotations

from core.models.convolutional import Convolutional, linear_head, resnet18_backbone
from core.models.registry import Architecture

WIDTH = 512  # features


def build(wanted: Architecture) -> Convolutional:
    """Build it; every size of at least 32 px fits."""
    return Convolutional(resnet18_backbone(), linear_head(WIDTH, drop_rate=wanted.drop_rate), grid_layer="layer4")
