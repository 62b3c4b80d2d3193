"""Heat maps: which places of the last grid moved the logit, of the prediction's own forward (Grad-CAM and its kin).

Values stay on the grid and are not scaled. The grad-cam package, as the reference, gives the same ones.

References:
    Selvaraju et al. (2017), Grad-CAM: visual explanations from deep networks via gradient-based localization, ICCV.
    Chattopadhay et al. (2018), Grad-CAM++: generalized gradient-based visual explanations for deep
    convolutional networks, WACV.
    Draelos, Carin (2020), Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
    networks, arXiv 2011.08891.
    Muhammad, Yeasin (2020), Eigen-CAM: class activation map using principal components, IJCNN.
"""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from core.base.errors import InputError
from core.inference import mc_dropout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor, nn

    from core.models.contract import Classifier

EPSILON = 1e-6  # the package's, in Grad-CAM++

# Torch numbers and stores hooks without a lock: two threads that hook one model may get the same number.
_HOOKING = threading.Lock()


@dataclass(frozen=True)
class Seen:
    """What one forward of B films leaves behind; all detached, on the classifier's device."""

    logits: Tensor  # (B,)
    features: Tensor  # (B, F), pooled
    activations: Tensor  # (B, C, h, w), of the grid layer
    gradients: Tensor  # (B, C, h, w), of each film's logit by its activations


def see(classifier: Classifier, images: Tensor) -> Seen:
    """Run films through a classifier once, for their logits and for all heat maps.

    Only what comes behind the grid layer is differentiated, and only by the grid, so parameters get
    no gradients. The classifier may be used by other threads meanwhile; nothing of it is changed.

    Args:
        classifier: In eval mode.
        images: `(B, 1, H, W)`; they are taken to the classifier's device.

    Raises:
        ValueError: If the classifier is in training mode.
    """
    with torch.inference_mode(mode=False), torch.no_grad():
        grid, features = _cut_at_grid(classifier, images)
        logits: Tensor = classifier.head(features)
        (gradients,) = torch.autograd.grad(logits.sum(), grid)  # films do not mix: each gets its own logit's
        return Seen(
            logits.detach(), features.detach(), classifier.grid(grid.detach()), classifier.grid(gradients.detach())
        )


