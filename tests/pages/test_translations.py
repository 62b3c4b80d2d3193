"""The page Translations, driven as a researcher would, on a synthetic data set that is written by hand."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import translations, translations_browse, translations_filters, translations_pair
from core.base import files
from core.base.paths import ROOT
from core.data import synthetic
from core.figures import passport_words
from tests.pages import translated
from tests.pages.translated import GENERATOR, NAME

PAGE = str(ROOT / "pages" / "translations.py")


def opened(view: str | None = None, *, reader: str | None = None, **query) -> AppTest:
    """The page alone, without the frame round it, which other tests drive; at once in a view."""
    at = AppTest.from_file(PAGE, default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    for name, value in (("translations.view", view), ("reader", reader)):
        if value is not None:
            at.session_state[name] = value
    return checked(at.run())


def checked(at) -> AppTest:
    assert not at.exception
    return at


def shown(at, view: str) -> None:
    """Go to a view."""
    checked(at.segmented_control(key="translations.view").set_value(view).run())


def text(at) -> str:
    """Everything a person can read on the page, but its tables and figures."""
    said = [*at.title, *at.subheader, *at.caption, *at.markdown, *at.info, *at.warning, *at.code]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(element.value).replace("\\~", "~") for element in said] + html)  # as a browser shows it


def panes(at) -> list[dict]:
    """The pictures that are sent to the browser, large; none where they are not shown."""
    sent = [json.loads(one.proto.json or "{}") for one in at.get("bidi_component")]
    return next((one["panes"] for one in sent if "panes" in one), [])


def layouts(at) -> list[dict]:
    return [json.loads(one.proto.spec)["layout"] for one in at.get("plotly_chart")]


def charts(at) -> list[str]:
    return [one["title"]["text"] for one in layouts(at)]


def stamps(at) -> list[bool]:
    """Whether each figure says of what it was made, and that it was made up, wherever it is kept."""
    return ["<b>PHANTOMS</b>" in " ".join(note["text"] for note in one["annotations"]) for one in layouts(at)]


def listed(at) -> list[str]:
    """The images of the gallery, in their order."""
    return [one.key.removeprefix("translations.show.") for one in at.button if one.key.startswith("translations.show.")]


@pytest.fixture
def made(workspace):
    return translated.write_all(workspace)


def test_before_there_is_a_set_it_says_the_next_step(workspace):
    at = opened()
    assert "No CycleGAN has learnt yet" in at.info[0].value
    assert "python -m core train cyclegan --dataset DATASET --split domain" in at.code[0].value

    translated.write_films(workspace)  # without a split by domain
    assert checked(at.run()).code[0].value.splitlines() == [
        "python -m core split films --kind domain --name domain",
        "python -m core train cyclegan --dataset films --split domain",
    ]

    translated.write_generator(workspace)  # how it learnt can be seen before anything was translated
    command = f"python -m core translate {GENERATOR} --dataset films --split domain --direction a-to-b --name films-ptx"
    assert command in checked(at.run()).code[0].value
    assert "Distance to the films (KID)" in charts(at)

    (workspace.checkpoint(GENERATOR) / "card.json").write_text("{")
    assert "found a damaged file" in checked(at.run()).warning[0].value


def test_the_verdict_comes_first_and_the_most_real_image_is_large_beside_its_film_and_what_changed(made):
    at = opened(synthetic=NAME, image="nobody")  # an address that names nothing known is no harm

    assert at.selectbox(key="translations.synthetic").options == [
        "films-ptx: No Finding to pneumothorax, from phantoms of films"
    ]
    said = text(at)
    assert "A network tells them from films at once: AUROC 0.970 (0.920 to 0.990); 0.5 is indistinguishable." in said
    assert "41 images of 30 patients whom the generator did not see" in said
    assert f"12 images of 64 px (train 6, val 6) of films/domain, made by {GENERATOR} on 2026-11-28" in said
    assert said.count("it may add or remove disease") == 1
    assert listed(at)[0] == "film11~a-to-b"
    assert "Image film11~a-to-b" in said
    film, made_of_it, change = panes(at)
    assert [film["title"], made_of_it["title"]] == ["Film", "Translation: meant to show a pneumothorax"]
    assert (film["alt"], made_of_it["alt"]) == ("Film, PHANTOM", "Translation: meant to show a pneumothorax, GENERATED")
    before, after = translated.film(11).astype(int), translated.translation(11).astype(int)
    assert f"mean change {np.abs(after - before).mean():.1f} grey levels" in change["note"]
    assert change["legend"]["labels"][1] == "0"
    assert len(change["legend"]["colours"]) == 5
    assert "It lies nearer to the training film film00.png (0.010)" in at.warning[0].value
    assert "The training film most like it is film00.png, at 0.010." in said

    checked(at.button(key="translations.show.film07~a-to-b").click().run())
    assert "Image film07~a-to-b" in text(at)
    assert at.button(key="translations.show.film07~a-to-b").disabled
    assert "film07~a-to-b" in at.query_params["image"]  # it can be kept and sent

    at.query_params["image"] = "film00~a-to-b"
    (against,) = (one.value for one in checked(at.run()).warning)  # what speaks against it comes before its passport
    assert "The generator learnt from this patient" in against
    assert "no more than that of there and back (10 % against 20 %)" in against
    assert "The classifier's probability did not move." in against
    assert "Whether it passes for a film is not known until `realism` ran." in text(at)


def test_the_image_of_a_film_that_waits_for_the_reader_is_kept_back_also_by_its_address(made, monkeypatch):
    from app import reading

    waiting = {"Ada": {"film11.png"}, "Grace": set()}
    monkeypatch.setattr(reading, "kept_from", lambda reader, _dataset: waiting[reader])
    at = opened(synthetic=NAME, image="film11~a-to-b", reader="Ada")
    assert "film11~a-to-b" not in listed(at)
    assert "Image film10~a-to-b" in text(at)
    assert "1 image is left out, of films that wait for Ada" in text(at)

    at.session_state["reader"] = "Grace"
    assert "film11~a-to-b" in listed(checked(at.run()))


def test_a_part_and_a_range_of_any_passport_field_filter_the_images(workspace, made):
    at = opened()
    assert at.multiselect(key=f"translations.part.{NAME}").value == ["val"]  # patients whom the generator did not see
    assert "6 of 12 images" in text(at)

    at.multiselect(key=f"translations.part.{NAME}").set_value([])
    at.multiselect(key=f"translations.fields.{NAME}").set_value(["real_probability", "image_id"]).run()
    (span,) = (one for one in at.slider if "real_probability" in one.key)
    checked(span.set_value((span.min, 0.5)).run())
    assert "6 of 12 images" in text(at)  # 1/12 to 6/12; the one of which it is not known is left out
    assert "film00~a-to-b" not in listed(at)

    at.segmented_control(key="translations.form").set_value(translations_browse.TABLE).run()
    (table,) = (one.value for one in at.dataframe)
    assert table["Image"].tolist()[:2] == ["film06~a-to-b", "film05~a-to-b"]
    assert table["Film and translation"].str.startswith("data:image/jpeg").all()

    at.multiselect(key=f"translations.filter.{NAME}.image_id").set_value(["film11~a-to-b"]).run()
    assert "No image fits these filters" in checked(at).info[0].value

    anew = synthetic.passports(workspace, NAME).assign(part="test", real_probability=None)
    synthetic.write_passports(workspace, NAME, anew)  # what was chosen before is no longer there to be chosen
    assert "No image fits these filters" not in text(checked(at.run()))


def test_only_the_chosen_view_is_made(made, monkeypatch):
    from app import origin_round

    drawn = []
    monkeypatch.setattr(origin_round, "draw", drawn.append)
    at = opened(translations.REALISM)
    assert not panes(at)
    assert charts(at) == [
        *("Told from films", "Distance to the films (KID)", "Precision and recall", "Power by fineness of detail"),
        *("Where the change lies", "Mean change of a film", "Does a classifier answer to the texture?"),
    ]
    assert stamps(at) == [True] * 7
    said = text(at)
    assert "FID: none: fewer than 2,000 images." in said
    assert "No mean heat maps: the classifier's grid of 2 x 2 is too coarse for 64 px." in said
    assert "1 of 41 images lies nearer to a training film" in said

    shown(at, translations.DOSE)
    assert "No evidence that synthetic positives help" in text(at)
    assert "Simple CNN, 64 px, only the head learnt" in text(at)
    assert charts(at) == ["AUROC by dose", "Average precision by dose", "Brier by dose"]
    assert stamps(at) == [True] * 3
    assert at.dataframe[0].value["Dose"].tolist()[-1] == "100 %, both classes (control)"

    shown(at, translations.LEARNT)
    assert len(at.get("image")) == 3 + 3  # the strip; film, translation and reconstruction of one step
    checked(at.select_slider(key=f"translations.step.{GENERATOR}").set_value(500).run())
    assert any(shape.get("x0") == 500 for shape in layouts(at)[0]["shapes"])
    assert stamps(at) == [True] * 2
    assert "Translation, step 500" in text(at)
    assert "No Finding to pneumothorax at step 500 of 750" in text(at)

    assert not drawn
    shown(at, translations.ROUND)
    assert drawn == [NAME]


def test_reports_that_are_missing_or_of_another_generator_or_version_give_no_verdict_and_are_named(workspace, made):
    translated.save(workspace, translated.realism(generator_sha256="0" * 64))
    at = opened(translations.REALISM)
    assert "A network tells them" not in text(at)
    assert "Measured on images of another generator" in at.warning[0].value

    files.write_json(workspace.report(f"realism-{NAME}"), {"report_id": "old"})
    shown(at, translations.BROWSE)
    assert f"reports/realism-{NAME}.json" in at.warning[0].value
    assert listed(at)

    workspace.report(f"realism-{NAME}").unlink()
    shown(at, translations.REALISM)
    assert "was not measured yet" in text(at)
    assert at.code[0].value == f"python -m core realism {NAME} --dataset films"

    files.write_json(workspace.report("dose-response-other"), {"report_id": "old"})
    shown(at, translations.DOSE)
    assert "reports/dose-response-other.json" in at.warning[0].value
    assert "No evidence that synthetic positives help" in text(at)  # another set's report takes nothing away

    workspace.report(translated.dose().report_id).unlink()
    checked(at.run())
    assert at.code[0].value == f"python -m core dose-response --dataset films --split SPLIT --synthetic {NAME}"


def test_what_a_generator_left_behind_may_be_damaged_or_gone(workspace, made):
    folder = workspace.checkpoint(GENERATOR)
    (folder / "sample-000500.png").write_bytes(b"none")
    at = opened(translations.LEARNT)
    assert "found them gone or damaged" in at.warning[0].value
    assert "Distance to the films (KID)" in charts(at)

    for path in folder.glob("sample*"):
        path.unlink()
    assert "No pictures were kept" in checked(at.run()).info[0].value

    (folder / "card.json").write_text("{")
    assert "found a damaged file" in checked(at.run()).warning[0].value

    (folder / "card.json").unlink()
    assert "is not here any more" in checked(at.run()).info[0].value


def test_both_directions_can_be_chosen_and_a_set_that_is_damaged_or_removed_takes_nothing_else_away(workspace, made):
    reason = "no network classifier has learnt from phantoms"
    without = {"classifier_id": None, "classifier_reason": reason}
    translated.write_set(workspace, name="films-nf", direction=synthetic.B_TO_A, **without)
    at = opened()
    checked(at.selectbox(key="translations.synthetic").set_value("films-nf").run())
    assert panes(at)[1]["title"] == "Translation: meant to show none"
    assert f"How far a classifier's probability moved is not known: {reason}." in text(at)
    shown(at, translations.DOSE)
    assert "They serve as the control arm" in at.info[0].value
    assert at.code[0].value.endswith("--synthetic SET,films-nf --control")

    shown(at, translations.BROWSE)
    workspace.passports("films-nf").unlink()
    assert "Expected the passports of 'films-nf'" in checked(at.run()).warning[0].value
    workspace.radiographs("films-nf").unlink()
    assert "Expected the images of 'films-nf', found none" in checked(at.run()).warning[0].value
    workspace.synthetic_card("films-nf").write_text("{")
    assert "found a damaged file" in checked(at.run()).warning[0].value
    assert "Image film11~a-to-b" in text(at)  # of the set that is left

    shutil.rmtree(workspace.dataset("films-nf"))
    Path(synthetic_path(workspace, "film11~a-to-b")).unlink()
    checked(at.run())
    assert any("The image cannot be read as it was indexed" in one.value for one in at.warning)
    assert not panes(at)
    assert "made from film film11.png" in text(at)  # its passport stays


def synthetic_path(workspace, image_id) -> str:
    rows = files.read_parquet(workspace.radiographs(NAME)).set_index("image_id")
    return rows.loc[image_id, "path"]


def test_there_and_back_is_recomputed_on_demand_with_what_it_changed(workspace):
    translated.write_films(workspace)
    sha256 = translated.write_generator(workspace, weights=translated.untrained())
    card = translated.write_set(workspace, generator_sha256=sha256)
    at = opened()
    assert len(panes(at)) == 3

    checked(at.toggle(key="translations.back").set_value(True).run())
    titles = [one["title"] for one in panes(at)]
    assert titles[2] == "There and back"
    assert titles[3:] == ["Translation less film", "There and back less film"]
    assert panes(at)[2]["alt"].endswith("GENERATED")
    assert panes(at)[3]["legend"] == panes(at)[4]["legend"]  # one scale for both

    other = card.model_copy(update={"generator_sha256": "1" * 64})
    files.write_json(workspace.synthetic_card(NAME), other.model_dump(mode="json"))
    checked(at.run())
    assert any("Expected the generator that made these images, found another" in one.value for one in at.warning)
    assert len(panes(at)) == 3


@pytest.mark.parametrize("order", list(translations_filters.ORDERS))
def test_an_order_is_that_of_its_field_and_what_is_not_known_goes_last(made, workspace, order):
    table = passport_words.with_implied(synthetic.passports(workspace, NAME))
    column, largest = translations_filters.ORDERS[order]

    for reverse in (False, True):
        found = translations_filters.ordered(table, order, reverse=reverse)[column]
        known = found.dropna().tolist()
        assert known == sorted(known, reverse=largest != reverse)
        assert found.isna().tolist() == sorted(found.isna().tolist())


def test_the_wrong_way_is_a_warning_for_either_direction():
    card = synthetic.SyntheticCard.model_construct(direction=synthetic.B_TO_A, patients=[])
    passport = {"patient_id": "P", "probability_shift": 0.2}

    assert passport_words.warnings(passport, card) == ["The classifier's probability moved the wrong way: +0.20."]
    assert passport_words.warnings(passport | {"probability_shift": -0.2}, card) == []


def test_a_real_film_has_no_mark_and_its_translation_has():
    card = synthetic.SyntheticCard.model_construct(direction=synthetic.A_TO_B)
    film = {"source": "real", "image_id": "a.png"}

    found = translations_pair.panes(film, translated.film(1), translated.translation(1), None, card)

    assert [one.alt for one in found[:2]] == ["Film", "Translation: meant to show a pneumothorax, GENERATED"]


def test_every_field_of_a_passport_has_a_title():
    columns = [*synthetic.schema.PASSPORTS.columns, "lead_in_region", "memorised"]
    passport = pd.DataFrame({name: ["a", "b"] for name in columns})

    assert translations_filters.offered(passport) == columns
    assert set(columns) <= set(translations_filters.TITLES)
