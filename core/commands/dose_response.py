"""`dose-response`: whether synthetic films among those learnt help a classifier; a parent job that trains it again.

Each dose is trained with each seed, and predicts the split's test part; then they are compared. The
trainings are ordinary jobs that are found done the next time, unless what they learnt from was made anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from pydantic import Field, create_model, model_validator

from core.base import progress
from core.base.config import Config
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands import steps
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.commands.steps import Made, Steps
from core.data import radiographs, split_store, synthetic, truth
from core.evaluation import dose_store, prediction_store, side_by_side
from core.jobs import worker
from core.jobs.job import PERSON
from core.jobs.queue import JobQueue
from core.models import cards
from core.synthesis import dose_response_report
from core.synthesis.dose_response import BOTH, POSITIVES, Arm
from core.synthesis.dose_response_report import PART
from core.training import makers
from core.training.config import DataOptions, ModelOptions, OptimisationOptions, SyntheticOptions, TrainConfig
from core.vision.ranges import AugmentationRanges

if TYPE_CHECKING:
    from core.evaluation.dose_report import DoseReport

CONTROL = 1.0  # synthetic positives for each real one in the control arm, with as many negatives


def _some(config: type[Config], *names: str) -> type[Config]:
    """Return a group of some of another group's options."""
    fields: dict[str, Any] = {name: (config.model_fields[name].annotation, config.model_fields[name]) for name in names}
    return create_model(config.__name__, __base__=Config, **fields)


if TYPE_CHECKING:
    LearningOptions: TypeAlias = Config
    LimitOptions: TypeAlias = Config
else:
    LearningOptions = _some(OptimisationOptions, *(name for name in OptimisationOptions.model_fields if name != "seed"))
    LimitOptions = _some(SyntheticOptions, "max_cycle_error", "min_probability_shift", "min_change_in_lung")


