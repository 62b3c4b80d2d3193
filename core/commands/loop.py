"""`loop CHECKPOINT`: train again with the labels that readers gave, and measure what it brought on test.

The training is a step of a parent job, and so is predicting. With --simulate a reader who errs at a
chosen rate answers films of which the truth is known, and the gain by the number of reads is told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import Field, model_validator

from core.base import progress
from core.base.config import Config
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands import loop_reports, steps
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.commands.steps import Steps
from core.data import split_store
from core.evaluation import loop_store, prediction_store
from core.jobs import worker
from core.jobs.job import PERSON
from core.jobs.queue import JobQueue
from core.models import cards, registry
from core.review import loop, reads
from core.training.config import TrainConfig

if TYPE_CHECKING:
    from core.evaluation.loop_report import LoopReport
    from core.review.loop import NewLabels

PART = "test"  # frozen: nobody learns from it, and nothing is chosen by it
STEPS = 3


class SimulationOptions(Config):
    """How reads are simulated, with --simulate."""

    error_rate: float = Field(default=0.05, ge=0, le=0.5)
    """Chance that the simulated reader's answer is wrong, the same for every film."""

    reads: tuple[int, ...] = (50, 100, 200, 400)
    """Numbers of reads to learn from, each of films unsure first and of films at random."""

    seeds: int = Field(default=5, ge=2, le=50)
    """How many seeds: each has patients, reader and networks of its own."""

    known_share: float = Field(default=0.2, gt=0, le=1)
    """Share of train's patients whose labels are known to begin with; 1 knows all, and reads repair wrong ones."""

    whole: bool = False
    """Let whole networks learn from the reads, which takes hours where heads on known features take minutes."""


class LoopArguments(Config):
    """Train a checkpoint again with the labels that readers gave, and compare both on test, which taught neither."""

    checkpoint: str = Field(description="Checkpoint to train again, with the same options and seed.")
    dataset: str | None = Field(None, description="Its data set; left out, the one that it learnt from.")
    split: str | None = Field(None, description="Its split; left out, the one that it learnt from.")
    truth: str | None = Field(
        None,
        description="Source of the labels that count as the reference standard on test; left out, phantom, adjudicated "
        "or report, the first that knows both classes there.",
    )
    simulate: bool = Field(
        False, description="Simulate a reader where --truth is known, and tell the gain by the number of reads."
    )
    simulation: SimulationOptions = SimulationOptions()

    @model_validator(mode="after")
    def _asks_nothing_in_vain(self) -> Self:
        usual = SimulationOptions().model_dump()
        changed = [name for name, value in self.simulation.model_dump().items() if value != usual[name]]
        if changed and not self.simulate:
            msg = f"Option {changed[0]!r} belongs to --simulate, found it without; add --simulate or leave it out."
            raise InputError(msg, field=changed[0])
        if min(self.simulation.reads, default=0) < 1:
            told = " ".join(map(str, self.simulation.reads)) or "none"
            msg = f"Expected one or more numbers of reads from 1, found {told}; give others."
            raise InputError(msg, field="reads")
        return self


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(LoopArguments, words, prog="python -m core loop", positional=("checkpoint",))
    workspace = Workspace()
    card = cards.read_card(workspace, arguments.checkpoint)
    _refuse_unfit(workspace, card, arguments)
    dataset, split = str(card["dataset"]), str(card["split"])
    source = arguments.truth or loop.reference(workspace, dataset, split)
    loop_reports.refuse_unmeasurable(workspace, dataset, split, source)
    if arguments.simulate:
        return _simulated(workspace, card, source, arguments.simulation)
    return _of_reads(workspace, card, source, words)


def _refuse_unfit(workspace: Workspace, card: dict[str, Any], arguments: LoopArguments) -> None:
    """Refuse a checkpoint that cannot be trained again on the films that it learnt from.

    Raises:
        InputError: If it is an ensemble, the place is another than its own, or its split was made anew.
    """
    name, dataset, split = card["checkpoint_id"], card["dataset"], card["split"]
    if card["model"] == registry.ENSEMBLE:
        msg = f"Expected a classifier of its own to train again, found the ensemble {name!r}; name one of its members."
        raise InputError(msg, field="checkpoint")
    for field, given, own in (("dataset", arguments.dataset, dataset), ("split", arguments.split, split)):
        if given not in (None, own):
            msg = (
                f"Expected the {field} that {name!r} learnt from, {own!r}, found {given!r}: on another, test may hold "
                "what it learnt; leave the option out."
            )
            raise InputError(msg, field=field)
    made = split_store.require_sound(workspace, dataset, split)
    if made["table_sha256"] != card["split_sha256"]:
        msg = (
            f"Expected the split {split!r} as it was when {name!r} was trained, found it made anew since, so that test "
            "may hold patients it learnt from; train on the split as it is, and name that checkpoint."
        )
        raise InputError(msg, field="split")


