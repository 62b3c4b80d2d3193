"""The classifiers by name, listed without importing them.

To add one: write `core/models/<name>.py` with a function `build(wanted: Architecture)` that returns
a `Classifier`, and add one line to `CLASSIFIERS`. `tests/models/test_every_classifier.py` then checks the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from core.base.errors import InputError

if TYPE_CHECKING:
    from core.models.contract import Classifier


@dataclass(frozen=True, kw_only=True)
class ClassifierInfo:
    """What a page can show of a classifier before torch is imported."""

    title: str
    module: str
    summary: str


CLASSIFIERS = {
    "cnn": ClassifierInfo(
        title="Simple CNN",
        module="core.models.cnn",
        summary="ResNet-18 with one input channel and a head of two layers; small and quick.",
    ),
    "multitask": ClassifierInfo(
        title="Multi-task CNN",
        module="core.models.multitask",
        summary="ResNet-18 that also grades image quality and, where it is known, the size of the pneumothorax.",
    ),
    "vit": ClassifierInfo(
        title="Vision Transformer",
        module="core.models.vit",
        summary="Patches of 16 pixels that attend to each other; wants many films or ImageNet weights.",
    ),
    "resnet18": ClassifierInfo(
        title="ResNet-18",
        module="core.models.resnet18",
        summary="The simple CNN's backbone with one linear layer on top; a member of the ensemble.",
    ),
    "densenet121": ClassifierInfo(
        title="DenseNet-121",
        module="core.models.densenet121",
        summary="Each layer sees all before it; the slowest member of the ensemble.",
    ),
    "efficientnet_b0": ClassifierInfo(
        title="EfficientNet-B0",
        module="core.models.efficientnet_b0",
        summary="Few parameters and little arithmetic; a member of the ensemble.",
    ),
}
WEIGHTS = ("auto", "imagenet", "none")  # what weights to start from; anything else names a file
ENSEMBLE = "ensemble"  # no network: it fuses the probabilities of trained classifiers
TITLES = {name: info.title for name, info in CLASSIFIERS.items()} | {ENSEMBLE: "Ensemble"}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """What may be chosen of a classifier's build; each takes what it knows."""

    image_size: int  # pixels, square
    drop_rate: float  # of the head, in (0, 1)
    vit_size: str = "tiny"


def create_classifier(name: str, *, image_size: int, drop_rate: float, vit_size: str = "tiny") -> Classifier:
    """Build an untrained classifier for images `(B, 1, image_size, image_size)`.

    Raises:
        InputError: If no classifier has this name.
    """
    if name not in CLASSIFIERS:
        msg = f"Expected a classifier of {', '.join(CLASSIFIERS)}, found {name!r}; choose one of them."
        raise InputError(msg)
    wanted = Architecture(image_size=image_size, drop_rate=drop_rate, vit_size=vit_size)
    classifier: Classifier = import_module(CLASSIFIERS[name].module).build(wanted)
    return classifier
