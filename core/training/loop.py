"""The training loop: epochs of batches, the best and the last state kept, ready to be stopped and resumed.

All that is random in an epoch follows from the seed and the epoch's number, so a run that
goes on after a stop ends, on a CPU, with the weights of a run that was never stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from core.base import progress
from core.base.errors import PleuraScopeError
from core.evaluation import metrics
from core.models import forward
from core.training import losses
from core.vision import device as devices
from core.vision import loader

if TYPE_CHECKING:
    from core.models.contract import Classifier
    from core.training.config import TrainConfig
    from core.training.run_folder import RunFolder
    from core.vision.loader import Batch, Films

Row = dict[str, float | int | str | None]


@dataclass(frozen=True)
class Fitted:
    """How a training run went; the classifier then holds the best epoch's weights."""

    history: list[Row]  # a row an epoch
    best_epoch: int
    best_by: str  # "auroc", or "log-loss" when the tune fold has one class
    device: str
    precision: str

    @property
    def seconds(self) -> float:
        """Time spent in all epochs, those before a stop included."""
        return float(sum(float(row["seconds"] or 0) for row in self.history))


def fit(classifier: Classifier, train: Films, tune: Films, config: TrainConfig, folder: RunFolder) -> Fitted:
    """Train a classifier and leave it with the weights of the epoch that was best on `tune`.

    Best is the highest AUROC, then the lowest log-loss; with one class on `tune`, where there is
    no AUROC, the lowest log-loss.

    Raises:
        Cancelled: If a stop was asked for; finished epochs are kept and the next call goes on.
        PleuraScopeError: If the loss is no longer a finite number.
    """
    options = config.optimisation
    fabric = _fabric()
    optimizer = torch.optim.AdamW(_groups(classifier, options.weight_decay), lr=options.learning_rate, fused=True)
    model, optimizer = fabric.setup(classifier, optimizer)
    model.mark_forward_method("loss")
    learner = _Learner(fabric, model, optimizer, train, config)
    history: list[Row] = []
    best_epoch = 0
    state = folder.read()
    if state is not None:
        classifier.load_state_dict(state["weights"])
        optimizer.load_state_dict(state["optimizer"])
        history, best_epoch = state["history"], state["best_epoch"]
    for epoch in range(len(history) + 1, options.epochs + 1):
        if _is_out_of_patience(len(history), best_epoch, options.patience):
            break
        began = time.monotonic()
        train_loss = learner.learn(epoch)
        tune_loss, tune_auroc = _measure(classifier, tune, options.batch_size, fabric.device)
        seconds = time.monotonic() - began
        row: Row = {
            "epoch": epoch,
            "train_loss": train_loss,
            "tune_loss": tune_loss,
            "tune_auroc": tune_auroc,
            "learning_rate": float(optimizer.param_groups[0]["lr"]),
            "seconds": seconds,
            "images_per_s": len(train) / seconds,
        }
        history.append(row)
        if best_epoch == 0 or _merit(row) > _merit(history[best_epoch - 1]):
            best_epoch = epoch
            folder.write_best(epoch, classifier.state_dict())
        folder.write(
            {
                "weights": classifier.state_dict(),
                "optimizer": optimizer.state_dict(),
                "history": history,
                "best_epoch": best_epoch,
            }
        )
        progress.record(row)
    classifier.load_state_dict(folder.read_best(best_epoch))
    best_by = "log-loss" if history[0]["tune_auroc"] is None else "auroc"
    return Fitted(history, best_epoch, best_by, _device_name(fabric.device), str(fabric.strategy.precision.precision))


def learning_rate_share(step: int, steps: int, warmup_share: float) -> float:
    """Return the share of the largest learning rate at a step: up along a line, then down along a cosine.

    Args:
        step: Number of the step, from 0.
        steps: Steps in all.
        warmup_share: Share of the steps in which the rate rises, in [0, 1).

    Examples:
        >>> [round(learning_rate_share(step, 8, 0.25), 2) for step in range(8)]
        [0.5, 1.0, 1.0, 0.93, 0.75, 0.5, 0.25, 0.07]
    """
    warmup = round(steps * warmup_share)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


@dataclass(frozen=True)
class _Learner:
    """What an epoch of learning needs."""

    fabric: Fabric
    model: Any  # the classifier as Fabric wraps it
    optimizer: torch.optim.Optimizer
    train: Films
    config: TrainConfig

    def learn(self, epoch: int) -> float:
        """Go through the train part once and return the mean loss."""
        options = self.config.optimisation
        torch.manual_seed(_epoch_seed(options.seed, epoch))  # dropout
        self.model.train()
        in_epoch = loader.batches_in(len(self.train), options.batch_size)
        total = torch.zeros((), device=self.fabric.device)
        for number, batch in enumerate(self._batches(epoch, in_epoch)):
            step = (epoch - 1) * in_epoch + number
            rate = learning_rate_share(step, options.epochs * in_epoch, options.warmup_share)
            for group in self.optimizer.param_groups:
                group["lr"] = options.learning_rate * rate
            loss = self.model.loss(batch)
            if not torch.isfinite(loss):
                msg = (
                    f"The loss of batch {number + 1} in epoch {epoch} is no finite number; "
                    "train again with a lower learning rate."
                )
                raise PleuraScopeError(msg)
            self.optimizer.zero_grad()
            self.fabric.backward(loss)
            self.fabric.clip_gradients(self.model, self.optimizer, max_norm=options.clip_norm)
            self.optimizer.step()
            total += loss.detach() * len(batch.rows)
        return float(total) / len(self.train)

    def _batches(self, epoch: int, in_epoch: int) -> Iterator[Batch]:
        """Yield an epoch's batches, reporting how much of the whole training is done."""
        options = self.config.optimisation
        batches = loader.training_batches(
            self.train,
            batch_size=options.batch_size,
            ranges=self.config.augmentation,
            seed=options.seed,
            epoch=epoch,
            device=self.fabric.device,
        )
        return progress.track(
            batches,
            f"Epoch {epoch} of {options.epochs}",
            total=options.epochs * in_epoch,
            unit="batches",
            start=(epoch - 1) * in_epoch,
        )


def _measure(classifier: Classifier, tune: Films, batch_size: int, device: torch.device) -> tuple[float, float | None]:
    logits, _ = forward.run(classifier, loader.plain_batches(tune, batch_size=2 * batch_size, device=device))
    return losses.log_loss(tune.labels, logits), metrics.auroc(tune.labels, logits)


def _merit(row: Row) -> tuple[float, float]:
    area, loss = row["tune_auroc"], row["tune_loss"]
    return (0.0 if area is None else float(area), -float(loss or 0.0))


def _is_out_of_patience(done: int, best_epoch: int, patience: int) -> bool:
    return bool(patience) and done - best_epoch >= patience


def _groups(classifier: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Part the parameters: matrices and kernels decay, biases and normalisation do not."""
    parameters = list(classifier.parameters())
    return [
        {"params": [one for one in parameters if one.ndim > 1], "weight_decay": weight_decay},
        {"params": [one for one in parameters if one.ndim <= 1], "weight_decay": 0.0},
    ]


def _fabric() -> Fabric:
    device = devices.chosen()
    halves = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return Fabric(accelerator=device.type, devices=1, precision="bf16-mixed" if halves else "32-true")


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def _epoch_seed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
