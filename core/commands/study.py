"""The embedded study as a plan: which phantoms, classifiers and CycleGAN, and how far each is trained."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MEMBERS = ("resnet18", "densenet121", "efficientnet_b0")  # of the ensemble


@dataclass(frozen=True, kw_only=True)
class Training:
    """One classifier of the study."""

    title: str
    options: dict[str, Any]  # of its TrainConfig, but for the data


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """The CycleGAN of the study, and what is asked of its images."""

    title: str
    generator: dict[str, Any]  # options of its CycleGanConfig, but for the data
    given: str  # data set of the films that are given a pneumothorax
    taken: str  # data set of those from which it is taken
    doses: tuple[str, ...]
    seeds: tuple[str, ...]
    learning: tuple[str, ...]  # how the classifiers of the dose-response are trained
    on_quick: bool  # whether these start from the quick classifier's weights


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the study makes; the quick classifier comes first, so that there is something to look at soon."""

    phantom: tuple[str, ...]  # options of the command
    quick: Training
    trainings: tuple[Training, ...]
    synthesis: Synthesis

    @property
    def steps(self) -> int:
        """How many steps the study has: each classifier and the ensemble are made, predict and are measured."""
        return 15 + 3 * (2 + len(self.trainings))


def _training(title: str, model: str, *, size: int, epochs: int, rate: float = 1e-3, **options: float) -> Training:
    common = {"model": model, "image_size": size, "epochs": epochs, "learning_rate": rate, "weights": "none"}
    return Training(title=title, options=common | options)


PHANTOM = ("--size", "256", "--reader-size", "512")
QUICK = _training("quick CNN, 64 px", "cnn", size=64, epochs=24)

USUAL = Plan(
    phantom=PHANTOM,
    quick=QUICK,
    trainings=(
        _training("multi-task CNN, 64 px", "multitask", size=64, epochs=24),
        _training("Vision Transformer, 96 px", "vit", size=96, epochs=40, rate=5e-4, drop_rate=0.1),
        _training("ResNet-18, 64 px", "resnet18", size=64, epochs=24),
        _training("EfficientNet-B0, 64 px", "efficientnet_b0", size=64, epochs=24),
        _training("DenseNet-121, 64 px", "densenet121", size=64, epochs=16),
    ),
    synthesis=Synthesis(
        title="CycleGAN, 64 px",
        generator={
            "model": "cyclegan",
            "image_size": 64,
            "width": 16,
            "blocks": 6,
            "batch_size": 4,
            "steps": 1500,
            "ema_decay": 0.99,
        },
        given="phantoms-ptx",
        taken="phantoms-nf",
        doses=("0", "0.5", "1"),
        seeds=("0", "1"),
        learning=("--model", "cnn", "--image-size", "64", "--epochs", "24", "--head-only"),
        on_quick=True,
    ),
)

FULL_SEEDS = (0, 1, 2)
FULL = Plan(
    phantom=PHANTOM,
    quick=QUICK,
    trainings=tuple(
        _training(f"{title}, 224 px, seed {seed}", model, size=224, epochs=60, rate=rate, seed=seed, **options)
        for seed in FULL_SEEDS
        for title, model, rate, options in (
            ("simple CNN", "cnn", 1e-3, {}),
            ("multi-task CNN", "multitask", 1e-3, {}),
            ("Vision Transformer", "vit", 5e-4, {"drop_rate": 0.1}),
            ("ResNet-18", "resnet18", 1e-3, {}),
            ("EfficientNet-B0", "efficientnet_b0", 1e-3, {}),
            ("DenseNet-121", "densenet121", 1e-3, {}),
        )
    ),
    synthesis=Synthesis(
        title="CycleGAN, 256 px",
        generator={
            "model": "cyclegan",
            "image_size": 256,
            "width": 64,
            "blocks": 9,
            "batch_size": 4,
            "steps": 20_000,
        },
        given="phantoms-ptx-256",
        taken="phantoms-nf-256",
        doses=("0", "0.25", "0.5", "1", "2"),
        seeds=tuple(map(str, FULL_SEEDS)),
        learning=("--model", "cnn", "--image-size", "224", "--epochs", "60", "--weights", "none"),
        on_quick=False,
    ),
)
