"""The training page's main part: jobs with their details, and curves laid over each other."""

import json

import pytest

from core.jobs import worker
from core.jobs.queue import JobQueue
from core.training.config import TrainConfig
from tests.app import training_seen
from tests.app.training_seen import charts, checked, opened, told, write

PLACE = {"dataset": "films", "split": "patient"}


def filed(queue, *, curve=(), end=None, message=None, parent_id=None, **options):
    """File a training, let it run and end as the test wants, with a history of these (loss, AUROC)."""
    config = TrainConfig.from_dict(PLACE | {"image_size": 64, "seed": len(queue.newest(1000))} | options).to_dict()
    made = {"checkpoint_id": "cnn-0123"} if end == "done" else None
    rows = epochs(curve)
    return training_seen.filed(queue, config, rows=rows, end=end, parent_id=parent_id, made=made, message=message)


def epochs(curve, *, first=1):
    return [
        {"epoch": first + number, "train_loss": loss, "tune_loss": loss, "tune_auroc": auroc}
        for number, (loss, auroc) in enumerate(curve)
    ]


@pytest.fixture
def queue(films):
    return JobQueue(films)


def test_starting_twice_files_one_job(queue):
    at = opened()
    at.number_input(key="training.epochs").set_value(3)

    at.button(key="training.start").click().run()
    checked(at.button(key="training.start").click().run())

    jobs = queue.newest()
    assert [job.title for job in jobs] == ["Train Simple CNN, 224 px, on films/patient"]
    assert jobs[0].config["epochs"] == 3
    assert TrainConfig.from_dict(jobs[0].config).to_dict() == jobs[0].config


def test_a_waiting_job_can_be_cancelled_and_resumed(queue):
    filed(queue, end="queued")
    at = opened()

    at.button(key="training.now.cancel.1").click().run()
    assert queue.get(1).state == "cancelled"

    assert at.button(key="training.before.resume.1").label == "Resume"
    checked(at.button(key="training.before.resume.1").click().run())
    assert queue.get(1).state == "queued"


def test_a_failed_job_says_why_and_can_be_tried_again(queue):
    filed(queue, end="failed", message="The disk is full.")
    at = opened()
    assert "failed: The disk is full." in told(at)
    assert at.button(key="training.before.resume.1").label == "Retry"

    checked(at.button(key="training.before.resume.1").click().run())

    assert queue.get(1).state == "queued"


def test_a_job_without_a_worker_says_so(queue, monkeypatch):
    filed(queue)
    assert "running, but no worker is at work; one starts by itself" in told(opened())

    monkeypatch.setattr(worker, "is_running", lambda _workspace: True)
    assert "no worker" not in told(opened())


def test_details_hold_what_it_made_its_command_its_options_and_its_log(queue):
    job = filed(queue, end="done", curve=[(0.5, 0.8)], learning_rate=2e-3)
    (queue.folder(1) / "log.txt").write_text("Epoch 1\nsaved\n")
    at = opened()

    at.button(key="training.before.details.1").click().run()

    checked(at)
    assert "Checkpoint: **cnn-0123**" in told(at)
    assert [code.value for code in at.code] == ["python -m core train --job job-1.json", "Epoch 1\nsaved"]
    options = at.dataframe[0].value
    assert dict(zip(options["Name"], options["Value"], strict=True)) == {n: str(v) for n, v in job.config.items()}
    assert at.get("download_button")[0].proto.label == "Download the job file"
    checked(at.button(key="training.before.details.1").click().run())
    assert not at.code


def test_the_log_of_a_running_job_can_be_followed(queue):
    filed(queue)
    (queue.folder(1) / "log.txt").write_text("first\n")
    at = opened()
    at.button(key="training.now.details.1").click().run()

    (queue.folder(1) / "log.txt").write_text("first\nsecond\n")
    at.run()

    assert at.code[-1].value == "first\nsecond"


def test_train_again_fills_the_form_with_the_options_of_the_run(queue):
    job = filed(queue, end="done", model="vit", vit_size="small", epochs=7, noise=0.0, weights="none")
    at = opened()

    checked(at.button(key="training.before.again.1").click().run())
    assert at.selectbox(key="training.model").value == "vit"
    at.number_input(key="training.seed").set_value(5).run()
    checked(at.button(key="training.start").click().run())

    assert queue.newest()[0].config == job.config | {"seed": 5}


