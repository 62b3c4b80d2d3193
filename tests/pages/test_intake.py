"""The page Intake, driven as a clinician would, without a browser."""

import io
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from streamlit.testing.v1 import AppTest

from app import intake_words, resources
from app.intake_state import PICKED
from core.base import files
from core.base.errors import InputError
from core.base.paths import ROOT
from core.data import intake, pixels, radiographs
from core.review import intake as review
from core.review import reading_list
from core.review.read_store import Reads
from core.triage import chosen_films, evidence, intake_list
from core.triage.worklists import Worklists
from tests.review.listed import answered

PAGE = str(ROOT / "pages" / "intake.py")
NAMED = "ROENTGEN_WILHELM_1845.png"  # a file's name may be a patient's
UPLOADER = "intake.files.Files.{}"


@pytest.fixture
def unaided(study):
    """The study without any classifier, where the page need not wait for one."""
    shutil.rmtree(study.checkpoints)
    return study


def opened(reader="Ada"):
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
    if reader is not None:
        at.session_state["reader"] = reader
    at.switch_page(PAGE).run()
    assert not at.exception
    return at


def phantoms(study, count, *, start=0):
    paths = radiographs.load(study, "phantoms")["path"].iloc[start : start + count]
    return [Path(path).read_bytes() for path in paths]


def png(pixels):
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def plain(content):
    """Return a phantom without its mark: to the core it is a real film."""
    with Image.open(io.BytesIO(content)) as film:
        return png(np.asarray(film))


NOISE = png(np.random.default_rng(0).integers(0, 256, (96, 96), dtype=np.uint8))


def choose(at, contents):
    at.file_uploader(key=UPLOADER.format(at.session_state["intake.round"])).set_value(
        [(NAMED if at_ == 0 else f"{at_}.png", content, "image/png") for at_, content in enumerate(contents)]
    )
    at.run()
    assert not at.exception
    return at


def take(at):
    at.button(key="intake.take").click().run()
    assert not at.exception
    return at


def text(at):
    """Everything that a person can read on the page."""
    said = [
        *at.title,
        *at.subheader,
        *at.caption,
        *at.markdown,
        *at.info,
        *at.error,
        *at.warning,
        *at.success,
        *at.code,
    ]
    html = [element.proto.body for element in at.get("html")]
    return "\n".join([str(element.value) for element in said] + [button.label for button in at.button] + html)


def rows(at):
    return [box.label for box in at.checkbox]


def zones(at):
    return [one.proto.body for one in at.get("html") if "ps-intake-zone" in one.proto.body]


def test_who_reads_is_asked_before_anything_is_offered(study):
    at = opened(reader=None)

    assert at.title[0].value == "Intake"
    assert not at.file_uploader
    at.text_input(key="review.name.text").set_value("Ada")
    at.button[0].click().run()

    assert at.file_uploader
    assert at.button(key="intake.take").disabled
    assert "None yet" in text(at)


def test_nothing_is_kept_before_the_button_and_after_it_all_is_said_with_probability_zone_and_reasons(study):
    at = choose(opened(), [*phantoms(study, 2), NOISE, b"no image"])
    assert not study.radiographs(intake.DATASET).exists()
    assert at.button(key="intake.take").label == "Take in 4 files"

    take(at)

    films = intake.received(study, "Ada")
    told = text(at)
    assert len(films) == len(zones(at)) == 2
    assert "2 files taken in, 1 file left out as no frontal chest radiograph, 1 file refused." in told
    assert "File 3 does not look like a frontal chest radiograph: " in told
    assert "in file 4, found: not a PNG, JPEG or DICOM image" in told
    assert intake_words.cannot_tell() in told
    assert NAMED not in told
    assert str(study.root) not in told
    assert not at.query_params

    checkpoint = at.selectbox(key="intake.classifier").value
    table = files.read_parquet(study.predictions(checkpoint, intake.DATASET)).set_index("image_id")
    assert set(table.index) == set(films["image_id"])
    for shown, name in zip(zones(at), films["image_id"], strict=True):
        value = table.loc[name, "probability"]
        assert f"probability {value:.2f}" in shown or "above 0.99" in shown or "below 0.01" in shown
        assert any(f"{word}</span>" in shown for word in ("suspected", "unsure", "not suspected"))
    assert intake_words.NOT_DIAGNOSIS in told
    assert "of phantoms val" in told
    assert "How well its probabilities fit films from elsewhere was not measured." in told
    assert told.count("view, sex and age not known") == 2  # a PNG tells nothing


