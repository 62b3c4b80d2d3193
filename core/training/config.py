"""Everything that decides how a training run ends; the flags and the sidebar form are made from it."""

from __future__ import annotations

import hashlib
import json
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from core.base.config import Config
from core.base.errors import InputError
from core.models.registry import CLASSIFIERS
from core.vision.ranges import AugmentationRanges

ONLY_FOR = {"vit_size": "vit", "quality_share": "multitask"}
"""Options that one kind of classifier has and the others would ignore."""


class DataOptions(Config):
    """What the classifier learns from."""

    dataset: str
    """Data set whose films are learnt."""

    split: str
    """Split of the data set; its train part is learnt, its val and test parts are measured."""

    labels: str = "report"
    """Source of the labels to learn: "report" takes the findings of the data set's table."""


class ModelOptions(Config):
    """What is trained, and from which weights."""

    model: str = "cnn"
    """Kind of classifier: cnn, multitask, vit, resnet18, densenet121 or efficientnet_b0."""

    image_size: int = Field(default=224, ge=32, le=1024, multiple_of=16)
    """Side of the square image the classifier sees, in pixels; a multiple of 16."""

    vit_size: Literal["tiny", "small", "base"] = "tiny"
    """Size of the Vision Transformer: 5, 22 or 86 million parameters."""

    drop_rate: float = Field(default=0.5, gt=0, lt=1)
    """Share of the head's units switched off at random in training. Above 0: uncertainty is measured with it."""

    weights: str = Field(default="auto", min_length=1)
    """Weights to start from: "auto" takes ImageNet's if this machine has them, "imagenet" insists on them, "none"
    starts from scratch; anything else names a .safetensors file."""

    frozen_epochs: int = Field(default=0, ge=0, le=1000)
    """First epochs in which only the head learns and the backbone keeps its starting weights."""

    head_only: bool = False
    """Learn the head alone, on features computed once: minutes instead of hours; needs starting weights."""

    @field_validator("model")
    @classmethod
    def _is_registered(cls, name: str) -> str:
        if name not in CLASSIFIERS:
            msg = f"expected one of {', '.join(CLASSIFIERS)}"
            raise ValueError(msg)
        return name

    @field_validator("head_only")
    @classmethod
    def _has_weights(cls, head_only: bool, info: ValidationInfo) -> bool:
        if head_only and info.data.get("weights") == "none":
            msg = "a head alone learns nothing on a backbone without starting weights; choose other weights"
            raise ValueError(msg)
        return head_only


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

    imbalance: Literal["none", "loss-weight", "balanced-sampling"] = "none"
    """How unequal classes count: "none" as often as they occur; "loss-weight" both alike in the loss;
    "balanced-sampling" both drawn equally often."""

    label_smoothing: float = Field(default=0.0, ge=0, lt=0.5)
    """Doubt about every label: 0.1 teaches 0.95 and 0.05 instead of 1 and 0."""

    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    """Measure and keep a running average of the weights, such as 0.99, over the last 1 / (1 - decay) steps; 0 off."""

    seed: int = Field(default=0, ge=0, lt=2**31)
    """Number from which all that is random follows: the same seed makes the same classifier on a CPU."""


class SyntheticOptions(Config):
    """Which synthetic images are learnt besides; only images of train's patients, by the limits of their passports."""

    synthetic: str | None = None
    """Data set of synthetic images to learn besides, made by `translate`; left out, none are."""

    synthetic_share: float = Field(default=1.0, gt=0, le=10)
    """Synthetic films with a pneumothorax for each one of train: 0.5 adds half as many, drawn at random by the seed."""

    synthetic_classes: Literal["positives", "both"] = "positives"
    """Which films are added: "positives", or as many made ones of "both" classes, which is the control that shows
    whether a classifier learns the texture of made images instead of the disease."""

    max_cycle_error: float = Field(default=0.1, gt=0, le=1)
    """Largest error there and back, a share of the grey range, of an image that is admitted."""

    min_probability_shift: float = Field(default=0.0, ge=-1, le=1)
    """Least shift of the classifier's probability towards the wanted class; an image without one is admitted."""

    min_change_in_lung: float = Field(default=0.0, ge=0, le=1)
    """Least share of the change inside the lung field; an image without a known lung field is admitted."""


class ExecutionOptions(Config):
    """How the work is done on this machine; the result depends on it little or not at all."""

    save_every_steps: int = Field(default=100, ge=1, le=100_000)
    """Steps after which the state is saved: most that a killed training has to do again."""

    processes: int = Field(default=1, ge=1, le=64)
    """Processes that train together, each on a GPU of its own, sharing every batch."""

    compile: bool = False
    """Compile the network first: faster on a GPU after a slow start. A CPU leaves it out."""


class TrainConfig(Config):
    """A training run: what is learnt from, what is trained, how, and how films are changed at random."""

    architecture: ModelOptions = ModelOptions()
    data: DataOptions
    optimisation: OptimisationOptions = OptimisationOptions()
    augmentation: AugmentationRanges = AugmentationRanges()
    synthesis: SyntheticOptions = SyntheticOptions()
    execution: ExecutionOptions = ExecutionOptions()

    @model_validator(mode="after")
    def _asks_nothing_in_vain(self) -> Self:
        chosen, usual = self.to_dict(), AugmentationRanges().model_dump() | ModelOptions().model_dump()
        for name, model in ONLY_FOR.items():
            if self.architecture.model != model and chosen[name] != usual[name]:
                msg = f"Option {name!r} belongs to {model}, found it with {self.architecture.model}; leave it out."
                raise InputError(msg, field=name)
        for name, value in SyntheticOptions().model_dump().items():
            if self.synthesis.synthetic is None and chosen[name] != value:
                msg = f"Option {name!r} belongs to synthetic images, found it without any; name a set or leave it out."
                raise InputError(msg, field=name)
        return self

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are the same for the same options."""
        return hashlib.sha256(json.dumps(self.to_dict(), sort_keys=True).encode()).hexdigest()[:16]
