"""The worklist page, driven as a clinician would, without a browser."""

import re
import shutil
import time
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from app import resources
from core.base import files
from core.base.paths import ROOT
from core.review import reading_list
from core.review.read_store import Reads
from core.triage import cases, evidence
from core.triage.policy import SUSPECTED, UNSURE
from core.triage.worklists import Worklists
from tests.app import listed
from tests.review.listed import answered

SEGMENT = "worklist.segment.False"  # of a list that shows zones
PAGE = str(ROOT / "pages" / "worklist.py")


def opened():
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60).switch_page(PAGE).run()
    assert not at.exception
    assert at.title[0].value == "Worklist"
    return at


def rows(at):
    """The rows' HTML, top to bottom."""
    return [body for body in html(at) if body.startswith('<div class="ps-row">')]


def html(at):
    return [element.proto.body for element in at.get("html")]


def ids(at):
    """The films of the rows, by the words of their links."""
    return [link.proto.label.removeprefix("Open ").split(":")[0] for link in links(at)]


def links(at):
    return [link for link in at.get("page_link") if link.proto.label.startswith("Open ")]


def payload(block):
    """Everything that is sent to the browser for a part of the page."""
    own = [str(block.proto)] if getattr(block, "proto", None) is not None else []
    return "\n".join(own + [payload(child) for child in getattr(block, "children", {}).values()])


@pytest.fixture
def made(workspace):
    listed.make(workspace, films=120, drawn=6)
    listed.save(workspace)
    return workspace


def test_an_empty_workspace_shows_the_command_that_makes_one(workspace):
    at = opened()

    assert "No worklist yet" in at.info[0].value
    assert at.code[0].value == (
        "python -m core triage CHECKPOINT --dataset DATASET --split SPLIT --part test --budget 0.2 "
        "--worklist first-list"
    )


def test_the_command_names_a_checkpoint_of_this_workspace_and_the_predictions_it_lacks(workspace):
    listed.make(workspace)

    at = opened()

    place = f"{listed.CHECKPOINT} --dataset made --split patient"
    assert at.code[0].value.splitlines() == [
        f"python -m core predict {place} --part val",
        f"python -m core triage {place} --part test --budget 0.2 --worklist first-list",
    ]


def test_it_says_how_many_are_to_read_and_lists_suspected_films_first(made):
    at = opened()

    table = cases.cases(evidence.load(made, listed.CARD, "made", "patient", "test"), listed.policy())
    zones = table["zone"].value_counts()
    lead = f"{zones[SUSPECTED] + zones[UNSURE]} to read: {zones[SUSPECTED]} suspected, {zones[UNSURE]} unsure."
    assert f'<p class="ps-lead">{lead}</p>' in html(at)
    assert ids(at) == table["image_id"][:25].tolist()
    assert all(">●</b> suspected<" in row for row in rows(at))
    assert any("Probability (cut&nbsp;0.40)" in body for body in html(at))


def test_segments_part_the_zones(made):
    at = opened()

    at.segmented_control(key=SEGMENT).set_value(UNSURE).run()

    assert not at.exception
    assert at.segmented_control(key=SEGMENT).options == [
        "All to read",
        "Suspected",
        "Unsure",
        "Adjudicate",
        "Read today",
    ]
    assert rows(at)
    assert all(">◐</b> unsure<" in row for row in rows(at))


def test_a_row_opens_its_case_for_reading(made):
    at = opened()

    link = links(at)[0].proto
    assert link.page == "review"
    reading = reading_list.load(made, Worklists(made).get("first"))
    assert parse_qs(link.query_string) == {"worklist": ["first"], "case": [reading.names[ids(at)[0]]]}
    assert re.fullmatch(rf"Open {ids(at)[0]}: suspected, probability (0\.\d\d|above 0\.99), to read", link.label)


def test_what_was_read_leaves_the_list_and_stands_under_read_today(made):
    reading = reading_list.load(made, Worklists(made).get("first"))
    read = reading.listed[0]
    answered(Reads(made), reading, read, "Ada")
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    at.session_state["reader"] = "Ada"
    at.switch_page(PAGE).run()

    assert read not in ids(at)
    at.segmented_control(key=SEGMENT).set_value("read today").run()
    assert ids(at) == [read]
    assert links(at)[0].proto.label.endswith(", read")


