"""`localisation CHECKPOINT`: whether its heat maps meet the pneumothorax, where masks or boxes say where that is."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import split_store
from core.evaluation import side_by_side
from core.evaluation.report import Measure
from core.models import cards

CHANCE = {"pointing": "area_with_tolerance", "hit": "area", "auprc": "area"}


class LocalisationArguments(Config):
    """Measure whether heat maps meet the pneumothorax, on films with a mask or boxes; of val only the fold tune."""

    checkpoint: str = Field(description="Checkpoint id.")
    dataset: str = Field(description="Data set to read.")
    split: str = Field(description="Split of the data set.")
    part: Literal["train", "val", "test"] = Field(description="Part of the split.")
    method: Literal["grad-cam", "grad-cam++", "hires-cam", "eigen-cam"] = Field(
        "grad-cam", description="How maps are made."
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(LocalisationArguments, words, prog="python -m core localisation", positional=("checkpoint",))
    workspace = Workspace()
    cards.read_card(workspace, arguments.checkpoint)
    split_store.certificate(workspace, arguments.dataset, arguments.split)
    progress.announce("Loading the libraries")
    from core.inference.localisation import localise  # torch: only now, so that bad input is told at once

    report = localise(
        workspace,
        arguments.checkpoint,
        arguments.dataset,
        arguments.split,
        arguments.part,
        method=arguments.method,
    )
    made = {
        "checkpoint_id": arguments.checkpoint,
        "dataset": arguments.dataset,
        "split": arguments.split,
        "report": report,
    }
    return Outcome(summary=_summary(report), made=made)


def _summary(report: dict[str, Any]) -> str:
    counts, sources = report["counts"], report["regions"]["from"]
    origins = " + ".join(f"{count} by {source}" for source, count in sources.items()) or "none"
    kinds = " + ".join(report["kinds"]) or "no film"
    lines = [
        f"{report['checkpoint_id']} on {report['dataset']}/{report['split']}, {report['part']} ({kinds}), "
        f"{report['method']} for a pneumothorax:",
        f"  {counts['films']} films of {counts['patients']} patients with a known region ({origins}); "
        f"{counts['positive_without_region']} positive films have none",
        *(f"  left out: {count} ({reason})" for reason, count in report["regions"]["left_out"].items()),
        *_measures(report),
    ]
    for member in report["members"]:
        lines += [f"  {member['title']} ({member['checkpoint_id'][-8:]}, weight {member['weight']:.2f}):"]
        lines += [f"  {line}" for line in _measures(member)]
    return "\n".join(lines)


def _measures(measured: dict[str, Any]) -> list[str]:
    if measured["measures"]["hit"]["value"] is None:
        return [f"  no measure: {measured['measures']['hit']['reason']}"]
    grid = "" if measured["grid"] is None else f", on a grid of {measured['grid'][0]} x {measured['grid'][1]}"
    return [f"  {measured['empty_maps']} maps zero everywhere{grid}"] + [
        f"  {name:<9} {_words(measured['measures'][name])}, by chance {measured['measures'][chance]['value']:.3f}"
        for name, chance in CHANCE.items()
    ]


def _words(measure: dict[str, Any]) -> str:
    return side_by_side.words(Measure(**measure))