def test_what_is_no_chest_is_taken_in_only_when_asked_and_says_so_first(study):
    at = take(choose(opened(), [phantoms(study, 1)[0], NOISE]))
    assert len(zones(at)) == 1

    anyway = next(button for button in at.button if button.label == "Take it in anyway")
    anyway.click().run()

    assert not at.exception
    films = intake.received(study, "Ada")
    assert sorted(films["taken_anyway"]) == [0, 1]
    assert "2 files taken in." in text(at)
    told = text(at)
    assert "Does not look like a frontal chest radiograph: " in told
    assert "What is said below may mean nothing." in told
    assert not [button for button in at.button if button.label == "Take it in anyway"]


def test_a_run_that_was_stopped_goes_on_with_the_files_that_are_left(unaided, monkeypatch):
    contents = [*phantoms(unaided, 2), b"no image"]
    read = []
    receive = review.receive

    def counting(workspace, given, **about):
        return receive(workspace, (read.append(len(one)) or one for one in given), **about)

    def broken(workspace, given, **about):
        yield next(receive(workspace, given, **about))
        msg = "The disk is full; make room."
        raise InputError(msg)

    at = choose(opened(), contents)
    monkeypatch.setattr(review, "receive", broken)
    take(at)
    assert "The disk is full; make room." in text(at)
    assert "1 file taken in, 2 files not looked at yet." in text(at)

    monkeypatch.setattr(review, "receive", counting)
    assert at.button(key="intake.take").label == "Take in 2 files"
    take(at)

    assert read == [0, len(contents[1]), len(contents[2])]  # the first is not read again
    assert "2 files taken in, 1 file refused." in text(at)
    assert "in file 3, found" in text(at)
    assert "The disk is full" not in text(at)


def test_a_stop_is_asked_for_while_files_are_read(unaided, monkeypatch):
    at = choose(opened(), phantoms(unaided, 1))
    seen = []
    monkeypatch.setattr("app.intake._take_in", lambda _files, _reader: seen.append("begun"))
    at.button(key="intake.take").click().run()

    assert seen == ["begun"]
    assert at.button(key="intake.take").disabled
    at.button(key="intake.stop").click().run()
    assert seen == ["begun"]
    assert not at.button(key="intake.take").disabled


def test_a_classifier_of_phantoms_says_nothing_of_a_real_film(study):
    phantom = phantoms(study, 2)
    at = take(choose(opened(), [phantom[0], plain(phantom[1])]))

    told = text(at)
    assert len(zones(at)) == 1
    assert "1 of 2 films here is real, and this classifier learnt from phantom films: it says nothing of it." in told
    assert told.count(intake_words.OTHER_KIND) == 1
    assert "python -m core train densenet121 --dataset nih" in told
    assert sorted(box.disabled for box in at.checkbox) == [False, True]
    at.session_state[PICKED.name] = frozenset(radiographs.load(study, "intake")["image_id"])  # by another classifier
    at.run()

    assert any(intake_words.NO_LIST in caption.value for caption in at.caption)
    assert _button(at, "Send 1 film")


def first_list(card, workspace, dataset, split):
    """Return an open worklist of the part test."""
    val = evidence.load(workspace, card, dataset, split, "val")
    place = (dataset, split, "test")
    about = {"truth": "report", "name": "open", "read_mode": "open", "readers": (), "created_by": "Mary"}
    point = evidence.in_force(workspace, card)
    return chosen_films.worklist(card, point, intake_list.policy(val), ["any"], place=place, **about)


def _button(at, label):
    return next(button for button in at.button if button.label == label)


