"""The answer panel in a real browser: the first answer, by keys and by hand, and its saving."""

import pytest

from tests.browser.panel_page import DONE, FIRST, SECOND, SIDE, saved
from tests.browser.test_journey import CHROMIUM, REQUIRED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
NONE = {"right": SIDE | {"grade": 0}, "left": SIDE | {"grade": 0}, "quality": "good", "regions": [], "comment": ""}


def test_nothing_is_preselected_and_the_right_side_stands_on_the_left(room, expect):
    room.show(FIRST)

    assert room.chosen("Right") == room.chosen("Left") == []
    assert room.grade("Right").bounding_box()["x"] < room.grade("Left").bounding_box()["x"]
    buttons = room.grade("Right").get_by_role("radio")
    grades = ("0 definitely not", "1 probably not", "2 cannot tell", "3 probably", "4 definitely")
    assert tuple(buttons.all_text_contents()) == grades
    assert all(button.bounding_box()["height"] == 44 for button in buttons.all())
    expect(room.page.get_by_role("radio", name="good")).to_be_checked()
    expect(room.page.get_by_text("at first: good")).to_be_visible()
    expect(room.button("Save first answer as Ada")).to_be_disabled()
    expect(room.page.get_by_text("Grade both sides")).to_be_visible()
    expect(room.page.get_by_text("PleuraScope notifies nobody")).to_have_count(1)
    room.shot("first")


def test_a_film_is_read_by_three_keys(room, expect):
    room.show(FIRST, expected=3)

    room.press("0")
    expect(room.page.get_by_text("Grade the left side")).to_be_visible()
    room.press("1", "Enter")

    (read,) = room.sent("save")
    assert len(read.pop("key")) == 36
    assert read.pop("seconds") < 5
    assert read == {
        "case": "c1",
        "sha256": "f1",
        "stage": 1,
        "expected": 3,
        "answer": NONE | {"left": SIDE | {"grade": 1}, "second_reader": False},
        "heat_map": False,
        "counterfactual": False,
        "role": "reader",
    }


def test_the_arrows_choose_the_column_on_that_side_of_the_screen(room, expect):
    room.show(FIRST)

    room.press("ArrowRight", "4")
    assert (room.chosen("Right"), room.chosen("Left")) == ([], ["4 definitely"])
    room.press("2")  # the choice went on to the other side, which was empty
    assert (room.chosen("Right"), room.chosen("Left")) == (["2 cannot tell"], ["4 definitely"])
    room.press("3")  # both are graded: it stays
    assert (room.chosen("Right"), room.chosen("Left")) == (["3 probably"], ["4 definitely"])
    room.press("ArrowRight", "0", "Numpad4", "1")  # without its lock the 4 of the number pad is an arrow
    assert (room.chosen("Right"), room.chosen("Left")) == (["1 probably not"], ["0 definitely not"])
    expect(room.grade("Right")).to_have_attribute("aria-current", "true")


def test_n_says_none_on_both_sides(room, expect):
    room.show(FIRST)

    room.press("n")

    assert room.chosen("Right") == room.chosen("Left") == ["0 definitely not"]
    expect(room.button("Save first answer as Ada")).to_be_enabled()


def test_size_drain_and_change_are_asked_where_something_is_seen(room, expect):
    room.show(FIRST)
    room.press("3", "0")

    room.page.get_by_role("textbox", name="Right, at the apex, mm").fill("12,5")
    hilum = room.page.get_by_role("textbox", name="Right, at the hilum, mm")
    hilum.press_sequentially("304")
    expect(room.page.get_by_text('The right side at the hilum: 0 to 300 mm, not "304"')).to_be_visible()
    hilum.press("Backspace")
    room.page.get_by_role("radiogroup", name="Right, drain").get_by_role("radio", name="yes").click()
    room.page.get_by_role("radiogroup", name="Right, against the prior").get_by_role("radio", name="larger").click()
    left = room.page.get_by_role("radiogroup", name="Left, against the prior")
    assert left.get_by_role("radio").all_text_contents() == ["resolved"]
    left.get_by_role("radio").click()
    expect(room.page.get_by_role("radiogroup", name="Left, drain")).to_have_count(0)
    assert room.chosen("Right") == ["3 probably"]  # the digits went into the field
    hilum.press("Enter")

    (read,) = room.sent("save")
    seen = {"grade": 3, "apex_mm": 12.5, "hilum_mm": 30, "drain": True, "change": "larger"}
    assert read["answer"]["right"] == seen
    assert read["answer"]["left"] == SIDE | {"grade": 0, "change": "resolved"}


