"""The answer panel in a real browser: what the reader enters while an answer is on its way is never lost."""

import pytest

from tests.browser.panel_page import DONE, FIRST, OWN, SECOND, SIDE, saved
from tests.browser.test_journey import CHROMIUM, REQUIRED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
KEPT = "what you changed since is open here."
REGION = {"kind": "ellipse", "points": [[1, 2], [30, 40]]}


def silent(room, *keys):
    """Give a first answer which the server does not answer for 8 seconds; return what was sent."""
    room.page.clock.install()
    room.show(FIRST)
    room.press(*(keys or ("3", "0")), "Enter")
    room.page.clock.run_for(9_000)
    (read,) = room.sent("save")
    return read


def test_a_correction_made_before_a_late_reply_is_open_at_the_second_stage(room, expect):
    read = silent(room)
    room.press("ArrowLeft", "4")

    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))

    expect(room.page.get_by_text(f"Your first answer was saved at 14:03:22; {KEPT}")).to_be_visible()
    assert (room.chosen("Right"), room.chosen("Left")) == (["4 definitely"], ["0 definitely not"])
    assert (room.draft(1), room.draft(2)["right"]["grade"]) == (None, 4)
    room.shot("late")
    room.press("Enter")
    second = room.sent("save")[1]
    assert (second["stage"], second["answer"]["right"]["grade"]) == (2, 4)
    assert second["key"] != read["key"]
    room.show(DONE, own=second["answer"], first=read["answer"], saved=saved(second["key"]))
    expect(room.page.get_by_text(KEPT)).to_have_count(0)
    assert room.draft(2) is None


def test_the_correction_can_be_taken_back(room, expect):
    read = silent(room)
    room.press("ArrowLeft", "4")
    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))

    room.press("Escape")

    expect(room.page.get_by_text(KEPT)).to_have_count(0)
    expect(room.page.get_by_text("Your first answer", exact=True)).to_be_visible()
    assert (room.draft(1), room.draft(2)) == (None, None)
    room.press("Enter")
    assert room.sent("save")[1]["answer"] == read["answer"]


def test_what_is_the_same_in_the_end_is_no_change(room, expect):
    read = silent(room)
    room.press("ArrowLeft", "4", "ArrowLeft", "3")

    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))

    expect(room.button("Keep mine")).to_be_visible()
    expect(room.page.get_by_text(KEPT)).to_have_count(0)
    assert (room.draft(1), room.draft(2)) == (None, None)


def test_a_correction_that_was_sent_too_is_open_and_its_refusal_told(room, expect):
    read = silent(room)
    room.press("ArrowLeft", "4", "Enter")
    second = room.sent("save")[1]
    assert second["key"] != read["key"]
    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))
    assert room.chosen("Right") == ["4 definitely"]
    sentence = "Expected no first answer, found one of 14:03."

    room.show(
        SECOND, own=read["answer"], saved=saved(read["key"]), refused={"key": second["key"], "sentence": sentence}
    )

    expect(room.page.get_by_role("alert")).to_have_text(sentence)
    assert room.chosen("Right") == ["4 definitely"]
    room.press("Enter")
    assert room.sent("save")[2]["stage"] == 2


def test_writing_goes_on_where_it_was_when_the_late_reply_comes(room):
    read = silent(room)
    room.button("Comment, region, second reader").click()
    comment = room.page.get_by_role("textbox", name="Comment")
    comment.press_sequentially("api")

    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))
    room.page.keyboard.type("cal line")

    assert comment.input_value() == "apical line"
    assert room.draft(2)["comment"] == "apical line"
    assert room.chosen("Right") == ["3 probably"]


def test_a_word_that_was_being_written_is_no_answer_to_the_next_film(room):
    read = silent(room)
    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))
    room.press("e", "ArrowLeft", "4", "Enter")
    room.page.clock.run_for(9_000)
    room.button("Comment, region, second reader").click()
    room.page.get_by_role("textbox", name="Comment").press_sequentially("thi")

    room.show(FIRST, case="c2", saved=saved(room.sent("save")[1]["key"]))
    room.page.keyboard.type("n 34")
    room.press("Enter")

    assert room.chosen("Right") == room.chosen("Left") == []
    assert len(room.sent("save")) == 2
    room.page.wait_for_timeout(1_000)
    room.press("n")
    assert room.chosen("Right") == ["0 definitely not"]


