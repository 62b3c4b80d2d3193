"""`ensemble CHECKPOINT CHECKPOINT ...`: several classifiers of one split fused into one."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import split_store
from core.evaluation import calibration
from core.models import cards, members


class EnsembleArguments(Config):
    """Fuse trained classifiers: their calibrated probabilities, weighted as the fold tune teaches."""

    checkpoints: tuple[str, ...] = Field((), description="Two or more checkpoints that learnt from the split.")
    dataset: str = Field(description="Data set the members learnt from.")
    split: str = Field(description="Split the members learnt from.")
    fusion: Literal["log-loss", "f1", "equal"] = Field(
        "log-loss",
        description='How members are weighted: "log-loss" as fits tune best, "f1" by their best F1, "equal" all alike.',
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(EnsembleArguments, words, prog="python -m core ensemble", positional=("checkpoints",))
    workspace = Workspace()
    split_store.require_sound(workspace, arguments.dataset, arguments.split)
    members.chosen(workspace, arguments.checkpoints, arguments.dataset, arguments.split)
    progress.announce("Loading the libraries")
    from core.inference import ensemble  # torch: only now, so that bad input is told at once

    checkpoint_id = ensemble.create(
        workspace, arguments.checkpoints, arguments.dataset, arguments.split, method=arguments.fusion
    )
    card = cards.read_card(workspace, checkpoint_id)
    lines = [
        f"Ensemble {checkpoint_id}, weights by {arguments.fusion}:",
        *(f"  {member['weight']:.3f}  {member['checkpoint_id']}" for member in card["members"]),
        f"  probabilities: {calibration.words(card['calibration'])}",
        *(f"  note: {note}" for note in card["notes"]),
    ]
    return Outcome(
        summary="\n".join(lines),
        made={"checkpoint_id": checkpoint_id, "dataset": arguments.dataset, "split": arguments.split, "card": card},
    )
