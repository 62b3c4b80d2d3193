"""The classifiers by name, listed without importing them.

To add one: write `core/models/<name>.py` with a `build` function that returns a `Classifier`,
and add one line to `CLASSIFIERS`. `tests/models/test_every_classifier.py` then checks the rest.
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
}


def create_classifier(name: str, *, image_size: int, drop_rate: float) -> Classifier:
    """Build an untrained classifier for images `(B, 1, image_size, image_size)`.

    Raises:
        InputError: If no classifier has this name.
    """
    if name not in CLASSIFIERS:
        msg = f"Expected a classifier of {', '.join(CLASSIFIERS)}, found {name!r}; choose one of them."
        raise InputError(msg)
    return import_module(CLASSIFIERS[name].module).build(image_size=image_size, drop_rate=drop_rate)
