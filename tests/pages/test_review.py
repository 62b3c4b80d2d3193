"""The page Review without a browser: who reads, which case opens, what is said where nothing can be read."""

import json
import re
import shutil
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.base import files, schema
from core.base.paths import ROOT
from core.data import synthetic, truth
from core.review import reading_list, saving, switches
from core.review.read_store import FIRST, WITH_MODEL, Reads
from core.triage.worklists import Worklists
from tests.app import listed
from tests.review import translated
from tests.review.listed import answered, given

PAGE = str(ROOT / "pages" / "review.py")


@pytest.fixture
def made(workspace):
    listed.make(workspace, films=60, drawn=60)
    listed.save(workspace)
    return workspace


def opened(reader=None, *, asked=None, **place):
    at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=60)
    if asked is not None:
        at.session_state["asked"] = asked
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


def turn_on(workspace):
    ledger = Reads(workspace).ledger
    switches.turn(ledger, switches.COUNTERFACTUAL, on=True, key="key-of-switch", reader="Grace", reason="A course.")


@pytest.fixture
def translations(made):
    """The films with their translations, both ways."""
    translated.make(made, "a-of-made", direction=synthetic.B_TO_A)
    translated.make(made, "b-of-made", direction=synthetic.A_TO_B, seed=2)
    return made


def test_the_desk_is_what_it_was_while_the_counterfactual_is_off(translations):
    of = reading_list.load(translations, Worklists(translations).get("first"))
    answered(Reads(translations), of, of.listed[0], "Ada")

    meta = desk(opened("Ada", worklist="first", case=of.names[of.listed[0]]))

    assert meta["panel"]["counterfactual"] is None
    assert not [film for film in meta["films"] if film.get("counterfactual")]


def test_the_counterfactual_is_offered_after_the_first_answer_and_sent_once_it_was_asked_for(translations):
    of = reading_list.load(translations, Worklists(translations).get("first"))
    turn_on(translations)
    image_id = next(name for name in of.listed if len(of.priors(name)) == 1)
    name = of.names[image_id]
    asked = frozenset({(name, "counterfactual")})
    early = desk(opened("Ada", asked=asked, worklist="first", case=name))
    assert (early["panel"]["counterfactual"], len(early["films"])) == (None, 2)
    saving.save(Reads(translations), of, given(of, image_id, "Ada", stage=FIRST))

    offered = desk(opened("Ada", worklist="first", case=name))
    at = opened("Ada", asked=asked, worklist="first", case=name)

    assert offered["panel"]["counterfactual"]["state"] == "offer"
    assert not [word for word in ("attempt to", "of-made", "GENERATED") if word in json.dumps(offered)]
    meta = desk(at)
    *_, prior, made_one = meta["films"]  # it comes last, and never first
    assert made_one["counterfactual"]
    assert not prior.get("counterfactual")
    assert made_one["mark"] == "GENERATED"
    assert made_one["caption"] == "invented by a network: it may add or remove disease"
    assert meta["panel"]["counterfactual"]["sentence"] == "Invented by a network: it may add or remove disease."
    assert (made_one["width"], made_one["height"]) == (26, 32)  # the aspect of its film, 64 x 80
    sent = [one.id for one in components(at.main) if "pleurascope_film" in one.component_name]
    assert [one for one in sent if made_one["sha256"] in one]


def test_what_the_reader_was_sent_is_kept_with_the_answer(translations):
    of = reading_list.load(translations, Worklists(translations).get("first"))
    turn_on(translations)
    image_id = of.listed[0]
    name = of.names[image_id]
    first = saving.save(Reads(translations), of, given(of, image_id, "Ada", stage=FIRST))
    hand = given(of, image_id, "Ada", stage=WITH_MODEL)
    value = {"key": hand.key, "case": name, "sha256": hand.image_sha256, "stage": 2, "expected": first.read_id}
    value |= {"answer": hand.answer.to_dict(), "seconds": 5.0, "role": "reader", "counterfactual": False}
    at = AppTest.from_function(_saved_by_the_desk, kwargs={"value": value, "asked": [[name, "counterfactual"]]})
    at.run(timeout=60)
    assert not at.exception

    *_, last = Reads(translations).of_case("first", image_id)

    assert last.stage == WITH_MODEL
    assert last.seen["counterfactual"]["synthetic"] == ("b-of-made" if of.row(image_id)["label"] == 0 else "a-of-made")


def _saved_by_the_desk(value, asked):
    import streamlit as st

    from app import reading, resources, state, worklist

    found = worklist.read(resources.worklists().get("first")).reading
    state.OPEN_CASE.set(("first", value["case"]))
    state.ASKED.set(frozenset(tuple(one) for one in asked))

    if "done" not in st.session_state:
        st.session_state["done"] = True
        reading._save(found, "Ada", found.image_of(value["case"]), value)