def test_a_blinded_list_asks_who_reads_and_sends_nothing_of_the_model(made):
    listed.save(made, name="blind", read_mode="blinded", created_at=1_767_225_700.0)
    at = opened()
    assert not rows(at)
    at.text_input(key="review.name.text").set_value("Ada")
    at.button[0].click().run()
    assert not at.exception

    sent = payload(at.main)
    reading = reading_list.load(made, Worklists(made).get("blind"))
    assert len(links(at)) == 25
    assert not [name for name in reading.listed if name in sent]
    told = "".join(body for body in html(at) if 'class="ps-row' in body) + "".join(str(one.proto) for one in links(at))
    assert not re.search(r"suspected|unsure|robability|eason|\d{6}\.png|zone", told)
    assert links(at)[0].proto.label == "Open the film in row 1: to read"
    assert "/".join(parse_qs(link.proto.query_string)["case"][0] for link in links(at)) == "/".join(
        reading.names[name] for name in reading.order("Ada")[:25]
    )


def test_practice_rounds_stand_in_no_list_of_worklists(made):
    listed.save(made, name="practice-1", purpose="practice", created_at=1_767_225_700.0)

    assert opened().selectbox(key="worklist.name").options == ["first"]


def test_films_with_pixels_are_drawn_and_others_say_so(made):
    at = opened()
    at.selectbox(key="worklist.size").set_value(200).run()

    pictures = [ids(at)[at_row] for at_row, row in enumerate(rows(at)) if "data:image/jpeg;base64," in row]
    assert 0 < len(pictures) <= 6
    assert sum("no image" in row for row in rows(at)) == len(rows(at)) - len(pictures)


def test_filters_stay_when_the_page_is_left(made):
    at = opened()
    at.multiselect(key="worklist.first.view").set_value(["AP"]).run()
    at.segmented_control(key=SEGMENT).set_value(UNSURE).run()
    chosen = ids(at)

    at.switch_page(str(ROOT / "pages" / "uncertainty.py")).run()
    assert at.title[0].value == "Uncertainty"
    at.switch_page(PAGE).run()

    assert ids(at) == chosen
    assert at.multiselect(key="worklist.first.view").value == ["AP"]
    assert any("filtered by view" in caption.value for caption in at.caption)


def test_a_filter_that_no_film_fits_is_said_and_the_foot_stays(made):
    at = opened()
    reason = at.multiselect(key="worklist.first.first_reason").options
    assert "At or above the cut" in reason

    at.segmented_control(key=SEGMENT).set_value(UNSURE)
    at.multiselect(key="worklist.first.first_reason").set_value([SUSPECTED]).run()

    assert not at.exception
    assert not rows(at)
    assert any("No film fits" in caption.value for caption in at.caption)
    assert any("this is not a negative report" in body for body in html(at))


def test_the_next_page_goes_on_where_the_first_ended(made):
    at = opened()
    first = ids(at)

    at.get("pagination")[0].set_value(2).run()

    table = cases.cases(evidence.load(made, listed.CARD, "made", "patient", "test"), listed.policy())
    assert first + ids(at) == table["image_id"][:50].tolist()


