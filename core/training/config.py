"""Everything that decides how a training run ends; the flags and the sidebar form are made from it."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from pydantic import Field, field_validator

from core.base.config import Config
from core.models.registry import CLASSIFIERS
from core.vision.ranges import AugmentationRanges


class DataOptions(Config):
    """What the classifier learns from."""

    dataset: str
    """Data set whose films are learnt."""

    split: str
    """Split of the data set; its train part is learnt, its val and test parts are measured."""

    labels: str = "report"
    """Source of the labels to learn: "report" takes the findings of the data set's table."""


class ModelOptions(Config):
    """What is trained."""

    model: str = "cnn"
    """Kind of classifier."""

    image_size: int = Field(default=224, ge=32, le=1024, multiple_of=16)
    """Side of the square image the classifier sees, in pixels; a multiple of 16."""

    drop_rate: float = Field(default=0.5, gt=0, lt=1)
    """Share of the head's units switched off at random in training. Above 0: uncertainty is measured with it."""

    weights: Literal["auto", "none"] = "auto"
    """Weights to start from: "none" starts from scratch; so does "auto" for now."""

    @field_validator("model")
    @classmethod
    def _is_registered(cls, name: str) -> str:
        if name not in CLASSIFIERS:
            msg = f"expected one of {', '.join(CLASSIFIERS)}"
            raise ValueError(msg)
        return name


class OptimisationOptions(Config):
    """How the classifier learns."""

    epochs: int = Field(default=20, ge=1, le=1000)
    """Most times the whole train part is gone through."""

    batch_size: int = Field(default=32, ge=4, le=1024)
    """Films learnt from at once."""

    learning_rate: float = Field(default=1e-3, gt=0, le=1)
    """Largest step of the weights (AdamW), reached after the warm-up."""

    weight_decay: float = Field(default=0.05, ge=0, le=1)
    """Pull of the weights towards zero, per step and learning rate."""

    warmup_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of all steps in which the learning rate rises from zero; then it falls along a cosine."""

    clip_norm: float = Field(default=1.0, gt=0)
    """Longest gradient a step may follow; longer ones are shortened to it."""

    patience: int = Field(default=0, ge=0, le=1000)
    """Epochs without a better result after which training ends early; 0 goes through them all."""

    imbalance: Literal["none", "loss-weight"] = "none"
    """How unequal classes count: "none" as often as they occur, "loss-weight" both alike, whatever their share."""

    seed: int = Field(default=0, ge=0, lt=2**31)
    """Number from which all that is random follows: the same seed makes the same classifier on a CPU."""


class TrainConfig(Config):
    """A training run: what is learnt from, what is trained, how, and how films are changed at random."""

    architecture: ModelOptions = ModelOptions()
    data: DataOptions
    optimisation: OptimisationOptions = OptimisationOptions()
    augmentation: AugmentationRanges = AugmentationRanges()

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are the same for the same options."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]
