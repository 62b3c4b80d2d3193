"""The answer panel in a real browser: saving, drafts, and the way from case to case."""

import pytest

from tests.browser.panel_page import FIRST, SECOND, saved
from tests.browser.test_journey import CHROMIUM, REQUIRED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]


def test_saved_is_said_only_when_the_server_has_said_it(room, expect):
    room.show(FIRST)
    room.press("n", "Enter", "Enter", "4", "Enter", "PageDown")

    (read,) = room.sent("save")  # the other keys did nothing
    assert room.sent("step") == []
    expect(room.button("Saving…")).to_be_disabled()
    expect(room.page.get_by_text("Saved")).to_have_count(0)
    room.show(SECOND, saved=saved(read["key"]))
    expect(room.page.get_by_role("status").get_by_text("Saved 14:03:22")).to_be_visible()
    expect(room.page.get_by_text("Right: probably a pneumothorax, left: none")).to_be_visible()
    assert room.draft() is None


def test_a_double_click_is_one_read(room):
    room.show(FIRST)
    room.press("n")

    room.button("Save first answer as Ada").dblclick()

    assert len(room.sent("save")) == 1


def test_a_server_that_does_not_answer_is_asked_again_for_the_same_read(room, expect):
    room.page.clock.install()
    room.show(FIRST)
    room.press("n", "Enter")
    room.page.clock.run_for(4_000)
    expect(room.button("Saving…")).to_be_visible()

    room.page.clock.run_for(5_000)
    expect(
        room.page.get_by_text("Not saved yet: the server has not answered. Your answer is kept here")
    ).to_be_visible()
    room.shot("silent")
    room.press("Enter")

    first, second = room.sent("save")
    assert first["key"] == second["key"]
    expect(room.button("Saving…")).to_be_visible()
    expect(room.page.get_by_text("Not saved yet")).to_have_count(0)
    room.page.clock.run_for(8_000)
    room.press("3", "Enter")  # another answer is another read
    assert room.sent("save")[2]["key"] != first["key"]


def test_a_refused_answer_stays_and_is_tried_as_another_read(room, expect):
    room.show(FIRST)
    room.press("3", "0", "Enter")
    (read,) = room.sent("save")
    sentence = "Expected no other read of this film, found one of 14:01: look at it and save again."

    room.show(FIRST, expected=9, refused={"key": read["key"], "sentence": sentence})

    expect(room.page.get_by_role("alert")).to_have_text(sentence)
    expect(room.page.get_by_role("alert")).to_have_css("color", "rgb(255, 198, 92)")
    assert (room.chosen("Right"), room.chosen("Left")) == (["3 probably"], ["0 definitely not"])
    room.shot("refused")
    room.press("Enter")
    again = room.sent("save")[1]
    assert again["answer"] == read["answer"]
    assert (again["expected"], again["key"] == read["key"]) == (9, False)
    expect(room.page.get_by_text(sentence)).to_have_count(0)


def test_an_answer_refused_because_the_case_went_on_is_kept_and_told_on_this_case_only(room, expect):
    room.show(FIRST)
    room.press("4", "1", "Enter")
    refused = {"key": room.sent("save")[0]["key"], "sentence": "Expected no first answer, found one of 14:01."}

    room.show(SECOND, refused=refused)

    assert (room.chosen("Right"), room.chosen("Left")) == (["4 definitely"], ["1 probably not"])
    expect(room.page.get_by_role("alert")).to_have_text(refused["sentence"])
    room.show(FIRST, case="c2", refused=refused)
    expect(room.page.get_by_role("alert")).to_have_count(0)


def test_an_answer_is_sent_in_the_role_in_which_it_was_asked_for(room):
    room.show(FIRST)
    room.press("n", "Enter")
    (read,) = room.sent("save")
    refused = {"key": read["key"], "sentence": "Not saved: it asks for an adjudication now."}

    room.show(FIRST, role="adjudicator", adjudicating=True, refused=refused)
    room.press("Enter")

    first, second = room.sent("save")
    assert (first["role"], second["role"]) == ("reader", "adjudicator")
    assert first["answer"] == second["answer"]
    assert first["key"] != second["key"]