def test_what_a_lower_grade_no_longer_allows_is_not_saved(room):
    room.show(FIRST)
    room.press("4", "0")
    room.page.get_by_role("textbox", name="Right, at the apex, mm").fill("9")
    room.page.get_by_role("radiogroup", name="Right, against the prior").get_by_role("radio", name="new").click()

    room.press("ArrowLeft", "1", "Enter")

    assert room.sent("save")[0]["answer"]["right"] == SIDE | {"grade": 1}


def test_no_change_is_asked_where_there_is_no_prior(room, expect):
    room.show(FIRST, priors=0)

    room.press("3", "0")

    expect(room.page.get_by_text("Drain")).to_be_visible()
    expect(room.page.get_by_text("Against the prior")).to_have_count(0)


def test_an_unreadable_film_has_no_grades(room, expect):
    room.show(FIRST)
    room.press("3")
    room.page.get_by_role("radio", name="unreadable").click()

    room.press("4")
    assert room.chosen("Right") == room.chosen("Left") == []
    expect(room.button("None on both sides")).to_be_disabled()
    room.press("Enter")

    answer = room.sent("save")[0]["answer"]
    assert (answer["quality"], answer["right"], answer["left"]) == ("unreadable", SIDE, SIDE)


def test_the_panel_is_locked_until_the_film_of_this_case_is_on_the_screen(room, expect):
    room.view(sha256=None)
    room.show(FIRST)

    room.press("0", "1", "n", "Enter")
    expect(room.page.get_by_text("Loading the film")).to_be_visible()
    room.view(sha256="of the case before")
    room.press("n", "Enter")
    assert room.chosen("Right") == []

    room.view(sha256="f1")
    room.press("n", "Enter")
    assert len(room.sent("save")) == 1


def test_a_flipped_film_locks_the_sides(room, expect):
    room.show(FIRST)
    room.press("3")
    room.view(straight=False)

    room.press("ArrowLeft", "4", "n", "Enter")

    expect(room.page.get_by_text("The film is flipped or turned: Space resets it")).to_be_visible()
    assert (room.chosen("Right"), room.chosen("Left"), room.sent("save")) == (["3 probably"], [], [])
    expect(room.grade("Left").get_by_role("radio").first).to_be_disabled()
    room.view(straight=True)
    room.press("4")
    assert room.chosen("Left") == ["4 definitely"]


def test_a_locked_case_says_why_and_takes_no_answer(room, expect):
    room.show(FIRST, locked="This worklist is closed: ask for a new one.")

    room.press("n", "Enter")

    expect(room.page.get_by_text("This worklist is closed: ask for a new one.")).to_be_visible()
    expect(room.button("None on both sides")).to_be_disabled()
    assert room.sent("save") == []


def test_keys_in_a_field_are_text(room, expect):
    room.show(FIRST)
    room.press("0", "0")
    room.button("Comment, region, second reader").click()
    comment = room.page.get_by_role("textbox", name="Comment")
    comment.click()

    room.press("3", "n", "e", "PageDown", "Enter", "4")
    assert comment.input_value() == "3ne\n4"
    assert room.sent("save") == room.sent("step") == []
    room.press("Escape", "3")
    assert room.chosen("Left") == ["3 probably"]
    room.page.locator("#elsewhere").click()
    room.press("4", "Enter")  # a field outside the panel is nobody's answer
    assert room.chosen("Left") == ["3 probably"]
    comment.click()
    room.press("Control+Enter")

    (read,) = room.sent("save")
    assert read["answer"]["comment"] == "3ne\n4"


