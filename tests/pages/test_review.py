"""The page Review without a browser: who reads, which case opens, what is said where nothing can be read."""

import json
import re
import shutil
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.base import files, schema
from core.base.paths import ROOT
from core.data import truth
from core.review import reading_list
from core.review.read_store import Reads
from core.triage.worklists import Worklists
from tests.app import listed
from tests.review.listed import answered

PAGE = str(ROOT / "pages" / "review.py")


@pytest.fixture
def made(workspace):
    listed.make(workspace, films=60, drawn=60)
    listed.save(workspace)
    return workspace


def opened(reader=None, **place):
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    if reader is not None:
        at.session_state["reader"] = reader
    for name, value in place.items():
        at.query_params[name] = value
    at.switch_page(PAGE).run()
    assert not at.exception
    return at


def desk(at):
    """What the desk was given, or None where it was not drawn."""
    found = [one for one in components(at.main) if "pleurascope_desk" in one.component_name]
    return json.loads(found[0].json)["meta"] if found else None


def components(block):
    own = getattr(block, "proto", None)
    found = [own] if own is not None and hasattr(own, "component_name") else []
    for child in getattr(block, "children", {}).values():
        found += components(child)
    return found


def test_the_name_is_asked_once_a_session(made):
    at = opened()
    assert at.title[0].value == "Review"
    assert desk(at) is None

    at.text_input(key="review.name.text").set_value("  Ada   Lovelace ")
    at.button[0].click().run()

    assert not at.exception
    assert at.session_state["reader"] == "Ada Lovelace"
    assert desk(at)["panel"]["reader"] == "Ada Lovelace"


def test_a_name_of_nothing_is_refused_at_the_field(made):
    at = opened()
    at.text_input(key="review.name.text").set_value("   ")
    at.button[0].click().run()

    assert at.error[0].value.startswith("Expected a reader's name of 1 to 60 letters, digits, spaces")


def test_the_first_case_that_waits_is_opened_with_the_films_to_come(made):
    of = reading_list.load(made, Worklists(made).get("first"))
    answered(Reads(made), of, of.listed[0], "Ada")

    at = opened("Ada")

    meta = desk(at)
    assert meta["case"] == of.names[of.listed[1]]
    assert at.query_params["case"] == meta["case"]
    assert meta["panel"]["bar"]["position"] == f"2 of {len(of.listed)}"
    assert meta["panel"]["left"] == len(of.listed) - 1
    assert meta["panel"]["model"] is None
    films = [one for one in components(at.main) if "pleurascope_film" in one.component_name]
    assert len(films) >= 3  # this one, and two ahead


def test_a_deep_link_opens_its_case_in_whatever_state_it_is(made):
    of = reading_list.load(made, Worklists(made).get("first"))
    read = answered(Reads(made), of, of.listed[3], "Ada")

    meta = desk(opened("Ada", worklist="first", case=of.names[of.listed[3]]))

    assert meta["panel"]["stage"] == "done"
    assert meta["panel"]["own"] == read.answer.to_dict()
    assert meta["panel"]["model"]["line"].startswith("Model: suspected")


def test_a_case_that_the_list_does_not_have_is_said(made):
    at = opened("Ada", worklist="first", case="0123456789ab")

    assert at.warning[0].value.startswith("Expected a case of the worklist first, found '0123456789ab'")
    assert desk(at) is None


def test_without_a_worklist_there_is_a_way_on(workspace):
    at = opened("Ada")

    assert at.warning[0].value.startswith("Expected a worklist to read, found none yet")


def test_when_all_is_read_it_says_so(made):
    kept = Worklists(made).get("first")
    of = reading_list.load(made, Worklists(made).save(replace(kept, name="short", films=(kept_film(made),))))
    answered(Reads(made), of, of.listed[0], "Ada")

    at = opened("Ada", worklist="short")

    assert at.subheader[0].value == "Nothing is left to read for you"
    assert desk(at) is None


def kept_film(workspace):
    return reading_list.load(workspace, Worklists(workspace).get("first")).listed[0]


def test_an_image_that_changed_locks_the_case(made):
    of = reading_list.load(made, Worklists(made).get("first"))
    path = of.row(of.listed[0])["path"]
    shutil.copy(of.row(of.listed[1])["path"], path)

    panel = desk(opened("Ada"))["panel"]

    assert panel["locked"].startswith("The image of this case cannot be read as it was indexed")


def test_a_practice_round_begins_and_goes_on(made):
    table = truth.load(made, "made")
    phantom = schema.checked(table.assign(truth=truth.PHANTOM), schema.TRUTH)
    files.write_parquet(made.truth("made"), phantom)
    listed.save(made, name="of phantoms", truth=truth.PHANTOM, created_at=1_767_225_700.0)

    first = opened("Ada", practice="1")
    again = opened("Ada", practice="1")

    assert desk(first)["panel"]["practice"]
    assert desk(first)["panel"]["bar"]["position"] == "1 of 5"
    assert desk(first)["panel"]["bar"]["id"] is None
    assert desk(again)["case"] == desk(first)["case"]
    assert len([one for one in Worklists(made).all() if one.purpose == "practice"]) == 1


def test_anothers_practice_round_is_not_opened(made):
    listed.save(made, name="practice-1", purpose="practice", readers=("Grace",), created_at=1_767_225_700.0)

    at = opened("Ada", worklist="practice-1")

    assert at.warning[0].value == (
        "Expected the name of a worklist in the address, found 'practice-1'; there is first."
    )
    assert desk(at) is None


def test_a_list_that_tells_what_another_hides_is_closed(made):
    listed.save(made, name="blind", read_mode="blinded", readers=("Ada",), created_at=1_767_225_700.0)

    at = opened("Ada", worklist="first")

    assert re.match(
        r"This worklist shows \d+ films that you still have to read blinded in blind\.", at.warning[0].value
    )
    assert desk(at) is None
    assert desk(opened("Ada", worklist="blind"))["panel"]["mode"] == "blinded"
    assert desk(opened("Grace", worklist="first")) is not None


def test_who_leaves_takes_everything_along(made):
    at = opened("Ada")
    at.session_state["refused"] = {"key": "k", "sentence": "read by Grace (left: definitely a pneumothorax)"}
    at.session_state["asked"] = frozenset({("case", "heat_map")})
    at.button(key="frame.leave").click().run()

    assert not at.exception
    assert at.session_state["reader"] is None
    assert at.session_state["refused"] is None
    assert at.session_state["asked"] == frozenset()


def test_without_phantoms_a_practice_round_says_what_it_needs(made):
    at = opened("Ada", practice="1")

    assert at.warning[0].value.endswith("--dataset made --split patient --part val` first.")
