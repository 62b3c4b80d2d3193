"""`translate CHECKPOINT`: a synthetic data set, made from the films of one domain by a CycleGAN's generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import synthetic
from core.data.synthetic import DIRECTIONS
from core.synthesis import parents
from core.synthesis.parents import Translation

if TYPE_CHECKING:
    import pandas as pd

    from core.data.synthetic import SyntheticCard


class TranslateArguments(Config):
    """Make a synthetic data set: every film with "No Finding" given a pneumothorax, or the reverse.

    The images are invented by a network: it may add or remove disease. Each has its passport beside it.
    """

    checkpoint: str = Field(description="Checkpoint id of a CycleGAN.")
    dataset: str = Field(description="Data set whose films are translated.")
    split: str = Field(description="Split whose films are translated; of a domain split its domains.")
    part: Literal["train", "val", "all"] = Field(
        "all", description="Part of the split; whatever is made, only images of train's films may be learnt."
    )
    direction: Literal["a-to-b", "b-to-a"] = Field(
        description='"a-to-b" gives films with no finding a pneumothorax; "b-to-a" takes it away.'
    )
    name: str = Field(description="Name of the synthetic data set.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(TranslateArguments, words, prog="python -m core translate", positional=("checkpoint",))
    workspace = Workspace()
    asked = Translation(
        checkpoint_id=arguments.checkpoint,
        dataset=arguments.dataset,
        split=arguments.split,
        part=arguments.part,
        direction=arguments.direction,
        name=arguments.name,
    )
    made = parents.plan(workspace, asked).made
    there = made is not None
    if made is None:
        progress.announce("Loading the libraries")
        from core.synthesis.translate import translate  # torch: only now, so that bad input is told at once

        made = translate(
            workspace,
            asked.checkpoint_id,
            asked.dataset,
            asked.split,
            part=asked.part,
            direction=asked.direction,
            name=asked.name,
        )
    return Outcome(
        summary=_told(made, synthetic.passports(workspace, made.name), there=there),
        made={
            "dataset": made.name,
            "parents": made.dataset,
            "split": made.split,
            "checkpoint_id": made.generator_id,
            "direction": made.direction,
            "images": made.images,
        },
    )


def _told(made: SyntheticCard, passports: pd.DataFrame, *, there: bool) -> str:
    parts = ", ".join(f"{count} of {part}" for part, count in made.images.items())
    begun = "is there already" if there else "made"
    lines = [
        f"Synthetic data set {made.name!r} {begun}: {sum(made.images.values())} images ({parts}), "
        f"{DIRECTIONS[made.direction]}, {made.image_size} px.",
        f"  error there and back: {passports['cycle_error'].mean():.3f} of the grey range on average; changed: "
        f"{passports['change'].mean():.3f}",
    ]
    if made.classifier_id is None:
        lines.append(f"  note: {made.classifier_reason}")
    else:
        shift = passports["probability_shift"]
        lines.append(
            f"  probability of a pneumothorax by {made.classifier_id}: moved by {shift.mean():+.3f} on average"
        )
    return "\n".join([*lines, *(f"  note: {note}" for note in made.notes)])
