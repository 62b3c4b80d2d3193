"""Heat maps by way of the grad-cam package: the reference for our own.

Importing it takes the package's own imports along, scikit-learn and matplotlib among them; so only who asks does.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

import numpy as np
import pytorch_grad_cam as package
import torch

if TYPE_CHECKING:
    from torch import Tensor

    from core.models.contract import Classifier

MAKERS = {
    "grad-cam": package.GradCAM,
    "grad-cam++": package.GradCAMPlusPlus,
    "hires-cam": package.HiResCAM,
    "eigen-cam": package.EigenCAM,
}


def maps(own: Classifier, images: Tensor, method: str, *, signs: np.ndarray) -> np.ndarray:
    """Return the package's heat maps `(B, h, w)`, float32, at least 0, as they are before it scales them.

    The values are taken where the package has them on the grid and are cut off below 0, as it does. What
    it does afterwards, scaling to [0, 1] and to the film's size, is left out. The target is sign times logit.

    Args:
        own: A classifier that nobody else uses: it gets hooks, and gradients in its parameters.
        images: `(B, 1, H, W)`.
        method: A key of `MAKERS`.
        signs: `(B,)`, +1 or -1.
    """
    own.requires_grad_(True)  # the package finds gradients only behind parameters that learn
    targets = [functools.partial(operator.mul, float(sign)) for sign in signs]
    with (
        torch.inference_mode(mode=False),
        torch.enable_grad(),
        MAKERS[method](own, [own.grid_layer], reshape_transform=own.grid) as cam,
    ):
        cam(images, targets=targets)
        kept = cam.activations_and_grads
        activations = kept.activations[0].numpy()
        gradients = kept.gradients[0].numpy() if kept.gradients else None  # Eigen-CAM asks for none
        values = cam.get_cam_image(images, own.grid_layer, targets, activations, gradients, eigen_smooth=False)
        return np.maximum(values, 0).astype(np.float32)
    msg = "the grad-cam package met an IndexError, which it prints and drops"
    raise RuntimeError(msg)
