"""The time a training will take is told before it starts, measured by itself, and never for ever."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.training_estimate import about, words
from core.jobs.queue import JobQueue
from core.training import estimate
from core.training.estimate import Speed


def page():
    from app import training_form

    training_form.draw()


def now(**back):
    return (datetime.now(UTC) - timedelta(**back)).isoformat(timespec="seconds")


@pytest.fixture
def probe(films, monkeypatch):
    """A probe that does what the test says; `started` counts the starts."""

    class Probe:
        started, at_work, speed = 0, False, None

    def begin(_workspace, _config):
        Probe.started += 1
        Probe.at_work = True
        return True

    monkeypatch.setattr(estimate, "begin_measuring", begin)
    monkeypatch.setattr(estimate, "is_measuring", lambda _workspace: Probe.at_work)
    monkeypatch.setattr(estimate, "known", lambda _workspace, _config: Probe.speed)
    return Probe


def opened():
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    return at


def told(at):
    return "\n".join(caption.value for caption in (*at.caption, *at.markdown))


def test_a_known_speed_tells_the_time_at_once_and_starts_nothing(probe):
    probe.speed = Speed(learnt_per_s=2.0, read_per_s=10.0, device="cpu", measured_at=now())

    at = opened()

    assert re.search(r"\*\*About 2 min\*\* here: 2 films a second learnt \(measured \d\d:\d\d\)", told(at))
    assert "10 films, 20 epochs" in told(at)
    assert probe.started == 0


def test_an_unknown_speed_is_measured_by_itself_once_and_then_told(probe):
    at = opened()
    assert "Measuring this machine's speed …" in told(at)

    at.run()
    assert probe.started == 1

    probe.at_work, probe.speed = False, Speed(learnt_per_s=98.0, read_per_s=300.0, device="cpu", measured_at=now())
    assert "98 films a second learnt" in told(at.run())
    assert probe.started == 1


def test_a_probe_of_another_configuration_is_waited_for(probe):
    probe.at_work = True
    at = opened()
    assert probe.started == 0

    probe.at_work = False
    at.run()

    assert probe.started == 1


def test_a_probe_that_ends_without_a_speed_is_told_with_its_log_and_tried_again_only_when_asked(probe, films):
    log = films.cache / "speed" / "probe.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("first\nMemoryError\n")
    at = opened()
    probe.at_work = False

    for _ in range(3):
        at.run()
    assert "could not be measured" in told(at)
    assert at.code[0].value == "first\nMemoryError"
    assert not at.button(key="training.start").disabled
    assert probe.started == 1

    at.button(key="training.estimate.again").click().run()
    assert probe.started == 2
    assert "Measuring this machine's speed" in told(at)


def test_another_configuration_has_a_probe_of_its_own(probe):
    at = opened()
    probe.at_work = False

    at.number_input(key="training.epochs").set_value(3).run()  # the speed does not depend on it
    assert probe.started == 1

    at.number_input(key="training.batch_size").set_value(16).run()
    assert probe.started == 2


def test_what_was_or_is_measured_beside_another_job_says_so(probe, films):
    queue = JobQueue(films)
    queue.file("Train", ["train"], by="Ada")
    queue.claim(device_free=True)
    at = opened()
    assert "Measuring this machine's speed beside the running job" in told(at)

    probe.at_work, probe.speed = False, Speed(learnt_per_s=98.0, read_per_s=300.0, device="cpu", measured_at=now())
    assert "beside another job; alone it is quicker" in told(at.run())

    probe.speed = Speed(learnt_per_s=98.0, read_per_s=300.0, device="cpu", measured_at=now(hours=2))
    assert "beside" not in told(at.run())


def test_a_measurement_of_another_day_says_which():
    speed = Speed(learnt_per_s=2.34, read_per_s=3.0, device="cpu", measured_at="2026-03-04T12:00:00+00:00")

    assert re.search(r"2\.3 films a second learnt \(measured \d\d Mar, \d\d:\d\d\)", words(speed, 60.0, beside=False))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "10 s"), (84, "80 s"), (86, "1 min"), (5940, "99 min"), (6000, "1 h 40 min"), (7200, "2 h"), (36000, "10 h")],
)
def test_a_duration_is_rounded_to_what_an_estimate_can_promise(seconds, text):
    assert about(seconds) == text
