"""The answer panel in a real browser: what it shows once the first answer is stored, and the second answer."""

import pytest

from tests.browser.panel_page import DONE, FIRST, MODEL, MORE, OWN, SECOND, SIDE, saved
from tests.browser.test_journey import CHROMIUM, REQUIRED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
SHOWN = MODEL | {"heat": {"state": "shown", "sentence": None}}


def test_the_second_stage_shows_the_own_answer_then_the_model_and_enter_keeps_it(room, expect):
    markup = "It looks <b>unlike</b> the films it learnt from."
    room.show(SECOND, model=MODEL | {"reasons": [markup]}, saved=saved("k"))
    own = room.page.get_by_text("probably a pneumothorax, 12 mm at the apex, 5.5 mm at the hilum, no drain, larger")

    zone = room.page.get_by_text("● suspected")
    assert own.bounding_box()["y"] < zone.bounding_box()["y"]
    expect(zone).to_have_css("color", "rgb(232, 131, 58)")
    expect(room.page.get_by_text(MODEL["line"])).to_be_visible()
    expect(room.page.get_by_role("list", name="Reasons")).to_have_text(markup)  # text, not markup
    assert room.viewed("regions") == OWN["regions"]
    room.press("3", "n", "ArrowLeft")
    room.shot("second")
    room.press("Enter")

    (read,) = room.sent("save")
    assert (read["stage"], read["expected"], read["answer"], read["heat_map"]) == (2, 4, OWN, False)


def test_e_changes_the_answer_and_escape_takes_the_change_back(room, expect):
    room.show(SECOND)
    room.press("e")
    assert room.chosen("Right") == ["3 probably"]
    expect(room.page.get_by_text(MODEL["line"])).to_be_visible()
    room.press("4", "Escape")
    expect(room.page.get_by_text("Your first answer")).to_be_visible()
    assert room.draft(2) is None

    room.press("e", "4")
    room.shot("changing")
    room.press("Enter")

    (read,) = room.sent("save")
    assert (read["stage"], read["answer"]) == (2, OWN | {"right": OWN["right"] | {"grade": 4}})
    room.show(DONE, own=read["answer"], first=OWN, saved=saved(read["key"]))
    expect(room.page.get_by_text("definitely a pneumothorax, 12 mm")).to_be_visible()
    expect(room.page.get_by_text("Your first answer")).to_be_visible()
    assert room.draft(2) is None
    room.shot("done")


def test_a_region_marked_with_the_model_in_sight_changes_the_answer(room):
    room.show(SECOND)

    room.view(regions=[*OWN["regions"], {"kind": "freehand", "points": [[1, 1], [9, 9], [4, 9]]}])

    assert room.chosen("Right") == ["3 probably"]
    room.press("Enter")
    assert len(room.sent("save")[0]["answer"]["regions"]) == 2


def test_the_heat_map_is_computed_when_asked_for_and_then_noted(room, expect):
    room.show(SECOND)
    room.button("Heat map").click()

    assert room.sent("ask") == [{"case": "c1", "what": "heat_map"}]
    expect(room.button("Computing…")).to_be_disabled()
    room.view(hasHeat=True)
    room.show(SECOND, model=SHOWN)
    assert room.viewed("heat")
    expect(room.button("Heat map")).to_have_attribute("aria-pressed", "true")
    room.button("Heat map").click()
    assert not room.viewed("heat")
    room.page.reload()  # what was seen stays seen
    room.show(SECOND, model=SHOWN)
    room.press("Enter")
    assert room.sent("save")[0]["heat_map"]


def test_the_key_of_the_heat_map_asks_for_it_once(room):
    room.show(FIRST)
    room.press("h")
    assert room.sent("ask") == []
    room.show(SECOND)

    room.press("h", "h")

    assert room.sent("ask") == [{"case": "c1", "what": "heat_map"}]


def test_caps_lock_makes_no_other_keys_and_shift_does(room, expect):
    room.show(FIRST)
    room.press("N")  # as Caps Lock writes it: large, and Shift is not held
    assert room.chosen("Left") == ["0 definitely not"]
    room.show(SECOND, case="c2")

    room.press("H", "M")
    assert [one["what"] for one in room.sent("ask")] == ["heat_map", "more"]
    room.press("Shift+E", "Shift+h")
    assert room.chosen("Right") == []
    room.press("m", "E")
    assert room.chosen("Right") == ["3 probably"]


@pytest.mark.parametrize("state", ["withheld", "none"])
def test_a_heat_map_that_is_not_there_is_explained(room, expect, state):
    room.show(SECOND, model=MODEL | {"heat": {"state": state, "sentence": "Withheld: it failed its test."}})

    expect(room.page.get_by_text("Withheld: it failed its test.")).to_be_visible()
    expect(room.button("Heat map")).to_have_count(0)


def test_m_opens_the_drawer_which_is_fetched_once(room, expect):
    room.show(SECOND)
    drawer = room.button("More about the model")
    expect(drawer).to_have_attribute("aria-expanded", "false")

    room.press("m", "m", "m")
    assert room.sent("ask") == [{"case": "c1", "what": "more"}]
    room.show(SECOND, model=MODEL | {"more": MORE})

    expect(room.page.get_by_text(MORE["similar_from"])).to_be_visible()
    expect(room.page.get_by_role("row", name="Mutual information 0.04 nats higher than 91 % of val")).to_be_visible()
    keep = room.button("Keep mine").bounding_box()
    assert keep["y"] + keep["height"] < 768
    room.shot("drawer")
    room.press("m")
    expect(room.page.get_by_text(MORE["similar_from"])).to_have_count(0)


