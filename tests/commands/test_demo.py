"""The embedded study: its steps, how it goes on, and the whole list made once at toy sizes."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from core.__main__ import main
from core.base.errors import PleuraScopeError
from core.commands import arguments as arguments_of_words
from core.commands import demo, dose_response, realism, steps, study, translate
from core.data import synthetic
from core.evaluation import comparison_store, dose_report, dose_store, realism_report, report_store
from core.jobs import worker
from core.jobs.queue import JobQueue
from core.models import cards
from core.models.registry import CLASSIFIERS
from core.triage.worklists import Worklists


@pytest.mark.parametrize("words", [["extra"], ["--ful"], ["--full", "x"]])
def test_demo_takes_nothing_else(words, queue, refused):
    refused("demo", *words)

    assert queue.newest() == []


def test_the_study_is_filed_once(queue):
    first = demo.file(queue)

    assert demo.file(queue) == first
    assert first.holds_device is False
    queue.end(first.job_id, "failed", message="power cut")
    assert demo.file(queue).job_id == first.job_id
    assert queue.get(first.job_id).state == "queued"
    queue.end(first.job_id, "done", made={})
    assert demo.file(queue).state == "done"
    assert demo.file(queue, full=True).job_id != first.job_id


@pytest.fixture
def ends(queue, monkeypatch):
    """Whenever the demo waits, its steps end: well, or as the test says by title."""
    badly = {}

    def elapse(_seconds):
        for job in queue.unfinished():
            if job.arguments[0] != "demo":
                queue.end(
                    job.job_id,
                    badly.get(job.title, "done"),
                    made={"csv": "t.csv", "checkpoint_id": f"c{job.job_id}"},
                    message="as the test says",
                )

    monkeypatch.setattr(steps.time, "sleep", elapse)
    return badly


def test_the_study_has_as_many_steps_as_its_progress_says(queue, ends):
    parent = demo.file(queue)

    made = demo.Demo(queue, parent.job_id, study.USUAL).run()

    filed = queue.children(parent.job_id)
    assert len(filed) == study.USUAL.steps
    commands = [step.arguments[0] for step in filed]
    assert commands[:7] == ["phantom", "index", "split", "train", "predict", "evaluate", "triage"]
    assert commands.count("train") == 7
    # The arms of the dose-response come before the ensemble, which pages show first, and before what looks for them.
    synthesis = ["train", "translate", "translate", "dose-response", "realism", "realism"]
    assert commands[-11:] == [*synthesis, "ensemble", "predict", "evaluate", "triage", "compare"]
    trained = [step for step in filed if step.arguments[0] == "train"]
    assert trained[0].config["model"] == "cnn"  # the quick one, so that there are cases soon
    assert {step.config["model"] for step in trained} == {*CLASSIFIERS, "cyclegan"}
    assert {step.config["weights"] for step in trained[:-1]} == {"none"}
    members = [f"c{step.job_id}" for step in trained if step.config["model"] in study.MEMBERS]
    fused = filed[-5]
    assert fused.arguments[1:4] == members
    assert made["checkpoint_id"] == f"c{fused.job_id}"
    assert made["quick_checkpoint_id"] == f"c{filed[3].job_id}"
    assert made["generator_id"] == f"c{trained[-1].job_id}"
    assert len(made["checkpoints"]) == 7
    assert filed[-1].arguments[1:8] == made["checkpoints"]


@pytest.mark.parametrize("plan", [study.USUAL, study.FULL])
def test_the_words_of_the_synthetic_part_are_those_its_commands_take(plan, queue, ends):
    parent = demo.file(queue)

    made = demo.Demo(queue, parent.job_id, plan).run()

    filed = {step.title: step for step in queue.children(parent.job_id)}
    given, taken = plan.synthesis.given, plan.synthesis.taken
    trained = filed[f"Train the {plan.synthesis.title}"].config
    assert (trained["split"], trained["ema_decay"] < 1) == ("domain", True)
    for name, direction in ((given, "a-to-b"), (taken, "b-to-a")):
        asked = parse(translate.TranslateArguments, filed[f"Translate: {name}"].arguments[1:], "checkpoint")
        assert (asked.checkpoint, asked.split, asked.part) == (made["generator_id"], "patient", "all")
        assert (asked.direction, asked.name) == (direction, name)
        assert parse(realism.RealismArguments, filed[f"Realism: {name}"].arguments[1:], "synthetic").synthetic == name
    step = filed[f"Dose-response: {given}"]
    asked = parse(dose_response.DoseResponseArguments, step.arguments[1:])
    assert step.holds_device is False
    assert (asked.data.split, asked.sets, asked.control) == ("patient", [given, taken], True)
    assert asked.architecture.head_only is plan.synthesis.on_quick
    if plan.synthesis.on_quick:
        assert made["quick_checkpoint_id"] in asked.architecture.weights


def parse(arguments, words, *positional):
    """Return what a command reads from words."""
    return arguments_of_words.parse(arguments, words, prog="test", positional=positional)


def test_a_step_that_is_done_is_not_done_again(queue, ends):
    parent = demo.file(queue)
    first = demo.Demo(queue, parent.job_id, study.USUAL).run()
    before = queue.newest()

    assert demo.Demo(queue, parent.job_id, study.USUAL).run() == first
    assert queue.newest() == before


def test_the_study_goes_on_at_the_step_that_failed(queue, ends):
    parent = demo.file(queue)
    ends["Split by patient"] = "failed"
    with pytest.raises(PleuraScopeError, match=r"The step 'Split by patient' \(job 4\) was failed: as the test"):
        demo.Demo(queue, parent.job_id, study.USUAL).run()
    assert len(queue.children(parent.job_id)) == 3

    ends.clear()
    demo.Demo(queue, parent.job_id, study.USUAL).run()

    assert len(queue.children(parent.job_id)) == study.USUAL.steps
    assert {job.state for job in queue.children(parent.job_id)} == {"done"}


def test_demo_follows_the_study_to_its_end(queue, monkeypatch, done):
    made = {"dataset": "phantoms", "checkpoint_id": "c"}
    job = demo.file(queue)
    monkeypatch.setattr(steps.time, "sleep", lambda _seconds: queue.end(job.job_id, "done", made=made))

    assert done("demo")[1] == made | {"job_id": job.job_id}


def test_demo_says_why_the_study_failed(queue, monkeypatch, capsys):
    job = demo.file(queue)
    monkeypatch.setattr(steps.time, "sleep", lambda _seconds: queue.end(job.job_id, "failed", message="disk full"))

    assert main(["demo"]) == 1

    told, complaint = capsys.readouterr()
    assert told == ""
    assert complaint == "The study was failed: disk full; `python -m core demo` goes on where it stopped.\n"


def tiny(training: study.Training) -> study.Training:
    return replace(training, options=training.options | {"image_size": 32, "epochs": 1, "batch_size": 16})


TINY = study.Plan(
    phantom=("--patients", "100", "--size", "64"),
    quick=tiny(study.QUICK),
    trainings=tuple(tiny(training) for training in study.USUAL.trainings),
    synthesis=replace(
        study.USUAL.synthesis,
        generator=study.USUAL.synthesis.generator | {"image_size": 32, "width": 4, "steps": 2},
        doses=("0", "1"),
        learning=(
            *("--model", "cnn", "--image-size", "32", "--epochs", "1", "--batch-size", "16", "--head-only"),
            *("--max-cycle-error", "1", "--min-probability-shift", "-1"),  # two steps teach a CycleGAN nothing
        ),
    ),
)


@pytest.mark.slow  # sixty processes
def test_all_of_the_study_is_made_predicts_and_is_measured(workspace):
    """The list of `demo`, at toy sizes, by the commands themselves."""
    queue = JobQueue(workspace)
    parent = queue.file("The embedded study", ["demo"], holds_device=False, by="Ada")
    queue.claim(device_free=False)
    at_work = worker.Worker(queue)
    at_work._still_runs = _but_the_parent(at_work._still_runs, parent.job_id)
    thread = threading.Thread(target=at_work.run, kwargs={"until_idle": False})
    thread.start()

    try:
        made = demo.Demo(queue, parent.job_id, TINY).run()
    finally:
        queue.end(parent.job_id, "done")
        at_work.stop()
        thread.join()

    models = {cards.read_card(workspace, name)["model"] for name in made["checkpoints"]}
    assert models == {*CLASSIFIERS, "ensemble"}
    for name in made["checkpoints"]:
        for part in ("val", "test"):
            assert workspace.predictions(name, "phantoms", "patient", part).exists()
    (told,) = report_store.report_ids(workspace, dose_report.PREFIX)
    others = (dose_report.PREFIX, realism_report.PREFIX)
    reports = [name for name in report_store.report_ids(workspace) if not name.startswith(others)]
    measured = {report_store.load(workspace, name).checkpoint_id for name in reports}
    arms = {name for dose in dose_store.load(workspace, told).doses for name in dose.checkpoints}
    assert measured == {*made["checkpoints"], *arms}
    assert synthetic.names(workspace) == ["phantoms-nf", "phantoms-ptx"]
    assert len(dose_store.load(workspace, told).doses) == 3
    assert {path.stem for path in workspace.reports.glob("realism-*.json")} == {
        *("realism-phantoms-nf", "realism-phantoms-ptx")
    }
    (compared,) = comparison_store.comparison_ids(workspace)
    assert comparison_store.load(workspace, compared).checkpoints == made["checkpoints"]
    listed = {one.checkpoint_id: one.policy["kind"] for one in Worklists(workspace).all()}
    assert listed == {made["quick_checkpoint_id"]: "budget", made["checkpoint_id"]: "limit"}


def _but_the_parent(still_runs, job_id: int):
    """The study runs in this test, not in a process that the worker could look after."""
    return lambda job: True if job.job_id == job_id else still_runs(job)