@pytest.mark.parametrize("uncertain", [False, True])
def test_nothing_on_the_page_tells_a_random_check(made, uncertain):
    table = cases.cases(evidence.load(made, listed.CARD, "made", "patient", "test"), listed.policy())
    checks = set(table.loc[table["random_check"], "image_id"])
    at = opened()
    at.toggle(key="worklist.uncertain").set_value(uncertain)
    at.segmented_control(key=SEGMENT).set_value(UNSURE)
    at.selectbox(key="worklist.size").set_value(200).run()

    bare = [re.sub(r">[^<]*<|base64,[^\"]*|\d", "><", row) for row in rows(at)]
    skeletons = dict(zip(ids(at), bare, strict=True))
    labels = {name: re.sub(r"\d", "", link.proto.label) for name, link in zip(ids(at), links(at), strict=True)}
    others = set(skeletons) - checks
    assert len(checks & set(skeletons)) >= 5
    assert {skeletons[name] for name in checks} <= {skeletons[name] for name in others}
    assert {labels[name] for name in checks} == {labels[name] for name in others}
    places = [place / len(skeletons) for place, name in enumerate(ids(at)) if name in checks]
    assert 0.2 < sum(places) / len(places) < 0.8  # they stand among the others, not at an end
    sent = payload(at.main) + payload(at.sidebar)
    assert len(re.findall("random.?check", sent, flags=re.IGNORECASE)) == 1  # the foot's "none read yet"


def test_nothing_that_is_sent_holds_a_path_or_a_label(made):
    at = opened()
    at.selectbox(key="worklist.size").set_value(200).run()

    sent = payload(at.main) + payload(at.sidebar)
    assert len(sent) > 50_000  # the rows are in it
    assert str(made.root.parent) not in sent
    assert "secret-folder" not in sent
    assert "report label" not in sent.lower()


def gone(place):
    shutil.rmtree(place.checkpoint(listed.CHECKPOINT))


def retrained(place):
    card = place.checkpoint(listed.CHECKPOINT) / "card.json"
    files.write_json(card, listed.CARD | {"weights_sha256": "f" * 64})


def missing(place):
    place.predictions(listed.CHECKPOINT, "made", "patient", "test").unlink()


def split_again(place):
    path = place.split("made", "patient")
    files.write_parquet(path, files.read_parquet(path).iloc[:-3])


def indexed_again(place):
    path = place.radiographs("made")
    table = files.read_parquet(path)
    files.write_parquet(path, table.assign(sha256="0" * 64))


def removed(place):
    shutil.rmtree(place.dataset("made"))


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (gone, "found it gone; put its folder back, or make another worklist: `python -m core triage CHECKPOINT"),
        (retrained, "found other weights; make another worklist: `python -m core triage CHECKPOINT"),
        (missing, "found none; run `python -m core predict cnn-made"),
        (split_again, "found those of other films, since the split was made anew; run `python -m core predict"),
        (indexed_again, "found those of other pixels, since the data set was indexed anew; run `python -m core"),
        (removed, "Expected an indexed data set, found none named 'made'"),
    ],
)
def test_what_has_changed_since_is_said_in_a_sentence_with_the_command(made, happened, expected):
    happened(made)

    at = opened()

    assert len(at.warning) == 1
    assert at.warning[0].value.startswith("The worklist first cannot be shown. Expected ")
    assert expected in at.warning[0].value
    assert not rows(at)


def test_another_worklist_can_be_chosen(made):
    listed.save(made, listed.policy(threshold=None), name="everything", created_at=1_767_225_700.0)

    at = opened()
    assert at.selectbox(key="worklist.name").value == "everything"  # the newest
    assert any("120 to read" in body for body in html(at))
    at.selectbox(key="worklist.name").set_value("first").run()

    assert not any("120 to read" in body for body in html(at))


def test_112_120_films_are_sorted_once_and_only_what_is_seen_is_drawn(workspace, monkeypatch):
    listed.make(workspace, films=112_120)
    listed.save(workspace)
    sorted_, drawn = [], []
    monkeypatch.setattr(cases, "cases", lambda *given, own=cases.cases: sorted_.append(1) or own(*given))
    monkeypatch.setattr(resources, "thumbnail", lambda film, *, size: drawn.append(film["image_id"]))
    at = opened()

    began = time.perf_counter()
    at.segmented_control(key=SEGMENT).set_value(UNSURE).run()
    at.multiselect(key="worklist.first.view").set_value(["AP"]).run()
    at.toggle(key="worklist.uncertain").set_value(True).run()
    seconds = (time.perf_counter() - began) / 3

    assert not at.exception
    assert len(sorted_) == 1
    assert len(drawn) == 4 * 25
    assert seconds < 1.5  # about 0.1 on one core
