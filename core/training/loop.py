"""The training loop: epochs of batches, the best and the last state kept, ready to be stopped and resumed.

All that is random follows from the seed and the place in the training, so a run that goes on
after a stop ends, on a CPU, with the weights of a run that was never stopped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from core.base import progress
from core.base.errors import Cancelled, PleuraScopeError
from core.evaluation import metrics
from core.models import forward
from core.training import losses
from core.training.learner import Learner, LossIsNoNumber
from core.vision import device as devices
from core.vision import loader
from core.vision.loader import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_fabric import Fabric

    from core.models.contract import Classifier
    from core.training.config import TrainConfig
    from core.training.run_folder import RunFolder
    from core.vision.loader import Batch, Films

Row = dict[str, float | int | str | None]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """How a training run went; the classifier then holds the best epoch's weights."""

    history: list[Row]  # a row an epoch
    best_epoch: int
    best_by: str  # "auroc", or "log-loss" when the tune fold has one class
    device: str
    precision: str
    parts: int  # a batch was learnt in so many parts, since memory had run out
    stopped: str | None  # why it ended before its time

    @property
    def seconds(self) -> float:
        """Time spent in all epochs, those before a stop included."""
        return float(sum(float(row["seconds"] or 0) for row in self.history))


@dataclass
class Place:
    """Where in the training a run stands, and what it has seen of the epoch so far."""

    epoch: int = 1
    batch: int = 0  # batches of this epoch that are learnt
    loss_sum: float = 0.0  # over their films
    seconds: float = 0.0  # spent in this epoch
    history: list[Row] = field(default_factory=list)
    best_epoch: int = 0


def fit(
    classifier: Classifier, train: Films, tune: Films, *, config: TrainConfig, folder: RunFolder, fabric: Fabric
) -> Fitted:
    """Train a classifier and leave it with the weights of the epoch that was best on `tune`.

    Best is the highest AUROC, then the lowest log-loss; with one class on `tune`, where there is
    no AUROC, the lowest log-loss.

    Raises:
        Cancelled: If a stop was asked for; what is done is kept and the next call goes on.
        PleuraScopeError: If the loss is no finite number before any epoch is done; later the best
            epoch before is what comes of the run, and `stopped` says why.
    """
    run = _Run(Learner.of(classifier, config, fabric), train, tune, config, folder)
    run.take_up()
    try:
        while run.place.epoch <= config.optimisation.epochs and not run.is_out_of_patience():
            run.learn()
            run.measure()
        run.save()
    except LossIsNoNumber as error:
        if not run.best:
            msg = f"{error}, before any epoch was done; train again with a lower learning rate."
            raise PleuraScopeError(msg) from None
        return run.ended(stopped=str(error))
    return run.ended(stopped=None)