@pytest.mark.parametrize(
    ("href", "leads"),
    [
        ("/uncertainty?case=7", True),
        ("//elsewhere.example/", False),
        ("/\\elsewhere.example", False),
        ("javascript:alert(1)", False),
        ("https://elsewhere.example", False),
    ],
)
def test_the_drawer_ends_with_a_link_into_this_dashboard_only(room, expect, href, leads):
    words = "All signals of <i>this</i> film"
    room.show(SECOND, model=MODEL | {"more": MORE | {"link": {"href": href, "words": words}}})
    room.press("m")

    expect(room.page.get_by_role("row", name="Mutual information")).to_be_visible()
    link = room.page.get_by_role("link")
    if not leads:
        expect(link).to_have_count(0)
        return
    expect(link).to_have_text(words)  # text, not markup
    assert (link.get_attribute("href"), link.get_attribute("target")) == (href, None)
    assert link.bounding_box()["y"] > room.page.get_by_role("table").bounding_box()["y"]


def test_enter_goes_from_a_finished_case_to_the_next_film(room, expect):
    room.show(DONE)
    room.press("Enter", "Enter")
    room.button("Next film").dblclick()
    assert room.sent("step") == [{"by": 1}]

    room.show(DONE, case="c2", next=False, left=0)
    room.button("Finish").click()
    assert room.sent("finish") == [None]
    room.show(DONE, case="c3", next=False, left=2)
    expect(room.button("Finish (2 left to read)")).to_be_visible()


def test_a_finished_case_is_changed_by_a_new_read(room):
    room.show(DONE)
    room.press("e", "ArrowRight", "1", "Enter")

    (read,) = room.sent("save")
    assert (read["stage"], read["expected"], read["answer"]["left"]) == (2, 5, SIDE | {"grade": 1})
    room.show(DONE, expected=6, own=read["answer"], first=OWN, saved=saved(read["key"]))
    room.press("Enter")  # the form is closed again
    assert room.sent("step") == [{"by": 1}]


def test_other_readers_are_shown_where_this_reader_may_know(room, expect):
    others = [{"reader": "Grace", "words": "Right: none, left: cannot tell", "at": "14:02"}]
    room.show(FIRST, others=others, adjudicating=True)

    expect(room.page.get_by_role("heading", name="Your adjudication")).to_be_visible()
    expect(room.page.get_by_text("Grace, 14:02: Right: none, left: cannot tell")).to_be_visible()
    room.shot("adjudicating")
    room.show(SECOND, others=others)
    expect(room.page.get_by_role("heading", name="Other readers")).to_be_visible()
    room.shot("second-others")


def test_a_practice_film_ends_with_reader_model_and_truth_side_by_side(room, expect):
    room.show(FIRST, practice=True)
    expect(room.page.get_by_text("Practice: enters no statistic")).to_be_visible()
    room.show(DONE, practice=True, truth={"lines": ["Pneumothorax on the right, 12 % of the lung.", "No drain."]})

    boxes = [room.page.get_by_role("region", name=name).bounding_box() for name in ("You", "Model", "Truth")]

    assert boxes[0]["x"] < boxes[1]["x"] < boxes[2]["x"]
    assert len({box["y"] for box in boxes}) == 1
    expect(room.page.get_by_role("region", name="Truth")).to_contain_text("Pneumothorax on the right")
    room.shot("practice")
    room.page.set_viewport_size({"width": 820, "height": 1180})
    room.shot("practice")


OFFER = {"state": "offer", "title": "Counterfactual", "sentence": "A network's version of this film."}
MADE = {"state": "shown", "title": "This film without pneumothorax", "sentence": "Invented by a network."}


def test_the_counterfactual_is_asked_for_once_shown_with_its_caption_and_then_noted(room, expect):
    room.show(SECOND, counterfactual=OFFER)
    expect(room.page.get_by_text("A network's version of this film.")).to_be_visible()
    room.button("Counterfactual").click()
    assert room.sent("ask") == [{"case": "c1", "what": "counterfactual"}]
    expect(room.button("Loading…")).to_be_disabled()

    room.show(SECOND, counterfactual=MADE)
    assert room.viewed("counterfactual")
    expect(room.page.get_by_text("Invented by a network.")).to_be_visible()
    made = room.button("This film without pneumothorax")
    expect(made).to_have_attribute("aria-pressed", "true")
    room.shot("counterfactual")
    made.click()
    assert not room.viewed("counterfactual")
    room.page.reload()  # what was seen stays seen
    room.show(SECOND, counterfactual=OFFER)
    room.press("Enter")
    assert room.sent("save")[0]["counterfactual"]


def test_nothing_is_said_of_a_counterfactual_where_there_is_none(room, expect):
    room.show(SECOND, counterfactual=None)

    expect(room.button("Counterfactual")).to_have_count(0)
    room.press("Enter")
    assert not room.sent("save")[0]["counterfactual"]


def test_a_counterfactual_that_cannot_be_read_is_explained(room, expect):
    room.show(SECOND, counterfactual={"state": "none", "title": "x", "sentence": "It cannot be read."})

    expect(room.page.get_by_text("It cannot be read.")).to_be_visible()
