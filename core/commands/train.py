"""`train MODEL`: any kind of network; or, with `--job FILE`, from a file of options; or how long it takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.base import progress
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import split_store, synthetic
from core.evaluation import calibration
from core.models import cards
from core.models.registry import CLASSIFIERS
from core.synthesis import domains
from core.synthesis.config import CYCLEGAN, ORIGIN, CycleGanConfig, OriginConfig
from core.training import estimate
from core.training.config import TrainConfig
from core.training.estimate import Speed

if TYPE_CHECKING:
    from core.base.config import Config

OTHER_KINDS: dict[str, type[CycleGanConfig | OriginConfig]] = {CYCLEGAN: CycleGanConfig, ORIGIN: OriginConfig}
MODELS = (*CLASSIFIERS, *OTHER_KINDS)
EPILOG = f"""MODEL comes first; `train {CYCLEGAN} --help` and `train {ORIGIN} --help` list the options of these two.
`train --job FILE` takes all options from a JSON file instead, such as one that the training page offers.
With --estimate nothing is trained: the speed is measured here for some seconds, and the time it would take told."""


def run(words: list[str]) -> Outcome:
    """Run the command."""
    estimate_only = "--estimate" in words
    config = _config([word for word in words if word != "--estimate"])
    workspace = Workspace()
    if estimate_only:
        return _estimated(workspace, config)
    if isinstance(config, CycleGanConfig):
        return _cyclegan(workspace, config)
    if isinstance(config, OriginConfig):
        return _origin(workspace, config)
    return _classifier(workspace, config)


def _config(words: list[str]) -> TrainConfig | CycleGanConfig | OriginConfig:
    """Return the options by the kind of network that they are for: that of the first word, or of the file."""
    if words[:1] == ["--job"] and len(words) == 2:
        options = _options(Path(words[1]))
        return _kind(options.get("model", "cnn")).from_dict(options)
    if "--job" in words:
        msg = "Expected --job FILE alone, found other words beside it; put the options into the file."
        raise InputError(msg)
    kind = _kind(words[0]) if words and not words[0].startswith("-") else TrainConfig
    return parse(kind, words, prog="python -m core train", positional=("model",), epilog=EPILOG)


def _kind(model: object) -> type[TrainConfig | CycleGanConfig | OriginConfig]:
    """Return the options' type; what is no word is left to the classifiers' own check."""
    if isinstance(model, str) and model not in MODELS:
        msg = f"Option 'model': expected one of {', '.join(MODELS)}, found {model!r}; correct it and try again."
        raise InputError(msg, field="model")
    return OTHER_KINDS.get(str(model), TrainConfig)


def _classifier(workspace: Workspace, config: TrainConfig) -> Outcome:
    split_store.require_sound(workspace, config.data.dataset, config.data.split)
    progress.announce("Loading the libraries")
    from core.training import engine  # torch: only now, so that bad input is told at once

    checkpoint_id = engine.train(workspace, config)
    card = cards.read_card(workspace, checkpoint_id)
    return _trained(card, [f"probabilities: {calibration.words(card['calibration'])}"])


def _cyclegan(workspace: Workspace, config: CycleGanConfig) -> Outcome:
    domains.films(workspace, config.data.dataset, config.data.split)
    progress.announce("Loading the libraries")
    from core.synthesis import train  # torch

    card = cards.read_card(workspace, train.train(workspace, config), task=cards.TRANSLATION)
    seen = card["parts"]["train"]
    return _trained(card, [f"learnt from: {seen['A']:,} films without finding, {seen['B']:,} with a pneumothorax"])


def _origin(workspace: Workspace, config: OriginConfig) -> Outcome:
    synthetic.card(workspace, config.synthetic)
    progress.announce("Loading the libraries")
    from core.synthesis import origin  # torch

    return _trained(cards.read_card(workspace, origin.train(workspace, config), task=cards.ORIGIN), [])


def _trained(card: dict[str, Any], told: list[str]) -> Outcome:
    """Say what was trained and what is to be known of it."""
    weights = card.get("training", {}).get("weights")
    told = [*([f"weights: {weights}"] if weights else []), *told, *(f"note: {note}" for note in card.get("notes", []))]
    head = f"Checkpoint {card['checkpoint_id']}, trained in {card['training_s']:.0f} s."
    made = {name: card[name] for name in ("checkpoint_id", "dataset", "split")} | {"card": card}
    return Outcome(summary="\n".join([head, *(f"  {line}" for line in told)]), made=made)


def _estimated(workspace: Workspace, config: Config) -> Outcome:
    """Say how long a training would take here; its speed is measured if that was not done before."""
    counts = estimate.counts(workspace, config)
    if isinstance(config, CycleGanConfig):
        domains.films(workspace, config.data.dataset, config.data.split)  # refuses what could not be trained
    with estimate.measuring(workspace):
        speed = estimate.known(workspace, config)
        if speed is None:
            progress.announce("Measuring the speed of this machine")
            speed = _measured(estimate.as_measured(workspace, config))
            estimate.keep(workspace, config, speed)
    seconds = estimate.seconds(speed, config, counts)
    pace = f"{speed.learnt_per_s:.0f} films a second learnt"
    if isinstance(config, CycleGanConfig):
        pace = f"{speed.learnt_per_s / (2 * config.learning.batch_size):.2g} steps a second"
    return Outcome(
        summary=f"About {seconds / 60:.0f} min here: {pace}.",
        made={"estimate_s": seconds, "learnt_per_s": speed.learnt_per_s, "read_per_s": speed.read_per_s},
    )


def _measured(config: Config) -> Speed:
    if isinstance(config, CycleGanConfig):
        from core.synthesis import probe as of_cyclegans  # torch
        from core.vision import device

        images = 2 * config.learning.batch_size * of_cyclegans.measure(config)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Speed(learnt_per_s=images, read_per_s=images, device=str(device.chosen()), measured_at=now)
    from core.training import probe  # torch

    assert isinstance(config, TrainConfig)  # noqa: S101 (there is no third kind)
    return probe.measure(config)


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
