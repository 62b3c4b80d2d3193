"""Training from beginning to end: the split's films in, a checkpoint out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import torch

from core.base import progress
from core.base.errors import InputError, PleuraScopeError
from core.models import checkpoint, forward, pretrained, registry
from core.training import distributed, features, loop, material, results, run_folder
from core.vision import loader

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from core.base.paths import Workspace
    from core.models.contract import Classifier
    from core.models.forward import Outputs
    from core.models.pretrained import Origin
    from core.training.config import TrainConfig
    from core.training.material import Material
    from core.training.run_folder import RunFolder


def train(workspace: Workspace, config: TrainConfig) -> str:
    """Train a classifier and return the name of its checkpoint.

    A run that was killed or cancelled goes on where its state was saved last when it is started
    again with the same options on the same films. The checkpoint appears whole or not at all.

    Args:
        workspace: Where the data set lies and the checkpoint goes.
        config: What is learnt from, what is trained, and how.

    Raises:
        InputError: If the data cannot be learnt from; `material.prepare` says when; or the
            starting weights that were asked for cannot be had.
        Cancelled: If a stop was asked for; what is done is kept.
        PleuraScopeError: If the loss is no longer a finite number: the best epoch before, if
            there is one, is kept as a checkpoint that says so.
    """
    study = _Study.of(workspace, config)
    with study.folder.held():
        if config.execution.processes > 1:
            # They leave the finished state behind; going on from it here is a training with nothing left to do.
            distributed.together(_fit_in_process, workspace, config, study.folder.path)
        fitted = study.fit(distributed.alone())
        checkpoint_id = study.save(fitted)
        study.folder.clear()
    if fitted.stopped is not None:
        msg = (
            f"{fitted.stopped}; the best weights before, of epoch {fitted.best_epoch}, are kept as {checkpoint_id}; "
            "train again with a lower learning rate."
        )
        raise PleuraScopeError(msg)
    return checkpoint_id


@dataclass(frozen=True)
class _Study:
    """What a training consists of."""

    workspace: Workspace
    config: TrainConfig
    classifier: Classifier
    origin: Origin
    found: Material
    folder: RunFolder

    @classmethod
    def of(cls, workspace: Workspace, config: TrainConfig) -> _Study:
        options = config.architecture
        pretrained.refuse_leak(workspace, options.weights, config.data.dataset, config.data.split)
        torch.manual_seed(config.optimisation.seed)
        classifier = registry.create_classifier(
            options.model, image_size=options.image_size, drop_rate=options.drop_rate, vit_size=options.vit_size
        )
        origin = pretrained.apply(classifier, options.weights)
        if options.head_only and origin.kind == "scratch":
            msg = f"Expected starting weights for a head alone, found none: {origin.sentence}."
            raise InputError(msg, field="head_only")
        found = material.prepare(workspace, config, further=classifier.further_columns)
        return cls(workspace, config, classifier, origin, found, run_folder.of(workspace, config, found.identity()))

    def fit(self, fabric: Fabric) -> loop.Fitted:
        train, tune = material.train_films(self.found, self.config), self.found.films("val")
        if self.config.architecture.head_only:
            progress.announce("Computing the features of every film once")
            self.classifier.to(fabric.device)
            train, tune = (features.as_features(self.classifier, films, fabric.device) for films in (train, tune))
        return loop.fit(self.classifier, train, tune, config=self.config, folder=self.folder, fabric=fabric)

    def save(self, fitted: loop.Fitted) -> str:
        progress.announce("Measuring the best epoch")
        outputs = {part: self._outputs(part) for part in ("train", "val", "test")}
        return checkpoint.save(
            self.workspace,
            self.classifier,
            config=self.config.to_dict(),
            card=results.card(self.config, self.found, fitted, outputs, origin=self.origin, classifier=self.classifier),
            history=pd.DataFrame(fitted.history),
            train_features=outputs["train"].features,
        )

    def _outputs(self, part: str) -> Outputs:
        device = next(self.classifier.parameters()).device
        batch_size = 2 * self.config.optimisation.batch_size
        batches = loader.plain_batches(self.found.films(part), batch_size=batch_size, device=device)
        return forward.run(self.classifier, batches)


def _fit_in_process(fabric: Fabric, workspace: Workspace, config: TrainConfig) -> None:
    """Train in one of several processes."""
    if fabric.device.type == "cpu":
        torch.set_num_threads(max(1, torch.get_num_threads() // fabric.world_size))
    fitted = _Study.of(workspace, config).fit(fabric)
    if fitted.stopped is not None:
        msg = f"{fitted.stopped}; train again with a lower learning rate."
        raise PleuraScopeError(msg)