class DoseResponseArguments(Config):
    """Train a classifier with several doses of synthetic films and several seeds, and compare them on test."""

    data: DataOptions
    synthetic: str = Field(
        description="Synthetic data set of films given a pneumothorax; with --control a second one, of films without, "
        "joined by a comma."
    )
    doses: tuple[float, ...] = Field(
        (0, 0.25, 0.5, 1, 2), description="Synthetic positives for each one of train, 0 to 10; 0 must be among them."
    )
    seeds: tuple[int, ...] = Field((0, 1, 2), description="Seeds, two or more; each dose is trained with each.")
    control: bool = Field(
        False,
        description="Train a control besides: made films of both classes, one for each positive of train. If it does "
        "as well or as badly, it is the texture of made films and not the disease that matters.",
    )
    truth: str = Field("report", description="Source of the labels that count as the reference standard on test.")
    architecture: ModelOptions = ModelOptions()
    learning: LearningOptions = LearningOptions()
    limits: LimitOptions = LimitOptions()
    augmentation: AugmentationRanges = AugmentationRanges()

    @model_validator(mode="after")
    def _is_a_comparison(self) -> Self:
        doses, seeds = sorted(set(self.doses)), set(self.seeds)
        if len(doses) < 2 or doses[0] != 0 or len(doses) < len(self.doses) or doses[-1] > 10:
            told = " ".join(f"{dose:g}" for dose in self.doses) or "none"
            msg = f"Expected two or more different doses from 0 to 10 with 0 among them, found {told}; give others."
            raise InputError(msg, field="doses")
        if len(seeds) < 2 or len(seeds) < len(self.seeds) or min(seeds) < 0:
            told = " ".join(map(str, self.seeds)) or "none"
            msg = f"Expected two or more different seeds from 0, to tell doses from chance, found {told}; give others."
            raise InputError(msg, field="seeds")
        if ("," in self.synthetic) != self.control:
            wanted = (
                "two synthetic data sets joined by a comma with" if self.control else "one synthetic data set without"
            )
            msg = f"Expected {wanted} --control, found {self.synthetic!r}; name others or change --control."
            raise InputError(msg, field="synthetic")
        return self

    @property
    def sets(self) -> list[str]:
        """The names of the synthetic data sets."""
        return self.synthetic.split(",")

    def training(self, seed: int, *, share: float, synthetic_set: str, classes: str) -> TrainConfig:
        """Return the training of one seed with one share of synthetic films, 0 for none."""
        groups = (self.data, self.architecture, self.learning, self.augmentation)
        options = {name: value for group in groups for name, value in group.model_dump(mode="json").items()}
        if share > 0:
            options |= {"synthetic": synthetic_set, "synthetic_share": share, "synthetic_classes": classes}
            options |= self.limits.model_dump()
        return TrainConfig.from_dict(options | {"seed": seed})


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An arm before it is trained."""

    title: str
    share: float
    classes: str
    trainings: tuple[TrainConfig, ...]
    """One a seed."""


def run(words: list[str]) -> Outcome:
    """Run the command: inside its job file the steps and compare, otherwise file the job and follow it."""
    arguments = parse(DoseResponseArguments, words, prog="python -m core dose-response")
    workspace = Workspace()
    made_of = _positives_first(workspace, arguments)
    arms = _planned(arguments, made_of)
    notes = _refuse_unfit(workspace, arguments, arms)
    queue, folder = JobQueue(workspace), progress.job_folder()
    if folder is None:
        title = f"Dose-response: {made_of[0]} in {arguments.data.dataset}/{arguments.data.split}"
        job = steps.filed(queue, title, ["dose-response", *words], priority=PERSON, again=True, by="command line")
        worker.ensure_running(workspace)
        made = steps.follow(queue, job, called="The dose-response") | {"job_id": job.job_id}
        return Outcome(summary=told(dose_store.load(workspace, made["report_id"])), made=made)
    trained = _trained(workspace, arms, Steps(queue, int(folder.name), total=3 * len(arms) * len(arguments.seeds)))
    progress.announce("Comparing the doses, with 1,000 draws of the patients")
    report = dose_response_report.measure(
        workspace,
        dataset=arguments.data.dataset,
        split=arguments.data.split,
        synthetic_name=made_of[0],
        arms=trained,
        source=arguments.truth,
        notes=notes,
    )
    place = {"dataset": report.dataset, "split": report.split}
    return Outcome(summary=told(report), made={"report_id": report.report_id, "report": report.to_dict()} | place)


def told(report: DoseReport) -> str:
    """Say what a report found: the verdict, each dose, the notes."""
    lines = [
        report.sentence,
        f"  {report.dataset}/{report.split}, {report.part}: {report.films} films of {report.patients} patients, "
        f"{report.positive_films} positive, against {report.truth}; {report.synthetic} from {report.generator_id}",
    ]
    for dose in report.doses:
        name = f"{100 * dose.share:g} %" + (" of both classes (control)" if dose.classes == BOTH else "")
        measures = (
            f"AUROC {side_by_side.words(dose.auroc)}",
            f"average precision {side_by_side.words(dose.average_precision)}",
            f"Brier {side_by_side.words(dose.brier)}",
            f"calibration error {dose.ece.value:.3f}" if dose.ece.value is not None else "",
        )
        lines.append(f"  {name}, {dose.synthetic_films} made: {', '.join(filter(None, measures))}")
    return "\n".join([*lines, *(f"  note: {note}" for note in report.notes)])


def _positives_first(workspace: Workspace, arguments: DoseResponseArguments) -> list[str]:
    """Return the names of the sets, that of films given a pneumothorax first."""
    split_store.require_sound(workspace, arguments.data.dataset, arguments.data.split)
    cards_of = synthetic.usable(
        workspace,
        arguments.synthetic,
        dataset=arguments.data.dataset,
        split=split_store.load(workspace, arguments.data.dataset, arguments.data.split),
        classes=BOTH if arguments.control else POSITIVES,
    )
    for card in cards_of:
        makers.refuse_another(workspace, card)
    return [card.name for card in cards_of]


def _planned(arguments: DoseResponseArguments, sets: list[str]) -> list[Planned]:
    """Return the arms in the order of the report: by dose, the control last."""
    wanted = [(share, POSITIVES, sets[0]) for share in sorted(arguments.doses)]
    wanted += [(CONTROL, BOTH, ",".join(sets))] if arguments.control else []
    return [
        Planned(
            title=f"{100 * share:g} % synthetic " + ("of both classes" if classes == BOTH else "positives"),
            share=share,
            classes=classes,
            trainings=tuple(
                arguments.training(seed, share=share, synthetic_set=names, classes=classes) for seed in arguments.seeds
            ),
        )
        for share, classes, names in wanted
    ]


def _refuse_unfit(workspace: Workspace, arguments: DoseResponseArguments, arms: list[Planned]) -> list[str]:
    """Refuse what cannot be trained or measured before anything is; return what is to be told of the doses.

    Raises:
        InputError: If the split has no test films with a label, or no synthetic image is within the limits.
    """
    data = arguments.data
    split = split_store.load(workspace, data.dataset, data.split)
    measured = truth.labels(workspace, data.dataset, arguments.truth)
    films = split.loc[split["part"] == PART, "image_id"]
    if not films.isin(measured.dropna().index).any():
        msg = (
            f"Expected a split with films in {PART} that {arguments.truth!r} speaks of, found none in {data.split!r}; "
            "choose another split or source of labels."
        )
        raise InputError(msg, field="split")
    learnt = radiographs.load(workspace, data.dataset).merge(split.loc[split["part"] == "train", ["image_id"]])
    learnt["label"] = learnt["image_id"].map(truth.labels(workspace, data.dataset, data.labels))
    notes = []
    for arm in arms:
        options = arm.trainings[0].synthesis
        if options.synthetic is None:
            continue
        found = synthetic.admitted(
            workspace,
            options.synthetic,
            dataset=data.dataset,
            split=split,
            train=learnt[learnt["label"].notna()],
            share=options.synthetic_share,
            classes=options.synthetic_classes,
            limits=synthetic.Limits(**arguments.limits.model_dump()),
            seed=arguments.seeds[0],
        )
        notes += [f"{arm.title}: {note}" for note in found.notes]
    return notes


def _trained(workspace: Workspace, arms: list[Planned], todo: Steps) -> list[Arm]:
    """Train, predict and measure what is not yet, and return the arms."""
    found = []
    for arm in arms:
        checkpoints = [_one(workspace, arm.title, training, todo) for training in arm.trainings]
        made = int(cards.read_card(workspace, checkpoints[0])["kinds"].get("synthetic", 0))
        found.append(Arm(share=arm.share, classes=arm.classes, synthetic_films=made, checkpoints=tuple(checkpoints)))
    return found


def _one(workspace: Workspace, title: str, training: TrainConfig, todo: Steps) -> str:
    """Return the checkpoint of one seed, which has predicted test and is measured on it."""
    title = f"{title}, seed {training.optimisation.seed}"
    made = todo.run(
        f"Train with {title}",
        "train",
        config=training.to_dict(),
        still_good=lambda made: _still_learnt(workspace, made, training),
    )
    checkpoint: str = made["checkpoint_id"]
    data = training.data
    place = (checkpoint, "--dataset", data.dataset, "--split", data.split, "--part", PART)
    card = cards.read_card(workspace, checkpoint)
    todo.run(
        f"Predict test: {title}",
        "predict",
        *place,
        *("--passes", "0", "--no-augmentations"),
        still_good=lambda _made: prediction_store.fresh(workspace, card, data.dataset, data.split, PART) is not None,
    )
    todo.run(f"Evaluate on test: {title}", "evaluate", *place)  # so that the page Compare can show it
    return checkpoint


def _still_learnt(workspace: Workspace, made: Made, training: TrainConfig) -> bool:
    """Tell whether a checkpoint is there, and what it learnt from was not made anew since."""
    if made["checkpoint_id"] not in cards.checkpoint_ids(workspace):
        return False
    card, data = cards.read_card(workspace, made["checkpoint_id"]), training.data
    if card["split_sha256"] != split_store.certificate(workspace, data.dataset, data.split)["table_sha256"]:
        return False
    names = training.synthesis.synthetic
    sets = [] if names is None else [synthetic.card(workspace, name) for name in names.split(",")]
    trained = datetime.fromisoformat(card["created_at"])
    return all(datetime.fromisoformat(one.created_at) <= trained for one in sets)
