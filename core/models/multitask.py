"""The multi-task CNN: one ResNet-18, three questions: pneumothorax, image quality, and its size where it is known.

Each task attends to the shared features in its own way and has a head of its own. How much a
task counts is learnt, as its noise: a target that is hard to meet weighs less.

References:
    He et al. (2016), Deep residual learning for image recognition, CVPR.
    Hu, Shen, Sun (2018), Squeeze-and-excitation networks, CVPR, section 3: the attention.
    Kendall, Gal, Cipolla (2018), Multi-task learning using uncertainty to weigh losses for scene
    geometry and semantics, CVPR, section 3.2: the weights of the losses.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.data import quality
from core.models.contract import Classifier, cross_entropy
from core.models.convolutional import resnet18_backbone
from core.models.registry import Architecture
from core.vision.loader import Batch

WIDTH, HIDDEN, SQUEEZED = 512, 256, 64  # features of ResNet-18; units of a head; of an attention, of the tones
QUALITY = len(quality.COLUMNS)  # the grade and its parts
SIZE = "size_share"
QUANTILES = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)  # of a film's grey, its tones, which evening takes away
TONE_SIDE = 64  # pixels at which they are read; a quantile of them all would cost more and tell no more
FIRST_VARIANCES = (1.0, 0.05, 0.02)  # of the tasks; of the last two about what answering with the mean leaves


class Attention(nn.Module):
    """What one task looks for in the shared features: a weight in (0, 1) for each channel of each film."""

    def __init__(self) -> None:
        super().__init__()
        self.weigh = nn.Sequential(nn.Linear(WIDTH, SQUEEZED), nn.ReLU(), nn.Linear(SQUEEZED, WIDTH), nn.Sigmoid())

    def forward(self, pooled: Tensor) -> Tensor:
        """Return pooled features `(B, 512)` weighed; pooling before the weights or after gives the same."""
        weighed: Tensor = pooled * self.weigh(pooled)
        return weighed


class Tones(nn.Module):
    """What a film's grey tells of its quality: the tones, told apart by normalising each, as features `(B, 64)`."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(len(QUANTILES)),
            nn.Linear(len(QUANTILES), SQUEEZED),
            nn.ReLU(),
            nn.Linear(SQUEEZED, SQUEEZED),
            nn.ReLU(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return features `(B, 64)` of images `(B, 1, H, W)`."""
        side = min(TONE_SIDE, images.shape[-1])
        grey = functional.adaptive_avg_pool2d(images.float(), side).flatten(1)  # (B, side * side)
        at = torch.tensor(QUANTILES, device=images.device)
        features: Tensor = self.layers(torch.quantile(grey, at, dim=1).T)  # (B, 7) to (B, 64)
        return features


def _head(outputs: int, *, drop_rate: float) -> nn.Sequential:
    """Return a head: features `(B, 512)` to `(B, outputs)`, as logits."""
    return nn.Sequential(
        nn.Dropout(drop_rate),
        nn.Linear(WIDTH, HIDDEN),
        nn.ReLU(),
        nn.Dropout(drop_rate),
        nn.Linear(HIDDEN, outputs),
    )


class Pneumothorax(nn.Module):
    """The head of the first task, on its columns of the features `(B, F)`: logits `(B,)`."""

    def __init__(self, *, drop_rate: float) -> None:
        super().__init__()
        self.own = _head(1, drop_rate=drop_rate)

    def forward(self, features: Tensor) -> Tensor:
        """Return logits `(B,)`."""
        logits: Tensor = self.own(features[:, :WIDTH]).squeeze(1)
        return logits


class Multitask(Classifier):
    """Evened exposure, ResNet-18, then for each task its attention and its head.

    Features `(B, 3 * 512 + 64)`: those of pneumothorax, of size and of quality, and of the film's tones.
    """

    further_columns = (*quality.COLUMNS, SIZE)

    def __init__(self, trunk: nn.Module, *, drop_rate: float) -> None:
        super().__init__()
        self.trunk = trunk
        self.attentions = nn.ModuleList(Attention() for _ in range(3))
        self.head = Pneumothorax(drop_rate=drop_rate)
        self.size = _head(1, drop_rate=drop_rate)
        self.quality = _head(QUALITY, drop_rate=drop_rate)
        self.tones = Tones()
        self.quality_of_tones = nn.Linear(SQUEEZED, QUALITY)  # added: a few tones would drown among 512 features
        self.log_variances = nn.Parameter(torch.tensor(FIRST_VARIANCES).log())  # (3,) of pneumothorax, quality, size

    @property
    def grid_layer(self) -> nn.Module:
        """The last residual stage: `(B, 512, H/32, W/32)`."""
        return self.trunk.get_submodule("layer4")

    def features(self, images: Tensor) -> Tensor:
        """Return the features of all tasks side by side `(B, 1600)` of images `(B, 1, H, W)`."""
        pooled = self.trunk(self.prepared(images))
        pneumothorax, size, grade = (attention(pooled) for attention in self.attentions)
        return torch.cat([pneumothorax, size, grade, self.tones(images)], dim=1)

    def loss_on(self, features: Tensor, batch: Batch) -> Tensor:
        """Return the tasks' losses, each weighed by its learnt noise; a task without a target is left out.

        With s = log(variance), a regression counts exp(-s) / 2 of its squared error, a
        classification exp(-s) of its cross-entropy, and each pays s / 2.
        """
        answers = self.further(features)
        error = cross_entropy(self.head(features), batch)
        share = torch.exp(-self.log_variances)
        total = share[0] * error + self.log_variances[0] / 2
        for task, columns in enumerate((slice(0, QUALITY), slice(QUALITY, QUALITY + 1)), start=1):
            error, there = _squared_error(answers[:, columns], batch.targets, columns)
            total = total + there * (share[task] * error + self.log_variances[task]) / 2
        return total

    def further(self, features: Tensor) -> Tensor:
        """Return grade, its parts and the size's share `(B, 7)`, each in [0, 1], of features `(B, 1600)`."""
        _, size, grade, tones = features.split([WIDTH, WIDTH, WIDTH, SQUEEZED], dim=1)
        graded = self.quality(grade) + self.quality_of_tones(tones)
        return torch.cat([graded, self.size(size)], dim=1).sigmoid()


def build(wanted: Architecture) -> Multitask:
    """Build it; every size of at least 32 px fits."""
    return Multitask(resnet18_backbone(), drop_rate=wanted.drop_rate)


def _squared_error(answers: Tensor, targets: Tensor | None, columns: slice) -> tuple[Tensor, Tensor]:
    """Return the mean squared error over the targets that are known, and 1 if any is, else 0."""
    if targets is None:
        return answers.sum() * 0, answers.new_zeros(())
    wanted = targets[:, columns]
    known = wanted.isfinite()
    count = known.sum()  # stays where the network is: asking for its value would make a GPU wait
    squares = (answers - wanted.nan_to_num()).square() * known
    return squares.sum() / count.clamp(min=1), (count > 0).to(answers.dtype)