class _Run:
    """A training under way."""

    def __init__(self, learner: Learner, train: Films, tune: Films, config: TrainConfig, folder: RunFolder) -> None:
        self.learner, self.fabric = learner, learner.fabric
        self.train, self.tune = loader.resident(train, self.fabric.device), loader.resident(tune, self.fabric.device)
        self.config, self.folder = config, folder
        options = config.optimisation
        self.recipe = Recipe(
            batch_size=options.batch_size,
            ranges=config.augmentation,
            seed=options.seed,
            label_smoothing=options.label_smoothing,
        )
        self.in_epoch = loader.batches_in(len(train), options.batch_size)
        self.place = Place()
        self.best: dict[str, torch.Tensor] = {}
        self.unsaved = 0  # steps since the state was saved

    def take_up(self) -> None:
        """Go on where a run of the same options and films stopped, if there is one."""
        state = self.folder.read()
        if state is None:
            return
        self.learner.classifier.load_state_dict(state["weights"])
        self.learner.optimizer.load_state_dict(state["optimizer"])
        if self.learner.average is not None:
            self.learner.average.load_state_dict(state["average"])
        self.learner.parts = state["parts"]
        self.place, self.best = Place(**state["place"]), state["best"]

    def save(self) -> None:
        """Keep the state; of several processes the first does it for all."""
        if not self.unsaved or self.fabric.global_rank:
            return
        self.learner.check()  # a state that is no good must not take the place of one that is
        average = self.learner.average
        self.folder.write(
            {
                "weights": self.learner.classifier.state_dict(),
                "optimizer": self.learner.optimizer.state_dict(),
                "average": None if average is None else average.state_dict(),
                "best": self.best,
                "parts": self.learner.parts,
                "place": vars(self.place),
            }
        )
        self.unsaved = 0

    def ended(self, *, stopped: str | None) -> Fitted:
        """Leave the classifier with the best weights and say how the run went."""
        self.learner.classifier.load_state_dict(self.best)
        history = self.place.history
        return Fitted(
            history=history,
            best_epoch=self.place.best_epoch,
            best_by="log-loss" if history[0]["tune_auroc"] is None else "auroc",
            device=devices.name_of(self.fabric.device),
            precision=str(self.fabric.strategy.precision.precision),
            parts=self.learner.parts,
            stopped=stopped,
        )

    def is_out_of_patience(self) -> bool:
        """Tell whether no epoch was better for as long as the config waits."""
        patience = self.config.optimisation.patience
        return bool(patience) and len(self.place.history) - self.place.best_epoch >= patience

    def learn(self) -> None:
        """Go through what is left of the epoch's batches."""
        place, learner = self.place, self.learner
        frozen = self.config.architecture.head_only or place.epoch <= self.config.architecture.frozen_epochs
        learner.begin_epoch(frozen=frozen)
        losses_here = torch.zeros((), device=self.fabric.device)
        loss_before, seconds_before = place.loss_sum, place.seconds
        began = time.monotonic()

        def note() -> None:
            place.loss_sum = loss_before + float(losses_here)
            place.seconds = seconds_before + time.monotonic() - began

        try:
            for batch in self._batches():
                loss = learner.step(batch, epoch=place.epoch, number=place.batch, in_epoch=self.in_epoch)
                losses_here += loss * len(batch.rows)
                place.batch += 1
                self.unsaved += 1
                if self.unsaved >= self.config.execution.save_every_steps:
                    note()
                    self.save()
        except Cancelled:
            note()
            self.save()
            raise
        learner.check()
        note()

    def measure(self) -> None:
        """Measure the epoch on `tune`, note it, and begin the next."""
        began = time.monotonic()
        place = self.place
        found = self._found() if not self.fabric.global_rank else None
        if self.fabric.world_size > 1:
            own = torch.tensor(place.loss_sum, device=self.fabric.device)
            place.loss_sum = float(cast("torch.Tensor", self.fabric.all_reduce(own, reduce_op="sum")))
            found = self.fabric.broadcast(found)
        learning = place.seconds
        row: Row = {
            "epoch": place.epoch,
            "train_loss": place.loss_sum / len(self.train),
            **(found or {}),
            "learning_rate": float(self.learner.optimizer.param_groups[0]["lr"]),
            "seconds": learning + time.monotonic() - began,
            "images_per_s": len(self.train) / learning,
        }
        place.history.append(row)
        if place.best_epoch == 0 or _merit(row) > _merit(place.history[place.best_epoch - 1]):
            place.best_epoch = place.epoch
            weights = self.learner.measured.state_dict()
            self.best = {name: tensor.detach().to("cpu", copy=True) for name, tensor in weights.items()}
        place.epoch, place.batch, place.loss_sum, place.seconds = place.epoch + 1, 0, 0.0, 0.0
        self.unsaved = max(self.unsaved, 1)  # the epoch's end is news too
        if not self.fabric.global_rank:
            progress.record(row)

    def _found(self) -> Row:
        """Return what `tune` tells of the weights as they are."""
        options = self.config.optimisation
        batches = loader.plain_batches(self.tune, batch_size=2 * options.batch_size, device=self.fabric.device)
        found = forward.run(self.learner.measured, batches)
        row: Row = {
            "tune_loss": losses.log_loss(self.tune.labels, found.logits),
            "tune_auroc": metrics.auroc(self.tune.labels, found.logits),
        }
        if self.tune.targets is not None and found.further.size:
            errors = np.abs(found.further[:, 0] - self.tune.targets[:, 0])  # of the grade, which comes first
            row["tune_quality_error"] = None if np.isnan(errors).all() else float(np.nanmean(errors))
        return row

    def _batches(self) -> Iterator[Batch]:
        """Yield what is left of the epoch, reporting how much of the whole training is done."""
        place, epochs = self.place, self.config.optimisation.epochs
        batches = loader.training_batches(
            self.train,
            self.recipe,
            epoch=place.epoch,
            device=self.fabric.device,
            start=place.batch,
            process=self.fabric.global_rank,
            processes=self.fabric.world_size,
        )
        if self.fabric.global_rank:  # the first process tells how far it is, and hears of a stop
            return batches
        return progress.track(
            batches,
            f"Epoch {place.epoch} of {epochs}",
            total=epochs * self.in_epoch,
            unit="batches",
            start=(place.epoch - 1) * self.in_epoch + place.batch,
        )


def _merit(row: Row) -> tuple[float, float]:
    area, loss = row["tune_auroc"], row["tune_loss"]
    return (0.0 if area is None else float(area), -float(loss or 0.0))
