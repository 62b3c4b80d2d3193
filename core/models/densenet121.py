"""DenseNet-121 with one linear layer on top.

References:
    Huang et al. (2017), Densely connected convolutional networks, CVPR.
"""

from __future__ import annotations

from core.models.convolutional import Convolutional, backbone, linear_head
from core.models.registry import Architecture

WIDTH = 1024  # features


def build(wanted: Architecture) -> Convolutional:
    """Build it; every size of at least 32 px fits."""
    # The last normalisation brings its ReLU along: features are as they were meant to be pooled.
    return Convolutional(
        backbone("densenet121"), linear_head(WIDTH, drop_rate=wanted.drop_rate), grid_layer="features.norm5"
    )
