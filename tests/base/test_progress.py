"""What a job says of itself while it works, and how it hears that it should stop."""

import json
import math

import pytest

from core.base import progress
from core.base.errors import Cancelled


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.setenv(progress.JOB_DIR, str(tmp_path))
    return tmp_path


def said(job):
    return json.loads((job / "progress.json").read_text())


def test_outside_a_job_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.JOB_DIR, raising=False)
    monkeypatch.chdir(tmp_path)

    assert list(progress.track(range(3), "Reading", total=3)) == [0, 1, 2]
    progress.announce("Reading")
    progress.record({"loss": 1.0})
    progress.check_stop()

    assert list(tmp_path.iterdir()) == []
    assert progress.job_folder() is None
    assert not progress.stop_requested()


def test_an_empty_setting_is_no_job(monkeypatch):
    monkeypatch.setenv(progress.JOB_DIR, "")

    assert progress.job_folder() is None


def test_all_items_come_in_order_and_the_end_is_told(job):
    assert list(progress.track(iter("abc"), "Reading films", total=3, unit="films")) == ["a", "b", "c"]

    assert {key: said(job)[key] for key in ("stage", "done", "total", "unit")} == {
        "stage": "Reading films",
        "done": 3,
        "total": 3,
        "unit": "films",
    }


def test_what_was_done_before_counts(job):
    list(progress.track(range(2), "Reading", total=5, start=3))

    assert said(job)["done"] == 5


def test_a_batch_counts_its_films_and_the_last_one_not_more_than_there_are(job):
    list(progress.track(range(3), "Predicting", total=130, weight=64))

    assert (said(job)["done"], said(job)["total"]) == (130, 130)


def test_nothing_to_do_is_no_error(job):
    assert list(progress.track([], "Reading", total=0)) == []

    assert said(job)["left_s"] is None


def test_the_start_is_told_before_the_first_item(job):
    next(progress.track(range(3), "Reading", total=3))

    assert said(job)["done"] == 0
    assert said(job)["rate_per_s"] is None


def test_rate_and_time_left_fit_together(job, monkeypatch):
    clock = iter(range(0, 1000, 2))  # two seconds pass between two looks
    monkeypatch.setattr(progress.time, "monotonic", lambda: float(next(clock)))
    work = progress.track(range(10), "Reading", total=10)

    next(work)
    next(work)

    content = said(job)
    assert content["done"] == 1
    assert content["left_s"] == pytest.approx((content["total"] - content["done"]) / content["rate_per_s"])


def test_a_stop_is_heard_between_two_items(job):
    seen = []
    with pytest.raises(Cancelled, match="asked to stop"):
        for item in progress.track(range(1000), "Reading", total=1000):
            seen.append(item)
            (job / "stop").touch()

    assert seen == [0]


def test_a_stop_is_heard_when_something_new_begins(job):
    progress.announce("Loading")
    (job / "stop").touch()

    with pytest.raises(Cancelled):
        progress.announce("Training")

    assert said(job)["stage"] == "Loading"


def test_an_error_while_working_is_not_swallowed(job):
    work = progress.track((1 / (2 - i) for i in range(5)), "Dividing", total=5)

    with pytest.raises(ZeroDivisionError):
        list(work)


def test_the_history_grows_a_line_a_record(job):
    progress.record({"epoch": 1, "loss": 0.5, "note": "ä\nb"})
    progress.record({"epoch": 2, "loss": None})

    lines = (job / "history.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"epoch": 1, "loss": 0.5, "note": "ä\nb"},
        {"epoch": 2, "loss": None},
    ]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_number_that_json_cannot_say_leaves_the_history_whole(job, loss):
    progress.record({"epoch": 1})

    with pytest.raises(ValueError, match="not JSON compliant"):
        progress.record({"epoch": 2, "loss": loss})

    assert (job / "history.jsonl").read_text() == '{"epoch": 1}\n'


def test_nothing_half_written_stays_beside_the_progress(job):
    list(progress.track(range(3), "Reading", total=3))

    assert [path.name for path in job.iterdir()] == ["progress.json"]
