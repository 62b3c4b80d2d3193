"""One step of learning: a batch's loss, its gradients, the step of the weights; less memory where it runs out."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from core.base.errors import PleuraScopeError
from core.training import schedule
from core.vision import loader

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from core.models.contract import Classifier
    from core.training.config import OptimisationOptions, TrainConfig
    from core.vision.loader import Batch


class LossIsNoNumber(PleuraScopeError):
    """The loss of a batch is infinite or not a number, so the weights are worth nothing any more."""


@dataclass
class Learner:
    """A classifier that learns: with its optimiser, as Fabric wraps both, and the average of its weights."""

    fabric: Fabric
    classifier: Classifier
    model: Any  # the classifier as Fabric wraps it
    optimizer: torch.optim.Optimizer
    average: AveragedModel | None
    options: OptimisationOptions
    parts: int = 1  # a batch is learnt in so many parts, their gradients added up, where it does not fit
    unchecked: tuple[Tensor, int, int] | None = None  # the last loss with its gradients' length, its batch and epoch

    @classmethod
    def of(cls, classifier: Classifier, config: TrainConfig, fabric: Fabric) -> Learner:
        """Prepare a classifier for learning on a device."""
        options = config.optimisation
        # On the device first: the average of the weights is to lie there too.
        classifier.to(fabric.device)
        decay = options.ema_decay
        average = (
            AveragedModel(classifier, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True) if decay else None
        )
        if config.execution.compile and fabric.device.type == "cuda":
            classifier.trunk.compile()
        groups = parameter_groups(classifier, options.weight_decay)
        optimizer = torch.optim.AdamW(groups, lr=options.learning_rate, fused=True)
        model, optimizer = fabric.setup(classifier, optimizer)
        model.mark_forward_method("loss")
        return cls(fabric, classifier, model, optimizer, average, options)

    @property
    def measured(self) -> Classifier:
        """The classifier that is measured and kept: the average of the weights, where one is made."""
        if self.average is None:
            return self.classifier
        return cast("Classifier", self.average.module)

    def begin_epoch(self, *, frozen: bool) -> None:
        """Set the modes of an epoch; a frozen backbone neither learns nor adapts its normalisation."""
        self.model.train()
        self.classifier.trunk.requires_grad_(not frozen)
        if frozen:
            self.classifier.trunk.eval()

    def step(self, batch: Batch, *, epoch: int, number: int, in_epoch: int) -> Tensor:
        """Learn from one batch, and return its loss, a scalar that is not waited for.

        Raises:
            LossIsNoNumber: If the loss of the batch before was no finite number.
            PleuraScopeError: If memory runs out even for two films, the fewest that normalisation takes.
        """
        self.check()
        done = (epoch - 1) * in_epoch + number
        share = schedule.learning_rate_share(done, self.options.epochs * in_epoch, self.options.warmup_share)
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * share
        loss = None
        while loss is None:
            # Dropout follows from the place in the training alone, so a run that goes on repeats it.
            torch.manual_seed(_step_seed(self.options.seed, epoch, number, self.fabric.global_rank))
            loss = self._gradients(batch)
        length = cast(
            "Tensor",  # of the gradients, as long as nothing but a largest norm is asked for
            self.fabric.clip_gradients(
                self.model, self.optimizer, max_norm=self.options.clip_norm, error_if_nonfinite=False
            ),
        )
        self.optimizer.step()
        if self.average is not None:
            self.average.update_parameters(self.classifier)
        self.unchecked = (loss + 0 * length, number, epoch)  # no number either if the gradients are none
        return loss

    def check(self) -> None:
        """Look at the last loss; a step late, so that a GPU need not be waited for at every step.

        Raises:
            LossIsNoNumber: If it is no finite number.
        """
        if self.unchecked is None:
            return
        loss, number, epoch = self.unchecked
        if not torch.isfinite(loss):
            msg = f"The loss of batch {number + 1} in epoch {epoch} is no finite number"
            raise LossIsNoNumber(msg)
        self.unchecked = None

    def _gradients(self, batch: Batch) -> Tensor | None:
        """Return the loss of a batch after adding up its gradients; None if memory ran out: try again in parts."""
        self.optimizer.zero_grad()
        total = torch.zeros((), device=self.fabric.device)
        try:
            for part in range(self.parts):
                piece = loader.part_of(batch, part, self.parts) if self.parts > 1 else batch
                loss = self.model.loss(piece) * self._share(piece, batch)
                self.fabric.backward(loss)
                total += loss.detach()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if 4 * self.parts > len(batch.rows) or self.fabric.world_size > 1:
                msg = "Memory ran out; train again with a smaller batch size or image size."
                raise PleuraScopeError(msg) from error
            self.parts *= 2
        else:
            return total
        self.optimizer.zero_grad()  # after the error is gone, which holds on to the batch's activations
        gc.collect()
        torch.cuda.empty_cache()
        return None

    def _share(self, piece: Batch, batch: Batch) -> Tensor | float:
        """Return how much a piece's mean loss counts, so that pieces and processes add up to the whole batch's."""
        if self.fabric.world_size > 1:  # their gradients are averaged, so each counts as many times as there are
            own = piece.weights.sum()
            whole = cast("Tensor", self.fabric.all_reduce(own.clone(), reduce_op="sum"))
            return self.fabric.world_size * own / whole
        return piece.weights.sum() / batch.weights.sum() if self.parts > 1 else 1.0


def parameter_groups(classifier: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Part the parameters: matrices and kernels decay; biases, normalisation and learnt loss weights do not."""
    parameters = list(classifier.parameters())
    return [
        {"params": [one for one in parameters if one.ndim > 1], "weight_decay": weight_decay},
        {"params": [one for one in parameters if one.ndim <= 1], "weight_decay": 0.0},
    ]


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out, on a GPU or on the CPU, whose allocator raises a plain error."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _step_seed(seed: int, epoch: int, number: int, rank: int) -> int:
    return int(np.random.SeedSequence([seed, epoch, number, rank]).generate_state(1)[0])