def test_a_draft_survives_reload_with_its_key(room, expect):
    room.show(FIRST)
    room.press("3", "0", "Enter")
    (read,) = room.sent("save")
    assert room.draft()["key"] == read["key"]

    room.page.reload()
    room.show(FIRST)
    assert (room.chosen("Right"), room.chosen("Left")) == (["3 probably"], ["0 definitely not"])
    room.press("Enter")
    assert room.sent("save")[0]["key"] == read["key"]

    room.page.reload()  # and the answer comes only now
    room.show(SECOND, saved=saved(read["key"]))
    assert room.draft() is None


def test_a_draft_belongs_to_its_case_and_reader(room):
    room.show(FIRST)
    room.press("3")

    room.show(FIRST, case="c2")
    assert room.chosen("Right") == []
    room.show(FIRST, reader="Grace")
    assert room.chosen("Right") == []
    room.show(FIRST)
    assert room.chosen("Right") == ["3 probably"]


def test_a_script_run_in_between_changes_nothing_that_was_entered(room):
    room.show(FIRST)
    room.press("3", "0")
    room.button("Comment, region, second reader").click()
    comment = room.page.get_by_role("textbox", name="Comment")
    comment.press_sequentially("apical")

    room.show(FIRST, left=30)
    room.page.keyboard.type(" line")

    assert comment.input_value() == "apical line"


def test_only_the_seconds_in_sight_count(room):
    room.page.clock.install()
    turn = """(state) => {
      Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    room.show(FIRST)
    room.page.clock.run_for(3_000)
    room.press("n")
    room.page.evaluate(turn, "hidden")
    room.page.clock.run_for(60_000)
    room.page.evaluate(turn, "visible")
    room.page.clock.run_for(2_000)

    room.press("Enter")

    assert room.sent("save")[0]["seconds"] == pytest.approx(5, abs=0.5)
    assert room.draft()["seconds"] == pytest.approx(5, abs=0.5)
    room.show(SECOND)
    room.page.clock.run_for(1_000)
    room.press("Enter")
    assert room.sent("save")[1]["seconds"] == pytest.approx(1, abs=0.5)  # each stage for itself


def test_page_keys_and_the_bar_step_through_the_cases(room, expect):
    room.show(FIRST, previous=False)
    expect(room.button("Previous film")).to_be_disabled()
    room.press("PageUp", "PageDown", "PageDown")
    assert room.sent("step") == [{"by": 1}]

    room.show(FIRST, case="c2")
    room.button("Previous film").click()

    assert room.sent("step") == [{"by": 1}, {"by": -1}]


def test_the_last_save_stands_on_top_of_the_next_case_with_a_way_back(room, expect):
    room.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    room.show(FIRST, saved=saved("k", "c0"))
    expect(room.page.get_by_role("status").get_by_text("Saved 14:03:22, the film before")).to_be_visible()

    room.button("Copy its sentence").click()
    expect(room.button("Copied")).to_be_visible()
    assert room.page.evaluate("navigator.clipboard.readText()") == "Probably a pneumothorax on the right."
    room.button("Back to it").click()
    assert room.sent("open") == [{"case": "c0"}]
    room.show(SECOND, saved=saved("k2", "c1"))
    expect(room.button("Back to it")).to_have_count(0)


def test_where_the_browser_forbids_copying_the_sentence_is_chosen(room, expect):
    room.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('forbidden')); }")
    room.show(FIRST, saved=saved("k", "c0"))

    room.button("Copy its sentence").click()

    expect(room.button("Press Ctrl+C")).to_be_visible()
    assert room.page.evaluate("document.getSelection().toString()") == "Probably a pneumothorax on the right."


def test_a_panel_that_left_the_page_hears_no_key(room):
    room.show(FIRST)
    room.page.evaluate("leave()")

    room.press("n", "Enter")

    assert room.sent("save") == []


def test_a_case_whose_film_is_lost_says_so_and_can_be_left(room, expect):
    room.view(sha256=None)
    room.show(FIRST, locked="The film cannot be read.", lost=True)

    expect(room.page.get_by_text("The film cannot be read.")).to_be_visible()
    expect(room.page.get_by_text("Loading the film")).to_have_count(0)
    expect(room.button("None on both sides")).to_be_disabled()
    room.press("n", "Enter", "PageDown")

    assert (room.sent("save"), room.sent("step")) == ([], [{"by": 1}])