def _cut_at_grid(classifier: Classifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the grid layer's output as a leaf, and the features `(B, F)` that are computed from it.

    Gradients are on in this thread from the grid layer on, until the caller's `no_grad` ends.
    """
    if any(module.training for module in classifier.modules()):
        msg = "Expected a classifier in eval mode, found one in training mode; call eval() on it first."
        raise ValueError(msg)
    here = threading.get_ident()
    leaves: list[Tensor] = []

    def cut(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor | None:
        if threading.get_ident() != here:
            return None
        leaves.append(output.detach().requires_grad_())
        torch.set_grad_enabled(True)
        return leaves[-1].clone()  # the next layer may write into what it is given

    with _HOOKING:
        hook = classifier.grid_layer.register_forward_hook(cut)
    try:
        features = classifier.features(images.to(next(classifier.parameters()).device))
    finally:
        with _HOOKING:
            hook.remove()
    return leaves[-1], features


def heat_maps(seen: Seen, method: str = "grad-cam", *, signs: np.ndarray | Sequence[float]) -> np.ndarray:
    """Return the heat maps `(B, h, w)` of films, float32, at least 0, not scaled; a map may be all zero.

    They are the grad-cam package's before it scales them to [0, 1] and to the film's size.

    Args:
        seen: What `see` returned.
        method: One of `METHODS`. "eigen-cam" shows the activations' first principal component: it knows
            neither the logit nor the sign, and which end of the component is shown is left, as in the
            package, to the singular value decomposition.
        signs: `(B,)`, +1 for the evidence for pneumothorax, -1 for the evidence against.

    Raises:
        InputError: If there is no such method.
        ValueError: If the signs are not one a film, +1 or -1.
    """
    make = _method(method)
    signed = _signs(signs, len(seen.logits))[:, None, None, None] * seen.gradients.float().cpu().numpy()
    maps: np.ndarray = np.maximum(make(seen.activations.float().cpu().numpy(), signed), 0)
    return maps


def _method(name: str) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    if name not in _MAKERS:
        msg = f"Expected a heat map of {', '.join(METHODS)}, found {name!r}; choose one of them."
        raise InputError(msg, field="method")
    return _MAKERS[name]


def _signs(signs: np.ndarray | Sequence[float], films: int) -> np.ndarray:
    found = np.asarray(signs, dtype=np.float32)
    if found.shape != (films,) or not np.isin(found, (-1, 1)).all():
        msg = f"Expected {films} signs of +1 or -1, found {signs!r}; give one for each film."
        raise ValueError(msg)
    return found


# NumPy sums here in the package's own order: where channels nearly cancel out, another order is another map.


def _weighted(activations: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the sum over channels `(B, h, w)` of activations `(B, C, h, w)` by weights `(B, C)`."""
    weighted: np.ndarray = (weights[:, :, None, None] * activations).sum(axis=1)
    return weighted


def _grad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return _weighted(activations, gradients.mean(axis=(2, 3)))


def _grad_cam_plus_plus(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Weigh by the positive gradients, each by its place's share (equation 19 of the paper)."""
    squares = gradients**2
    sums = activations.sum(axis=(2, 3), keepdims=True)  # (B, C, 1, 1)
    shares = squares / (2 * squares + sums * (squares * gradients) + EPSILON)
    return _weighted(activations, (np.maximum(gradients, 0) * shares).sum(axis=(2, 3)))


def _hires_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    products: np.ndarray = (gradients * activations).sum(axis=1)
    return products


def _eigen_cam(activations: np.ndarray, _gradients: np.ndarray) -> np.ndarray:
    """Project the places on their first principal component."""
    places = activations.reshape(*activations.shape[:2], -1).transpose(0, 2, 1)  # (B, h * w, C)
    centred = places - places.mean(axis=1, keepdims=True)
    axes = np.linalg.svd(centred, full_matrices=False)[2]  # (B, min(h * w, C), C)
    projections: np.ndarray = centred @ axes[:, 0, :, None]  # (B, h * w, 1)
    return projections.reshape(-1, *activations.shape[2:])


_MAKERS = {
    "grad-cam": _grad_cam,
    "grad-cam++": _grad_cam_plus_plus,
    "hires-cam": _hires_cam,
    "eigen-cam": _eigen_cam,
}
METHODS = tuple(_MAKERS)


def reference(
    classifier: Classifier, images: Tensor, method: str = "grad-cam", *, signs: np.ndarray | Sequence[float]
) -> np.ndarray:
    """Return the same heat maps `(B, h, w)` by way of the grad-cam package, with its own forward and full backward.

    They are the package's on the grid, before it scales them. It works on a copy of the classifier,
    which may have other users.

    Args:
        classifier: In eval mode.
        images: `(B, 1, H, W)`.
        method: One of `METHODS`.
        signs: `(B,)`, +1 for the evidence for pneumothorax, -1 for the evidence against.

    Raises:
        InputError: If there is no such method.
        ValueError: If the signs are not one a film, +1 or -1.
    """
    from core.inference import grad_cam_package

    _method(method)
    checked = _signs(signs, len(images))
    with _HOOKING:  # copying walks over the hooks
        own = copy.deepcopy(classifier)
    return grad_cam_package.maps(own, images, method, signs=checked)


def over_passes(
    classifier: Classifier, image: Tensor, *, key: str, passes: int, sign: float, seed: int = 0
) -> np.ndarray:
    """Return one film's Grad-CAM `(T, h, w)` under each of T dropout masks, float32, at least 0, not scaled.

    The masks are those of `mc_dropout.logits_of_passes` for the same key and seed; the backbone runs once.

    Args:
        classifier: In eval mode, with active dropout in its head.
        image: `(1, 1, H, W)`.
        key: What the film's masks are drawn by: the sha256 of its pixels.
        passes: T.
        sign: +1 for the evidence for pneumothorax, -1 for the evidence against.
        seed: Of the masks.

    Raises:
        InputError: If the classifier has no active dropout, or T is out of range.
        ValueError: If the classifier is in training mode, or the sign is not +1 or -1.
    """
    heads = mc_dropout.keyed_heads(classifier, keys=[key], passes=passes, seed=seed)
    with torch.inference_mode(mode=False), torch.no_grad():
        grid, features = _cut_at_grid(classifier, image)
        logits: list[Tensor] = []
        gradients: list[Tensor] = []
        for head in heads:
            logits.append(head(features))  # (1,)
            gradients += torch.autograd.grad(logits[-1].sum(), grid, retain_graph=True)
        seen = Seen(
            torch.cat(logits).detach(),
            features.detach().expand(passes, -1),
            classifier.grid(grid.detach()).expand(passes, -1, -1, -1),
            classifier.grid(torch.cat(gradients)),
        )
    return heat_maps(seen, signs=np.full(passes, sign))
