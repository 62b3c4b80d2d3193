"""The page Uncertainty, driven as a researcher would."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import uncertainty
from core.base import files
from core.base.paths import ROOT
from core.evaluation import localisation
from core.models import cards
from core.triage import cases, decision, evidence, signals

PAGE = str(ROOT / "pages" / "uncertainty.py")


@pytest.fixture
def checkpoint(study) -> str:
    return cards.checkpoint_ids(study)[0]


def opened(**query) -> AppTest:
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    at.switch_page(PAGE).run()
    assert not at.exception
    return at


def text(at) -> str:
    """Everything a person can read on the page, but its tables."""
    said = [*at.title, *at.subheader, *at.caption, *at.markdown, *at.info, *at.warning, *at.code]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(element.value) for element in said] + html)


def payload(block) -> str:
    """Everything that is sent to the browser for a part of the page."""
    own = [str(block.proto)] if getattr(block, "proto", None) is not None else []
    return "\n".join(own + [payload(child) for child in getattr(block, "children", {}).values()])


def charts(at) -> list[str]:
    return [json.loads(one.proto.spec)["layout"]["title"]["text"] for one in at.get("plotly_chart")]


def known(study, checkpoint):
    """The evidence behind the page, and the policy it starts with."""
    card = cards.read_card(study, checkpoint)
    tune = evidence.load(study, card, "phantoms", "patient", "val", fold="tune")
    shown = evidence.load(study, card, "phantoms", "patient", "test")
    chosen = decision.choose(tune, draws=0)
    return tune, shown, chosen, decision.by_budget(chosen, shown, share=0.2)


def test_an_empty_workspace_says_what_to_do(workspace):
    at = opened()

    assert "No checkpoint yet" in at.info[0].value


def test_it_says_how_many_films_and_wrong_calls_there_are(study, checkpoint):
    _, shown, _, _ = known(study, checkpoint)

    at = opened()

    called = shown.probabilities >= shown.cut
    wrong = (called != (shown.labels == 1)).sum()
    assert (
        f"{len(called)} films, {len(set(shown.patients))} patients, {int(shown.labels.sum())} positive; {wrong} called "
        f"wrong at the cut {shown.cut:.2f}."
    ) in text(at)


def test_the_bench_stands_under_its_verdict_with_the_choice_marked_and_what_is_missing_said(study, checkpoint):
    _, _, chosen, _ = known(study, checkpoint)

    at = opened()

    verdict = next(body.proto.body for body in at.get("html") if "font-size: 20px" in body.proto.body)
    assert "wrong" in verdict
    table = at.dataframe[0].value
    assert (table.loc[table["Signal"] == "Near the cut", "Against the plain distance"] == "").all()
    assert (table[""] == "chosen").sum() == 1
    assert table.loc[table[""] != "", "Signal"].item() == signals.title(chosen.signal)
    assert "Members disagree (one classifier has no members)" in text(at)


def test_on_tune_the_choice_is_shown_on_the_films_that_made_it(study, checkpoint):
    tune, _, _, _ = known(study, checkpoint)
    at = opened()

    at.selectbox(key="uncertainty.part").set_value(uncertainty.TUNE).run()

    assert not at.exception
    assert f"{len(tune.films)} films" in text(at)
    listed = at.dataframe[1].value["Film"]
    assert set(listed) == set(tune.films["image_id"])  # none of the fold certify


def test_only_the_charts_of_the_chosen_view_are_made(study):
    at = opened()
    assert charts(at) == [
        *("Spread by correctness", "Spread by label", "Films by mean and spread"),
        *("Right calls by the probability of the call", "Workload against missed cases"),
    ]
    assert "Confidence is here the probability of the call" in text(at)

    at.segmented_control(key="uncertainty.view").set_value("Reliability and risk").run()

    assert not at.exception
    assert charts(at)[:2] == ["Reliability before and after calibration", "Wrong calls among the films kept"]
    assert re.search(r"Before: ECE 0\.\d{3}, adaptive ECE 0\.\d{3}, Brier 0\.\d{3}\. After: ", text(at))


def test_every_chart_carries_its_stamp(study):
    at = opened()

    for chart in at.get("plotly_chart"):
        assert "<b>PHANTOMS</b>" in " ".join(
            note["text"] for note in json.loads(chart.proto.spec)["layout"]["annotations"]
        )


@pytest.mark.parametrize("percent", [0, 35, 100])
def test_the_slider_moves_the_sentence_the_command_and_the_cases(study, checkpoint, percent):
    tune, shown, chosen, _ = known(study, checkpoint)
    at = opened()

    at.slider(key="uncertainty.budget").set_value(percent).run()

    assert not at.exception
    on_tune = decision.by_budget(chosen, tune, share=percent / 100)
    values, below = chosen.values(tune), tune.probabilities < tune.cut
    unsure = below & (values >= (-np.inf if on_tune.threshold is None else on_tune.threshold))
    read = 100 * (unsure.sum() + (~below).sum()) / len(below)
    assert f"Of 100 films, {read:.0f} are read" in text(at).replace(".0 are", " are")
    assert any(f"--part test --budget {percent / 100:g} --worklist NAME" in code.value for code in at.code)
    table = cases.cases(shown, decision.by_budget(chosen, shown, share=percent / 100))
    listed = at.dataframe[1].value
    assert listed["Film"].tolist() == table["image_id"].tolist()
    assert [zone.split(" ", 1)[1] for zone in listed["Zone"]] == table["zone"].tolist()


def test_the_most_uncertain_can_stand_first(study, checkpoint):
    _, shown, _, policy = known(study, checkpoint)
    at = opened()

    at.toggle(key="uncertainty.order").set_value(True).run()

    values = cases.cases(shown, policy).sort_values("value", ascending=False)["value"].tolist()
    assert at.dataframe[1].value.iloc[:, 3].tolist() == values


def test_at_most_two_hundred_cases_stand_on_a_page(study, monkeypatch):
    monkeypatch.setattr(uncertainty, "ROWS", 7)

    at = opened()
    assert len(at.dataframe[1].value) == 7
    first = at.dataframe[1].value["Film"].tolist()
    at.get("pagination")[0].set_value(2).run()

    assert not at.exception
    assert not set(first) & set(at.dataframe[1].value["Film"])


def test_the_confident_and_wrong_are_drawn_only_when_asked_for(study, checkpoint):
    _, shown, chosen, _ = known(study, checkpoint)
    at = opened()
    assert not [button for button in at.button if button.key.startswith("uncertainty.wrong")]

    at.session_state["uncertainty.sure"] = True  # as opening it does
    at.run()

    wrong = shown.films[shown.errors].assign(value=chosen.values(shown)[shown.errors])
    expected = wrong.sort_values("value", kind="stable")["image_id"].head(12).tolist()
    buttons = [button for button in at.button if button.key.startswith("uncertainty.wrong")]
    assert [button.key.removeprefix("uncertainty.wrong.") for button in buttons] == expected
    buttons[1].click().run()
    assert not at.exception
    assert f"Case {expected[1]}" in [one.value for one in at.subheader]
    assert at.query_params["case"] == expected[1]


def linked(study, checkpoint_id, number=3, **other):
    films = pd.read_parquet(study.predictions(checkpoint_id, "phantoms", "patient", "test"))
    image_id = films["image_id"].iloc[number]
    place = {"dataset": "phantoms", "split": "patient", "part": "test"}
    return image_id, opened(**(place | {"case": image_id, "checkpoint": checkpoint_id} | other))


def test_a_link_opens_its_case_alone_with_reasons_passes_signals_and_neighbours(study, checkpoint):
    image_id, at = linked(study, checkpoint)

    assert [one.value for one in at.subheader] == [f"Case {image_id}"]
    assert charts(at) == ["Probability in each of 30 passes"]
    passes = np.load(study.predictions(checkpoint, "phantoms", "patient", "test").with_suffix(".passes.npy"))
    said = text(at)
    assert (
        f"Their standard deviation is {np.std(passes[3], ddof=1):.3f}; from so few passes it is known to about 13%"
        in said
    )
    assert "probability " in said
    assert list(at.dataframe[0].value) == ["Signal", "Value", "Place", "About"]
    assert 'Their labels come from "report" of phantoms' in said
    assert len(re.findall(r"pneumothorax  \n\d{8}_\d{3}\.png", said)) == 5
    assert str(study.root) not in payload(at.main) + payload(at.sidebar)


def test_from_a_link_one_finds_the_way_to_all_films_and_the_case_stays(study, checkpoint):
    image_id, at = linked(study, checkpoint)

    at.button(key="uncertainty.all").click().run()

    assert not at.exception
    assert "Policy by budget" in [one.value for one in at.subheader]
    assert at.subheader[-1].value == f"Case {image_id}"
    assert at.query_params["case"] == image_id


def test_from_the_navigation_the_whole_page_opens_again(study, checkpoint):
    _, at = linked(study, checkpoint)
    at.switch_page(str(ROOT / "pages" / "compare.py")).run()

    at.query_params.clear()
    at.switch_page(PAGE).run()

    assert not at.exception
    assert "Policy by budget" in [one.value for one in at.subheader]


def test_a_second_link_is_followed_even_after_other_choices(study, checkpoint):
    _, at = linked(study, checkpoint)
    at.button(key="uncertainty.all").click().run()
    at.selectbox(key="uncertainty.part").set_value(uncertainty.TUNE).run()
    films = pd.read_parquet(study.predictions(checkpoint, "phantoms", "patient", "test"))

    at.query_params["case"] = films["image_id"].iloc[8]
    at.query_params["part"] = "test"
    at.run()

    assert not at.exception
    assert [one.value for one in at.subheader] == [f"Case {films['image_id'].iloc[8]}"]


def test_below_the_cut_a_linked_case_tells_no_zone(study, checkpoint):
    films = pd.read_parquet(study.predictions(checkpoint, "phantoms", "patient", "test"))
    lowest = int(films["probability"].argmin())

    _, at = linked(study, checkpoint, number=lowest)

    assert "<b>below the cut</b>" in text(at)
    assert not re.search("unsure|not suspected|random check", text(at).replace("More is more unsure", ""))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"case": "nobody.png"}, "The film nobody.png is not among those of phantoms, split patient, part test"),
        ({"dataset": "gone"}, "Expected an indexed data set, found none named 'gone'"),
        ({"dataset": "../secret"}, "found '../secret'"),
        ({"split": "gone"}, "found none named 'gone'"),
        ({"checkpoint": "gone"}, "The checkpoint gone is not here any more"),
        ({"part": "train"}, "run `python -m core predict"),
    ],
)
def test_a_link_to_what_is_not_here_is_a_sentence(study, checkpoint, query, said):
    _, at = linked(study, checkpoint, **query)

    assert said in " ".join(one.value for one in at.warning)
    assert str(study.root) not in text(at)


def test_a_case_of_the_fold_certify_can_be_seen_alone_but_is_never_counted(study, checkpoint):
    split = pd.read_parquet(study.split("phantoms", "patient"))
    image_id = split.loc[split["fold"] == "certify", "image_id"].iloc[0]

    _, at = linked(study, checkpoint, case=image_id, part="val")
    assert [one.value for one in at.subheader] == [f"Case {image_id}"]
    at.button(key="uncertainty.all").click().run()

    assert at.selectbox(key="uncertainty.part").value == uncertainty.TUNE
    assert image_id not in set(at.dataframe[1].value["Film"])


def test_missing_predictions_are_one_sentence_with_the_command(study, checkpoint):
    study.predictions(checkpoint, "phantoms", "patient", "val").unlink()

    at = opened()

    assert len(at.warning) == 1
    assert f"run `python -m core predict {checkpoint}" in at.warning[0].value


def test_predictions_without_passes_say_which_command_adds_them(study, checkpoint):
    for part in ("val", "test"):
        path = study.predictions(checkpoint, "phantoms", "patient", part)
        table = pd.read_parquet(path)
        spread = ["probability_mean", "probability_std", "predictive_entropy", "mutual_information"]
        files.write_parquet(path, table.assign(**dict.fromkeys(spread, np.nan)))
        path.with_suffix(".passes.npy").unlink()

    at = opened()

    assert "predicted without passes" in at.info[0].value
    assert f"python -m core predict {checkpoint} --dataset phantoms --split patient --part val test --passes 30" in [
        code.value for code in at.code
    ]
    spec = json.loads(at.get("plotly_chart")[0].proto.spec)
    assert "No spread" in spec["layout"]["annotations"][0]["text"]
    _, alone = linked(study, checkpoint)
    assert "Predicted without passes" in text(alone)


def test_a_removed_training_set_leaves_a_case_without_neighbours(study, checkpoint):
    card = study.checkpoint(checkpoint) / "card.json"
    files.write_json(card, files.read_json(card) | {"dataset": "gone"})

    _, at = linked(study, checkpoint)

    assert "It is not known which films this checkpoint learnt from" in text(at)


def first_with(study, checkpoint_id, verdict) -> int:
    """The number of the first film whose heat map is judged so."""
    from core.inference import explain

    films = pd.read_parquet(study.predictions(checkpoint_id, "phantoms", "patient", "test"))["image_id"]
    rows = pd.read_parquet(study.radiographs("phantoms")).set_index("image_id", drop=False)
    return next(
        number
        for number, name in enumerate(films)
        if explain.explanations(study, checkpoint_id, rows.loc[name], dataset="phantoms")[0].verdict == verdict
    )


def test_a_map_that_is_zero_everywhere_is_said_and_not_drawn(study, checkpoint):
    image_id, at = linked(study, checkpoint, number=first_with(study, checkpoint, "empty"))
    before = len(at.get("image"))

    at.toggle(key=f"uncertainty.map.{checkpoint}.{image_id}").set_value(True).run()

    assert not at.exception
    assert re.search(
        "Nothing spoke (for|against) a pneumothorax on the last grid: the map is zero everywhere", text(at)
    )
    assert len(at.get("image")) == before


def test_heat_maps_are_off_until_asked_for_and_a_withheld_one_needs_a_second_word(study, checkpoint):
    number = first_with(study, checkpoint, "withheld")
    image_id, at = linked(study, checkpoint, number=number)
    before = len(at.get("image"))
    assert "evidence" not in text(at)

    at.toggle(key=f"uncertainty.map.{checkpoint}.{image_id}").set_value(True).run()

    assert not at.exception
    assert "Withheld, since it failed" in text(at)
    assert "is too coarse to say anything about a place" in text(at)  # 32 px: a grid of 1 x 1
    assert len(at.get("image")) == before

    at.toggle(key=f"uncertainty.anyway.{checkpoint}.{image_id}").set_value(True).run()

    assert not at.exception
    assert len(at.get("image")) == before + 1
    assert "what moved the model, on a grid of 1 x 1; not where the air is." in text(at)

    at.segmented_control(key="uncertainty.map_kind").set_value("Uncertainty map").run()

    assert not at.exception
    assert "varies over passes with dropout" in text(at)


def test_a_film_whose_file_is_gone_has_a_case_but_no_map(study, checkpoint):
    image_id, at = linked(study, checkpoint)
    path = study.radiographs("phantoms")
    table = pd.read_parquet(path)
    files.write_parquet(path, table.assign(path=[str(study.root / "gone.png")] * len(table)))
    shutil.rmtree(study.cache / "thumbnails", ignore_errors=True)

    at.run()
    at.toggle(key=f"uncertainty.map.{checkpoint}.{image_id}").set_value(True).run()

    assert not at.exception
    assert f"The image of {image_id} cannot be read as it was indexed" in at.warning[0].value
    assert str(study.root) not in text(at)


def test_what_localisation_measured_stands_under_the_maps(study, checkpoint):
    measures = {
        "pointing": {"value": 0.25, "low": 0.16, "high": 0.36},
        "area_with_tolerance": {"value": 0.16, "low": None, "high": None},
    }
    report = {
        "weights_sha256": cards.read_card(study, checkpoint)["weights_sha256"],
        "dataset": "phantoms",
        "part": "test",
        "counts": {"films": 81},
        "measures": measures,
    }
    files.write_json(localisation.path(study, checkpoint, "phantoms", "patient", "test", method="grad-cam"), report)
    image_id, at = linked(study, checkpoint)

    at.toggle(key=f"uncertainty.map.{checkpoint}.{image_id}").set_value(True).run()

    assert (
        "Measured on 81 films of phantoms test with a known region: the maximum of the heat map meets the pneumothorax "
        "in 25 % (16 to 36 %), by chance in 16 %."
    ) in text(at)