def test_options_of_another_version_are_refused_in_a_sentence(queue):
    queue.file("Train", ["train"], config=PLACE | {"sharpness": 3}, by="Ada")
    queue.claim(device_free=True)
    queue.end(1, "done")
    at = opened()

    checked(at.button(key="training.before.again.1").click().run())

    assert "found 'sharpness'" in at.toast[0].value
    assert at.number_input(key="training.image_size").value == 224


def test_the_newest_training_is_drawn_by_itself_with_train_and_tune(queue):
    filed(queue, end="done", curve=[(0.6, 0.7)])
    filed(queue, end="done", curve=[(0.5, 0.8), (0.4, 0.9)])

    at = opened()

    assert at.multiselect(key="training.runs").value == [2]
    assert charts(at) == {"Loss": ["train", "tune"], "AUROC on tune": ["tune"]}
    assert "Epoch 2" in told(at)


def test_the_running_training_is_drawn_rather_than_a_newer_one_that_ended(queue):
    filed(queue, curve=[(0.6, 0.7)])
    other = filed(queue, end="queued")
    queue.cancel(other.job_id, by="Ada")

    assert opened().multiselect(key="training.runs").value == [1]


def test_several_runs_are_laid_over_each_other_with_short_names_and_a_conclusion(queue):
    filed(queue, end="done", curve=[(0.6, 0.7), (0.3, 0.75)])
    filed(queue, end="failed", curve=[(0.5, 0.8)], model="vit", labels="phantom")
    at = opened()

    checked(at.multiselect(key="training.runs").set_value([1, 2]).run())

    names = ["Simple CNN, 64 px, job 1", "Vision Transformer, 64 px, job 2"]
    assert charts(at) == {"Loss on tune": names, "AUROC on tune": names}
    assert "Lowest loss so far: Simple CNN, 64 px, job 1, 0.300 at epoch 2." in told(at)
    assert "Highest AUROC so far: Vision Transformer, 64 px, job 2, 0.800 at epoch 1." in told(at)
    assert "measured on different films" in told(at)
    assert at.run().multiselect(key="training.runs").value == [1, 2]


def test_runs_on_different_data_sets_never_share_an_axis(queue):
    filed(queue, end="done", curve=[(0.6, 0.7)])
    filed(queue, end="done", curve=[(0.5, 0.8)], dataset="others")
    at = opened()

    assert at.multiselect(key="training.runs").options == ["Simple CNN, 64 px, job 2"]
    at.multiselect(key="training.runs").set_value([]).run()
    assert len(at.multiselect(key="training.runs").options) == 2


def test_an_epoch_that_was_learnt_again_after_a_kill_counts_once(queue):
    job = filed(queue, curve=[(0.6, 0.7), (0.5, 0.8), (0.4, 0.85)])
    write(queue, job, epochs([(0.45, 0.81)], first=2))

    assert "Epoch 2" in told(opened())


def test_a_run_that_failed_before_its_first_epoch_promises_no_curve(queue):
    job = filed(queue)
    queue.end(job.job_id, "failed", message="No such weights.")

    assert "job 1: no epoch was done" in told(opened())


def test_a_run_without_a_finished_epoch_says_when_its_curve_begins(queue):
    filed(queue)

    at = opened()

    assert "job 1: the first point appears when the first epoch is done" in told(at)
    assert charts(at) == {}


def test_a_multi_task_run_has_a_curve_of_its_quality_grade(queue):
    job = filed(queue, model="multitask")
    row = {"epoch": 1, "train_loss": 0.5, "tune_loss": 0.5, "tune_auroc": 0.8, "tune_quality_error": 0.1}
    (queue.folder(job.job_id) / "history.jsonl").write_text(json.dumps(row) + "\n")

    assert charts(opened())["Image quality on tune"] == ["Multi-task CNN, 64 px, job 1"]


def test_ended_jobs_come_ten_a_page_those_of_a_study_too(queue):
    study = queue.file("The embedded study", ["demo"], holds_device=False, by="Ada")
    queue.claim(device_free=True)
    for _ in range(11):
        filed(queue, end="done", parent_id=study.job_id)
    at = opened()
    listed = [button.key for button in at.button if button.key.startswith("training.before.details.")]
    assert listed == [f"training.before.details.{number}" for number in range(12, 2, -1)]

    assert at.get("pagination")
    at.session_state["training.page"] = 2
    checked(at.run())

    assert [button.key for button in at.button if "before.details" in button.key] == ["training.before.details.2"]