def test_combinations_other_letters_and_a_held_key_do_nothing(room):
    room.show(FIRST)

    room.press("Control+n", "Alt+n", "Meta+n", "Shift+3", "Control+3", "r", "c", "x")
    assert room.chosen("Right") == room.chosen("Left") == []
    room.page.keyboard.down("3")
    room.page.keyboard.down("3")  # repeated by the keyboard
    room.page.keyboard.up("3")
    assert (room.chosen("Right"), room.chosen("Left")) == (["3 probably"], [])
    room.press("0", "Control+Enter", "Shift+Enter")
    assert room.sent("save") == []


def test_a_clicked_button_does_not_take_the_keys(room):
    room.show(FIRST)
    room.grade("Right").get_by_role("radio", name="3 probably").click()
    room.grade("Left").get_by_role("radio", name="0 definitely not").click()
    room.page.locator("#tool").click()  # a tool of the viewer, which has the focus now

    room.press("Enter")

    assert len(room.sent("save")) == 1


def test_every_part_is_reached_by_tab_and_space(room):
    room.show(FIRST, priors=0)
    room.grade("Right").get_by_role("radio").first.focus()

    room.press("ArrowDown", "Space", "Tab", "Space")

    assert (room.chosen("Right"), room.chosen("Left")) == (["1 probably not"], ["0 definitely not"])
    room.press("Tab")
    assert room.page.evaluate("document.activeElement.innerText").startswith("None on both sides")


def test_regions_are_asked_for_counted_kept_and_cleared(room, expect):
    region = {"kind": "ellipse", "points": [[1, 2], [30, 40]]}
    room.show(FIRST)
    room.button("Comment, region, second reader").click()
    room.button("Ellipse").click()
    room.button("Freehand").click()
    room.button("A second reader, please").click()
    assert room.viewed("asked") == ["ellipse", "freehand"]
    room.press("3", "0")

    room.view(regions=[region])
    expect(room.page.get_by_text("1 region")).to_be_visible()
    room.view(regions=[region, region])
    room.press("Enter")
    answer = room.sent("save")[0]["answer"]
    assert (answer["regions"], answer["second_reader"]) == ([region, region], True)

    room.show(FIRST, case="c2")
    assert room.viewed("regions") == []
    room.view(regions=[region])
    room.button("Comment, region, second reader (1 region)").click()
    room.button("Clear").click()
    assert room.viewed("regions") == []


def test_it_fits_a_window_of_768_pixels_and_the_save_button_stays_in_sight(room, expect):
    room.show(FIRST, saved=saved("k0", "c0"))
    scroll = room.page.locator(".panel-scroll")

    assert scroll.evaluate("(node) => node.scrollHeight <= node.clientHeight")
    room.press("3", "3")
    room.button("Comment, region, second reader").click()
    room.page.get_by_role("textbox", name="Right, at the apex, mm").fill("12")
    save = room.button("Save first answer as Ada").bounding_box()
    assert save["y"] + save["height"] < 768
    assert scroll.evaluate("(node) => node.scrollWidth <= node.clientWidth")
    room.shot("details")


@pytest.mark.parametrize("panel", [FIRST, SECOND, DONE], ids=["first", "second", "done"])
def test_the_case_bar_does_not_wrap_and_a_tablet_has_no_overflow(room, expect, panel):
    room.show(panel)
    bar = room.page.locator(".panel-bar")

    assert bar.bounding_box()["height"] == 36
    assert bar.evaluate("(node) => node.scrollWidth <= node.clientWidth")
    assert [step.get_attribute("aria-current") for step in bar.get_by_role("listitem").all()] == [
        "step" if panel["stage"] == 1 else None,
        "step" if panel["stage"] == 2 else None,
    ]
    for words in ("7 of 38", "00012345_003.png", "54 y F", "follow-up 3, 2 priors", "PHANTOM", "Ada"):
        expect(bar.get_by_text(words, exact=True)).to_be_in_viewport()
    room.page.set_viewport_size({"width": 820, "height": 1180})
    assert room.page.evaluate("document.documentElement.scrollWidth") <= 820
    room.shot(f"tablet-{panel['stage']}")


def test_a_case_without_a_name_shows_none(room, expect):
    room.show(FIRST, bar={"position": "1 of 5", "id": None, "facts": ["54 y F"], "chip": None})

    expect(room.page.locator(".desk-bar")).to_contain_text("54 y F")
    expect(room.page.locator(".desk-bar")).not_to_contain_text("null")
