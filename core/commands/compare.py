"""`compare CHECKPOINT CHECKPOINT ...`: which of several checkpoints differ on one part, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from pydantic import Field

from core.base import progress
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands import measuring
from core.commands.arguments import parse
from core.commands.measuring import Subject
from core.commands.outcome import Outcome
from core.data import radiographs, split_store, truth
from core.evaluation import comparison_store, pooled, side_by_side
from core.evaluation.comparison import Aligned, Comparison, align, compare, refuse_mixed_training
from core.evaluation.pooled import Pooled
from core.models import cards

SHOWN = {"auroc": "AUROC", "average_precision": "Average precision", "sensitivity": "Sensitivity", "brier": "Brier"}


class CompareArguments(measuring.Question):
    """Compare checkpoints pairwise on one part of a split; of val only the fold tune. All must have predicted it."""

    checkpoints: tuple[str, ...] = Field(
        (), description="Two or more checkpoint ids, or external-NAME for a table that was made elsewhere."
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(CompareArguments, words, prog="python -m core compare", positional=("checkpoints",))
    _refuse_too_few(arguments.checkpoints)
    workspace = Workspace()
    subjects = [measuring.subject(workspace, name) for name in arguments.checkpoints]
    refuse_mixed_training({one.name: one.card["kinds"] for one in subjects if one.card is not None})
    films = radiographs.load(workspace, arguments.dataset)
    certificate = split_store.certificate(workspace, arguments.dataset, arguments.split)
    labels = truth.labels(workspace, arguments.dataset, arguments.truth)
    measuring.check_targets(arguments)
    progress.announce("Laying the predictions side by side")
    aligned = align(
        {one.checkpoint_id: one.predictions(workspace, arguments) for one in subjects},
        films,
        labels=labels,
        negatives=arguments.negatives,
        truth=arguments.truth,
    )
    reports = []
    for one in progress.track(subjects, "Measuring", total=len(subjects), unit="checkpoints"):
        reports.append(measuring.kept(workspace, one, arguments) or measuring.measure(workspace, one, arguments))
    thresholds = {report.checkpoint_id: report.threshold.value if report.threshold else None for report in reports}
    progress.announce("Comparing, with 1,000 draws of the patients")
    found = compare(
        aligned,
        names={one.checkpoint_id: one.name for one in subjects},
        thresholds=thresholds,
        dataset=arguments.dataset,
        split=arguments.split,
        part=arguments.part,
        truth=arguments.truth,
        negatives=arguments.negatives,
        split_sha256=certificate["table_sha256"],
    )
    comparison_store.save(workspace, found)
    seeds = _seeds(workspace, aligned, subjects, thresholds)
    tables = {"Several seeds of one configuration": _pooled_table(seeds, subjects)} if seeds else {}
    command = ["python", "-m", "core", "compare", *arguments.checkpoints, *measuring.words_of(arguments)]
    written = measuring.write(workspace, arguments, subjects, reports, comparison=found, tables=tables, command=command)
    measures = side_by_side.measures_table(reports).rename(columns={one.checkpoint_id: one.name for one in subjects})
    lines = [_head(found), *_verdicts(found), "", _text(measures)]
    lines += [f"\n{title}:\n{_text(table)}" for title, table in tables.items()]
    made = {
        "comparison": found.to_dict(),
        "reports": [report.to_dict() for report in reports],
        "pooled": [_plain(one) for one in seeds],
        "dataset": arguments.dataset,
        "split": arguments.split,
    }
    return Outcome(summary="\n".join([*lines, *measuring.told(written)]), made=made | written)


def _refuse_too_few(names: Sequence[str]) -> None:
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        msg = f"Expected each checkpoint once, found {twice!r} twice; name it once."
        raise InputError(msg, field="checkpoints")
    if len(names) < 2:
        found = "one" if names else "none"
        msg = f"Expected two or more checkpoints to compare, found {found}; name another, or use `evaluate` for one."
        raise InputError(msg, field="checkpoints")


def _seeds(
    workspace: Workspace, aligned: Aligned, subjects: Sequence[Subject], thresholds: dict[str, float | None]
) -> list[Pooled]:
    configs = {
        one.checkpoint_id: cards.read_config(workspace, one.checkpoint_id) for one in subjects if one.card is not None
    }
    return [pooled.pooled(aligned, group, thresholds=thresholds) for group in pooled.groups(configs)]


def _pooled_table(seeds: Sequence[Pooled], subjects: Sequence[Subject]) -> pd.DataFrame:
    titles = {one.checkpoint_id: one.card["title"] for one in subjects if one.card is not None}
    rows = []
    for one in seeds:
        row = {"Configuration": titles[one.checkpoints[0]], "Seeds": str(one.seeds)}
        for name, title in SHOWN.items():
            measure = one.metrics.get(name)
            if measure is not None:
                between = "" if measure.between is None else f"; {measure.between:.3f} between seeds"
                row[title] = f"{side_by_side.words(measure)}{between}"
        rows.append(row)
    return pd.DataFrame(rows).fillna("")


def _plain(one: Pooled) -> dict[str, Any]:
    return {
        "checkpoints": list(one.checkpoints),
        "metrics": {name: measure.model_dump(mode="json") for name, measure in one.metrics.items()},
    }


def _head(found: Comparison) -> str:
    counts, kinds = found.counts, " + ".join(found.kinds)
    against = "all others" if found.negatives == "all" else "No Finding only"
    return (
        f"{len(found.checkpoints)} checkpoints on {found.dataset}/{found.split}, {found.part} ({kinds}), against "
        f"{found.truth}, pneumothorax against {against}:\n"
        f"  {counts.films} films of {counts.patients} patients, {counts.positive_films} positive"
    )


def _verdicts(found: Comparison) -> list[str]:
    """Return the verdicts on the AUROC, and how many more there are."""
    pairs = list(zip(found.differences, found.verdicts, strict=True))
    lines = [f"  {verdict}." for difference, verdict in pairs if difference.metric == "auroc"]
    return [*lines, f"  {len(pairs) - len(lines)} more differences are in the comparison {found.comparison_id}."]


def _text(table: pd.DataFrame) -> str:
    return "\n".join(f"  {line}" for line in table.to_string(index=False).splitlines())