def test_nobody_sees_anothers_films_and_a_change_of_reader_forgets_the_files(unaided):
    at = take(choose(opened(), phantoms(unaided, 2)))
    assert len(rows(at)) == 2
    at.checkbox[0].check().run()

    assert not rows(opened("Grace"))
    at.session_state["reader"] = "Grace"  # somebody else reads, in this very session
    at.run()

    assert not rows(at)
    assert "None yet" in text(at)
    assert "taken in" not in text(at).replace("take them in", "")
    take(choose(at, phantoms(unaided, 1)))
    assert "this file was taken in before" not in text(at)  # who brought it is not told
    assert [box.value for box in at.checkbox] == [False]


def test_films_go_to_a_worklist_that_is_listed_and_opens(study):
    at = take(choose(opened(), phantoms(study, 3)))
    for box in list(at.checkbox)[:2]:
        box.check()
    at.run()
    at.text_input(key="intake.send.name").set_value("brought")
    _button(at, "Send 2 films").click().run()

    assert not at.exception
    assert "The worklist brought is made." in text(at)
    made = Worklists(study).get("brought")
    assert (made.dataset, made.split, made.part, made.created_by) == ("intake", "all", "all", "Ada")
    chosen = list(intake.received(study, "Ada")["image_id"][:2])
    assert made.films == tuple(sorted(chosen))

    at.switch_page(str(ROOT / "pages" / "worklist.py")).run()
    assert not at.exception
    told = text(at)
    assert "2 to read:" in told
    assert "These films were taken in and chosen one by one by Ada" in told
    assert "intake, chosen one by one" in told

    at.switch_page(str(ROOT / "pages" / "review.py"))
    at.query_params["worklist"] = "brought"
    at.run()
    assert not at.exception
    assert not at.warning

    reading = reading_list.load(study, made)
    for name in made.films:
        answered(Reads(study), reading, name, "Grace")
    for page, word in (("readers", "4 reads of 2 cases"), ("audit", "Audit")):
        at.switch_page(str(ROOT / "pages" / f"{page}.py")).run()
        assert not at.exception
        assert word in text(at)


def test_a_film_that_waits_for_the_readers_own_answer_is_silent(study):
    at = take(choose(opened(), phantoms(study, 2)))
    at.checkbox[0].check().run()
    at.text_input(key="intake.send.readers").set_value("Ada")
    _button(at, "Send 1 film").click().run()

    assert not at.exception
    assert len(zones(at)) == 1
    assert intake_words.WAITS in text(at)


def test_a_film_whose_pixels_wait_elsewhere_is_silent_too_and_no_list_tells_of_it(study):
    films = radiographs.load(study, "phantoms")
    card = next(card for card in resources.checkpoint_cards() if card["dataset"] == "phantoms")
    test = files.read_parquet(study.split("phantoms", card["split"])).query("part == 'test'")["image_id"].iloc[:2]
    wanted = films[films["image_id"].isin(test)]
    about = {"name": "blind", "read_mode": "blinded", "readers": ("Ada", "Grace"), "films": tuple(sorted(test))}
    place = (card, study, "phantoms", card["split"])
    Worklists(study).save(replace(first_list(*place), **about))
    again = io.BytesIO()  # other bytes, so another id, of the same pixels
    with Image.open(Path(wanted["path"].iloc[0])) as film:
        marks = PngInfo()
        marks.add_text(pixels.SOURCE_KEY, "phantom")
        film.save(again, "PNG", compress_level=1, pnginfo=marks)

    at = take(choose(opened(), [again.getvalue(), Path(wanted["path"].iloc[1]).read_bytes(), *phantoms(study, 1)]))

    assert len(intake.received(study, "Ada")) == 3
    assert len(zones(at)) == 1
    assert text(at).count(intake_words.WAITS) == 2
    for box in list(at.checkbox):
        box.check()
    at.run()
    at.text_input(key="intake.send.name").set_value("brought")
    _button(at, "Send 3 films").click().run()
    at.switch_page(str(ROOT / "pages" / "worklist.py")).run()
    assert not at.exception
    assert "This worklist shows 2 films that you still have to read blinded in blind." in text(at)


def test_what_goes_wrong_while_files_are_read_ends_the_taking_in(unaided, monkeypatch):
    at = choose(opened(), phantoms(unaided, 1))

    def broken(*_arguments, **_about):
        raise RuntimeError

    monkeypatch.setattr(review, "receive", broken)
    at.button(key="intake.take").click().run()
    assert at.exception

    at.run()

    assert not at.exception
    assert not at.button(key="intake.take").disabled


