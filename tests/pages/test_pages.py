"""The four pages, driven as a person would, without a browser."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.base.paths import ROOT
from core.jobs import worker
from core.jobs.queue import JobQueue
from core.training import estimate

PAGES = ["overview", "training", "splits", "compare"]


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    """Jobs are filed, not run, and no speed is measured: worker and probe have tests of their own."""
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)
    monkeypatch.setattr(estimate, "begin_measuring", lambda _workspace, _config: True)


def opened(page):
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).run()
    if page != "overview":
        at.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
    assert not at.exception
    return at


def text(at):
    """Everything a person can read on the page."""
    said = [*at.title, *at.subheader, *at.caption, *at.markdown, *at.info, *at.error, *at.warning]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(element.value) for element in said] + html)


@pytest.mark.parametrize("page", PAGES)
def test_an_empty_workspace_says_what_to_do(workspace, page):
    at = opened(page)

    assert at.title[0].value == page.capitalize()
    assert "NO DATA YET" in text(at)
    assert not at.error


@pytest.mark.parametrize("page", PAGES)
def test_every_page_carries_the_warning_and_marks_phantoms(study, page):
    at = opened(page)

    assert "Research use only, not a medical device" in text(at)
    assert ">PHANTOMS</span>" in text(at)
    assert str(study.root) not in text(at)  # no path of the machine


def test_the_first_cases_are_one_click_away(study):
    at = opened("overview")
    assert "First cases" not in text(at)

    at.button(key="overview.first_cases").click().run()

    assert not at.exception
    assert "First cases" in text(at)
    assert text(at).count("probability 0.") >= 8


def test_a_film_opens_with_everything_the_tables_say(study):
    at = opened("splits")
    details = [button for button in at.button if button.key.startswith("splits.films.")]

    details[0].click().run()

    assert not at.exception
    assert any("adjudicated" in str(frame.value) or "report" in str(frame.value) for frame in at.dataframe)


def test_the_splits_page_says_that_nothing_leaks(study):
    at = opened("splits")

    at.selectbox(key="splits.split").set_value("patient").run()

    assert "No patient and no identical film stands in two parts" in text(at)


def test_filters_narrow_the_films(study):
    at = opened("splits")
    at.selectbox(key="splits.split").set_value("patient").run()

    at.multiselect(key="splits.filter.part").set_value(["test"]).run()

    assert not at.exception
    assert any("films" in caption.value and " of " in caption.value for caption in at.caption)


def test_what_is_not_measured_can_be_measured_from_the_page(study):
    at = opened("compare")
    at.selectbox(key="compare.truth").set_value("phantom").run()

    at.button(key="compare.measure").click().run()

    assert not at.exception
    filed = JobQueue(study).newest()
    assert [job.arguments[0] for job in filed] == ["evaluate"]
    assert filed[0].arguments[-4:] == ["--truth", "phantom", "--negatives", "all"]


def test_a_training_is_filed_from_the_form(study):
    at = opened("training")
    at.number_input(key="training.image_size").set_value(48)

    at.button(key="training.start").click().run()

    assert not at.exception
    jobs = JobQueue(study).newest()
    assert [job.title for job in jobs] == ["Train Simple CNN, 48 px, on phantoms/patient"]
    assert jobs[0].config["image_size"] == 48


def test_a_leaky_split_is_refused_at_the_form(study):
    path = study.split("phantoms", "patient")
    path.write_bytes(study.split("phantoms", "domain").read_bytes())

    at = opened("training")

    assert "run `split` again" in text(at)
    assert at.button(key="training.start").disabled


def test_a_table_only_data_set_is_not_offered_for_training(study):
    table = pd.read_parquet(study.radiographs("phantoms"))
    table.assign(path=None, sha256=None).to_parquet(study.radiographs("phantoms"))

    at = opened("training")

    assert "No data set with images and a split yet" in text(at)
    assert "training.start" not in [button.key for button in at.button]


def test_a_table_only_data_set_is_listed_instead_of_drawn(study):
    table = pd.read_parquet(study.radiographs("phantoms"))
    table.assign(path=None, sha256=None).to_parquet(study.radiographs("phantoms"))

    at = opened("splits")

    assert "a table only, without image files" in text(at)
    assert list(at.dataframe[1].value)[:3] == ["Film", "Patient", "Part"]
    assert not [button for button in at.button if button.key.startswith("splits.films.")]
