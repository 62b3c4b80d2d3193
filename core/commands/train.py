"""`train MODEL`: a classifier from a split; or, with `--job FILE`, from a file of options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.base import progress
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import split_store
from core.models import cards
from core.training.config import TrainConfig


def run(words: list[str]) -> Outcome:
    """Run the command."""
    if words[:1] == ["--job"] and len(words) == 2:
        config = TrainConfig.from_dict(_options(Path(words[1])))
    elif "--job" in words:
        msg = "Expected --job FILE alone, found other words beside it; put the options into the file."
        raise InputError(msg)
    else:
        config = parse(TrainConfig, words, prog="python -m core train", positional=("model",))
    workspace = Workspace()
    split_store.require_sound(workspace, config.data.dataset, config.data.split)
    progress.announce("Loading the libraries")
    from core.training import engine  # torch: only now, so that bad input is told at once

    checkpoint_id = engine.train(workspace, config)
    card = cards.read_card(workspace, checkpoint_id)
    lines = [f"Checkpoint {checkpoint_id}, trained in {card['training_s']:.0f} s."]
    return Outcome(
        summary="\n".join(lines + [f"  note: {note}" for note in card["notes"]]),
        made={"checkpoint_id": checkpoint_id, "dataset": config.data.dataset, "split": config.data.split, "card": card},
    )


def _options(path: Path) -> dict[str, Any]:
    try:
        options = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"Expected a JSON file of training options, found none that can be read at {path.name!r} ({error})."
        raise InputError(msg) from None
    if not isinstance(options, dict):
        msg = f"Expected a JSON object of training options in {path.name!r}, found a {type(options).__name__}."
        raise InputError(msg)
    return options
