"""The page Compare, driven as a researcher would, without a browser."""

from __future__ import annotations

import os
import shutil
import time

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import compare_details, compare_downloads
from core.base import files
from core.base.paths import ROOT, Workspace
from core.evaluation import report_store
from core.jobs import worker
from core.jobs.queue import JobQueue
from core.models import cards
from tests.browser import large
from tests.pages.test_pages import text
from tests.running import core, environment

VERDICT = 'class="ps-verdict"'
PLACE = ("--dataset", "large", "--split", "patient", "--part", "test")


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch):
    """Jobs are filed, not run: the worker has tests of its own."""
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)


@pytest.fixture(scope="module")
def made_models(tmp_path_factory):
    """Three checkpoints that were never trained, with predictions for 900 films and a report each; made once."""
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder).items():
            patch.setenv(name, value)
        names = large.write(Workspace(), films=1500, checkpoints=4, rest=200)["checkpoints"]
    core(folder, "compare", *names[:3], *PLACE)
    return folder, names


@pytest.fixture
def models(made_models, tmp_path, workspace):
    """The three in the test's own workspace, and a fourth that is not measured."""
    shutil.copytree(made_models[0], tmp_path, dirs_exist_ok=True)
    return made_models[1]


def opened():
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120).run()
    at.switch_page(str(ROOT / "pages" / "compare.py")).run()
    assert not at.exception
    return at


def opened_fold(at, key):
    at.session_state[f"compare.fold.{key}"] = True
    at.run()
    assert not at.exception
    return at


def shown(at):
    return len([*at.get("plotly_chart"), *at.dataframe, *at.caption, *at.markdown])


def test_the_task_and_a_verdict_for_each_pair_stand_above_the_numbers(models):
    at = opened()

    said = text(at)
    assert "Pneumothorax against all others, by report, on test of large/patient." in said
    assert "AUROC known to within about" in said
    assert said.count(VERDICT) == 3
    assert "no evidence of a difference in AUROC" in said or "ranks better than" in said


def test_ensemble_cnn_and_vit_are_chosen_at_first(models):
    at = opened()

    (chosen,) = [field for field in at.multiselect if field.key.startswith("compare.checkpoints")]
    assert [name.split("-")[0] for name in chosen.value] == ["ensemble", "cnn", "vit"]


def test_every_folded_block_opens(models):
    at = opened()

    for _, key, _ in compare_details.BLOCKS:
        before = shown(at)
        at = opened_fold(at, key)
        assert shown(at) > before, key


def test_what_is_not_measured_is_measured_at_the_same_question(models, workspace):
    at = opened()
    at.selectbox(key="compare.negatives").set_value("no-finding").run()
    assert "Nothing is measured yet" in text(at)

    at.button(key="compare.measure").click().run()

    filed = [job.arguments for job in JobQueue(workspace).newest()]
    assert {words[1] for words in filed} == set(models)
    assert all(words[0] == "evaluate" and words[-2:] == ["--negatives", "no-finding"] for words in filed)


def test_while_jobs_measure_the_page_shows_them_and_offers_nothing_twice(models):
    at = opened()
    at.button(key="compare.measure").click().run()

    assert not [button for button in at.button if button.key == "compare.measure"]
    assert "Measure test: " in text(at)
    assert [button for button in at.button if (button.key or "").startswith("compare.cancel.")]


def test_a_report_from_another_operating_point_is_to_be_made_again(models, workspace):
    report_id = next(name for name in report_store.report_ids(workspace) if name.startswith("cnn-"))
    report = report_store.load(workspace, report_id)
    moved = report.threshold.model_copy(update={"value": report.threshold.value / 2})
    report_store.save(workspace, report.model_copy(update={"threshold": moved}))

    at = opened()

    assert "2 models have not been measured" in text(at)  # this one, and the fourth


def test_predictions_of_other_films_are_said_and_the_curves_stay(models, workspace):
    path = workspace.predictions(models[0], "large", "patient", "test")
    pd.read_parquet(path).iloc[1:].to_parquet(path)

    at = opened()

    (warning,) = at.warning
    assert "cannot be compared film by film" in warning.value
    assert str(workspace.root) not in warning.value
    assert len(at.get("plotly_chart")) >= 3


