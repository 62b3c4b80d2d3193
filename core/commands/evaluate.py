"""`evaluate CHECKPOINT`: how good a checkpoint is on one part of a split, with intervals by patient."""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import radiographs, split_store, truth
from core.evaluation import operating_point, prediction_store, report_store, side_by_side
from core.evaluation.evaluate import evaluate
from core.evaluation.report import EvaluationReport
from core.models import cards


class EvaluateArguments(Config):
    """Measure a checkpoint on one part of a split; of val only the fold tune. Its predictions must have been made."""

    checkpoint: str = Field(description="Checkpoint id.")
    dataset: str = Field(description="Data set the predictions were made for.")
    split: str = Field(description="Split of the data set.")
    part: Literal["train", "val", "test"] = Field(description="Part of the split.")
    truth: str = Field("report", description="Source of the labels that count as the reference standard.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(EvaluateArguments, words, prog="python -m core evaluate", positional=("checkpoint",))
    workspace = Workspace()
    card = cards.read_card(workspace, arguments.checkpoint)
    films = radiographs.load(workspace, arguments.dataset)
    certificate = split_store.certificate(workspace, arguments.dataset, arguments.split)
    labels = truth.labels(workspace, arguments.dataset, arguments.truth)
    progress.announce("Measuring, with 1,000 draws of the patients")
    report = evaluate(
        _predictions(workspace, arguments, card),
        radiographs=films,
        threshold=operating_point.of_card(card),
        checkpoint_id=arguments.checkpoint,
        dataset=arguments.dataset,
        split=arguments.split,
        part=arguments.part,
        truth=arguments.truth,
        labels=labels,
        split_sha256=certificate["table_sha256"],
    )
    report_store.save(workspace, report)
    made = {
        "checkpoint_id": arguments.checkpoint,
        "dataset": arguments.dataset,
        "split": arguments.split,
        "report": report.to_dict(),
    }
    return Outcome(summary=_summary(report), made=made)


def _predictions(workspace: Workspace, arguments: EvaluateArguments, card: dict[str, Any]) -> pd.DataFrame:
    table = prediction_store.load(workspace, card, arguments.dataset, arguments.split, arguments.part)
    if arguments.part == "val":  # the other fold is kept for the limit on missed cases
        split = split_store.load(workspace, arguments.dataset, arguments.split)
        table = table[table["image_id"].isin(split.loc[split["fold"] == "tune", "image_id"])]
    return table


def _summary(report: EvaluationReport) -> str:
    counts = report.counts
    kinds = " + ".join(report.kinds)
    lines = [
        f"{report.checkpoint_id} on {report.dataset}/{report.split}, {report.part} ({kinds}), against {report.truth}:",
        f"  {counts.films} films of {counts.patients} patients, {counts.positive_films} positive",
    ]
    lines += [f"  {name:<18} {side_by_side.words(measure)}" for name, measure in report.metrics.items()]
    if report.threshold is not None:
        lines.append(f"  measures at the threshold {report.threshold.value:.4f} ({report.threshold.rule} on tune)")
    return "\n".join(lines)
