"""Training from beginning to end: the split's films in, a checkpoint out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import torch

from core.base import progress
from core.models import checkpoint, forward, registry
from core.training import loop, material, results, run_folder
from core.vision import loader

if TYPE_CHECKING:
    import numpy as np

    from core.base.paths import Workspace
    from core.models.contract import Classifier
    from core.training.config import TrainConfig
    from core.training.material import Material


def train(workspace: Workspace, config: TrainConfig) -> str:
    """Train a classifier and return the name of its checkpoint.

    A run that was killed or cancelled goes on after its last finished epoch when it is started
    again with the same options on the same films. The checkpoint appears whole or not at all.

    Args:
        workspace: Where the data set lies and the checkpoint goes.
        config: What is learnt from, what is trained, and how.

    Raises:
        InputError: If the data cannot be learnt from; `material.prepare` says when.
        Cancelled: If a stop was asked for; finished epochs are kept.
        PleuraScopeError: If the loss is no longer a finite number.
    """
    found = material.prepare(workspace, config)
    folder = run_folder.of(workspace, config, found.identity())
    with folder.held():
        classifier = _untrained(config)
        fitted = loop.fit(classifier, material.train_films(found, config), found.films("val"), config, folder)
        progress.announce("Measuring the best epoch")
        measured, train_features = _outputs(classifier, found, batch_size=2 * config.optimisation.batch_size)
        checkpoint_id = checkpoint.save(
            workspace,
            classifier,
            config=config.to_dict(),
            card=results.card(config, found, fitted, measured),
            history=pd.DataFrame(fitted.history),
            train_features=train_features,
        )
        folder.clear()
    return checkpoint_id


def _untrained(config: TrainConfig) -> Classifier:
    torch.manual_seed(config.optimisation.seed)
    options = config.architecture
    return registry.create_classifier(options.model, image_size=options.image_size, drop_rate=options.drop_rate)


def _outputs(classifier: Classifier, found: Material, *, batch_size: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the logits `(N,)` of val and test, and the pooled features `(N, F)` of train."""
    device = next(classifier.parameters()).device

    def run(part: str) -> tuple[np.ndarray, np.ndarray]:
        return forward.run(classifier, loader.plain_batches(found.films(part), batch_size=batch_size, device=device))

    return {part: run(part)[0] for part in ("val", "test")}, run("train")[1]
