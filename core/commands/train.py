"""`train MODEL`: a classifier from a split; or, with `--job FILE`, from a file of options; or how long it takes."""

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
from core.evaluation import calibration
from core.models import cards
from core.training import estimate
from core.training.config import TrainConfig

EPILOG = """`train --job FILE` takes all options from a JSON file instead, such as one that the training page offers.
With --estimate nothing is trained: the speed is measured here for some seconds, and the time it would take told."""


def run(words: list[str]) -> Outcome:
    """Run the command."""
    estimate_only = "--estimate" in words
    words = [word for word in words if word != "--estimate"]
    if words[:1] == ["--job"] and len(words) == 2:
        config = TrainConfig.from_dict(_options(Path(words[1])))
    elif "--job" in words:
        msg = "Expected --job FILE alone, found other words beside it; put the options into the file."
        raise InputError(msg)
    else:
        config = parse(TrainConfig, words, prog="python -m core train", positional=("model",), epilog=EPILOG)
    workspace = Workspace()
    if estimate_only:
        return _estimated(workspace, config)
    split_store.require_sound(workspace, config.data.dataset, config.data.split)
    progress.announce("Loading the libraries")
    from core.training import engine  # torch: only now, so that bad input is told at once

    checkpoint_id = engine.train(workspace, config)
    card = cards.read_card(workspace, checkpoint_id)
    lines = [
        f"Checkpoint {checkpoint_id}, trained in {card['training_s']:.0f} s.",
        f"  weights: {card['training']['weights']}",
        f"  probabilities: {calibration.words(card['calibration'])}",
        *(f"  note: {note}" for note in card["notes"]),
    ]
    return Outcome(
        summary="\n".join(lines),
        made={"checkpoint_id": checkpoint_id, "dataset": config.data.dataset, "split": config.data.split, "card": card},
    )


def _estimated(workspace: Workspace, config: TrainConfig) -> Outcome:
    """Say how long a training would take here; its speed is measured if that was not done before."""
    films = estimate.films(split_store.load(workspace, config.data.dataset, config.data.split))
    with estimate.measuring(workspace):
        speed = estimate.known(workspace, config)
        if speed is None:
            progress.announce("Measuring the speed of this machine")
            from core.training import probe  # torch

            speed = probe.measure(config)
            estimate.keep(workspace, config, speed)
    seconds = estimate.seconds(speed, config, films)
    return Outcome(
        summary=f"About {seconds / 60:.0f} min here: {speed.learnt_per_s:.0f} films a second learnt.",
        made={"estimate_s": seconds, "learnt_per_s": speed.learnt_per_s, "read_per_s": speed.read_per_s},
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
