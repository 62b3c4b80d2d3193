"""Progress in words, and a sign for every state of a job."""

from typing import get_args

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import panels
from app.panels import STATE_ICONS, _words, duration, progress_text
from core.base import files
from core.data import labels_import
from core.jobs.job import JobProgress, State
from core.jobs.queue import JobQueue


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),  # never "60 s"
        (60, "1 min 0 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (3600, "1 h 0 min"),
        (100 * 3600, "100 h 0 min"),
    ],
)
def test_a_duration_in_words(seconds, told):
    assert duration(seconds) == told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Loading"),
        ({"total": 8}, "Loading · 0 of 8 films"),
        (
            {"done": 3, "total": 8, "rate_per_s": 0.1234, "left_s": 40.5},
            "Loading · 3 of 8 films · 0.12 a second · 40 s left",
        ),
        ({"done": 8, "total": 8, "rate_per_s": 1234.5, "left_s": 0.0}, "Loading · 8 of 8 films · 1234 a second"),
    ],
)
def test_progress_says_only_what_is_known(values, told):
    known = {"stage": "Loading", "done": 0, "total": 0, "unit": "films", "rate_per_s": None, "left_s": None}

    assert progress_text(JobProgress(**(known | values))) == told


def test_every_state_has_its_sign():
    assert set(STATE_ICONS) == set(get_args(State))
    assert len(set(STATE_ICONS.values())) == len(STATE_ICONS)


@pytest.mark.parametrize(
    ("state", "message", "told"),
    [
        ("failed", "The disk is full.", "failed: The disk is full."),
        ("cancelled", "Cancelled; what was finished is kept.", "Cancelled; what was finished is kept."),
        ("failed", "long " * 40, "failed: " + " ".join(["long"] * 19) + " …"),
    ],
)
def test_a_job_s_line_gives_its_message_once_and_cuts_a_long_one(workspace, state, message, told):
    queue = JobQueue(workspace)
    queue.end(queue.file("Train", ["train"], by="Ada").job_id, state, message=message)

    assert _words(queue.get(1)) == told


def page():
    import streamlit

    from app import panels

    dataset = panels.choose_dataset("here")
    split = None if dataset is None else panels.choose_split("here", dataset)
    streamlit.session_state["chosen"] = (
        dataset,
        split,
        None if split is None else panels.choose_truth("here", dataset),
    )


def test_a_data_set_a_split_and_a_truth_are_chosen_in_the_sidebar(films):
    at = AppTest.from_function(page, default_timeout=60).run()
    assert not at.exception
    assert [choice.label for choice in at.sidebar.selectbox] == ["Data set"]  # "alone" comes first
    assert "No split of alone yet. `python -m core split alone" in at.info[0].value

    at.selectbox(key="here.dataset").set_value("films").run()

    assert at.session_state["chosen"] == ("films", "patient", "report")
    assert [choice.label for choice in at.sidebar.selectbox] == ["Data set", "Split", "Reference standard"]


def test_a_synthetic_data_set_which_has_no_split_is_not_offered(films):
    files.write_json(films.synthetic_card("alone"), {})

    at = AppTest.from_function(page, default_timeout=60).run()

    assert at.selectbox(key="here.dataset").options == ["films"]


def imported(workspace, dataset, csv, name):
    csv.write_text("image_id,label\n1.png,1\n2.png,0\n")
    labels_import.import_labels(workspace, dataset, csv, name=name)


def test_a_split_is_proposed_by_labels_that_are_there(films, tmp_path):
    assert panels.split_words("films") == "`python -m core split films --kind patient --name patient`"
    for path in (films.radiographs("alone"), films.truth("alone")):
        files.write_parquet(path, files.read_parquet(path).assign(label=pd.Series(dtype="Int64")))

    assert panels.split_words("alone").startswith("None of its films has a label yet: take labels in by `python -m")
    assert "core split alone --kind patient --name patient --labels NAME`" in panels.split_words("alone")

    imported(films, "alone", tmp_path / "labels.csv", "readers")
    assert panels.split_words("alone") == (
        "`python -m core split alone --kind patient --name patient --labels readers`; train on it with the same "
        "`--labels`."
    )
    imported(films, "alone", tmp_path / "labels.csv", "adjudicated")
    assert "--labels adjudicated` (or another of adjudicated, readers); train" in panels.split_words("alone")
