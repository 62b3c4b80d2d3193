"""`evaluate CHECKPOINT`: how good a checkpoint is on one part of a split, with intervals by patient."""

from __future__ import annotations

from pydantic import Field

from core.base import progress
from core.base.paths import Workspace
from core.commands import measuring
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import radiographs, split_store, truth
from core.evaluation import side_by_side
from core.evaluation.report import EvaluationReport


class EvaluateArguments(measuring.Question):
    """Measure a checkpoint on one part of a split; of val only the fold tune. Its predictions must have been made."""

    checkpoint: str = Field(description="Checkpoint id, or external-NAME for a table that was made elsewhere.")
    prevalence: float | None = Field(
        None, gt=0, lt=1, description="Prevalence at which PPV and NPV are told besides, as a share."
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(EvaluateArguments, words, prog="python -m core evaluate", positional=("checkpoint",))
    workspace = Workspace()
    subject = measuring.subject(workspace, arguments.checkpoint)
    radiographs.load(workspace, arguments.dataset)
    split_store.certificate(workspace, arguments.dataset, arguments.split)
    truth.labels(workspace, arguments.dataset, arguments.truth)
    measuring.check_targets(arguments)
    progress.announce("Measuring, with 1,000 draws of the patients")
    report = measuring.measure(workspace, subject, arguments, prevalence=arguments.prevalence)
    command = ["python", "-m", "core", "evaluate", arguments.checkpoint, *measuring.words_of(arguments)]
    if arguments.prevalence is not None:
        command += ["--prevalence", f"{arguments.prevalence:g}"]
    written = measuring.write(workspace, arguments, [subject], [report], command=command)
    made = {
        "checkpoint_id": arguments.checkpoint,
        "dataset": arguments.dataset,
        "split": arguments.split,
        "report": report.to_dict(),
    }
    return Outcome(summary="\n".join([_summary(report), *measuring.told(written)]), made=made | written)


def _summary(report: EvaluationReport) -> str:
    counts = report.counts
    kinds = " + ".join(report.kinds)
    against = "" if report.negatives == "all" else ", negatives with No Finding only"
    lines = [
        f"{report.checkpoint_id} on {report.dataset}/{report.split}, {report.part} ({kinds}), against {report.truth}"
        f"{against}:",
        f"  {counts.films} films of {counts.patients} patients, {counts.positive_films} positive",
    ]
    lines += [f"  {name:<29} {side_by_side.words(measure)}" for name, measure in report.metrics.items()]
    if report.threshold is not None:
        point = report.threshold
        said = f"{point.rule} on tune" if point.name is None else f"'{point.name}', activated by {point.set_by}"
        lines.append(f"  measures at the threshold {point.value:.4f} ({said})")
    return "\n".join(lines)