def test_films_that_go_while_they_are_shown_are_said_to_be_gone(study, monkeypatch):
    def gone(*_arguments, **_about):
        msg = "The films are ![gone](//x.example/p.png)."
        raise InputError(msg)

    monkeypatch.setattr("app.intake_resources.evidence", gone)

    at = take(choose(opened(), phantoms(study, 1)))

    assert not at.exception
    assert r"Which films are unsure is not known. The films are \!\[gone\](//x.example/p.png)." in text(at)
    assert "No probability: see above." in text(at)


def test_without_labels_the_page_splits_says_where_they_come_from(unaided):
    at = take(choose(opened(), phantoms(unaided, 1)))
    at.switch_page(str(ROOT / "pages" / "splits.py")).run()
    at.selectbox(key="splits.dataset").set_value("intake").run()

    assert not at.exception
    assert "1 film, no split yet. None of its films has a label yet: take labels in by `python -m core" in text(at)


def test_a_heat_map_is_drawn_only_where_it_passed(study, monkeypatch):
    values = np.array([[0.0, 1.0], [0.0, 0.5]], np.float32)
    about = {"title": "CNN", "weight": None, "reasons": ["It moves."], "target": "for"}
    at = take(choose(opened(), phantoms(study, 1)))
    pictures = len(at.get("image"))
    said = {"shown": "It passed: It moves.", "withheld": "Heat map withheld", "empty": "No heat map. CNN: It moves."}
    for verdict, sentence in said.items():
        one = SimpleNamespace(verdict=verdict, grid=(2, 2), heat_map=values, **about)
        monkeypatch.setattr("app.uncertainty_maps.explanations", lambda *_args, _one=one, **_about: [_one])

        at.toggle[0].set_value(True).run()

        assert not at.exception
        assert sentence in text(at)
        assert len(at.get("image")) - pictures == (verdict == "shown")


def test_without_val_predictions_the_probability_stands_with_its_cut_alone(study):
    checkpoint = next(iter(study.checkpoints.glob("cnn-*"))).name
    study.predictions(checkpoint, "phantoms", "patient", "val").unlink()

    at = take(choose(opened(), phantoms(study, 1)))

    assert "Which films are unsure is not known." in text(at)
    assert len(zones(at)) == 1
    assert "unsure</span>" not in zones(at)[0]
    assert "cut 0." in zones(at)[0]


def test_an_empty_workspace_says_that_there_is_no_classifier(workspace):
    at = choose(opened(), [NOISE])
    take(at)
    _button(at, "Take it in anyway").click().run()

    assert not at.exception
    assert "No classifier yet" in text(at)


def test_warnings_of_a_film_stand_beside_it(unaided):
    at = take(choose(opened(), phantoms(unaided, 1)))
    table = files.read_parquet(unaided.radiographs(intake.DATASET))
    told = table.assign(warnings="letters seem to be burned into the picture: look", view="AP", sex="F", age_years=90.0)
    files.write_parquet(unaided.radiographs(intake.DATASET), told)
    at.run()

    assert "Letters seem to be burned into the picture: look." in text(at)
    assert "AP · F · 90 y" in text(at)


def test_films_are_paged(study, monkeypatch):
    monkeypatch.setattr("app.intake_rows.A_PAGE", 2)

    at = take(choose(opened(), phantoms(study, 3)))

    assert len(zones(at)) == 2
    checkpoint = at.selectbox(key="intake.classifier").value
    assert len(files.read_parquet(study.predictions(checkpoint, intake.DATASET))) == 2  # of what is in sight


@pytest.mark.parametrize("kind", ["Files", "A folder"])
def test_files_or_a_folder_can_be_chosen(unaided, kind):
    at = opened()
    at.segmented_control(key="intake.kind").set_value(kind).run()

    uploader = at.file_uploader(key=f"intake.files.{kind}.{at.session_state['intake.round']}")
    assert uploader.accept_multiple_files
    assert uploader.accept_directory == (kind == "A folder")
    assert "200 MB" in uploader.help
