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

from core.data import quality
from core.models.contract import Classifier, cross_entropy
from core.models.convolutional import resnet18_backbone
from core.models.registry import Architecture
from core.vision.loader import Batch

WIDTH, HIDDEN, SQUEEZED = 512, 256, 64  # features of ResNet-18; units of a head; units of an attention
QUALITY = len(quality.COLUMNS)  # the grade and its parts
SIZE = "size_share"
EXPOSURE = 2  # mean and spread of each film, which evening takes away and the quality head needs


class Attention(nn.Module):
    """What one task looks for in the shared features: a weight in (0, 1) for each channel of each film."""

    def __init__(self) -> None:
        super().__init__()
        self.weigh = nn.Sequential(nn.Linear(WIDTH, SQUEEZED), nn.ReLU(), nn.Linear(SQUEEZED, WIDTH), nn.Sigmoid())

    def forward(self, pooled: Tensor) -> Tensor:
        """Return pooled features `(B, 512)` weighed; pooling before the weights or after gives the same."""
        weighed: Tensor = pooled * self.weigh(pooled)
        return weighed


class Columns(nn.Module):
    """A head on some columns of the features `(B, F)`, given as values in [0, 1] or logits."""

    def __init__(self, columns: slice, outputs: int, *, drop_rate: float) -> None:
        super().__init__()
        self.columns = columns
        width = columns.stop - columns.start
        self.layers = nn.Sequential(
            nn.Dropout(drop_rate),
            nn.Linear(width, HIDDEN),
            nn.ReLU(),
            nn.Dropout(drop_rate),
            nn.Linear(HIDDEN, outputs),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return `(B,)` for one output, else `(B, outputs)`."""
        answer: Tensor = self.layers(features[:, self.columns])
        return answer.squeeze(1)


class Multitask(Classifier):
    """Evened exposure, ResNet-18, then for each task its attention and its head.

    Features `(B, 3 * 512 + 2)`: those of pneumothorax, of quality with the film's mean and
    spread, and of size.
    """

    further_columns = (*quality.COLUMNS, SIZE)

    def __init__(self, trunk: nn.Module, *, drop_rate: float) -> None:
        super().__init__()
        self.trunk = trunk
        self.attentions = nn.ModuleList(Attention() for _ in range(3))
        self.head = Columns(slice(0, WIDTH), 1, drop_rate=drop_rate)
        self.quality = Columns(slice(WIDTH, 2 * WIDTH + EXPOSURE), QUALITY, drop_rate=drop_rate)
        self.size = Columns(slice(2 * WIDTH + EXPOSURE, 3 * WIDTH + EXPOSURE), 1, drop_rate=drop_rate)
        self.log_variances = nn.Parameter(torch.zeros(3))  # (3,) of pneumothorax, quality, size

    @property
    def grid_layer(self) -> nn.Module:
        """The last residual stage: `(B, 512, H/32, W/32)`."""
        return self.trunk.get_submodule("layer4")

    def features(self, images: Tensor) -> Tensor:
        """Return the features of all tasks side by side `(B, 1538)` of images `(B, 1, H, W)`."""
        pooled = self.trunk(self.prepared(images))
        pneumothorax, grade, size = (attention(pooled) for attention in self.attentions)
        exposure = torch.stack([images.mean(dim=(1, 2, 3)), images.std(dim=(1, 2, 3))], dim=1)  # (B, 2)
        return torch.cat([pneumothorax, grade, exposure, size], dim=1)

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
        """Return grade, its parts and the size's share `(B, 7)`, each in [0, 1], of features `(B, 1538)`."""
        return torch.cat([self.quality(features), self.size(features).unsqueeze(1)], dim=1).sigmoid()


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
