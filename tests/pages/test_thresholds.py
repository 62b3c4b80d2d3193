"""The page Thresholds, driven as a researcher would; what the browser does with it stands in tests/browser."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.base import files
from core.base.paths import ROOT
from core.data import truth
from core.evaluation import prediction_store
from core.evaluation.metrics import Films
from core.evaluation.thresholds import Thresholds
from core.jobs import worker
from core.jobs.queue import JobQueue
from core.models import cards

PAGE = str(ROOT / "pages" / "thresholds.py")


@pytest.fixture
def checkpoint(study) -> str:
    return cards.checkpoint_ids(study)[0]


def opened() -> AppTest:
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.switch_page(PAGE).run()
    assert not at.exception
    return at


def text(at) -> str:
    said = [*at.title, *at.subheader, *at.caption, *at.markdown, *at.info, *at.warning, *at.code]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(element.value) for element in said] + html)


def benches(at) -> list:
    return [one.proto for one in at.get("bidi_component") if one.proto.component_name == "pleurascope_workbench"]


def sent(at) -> dict:
    """What the workbench was handed."""
    [bench] = benches(at)
    return json.loads(bench.json)


def known(study, checkpoint, part="val", source="report"):
    """The films behind the page: of val those of the fold tune."""
    card = cards.read_card(study, checkpoint)
    table = prediction_store.load(study, card, "phantoms", "patient", part)
    split = pd.read_parquet(study.split("phantoms", "patient")).set_index("image_id")
    if part == "val":
        table = table[table["image_id"].map(split["fold"]) == "tune"]
    label = table["image_id"].map(truth.labels(study, "phantoms", source)).astype(float)
    return table[label.notna()].assign(label=label)


def test_an_empty_workspace_says_what_to_do(workspace):
    assert "No data set yet" in opened().info[0].value


def test_it_opens_on_tune_at_the_cut_in_force_and_never_shows_certify(study, checkpoint):
    films = known(study, checkpoint)

    at = opened()
    data = sent(at)

    assert at.selectbox(key="thresholds.part").options == ["val (fold tune)", "test"]
    assert data["table"]["called"][0] == len(films)
    cut = cards.read_card(study, checkpoint)["operating_points"]["youden"]["threshold"]
    assert data["table"]["threshold"][data["start"]] == cut
    assert [point["name"] for point in data["points"]] == ["active", "youden", "sensitivity-95", "specificity-95"]
    split = pd.read_parquet(study.split("phantoms", "patient"))
    kept = set(split.loc[split["fold"] == "certify", "image_id"])
    assert not kept & {film["image_id"] for film in data["flips"]["films"]}
    assert not any(image_id in json.dumps(data) for image_id in kept)
    assert str(study.root) not in json.dumps(data)
    assert "PHANTOMS" in data["stamp"][0]


def test_its_numbers_are_those_of_core(study, checkpoint):
    films = known(study, checkpoint)
    lookup = Thresholds.of(Films.of(*(films[name].to_numpy() for name in ("label", "probability", "patient_id"))))

    data = sent(opened())

    for row in (0, 137, 500, 900):
        threshold = data["table"]["threshold"][row]
        counts = lookup.at(threshold)
        assert [data["table"][name][row] for name in counts._fields] == [int(count) for count in counts]
        limits = lookup.limits(np.array([threshold]))["sensitivity"]
        assert data["table"]["limits"]["sensitivity"]["low"][row] == pytest.approx(limits.low[0])


def test_the_films_that_can_flip_are_all_there(study, checkpoint):
    films = known(study, checkpoint).reset_index(drop=True)
    lookup = Thresholds.of(Films.of(*(films[name].to_numpy() for name in ("label", "probability", "patient_id"))))
    data = sent(opened())
    active = data["table"]["threshold"][data["flips"]["row"]]

    for new in (0.0, active / 2, active, (1 + active) / 2, 1.0):
        for side, rows in zip(("newly", "no_longer"), lookup.flips(active, new), strict=True):
            own = [film for film in data["flips"]["films"] if film["side"] == side]
            flipped = [film for film in own if (film["probability"] >= new) == (side == "newly")]
            assert [film["image_id"] for film in flipped[:12]] == films["image_id"].iloc[rows[:12]].tolist()
    assert all(film["picture"].startswith("data:image/jpeg;base64,") for film in data["flips"]["films"])


def test_a_film_without_a_picture_says_so(study):
    table = pd.read_parquet(study.radiographs("phantoms"))
    table.assign(path=None).to_parquet(study.radiographs("phantoms"))

    assert {film["picture"] for film in sent(opened())["flips"]["films"]} == {None}


def test_prevalence_and_films_a_day_change_the_sentence_only_at_their_own(study):
    at = opened()
    own = sent(at)

    at.selectbox(key="thresholds.prevalence").set_value("5 %").run()
    at.number_input(key="thresholds.day").set_value(200).run()
    data = sent(at)

    assert data["prevalence"] == 0.05
    assert data["table"]["sentence"][data["start"]].startswith("Of 200 films a day, 10 have a pneumothorax")
    assert data["table"]["true_positive"] == own["table"]["true_positive"]
    assert data["id"] != own["id"]

    at.selectbox(key="thresholds.prevalence").set_value("other").run()
    at.number_input(key="thresholds.percent").set_value(2.5).run()
    assert sent(at)["prevalence"] == 0.025


def test_test_is_looked_at_and_not_chosen_from(study, checkpoint):
    at = opened()
    at.selectbox(key="thresholds.part").set_value("test").run()
    data = sent(at)

    assert data["table"]["called"][0] == len(known(study, checkpoint, "test"))
    own = cards.read_card(study, checkpoint)["operating_points"]
    marks = {point["name"]: point["threshold"] for point in data["points"]}
    assert all(marks[name] == point["threshold"] for name, point in own.items())
    assert "Test is looked at, not chosen from" in text(at)
    assert at.button(key="operating_points.propose").disabled


def test_another_reference_standard_is_asked(study, checkpoint):
    at = opened()
    at.selectbox(key="thresholds.truth").set_value("phantom").run()

    films = known(study, checkpoint, source="phantom")
    table = sent(at)["table"]
    assert table["true_positive"][0] == int(films["label"].sum())


def test_missing_predictions_are_offered_as_a_job(study, checkpoint, monkeypatch):
    monkeypatch.setattr(worker, "ensure_running", lambda _workspace: None)
    study.predictions(checkpoint, "phantoms", "patient", "val").unlink()
    at = opened()
    assert f"python -m core predict {checkpoint}" in text(at)

    at.button(key="thresholds.predict").click().run()

    [job] = JobQueue(study).newest()
    assert job.arguments == ["predict", checkpoint, "--dataset", "phantoms", "--split", "patient", "--part", "val"]


def test_stale_predictions_are_not_drawn(study, checkpoint):
    path = study.predictions(checkpoint, "phantoms", "patient", "val")
    pd.read_parquet(path).assign(weights_sha256="0" * 64).to_parquet(path)

    at = opened()

    assert "those of other weights" in text(at)
    assert not benches(at)


def test_one_class_only_is_said(study):
    table = pd.read_parquet(study.truth("phantoms"))
    table.assign(label=0).to_parquet(study.truth("phantoms"))

    at = opened()

    assert "found only films without one" in text(at)
    assert not [button for button in at.button if button.key == "thresholds.predict"]


def test_films_without_a_label_are_counted(study):
    table = pd.read_parquet(study.truth("phantoms"))
    split = pd.read_parquet(study.split("phantoms", "patient"))
    dropped = split.loc[split["fold"] == "tune", "image_id"].iloc[:2]
    table.loc[table["image_id"].isin(dropped) & (table["truth"] == "report"), "label"] = None
    table.to_parquet(study.truth("phantoms"))

    assert "2 films have no label in report and are left out." in text(opened())


def test_no_checkpoint_leads_to_training(study):
    for folder in study.checkpoints.iterdir():
        (folder / cards.CARD).unlink()

    assert "No model learnt from" in text(opened())


def test_without_a_cut_in_force_nothing_flips(study, checkpoint):
    path = study.checkpoint(checkpoint) / cards.CARD
    files.write_json(path, files.read_json(path) | {"operating_points": {}})

    data = sent(opened())

    assert data["flips"] is None
    assert [point["name"] for point in data["points"]] == ["youden", "sensitivity-95", "specificity-95"]
    assert data["start"] == data["points"][0]["row"]
