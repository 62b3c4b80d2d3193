"""The Vision Transformer: patches of 16 px, a CLS token, one grey channel, any size divisible by 16.

References:
    Dosovitskiy et al. (2021), An image is worth 16x16 words, ICLR.
"""

from __future__ import annotations

import math

import timm
from torch import Tensor, nn

from core.models.contract import Classifier
from core.models.convolutional import linear_head
from core.models.registry import Architecture

WIDTHS = {"tiny": 192, "small": 384, "base": 768}  # features by size


class Vit(Classifier):
    """Evened exposure, a timm ViT, then dropout and one linear layer on its CLS token."""

    def __init__(self, trunk: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    @property
    def grid_layer(self) -> nn.Module:
        """The last block's first norm; behind it the patches no longer reach the answer."""
        return self.trunk.get_submodule("blocks.11.norm1")

    def grid(self, output: Tensor) -> Tensor:
        """Return the tokens `(B, 1 + h * w, C)` without CLS as a grid `(B, C, h, w)`."""
        patches = output[:, 1:]
        side = math.isqrt(patches.shape[1])
        return patches.transpose(1, 2).unflatten(2, (side, side))  # (B, C, h * w) to (B, C, h, w)


def build(wanted: Architecture) -> Vit:
    """Build it for images of one size; those of another get its position embeddings resampled."""
    trunk = timm.create_model(
        f"vit_{wanted.vit_size}_patch16_224",
        img_size=wanted.image_size,
        dynamic_img_size=True,
        in_chans=1,
        num_classes=0,
        pretrained=False,
    )
    return Vit(trunk, linear_head(WIDTHS[wanted.vit_size], drop_rate=wanted.drop_rate))