def test_a_correction_of_a_case_that_was_left_is_told_and_open_on_return(room, expect):
    read = silent(room)
    room.press("ArrowLeft", "4", "PageDown")

    room.show(FIRST, case="c2", saved=saved(read["key"]))

    expect(room.page.get_by_text("What you changed there since is kept, and not saved yet.")).to_be_visible()
    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))
    expect(room.page.get_by_text(KEPT)).to_be_visible()
    expect(room.page.get_by_text("What you changed there since")).to_have_count(0)
    assert room.chosen("Right") == ["4 definitely"]


def test_a_saved_case_with_nothing_changed_since_says_nothing_of_it(room, expect):
    read = silent(room)
    room.show(FIRST, case="c2", saved=saved(read["key"]))
    expect(room.page.get_by_text("Saved 14:03:22")).to_be_visible()
    expect(room.page.get_by_text("What you changed there since")).to_have_count(0)


def test_a_change_of_a_finished_case_stays_open_over_the_late_reply_to_the_one_before(room, expect):
    room.page.clock.install()
    room.show(DONE)
    room.press("e", "ArrowRight", "1", "Enter")
    room.page.clock.run_for(9_000)
    room.press("ArrowRight", "2")
    (read,) = room.sent("save")

    room.show(DONE, expected=6, own=read["answer"], first=OWN, saved=saved(read["key"]))

    expect(room.page.get_by_text(f"Your answer was saved at 14:03:22; {KEPT}")).to_be_visible()
    room.press("Enter")
    second = room.sent("save")[1]
    assert (second["expected"], second["answer"]["left"]["grade"]) == (6, 2)


def test_a_region_drawn_while_the_answer_is_on_its_way_is_kept(room, expect):
    room.show(FIRST)
    room.press("3", "0", "Enter")
    (read,) = room.sent("save")
    room.view(regions=[REGION])
    room.press("Enter")
    expect(room.button("Saving…")).to_be_disabled()
    assert len(room.sent("save")) == 1

    room.show(SECOND, own=read["answer"], saved=saved(read["key"]))

    expect(room.page.get_by_text(KEPT)).to_be_visible()
    assert room.viewed("regions") == [REGION]
    room.press("Enter")
    assert room.sent("save")[1]["answer"]["regions"] == [REGION]


def test_a_reload_before_the_reply_opens_no_form_for_what_was_stored(room, expect):
    room.show(FIRST)
    room.press("3", "0")
    room.page.get_by_role("textbox", name="Right, at the apex, mm").fill("12,0")
    room.press("Enter")
    (read,) = room.sent("save")

    room.page.reload()
    answer = read["answer"]
    turned = {name: dict(reversed(answer["right"].items())) if name == "right" else answer[name] for name in answer}
    room.show(SECOND, own=turned | {"regions": []})  # the server writes the same in another order

    expect(room.button("Keep mine")).to_be_visible()
    assert room.draft(1) is None


def test_an_empty_form_is_no_change_of_what_was_saved_in_another_window(room, expect):
    room.show(FIRST)

    room.show(SECOND)

    expect(room.button("Keep mine")).to_be_visible()
    expect(room.page.get_by_text(KEPT)).to_have_count(0)


def test_where_the_browser_keeps_no_drafts_the_correction_is_open_all_the_same(room, expect):
    room.page.evaluate("Storage.prototype.setItem = () => {}")
    read = silent(room)
    room.press("ArrowLeft", "4")

    room.show(SECOND, own=read["answer"] | {"left": SIDE | {"grade": 0}}, saved=saved(read["key"]))

    assert room.chosen("Right") == ["4 definitely"]


def test_a_viewer_that_turns_to_the_next_case_takes_no_region_from_the_last(room):
    region = {"kind": "ellipse", "points": [[1, 2], [30, 40]]}
    room.show(FIRST)
    room.view(regions=[region])

    room.view(sha256="f2", regions=[])  # as the viewer does, before it shows the panel the next case

    assert room.draft()["regions"] == [region]
    room.show(FIRST, film="f2", case="c2")
    room.view(sha256="f1")
    room.show(FIRST)
    assert room.viewed("regions") == [region]
