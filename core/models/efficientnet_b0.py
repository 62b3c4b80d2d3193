"""EfficientNet-B0 with one linear layer on top.

References:
    Tan, Le (2019), EfficientNet: rethinking model scaling for convolutional neural networks, ICML.
"""

from __future__ import annotations

from core.models.convolutional import Convolutional, backbone, linear_head
from core.models.registry import Architecture

WIDTH = 1280  # features


def build(wanted: Architecture) -> Convolutional:
    """Build it; every size of at least 32 px fits."""
    return Convolutional(backbone("efficientnet_b0"), linear_head(WIDTH, drop_rate=wanted.drop_rate), grid_layer="bn2")
