"""Training a CycleGAN from beginning to end: a domain split's films in, a checkpoint out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import safetensors.torch

from core.base import progress
from core.models import checkpoint
from core.synthesis import generator_card, pairs, samples
from core.synthesis.following import COLUMNS, Following
from core.synthesis.learning import Run
from core.synthesis.samples import Samples
from core.training import distributed, run_folder

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.synthesis.config import CycleGanConfig


def train(workspace: Workspace, config: CycleGanConfig) -> str:
    """Train a CycleGAN and return the name of its checkpoint.

    A run that was killed or cancelled goes on where its state was saved last when it is started
    again with the same options on the same films. The checkpoint appears whole or not at all.

    Args:
        workspace: Where the data set lies and the checkpoint goes.
        config: What is learnt from, what is trained, and how.

    Raises:
        InputError: If the data cannot be learnt from; `pairs.prepare` says when.
        Cancelled: If a stop was asked for; what is done is kept.
        PleuraScopeError: If a loss is no longer a finite number, memory runs out, or another
            process trains the same.
    """
    found = pairs.prepare(workspace, config)
    following = Following.of(workspace, found, dataset=config.data.dataset, seed=config.learning.seed)
    folder = run_folder.of(workspace, config, found.identity())
    with folder.held():
        run = Run(
            found,
            config,
            folder=folder,
            fabric=distributed.alone(),
            following=following,
            shown=Samples.of(found),
        )
        run.take_up()
        run.learn()
        progress.announce("Keeping the generators")
        card = generator_card.card(run, found, following)
        tensors = {name: one.detach().cpu().contiguous() for name, one in run.gan.kept.state_dict().items()}
        checkpoint_id = checkpoint.write(
            workspace,
            safetensors.torch.save(tensors),
            config=config.to_dict(),
            card=card,
            history=pd.DataFrame(run.place.history).astype(dict.fromkeys(COLUMNS, float)),  # nulls, not objects
            text=generator_card.text,
            further_files=samples.kept(folder.path),
        )
        folder.clear()
    return checkpoint_id
