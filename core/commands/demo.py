"""`demo`: the embedded study from nothing, as a parent job that files its steps and waits for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.paths import Workspace
from core.commands import steps
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.commands.steps import Steps
from core.commands.study import FULL, MEMBERS, USUAL, Plan, Training
from core.data.synthetic import A_TO_B, B_TO_A
from core.jobs import worker
from core.jobs.job import DEMO
from core.jobs.queue import JobQueue
from core.models import cards
from core.synthesis.config import CycleGanConfig
from core.training.config import TrainConfig

if TYPE_CHECKING:
    from core.jobs.job import Job

DATASET, SPLIT, DOMAINS = "phantoms", "patient", "domain"
PLACE = ("--dataset", DATASET, "--split", SPLIT)


class DemoArguments(Config):
    """Make the embedded study: phantoms, splits, classifiers, their ensemble, a CycleGAN, predictions and reports."""

    full: bool = Field(
        False,
        description="Train every classifier at 224 pixels with three seeds and the CycleGAN at 256: many hours "
        "without a GPU.",
    )


class Demo:
    """The steps of the study, filed one after the other as children of one job."""

    def __init__(self, queue: JobQueue, job_id: int, plan: Plan) -> None:
        self.workspace = queue.workspace
        self.plan = plan
        self._step = Steps(queue, job_id, total=plan.steps).run

    def run(self) -> dict[str, Any]:
        """Make what is not made yet and return the names of it."""
        self._films()
        quick = self._classifier(self.plan.quick)
        self._worklist("first-cnn", quick, "--budget", "0.2")
        for kind, options in (("balanced", ()), ("small", ("--share", "0.2")), (DOMAINS, ())):
            self._step(f"Split: {kind}", "split", DATASET, "--kind", kind, "--name", kind, *options)
        trained = {self.plan.quick.title: quick}
        trained |= {training.title: self._classifier(training) for training in self.plan.trainings}
        generator = self._synthesis(quick)
        fused = self._ensemble(trained)
        made = [*trained.values(), fused]
        self._step("Compare the classifiers on test", "compare", *made, *PLACE, "--part", "test")
        return {
            "dataset": DATASET,
            "split": SPLIT,
            "checkpoint_id": fused,
            "quick_checkpoint_id": quick,
            "checkpoints": made,
            "generator_id": generator,
            "synthetic": [self.plan.synthesis.given, self.plan.synthesis.taken],
        }

    def _films(self) -> None:
        source = self.workspace.root / "sources" / DATASET
        made = self._step("Compute the phantoms", "phantom", str(source), *self.plan.phantom)
        self._step(
            "Index the phantoms",
            *("index", "nih", "--csv", made["csv"], "--images", str(source / "images"), "--name", DATASET),
        )
        self._step("Split by patient", "split", DATASET, "--kind", "patient", "--name", SPLIT)

    def _classifier(self, training: Training) -> str:
        config = TrainConfig.from_dict(training.options | {"dataset": DATASET, "split": SPLIT})
        made = self._step(f"Train the {training.title}", "train", config=config.to_dict())
        checkpoint: str = made["checkpoint_id"]
        self._measured(training.title, checkpoint)
        return checkpoint

    def _measured(self, title: str, checkpoint: str) -> None:
        self._step(f"Predict val and test: {title}", "predict", checkpoint, *PLACE, "--part", "val", "test")
        self._step(f"Evaluate on test: {title}", "evaluate", checkpoint, *PLACE, "--part", "test")

    def _worklist(self, name: str, checkpoint: str, *policy: str) -> None:
        name = f"{name}-{checkpoint[-8:]}"  # another study's classifier makes another list
        words = (*PLACE, "--part", "test", *policy, "--worklist", name)
        self._step(f"Worklist: {name}", "triage", checkpoint, *words)

    def _synthesis(self, quick: str) -> str:
        """Train the CycleGAN, translate both ways and measure what comes of it; return the generator's name.

        It goes before the ensemble, so that the newest classifier, which pages show first, is no arm of the
        dose-response; and realism goes last, so that it finds classifiers that learnt from synthetic films.
        """
        plan = self.plan.synthesis
        config = CycleGanConfig.from_dict(plan.generator | {"dataset": DATASET, "split": DOMAINS})
        generator: str = self._step(f"Train the {plan.title}", "train", config=config.to_dict())["checkpoint_id"]
        for direction, name in ((A_TO_B, plan.given), (B_TO_A, plan.taken)):
            # Of the patient split, whose val and test the generator did not see either: more to measure realism on.
            words = (*PLACE, "--part", "all", "--direction", direction, "--name", name)
            self._step(f"Translate: {name}", "translate", generator, *words)
        weights = str(self.workspace.checkpoint(quick) / cards.WEIGHTS)
        learning = (*plan.learning, *(("--weights", weights) if plan.on_quick else ()))
        asked = (*PLACE, "--synthetic", f"{plan.given},{plan.taken}", "--control")
        asked += ("--doses", *plan.doses, "--seeds", *plan.seeds, *learning)
        self._step(f"Dose-response: {plan.given}", "dose-response", *asked, holds_device=False)
        for name in (plan.given, plan.taken):
            self._step(f"Realism: {name}", "realism", name)
        return generator

    def _ensemble(self, trained: dict[str, str]) -> str:
        of = {one.title: one.options["model"] for one in self.plan.trainings}
        members = [checkpoint for title, checkpoint in trained.items() if of.get(title) in MEMBERS]
        fused: str = self._step("Fuse the ensemble", "ensemble", *members, *PLACE)["checkpoint_id"]
        self._measured("ensemble", fused)
        self._worklist("ensemble", fused, "--max-missed", "0.1")
        return fused


def file(queue: JobQueue, *, full: bool = False) -> Job:
    """File the study as a job, or take up the one that was filed before.

    A second `demo` makes nothing again: it finds the finished job, or resumes the broken one.
    """
    words = ["demo", *(["--full"] if full else [])]
    return steps.filed(queue, "The embedded study", words, priority=DEMO, again=False)


def run(words: list[str]) -> Outcome:
    """Run the command: inside its job file the steps, otherwise file the job and follow it."""
    arguments = parse(DemoArguments, words, prog="python -m core demo")
    workspace = Workspace()
    queue = JobQueue(workspace)
    folder = progress.job_folder()
    if folder is not None:
        made = Demo(queue, int(folder.name), FULL if arguments.full else USUAL).run()
    else:
        job = file(queue, full=arguments.full)
        worker.ensure_running(workspace)
        made = steps.follow(queue, job, called="The study") | {"job_id": job.job_id}
    return Outcome(summary=f"The embedded study is made: data set {DATASET!r}, split {SPLIT!r}.", made=made)
