"""`demo`: the embedded study from nothing, as a parent job that files its steps and waits for each.

Every step is an ordinary command in the queue, so it can be watched, cancelled and resumed,
and a person's own job goes before the next one. A step that is done is not done again.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from pydantic import Field

from core.base import progress
from core.base.config import Config
from core.base.errors import PleuraScopeError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.commands.study import FULL, MEMBERS, USUAL, Plan, Training
from core.jobs import worker
from core.jobs.job import DEMO, Job
from core.jobs.queue import JobQueue
from core.training.config import TrainConfig

DATASET, SPLIT = "phantoms", "patient"
POLL_S = 0.5


class DemoArguments(Config):
    """Make the embedded study: phantoms, splits, every classifier, their ensemble, predictions and reports."""

    full: bool = Field(
        False, description="Train every classifier at 224 pixels with three seeds: many hours without a GPU."
    )


class Demo:
    """The steps of the study, filed one after the other as children of one job."""

    def __init__(self, queue: JobQueue, job_id: int, plan: Plan) -> None:
        self.queue = queue
        self.job_id = job_id
        self.plan = plan
        self.done = 0

    def run(self) -> dict[str, Any]:
        """Make what is not made yet and return the names of it."""
        source = self.queue.workspace.root / "sources" / DATASET
        made = self._step("Compute the phantoms", "phantom", str(source), *self.plan.phantom)
        self._step(
            "Index the phantoms",
            *("index", "nih", "--csv", made["csv"], "--images", str(source / "images"), "--name", DATASET),
        )
        self._step("Split by patient", "split", DATASET, "--kind", "patient", "--name", SPLIT)
        quick = self._classifier(self.plan.quick)
        self._worklist("first-cnn", quick, "--budget", "0.2")
        for kind, options in (("balanced", ()), ("small", ("--share", "0.2")), ("domain", ())):
            self._step(f"Split: {kind}", "split", DATASET, "--kind", kind, "--name", kind, *options)
        trained = {self.plan.quick.title: quick}
        trained |= {training.title: self._classifier(training) for training in self.plan.trainings}
        of = {one.title: one.options["model"] for one in self.plan.trainings}
        members = [checkpoint for title, checkpoint in trained.items() if of.get(title) in MEMBERS]
        words = ("ensemble", *members, "--dataset", DATASET, "--split", SPLIT)
        fused = self._step("Fuse the ensemble", *words)["checkpoint_id"]
        self._measured("ensemble", fused)
        self._worklist("ensemble", fused, "--max-missed", "0.1")
        return {
            "dataset": DATASET,
            "split": SPLIT,
            "checkpoint_id": fused,
            "quick_checkpoint_id": quick,
            "checkpoints": [*trained.values(), fused],
        }

    def _classifier(self, training: Training) -> str:
        config = TrainConfig.from_dict(training.options | {"dataset": DATASET, "split": SPLIT})
        checkpoint = self._step(f"Train the {training.title}", "train", config=config.to_dict())["checkpoint_id"]
        self._measured(training.title, checkpoint)
        return checkpoint

    def _measured(self, title: str, checkpoint: str) -> None:
        place = ("--dataset", DATASET, "--split", SPLIT, "--part")
        self._step(f"Predict val and test: {title}", "predict", checkpoint, *place, "val", "test")
        self._step(f"Evaluate on test: {title}", "evaluate", checkpoint, *place, "test")

    def _worklist(self, name: str, checkpoint: str, *policy: str) -> None:
        place = ("--dataset", DATASET, "--split", SPLIT, "--part", "test")
        name = f"{name}-{checkpoint[-8:]}"  # another study's classifier makes another list
        self._step(f"Worklist: {name}", "triage", checkpoint, *place, *policy, "--worklist", name)

    def _step(self, title: str, *words: str, config: dict[str, Any] | None = None) -> dict[str, Any]:
        progress.announce(title, done=self.done, total=self.plan.steps)
        job = self._filed(title, list(words), config)
        while not job.finished:
            progress.check_stop()
            time.sleep(POLL_S)
            job = self.queue.get(job.job_id)
        if job.state != "done":
            msg = f"The step {title!r} (job {job.job_id}) was {job.state}: {job.message}"
            raise PleuraScopeError(msg)
        self.done += 1
        return job.made or {}

    def _filed(self, title: str, words: list[str], config: dict[str, Any] | None) -> Job:
        """Return the step's job: this study's own, one that `demo` or `demo --full` has done before, or a new one."""
        same = [job for job in self.queue.newest(limit=1000) if (job.arguments, job.config) == (words, config)]
        for job in same:
            if job.parent_id == self.job_id:
                return self.queue.resume(job.job_id) if job.state in ("failed", "cancelled") else job
        for job in same:
            if job.priority == DEMO and job.state == "done":
                return job
        return self.queue.file(title, words, config=config, parent_id=self.job_id, priority=DEMO)


def file(queue: JobQueue, *, full: bool = False) -> Job:
    """File the study as a job, or take up the one that was filed before.

    A second `demo` makes nothing again: it finds the finished job, or resumes the broken one.
    """
    words = ["demo", *(["--full"] if full else [])]
    for job in queue.newest(limit=1000):
        if job.arguments == words:
            return queue.resume(job.job_id) if job.state in ("failed", "cancelled") else job
    return queue.file("The embedded study", words, priority=DEMO, holds_device=False)


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
        made = _follow(queue, job) | {"job_id": job.job_id}
    return Outcome(summary=f"The embedded study is made: data set {DATASET!r}, split {SPLIT!r}.", made=made)


def _follow(queue: JobQueue, job: Job) -> dict[str, Any]:
    said: set[tuple[int, str]] = set()
    while not job.finished:
        for step in queue.children(job.job_id):
            if (step.job_id, step.state) not in said:
                said.add((step.job_id, step.state))
                sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {step.title}: {step.state}\n")
        if not worker.is_running(queue.workspace):
            worker.ensure_running(queue.workspace)
        time.sleep(POLL_S)
        job = queue.get(job.job_id)
    if job.state != "done":
        msg = f"The study was {job.state}: {job.message}; `python -m core demo` goes on where it stopped."
        raise PleuraScopeError(msg)
    return job.made or {}
