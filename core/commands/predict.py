"""`predict CHECKPOINT`: probabilities of a checkpoint for a data set or one part of a split."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import radiographs, split_store
from core.models import cards


class PredictArguments(Config):
    """Apply a checkpoint to a data set: of every film the calibrated probability, its spread, and the signals."""

    checkpoint: str = Field(description="Checkpoint id.")
    dataset: str = Field(description="Data set to read.")
    split: str | None = Field(None, description="Split whose part is read.")
    part: tuple[Literal["train", "val", "test", "all"], ...] = Field(
        ("all",), min_length=1, description="Part of the split, or several: a table each; all without a split."
    )
    passes: int = Field(
        30,
        ge=0,
        le=1000,
        description="Passes with dropout, 2 to 1000, for the spread; 0 for none. An ensemble's is "
        "that between its members.",
    )
    augmentations: bool = Field(True, description="Look at each film in eight small changes too: eight more passes.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(PredictArguments, words, prog="python -m core predict", positional=("checkpoint",))
    workspace = Workspace()
    if arguments.part != ("all",) and arguments.split is None:
        msg = (
            f"Expected --split with --part {' '.join(arguments.part)}, found none; name the split or leave --part out."
        )
        raise InputError(msg)
    if arguments.passes == 1:  # also for an ensemble whose members need no new passes
        msg = "Expected --passes from 2 to 1000, or 0 for none, found 1, which has no spread; choose another number."
        raise InputError(msg, field="passes")
    cards.read_card(workspace, arguments.checkpoint)
    radiographs.load(workspace, arguments.dataset)
    if arguments.split is not None:
        split_store.certificate(workspace, arguments.dataset, arguments.split)
    progress.announce("Loading the libraries")
    from core.inference.predict import predict  # torch: only now, so that bad input is told at once

    paths = [
        str(
            predict(
                workspace,
                arguments.checkpoint,
                arguments.dataset,
                split=arguments.split,
                part=None if part == "all" else part,
                passes=arguments.passes,
                augmentations=arguments.augmentations,
            )
        )
        for part in arguments.part
    ]
    return Outcome(
        summary="\n".join(f"Predictions written to {path}." for path in paths),
        made={
            "checkpoint_id": arguments.checkpoint,
            "dataset": arguments.dataset,
            "split": arguments.split,
            "predictions": paths[0] if len(paths) == 1 else paths,
        },
    )