def _of_reads(workspace: Workspace, card: dict[str, Any], source: str, words: list[str]) -> Outcome:
    """Inside the job do the steps and compare, otherwise file the job and follow it."""
    table = reads.read_table(workspace)
    new = _labels(workspace, card, table)
    queue, folder = JobQueue(workspace), progress.job_folder()
    if folder is None:
        title = f"Retrain {cards.short_name(card)} with the labels of readers"
        job = steps.filed(queue, title, ["loop", *words], priority=PERSON, again=True, by="command line")
        worker.ensure_running(workspace)
        made = steps.follow(queue, job, called="The training with the new labels") | {"job_id": job.job_id}
        return Outcome(summary=loop_reports.told(loop_store.load(workspace, made["report_id"])), made=made)
    loop.keep(workspace, card["dataset"], new)
    after = _trained(workspace, card, new, Steps(queue, int(folder.name), total=STEPS))
    progress.announce("Comparing before and after, with 1,000 draws of the patients")
    report = loop_reports.of_reads(workspace, card, cards.read_card(workspace, after), new=new, source=source)
    return _outcome(report, checkpoint_id=after)


def _labels(workspace: Workspace, card: dict[str, Any], table: Any) -> NewLabels:  # noqa: ANN401 (a DataFrame)
    place = {"dataset": str(card["dataset"]), "split": str(card["split"])}
    new = loop.new_labels(workspace, table, **place, before=str(card["labels"]))
    loop.refuse_nothing_new(new, table, dataset=place["dataset"])
    return new


def _trained(workspace: Workspace, card: dict[str, Any], new: NewLabels, todo: Steps) -> str:
    """Return the checkpoint that learnt the new labels; it and the one before have predicted test."""
    source = new.replaced.after
    training = TrainConfig.from_dict(cards.read_config(workspace, card["checkpoint_id"]) | {"labels": source})
    made = todo.run(
        f"Train with the labels {source}",
        "train",
        config=training.to_dict(),
        still_good=lambda made: _still_learnt(workspace, made, card),
    )
    after = str(made["checkpoint_id"])
    for called, name in (("before", card["checkpoint_id"]), ("after", after)):
        own, place = cards.read_card(workspace, name), (card["dataset"], card["split"])
        if prediction_store.fresh(workspace, own, *place, PART) is not None:
            todo.done += 1
            continue
        todo.run(
            f"Predict test with the classifier {called}",
            "predict",
            *(name, "--dataset", place[0], "--split", place[1], "--part", PART),
            *("--passes", "0", "--no-augmentations"),
            still_good=lambda _made: False,  # else it would be fresh
        )
    return after


def _still_learnt(workspace: Workspace, made: dict[str, Any], card: dict[str, Any]) -> bool:
    """Tell whether what an earlier step trained is there, on the split as it is."""
    if made["checkpoint_id"] not in cards.checkpoint_ids(workspace):
        return False
    return bool(cards.read_card(workspace, made["checkpoint_id"])["split_sha256"] == card["split_sha256"])


def _simulated(workspace: Workspace, card: dict[str, Any], source: str, options: SimulationOptions) -> Outcome:
    config = TrainConfig.from_dict(cards.read_config(workspace, card["checkpoint_id"]))
    _refuse_taught(config)
    progress.announce("Loading the libraries")
    from core.inference import loop_simulated  # torch: only now, so that bad input is told at once

    wanted = loop_simulated.Wanted(
        truth=source,
        known_share=options.known_share,
        error_rate=options.error_rate,
        reads=options.reads,
        seeds=tuple(range(options.seeds)),
        whole=options.whole,
    )
    found = loop_simulated.simulate(workspace, config, wanted)
    progress.announce("Measuring the gain by the number of reads")
    return _outcome(loop_reports.simulated(workspace, card, wanted, found))


def _refuse_taught(config: TrainConfig) -> None:
    """Refuse options by which a network would know of labels before it has read them.

    Raises:
        InputError: If it starts from a file of weights, or learns synthetic images besides.
    """
    if config.architecture.weights not in registry.WEIGHTS:
        msg = (
            "Expected a checkpoint that did not start from a file of weights, since those may know the labels that are "
            "to be read, found one that did; name another."
        )
        raise InputError(msg, field="checkpoint")
    if config.synthesis.synthetic is not None:
        msg = "Expected a checkpoint that learnt from films alone, found one with synthetic images; name another."
        raise InputError(msg, field="checkpoint")


def _outcome(report: LoopReport, **made: str) -> Outcome:
    place = {"dataset": report.dataset, "split": report.split}
    told = {"report_id": report.report_id, "report": report.to_dict()}
    return Outcome(
        summary=loop_reports.told(report), made={"checkpoint_id": report.checkpoint_id} | place | told | made
    )