def test_a_table_made_elsewhere_stands_beside_the_models(models, workspace):
    films = pd.read_parquet(workspace.predictions(models[0], "large", "patient", "test"))
    val = pd.read_parquet(workspace.predictions(models[0], "large", "patient", "val"))
    table = pd.concat([films, val])[["image_id", "label", "probability"]]
    at = opened()

    at.text_input(key="compare.external.name").set_value("theirs")
    at.get("file_uploader")[0].set_value(("theirs.csv", table.to_csv(index=False).encode(), "text/csv"))
    next(button for button in at.button if button.label == "Take it in").click().run()

    assert not at.exception
    assert "Taken in as external-theirs" in "".join(element.value for element in at.success)
    core(workspace.root.parent, "evaluate", "external-theirs", *PLACE)
    at = opened()
    (chosen,) = [field for field in at.multiselect if field.key.startswith("compare.checkpoints")]
    assert "external-theirs" in chosen.options
    chosen.set_value(["external-theirs", models[0]]).run()
    assert not at.exception
    assert "external-theirs" in text(at)


def test_a_bad_table_is_refused_in_a_sentence(models):
    at = opened()

    at.text_input(key="compare.external.name").set_value("theirs")
    at.get("file_uploader")[0].set_value(("theirs.csv", b"image_id,probability\na.png,2\n", "text/csv"))
    next(button for button in at.button if button.label == "Take it in").click().run()

    assert not at.exception
    assert [error.value.split(",")[0] for error in at.error] == ["Expected the columns image_id"]


def test_the_command_makes_what_the_page_shows(models):
    at = opened()

    (command,) = [block.value for block in at.code if "--html" in block.value]
    assert command.startswith("python -m core compare ensemble-large")
    assert "--part test --truth report --negatives all --figures figures --html report.html" in command


def test_the_download_holds_the_very_numbers(models):
    at = opened()

    buttons = {button.key: button for button in at.get("download_button")}
    assert {"compare.download.csv", "compare.download.json"} <= set(buttons)


def test_one_model_alone_has_no_verdict(models):
    at = opened()
    (chosen,) = [field for field in at.multiselect if field.key.startswith("compare.checkpoints")]

    chosen.set_value([models[0]]).run()

    assert not at.exception
    assert VERDICT not in text(at)
    assert next(block.value for block in at.code if "--html" in block.value).startswith("python -m core evaluate")


def test_a_bad_table_shows_no_picture_from_elsewhere(models):
    at = opened()

    at.text_input(key="compare.external.name").set_value("theirs")
    content = b"image_id,label,probability\n" + 2 * b"![x](https://example.org/x.png),1,0.5\n"
    at.get("file_uploader")[0].set_value(("theirs.csv", content, "text/csv"))
    next(button for button in at.button if button.label == "Take it in").click().run()

    (error,) = at.error
    assert "![" not in error.value
    assert r"!\[x" in error.value


def test_labels_that_changed_since_make_reports_to_be_measured_again(models, workspace):
    assert "1 model has not been measured" in text(opened())
    later = time.time() + 60
    os.utime(workspace.truth("large"), (later, later))

    assert "4 models have not been measured on this question as it is now: " in text(opened())


def test_what_learnt_from_phantoms_and_from_real_films_share_no_axis(models, workspace):
    path = workspace.checkpoint(next(name for name in models if name.startswith("vit"))) / cards.CARD
    files.write_json(path, files.read_json(path) | {"kinds": {"real": 90, "phantom": 10, "synthetic": 0}})

    at = opened()

    assert "learnt from the same kind of image" in at.warning[0].value
    assert not at.get("plotly_chart")


def test_the_measures_are_given_away_as_numbers_with_what_they_were_measured_on(models, workspace):
    found = [report_store.load(workspace, name) for name in report_store.report_ids(workspace)]
    names = {report.checkpoint_id: report.checkpoint_id[:3] for report in found}

    table = compare_downloads.measures(found, names)

    report = found[0]
    row = table[(table["checkpoint_id"] == report.checkpoint_id) & (table["measure"] == "auroc")].iloc[0]
    assert (row["value"], row["low"], row["high"]) == (
        report.metrics["auroc"].value,
        report.metrics["auroc"].low,
        report.metrics["auroc"].high,
    )
    assert (row["films"], row["positive_films"]) == (report.counts.films, report.counts.positive_films)
    assert row["kinds"] == "phantom"
