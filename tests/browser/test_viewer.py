"""The reading desk in a real browser: what is drawn, what each gesture does, and that none runs a script."""

import numpy as np
import pytest

from core.data.pixels import sha256_of_pixels
from tests.browser.test_journey import CHROMIUM, REQUIRED
from tests.browser.viewer_page import (
    browser,
    canvas,
    corner,
    drag,
    drawn,
    frames,
    grey,
    made,
    over,
    page,
    runs,
    shot,
    show,
)

__all__ = ["browser", "made", "page"]  # fixtures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]


def test_films_of_16_and_8_bits_are_drawn_under_the_hash_that_core_counts(page, made):
    assert page.evaluate("host.drawn().sha256") == sha256_of_pixels(made["deep"])
    assert "16 bit, not for diagnosis" in corner(page, "bottom").inner_text()
    assert "00012_003.png" in corner(page, "top").inner_text()
    assert grey(page, 0.5, 0.5) - grey(page, 0.26, 0.5) > 60  # mediastinum and lung
    shot(page, "deep")

    show(page, "plain")

    assert page.evaluate("host.drawn().sha256") == sha256_of_pixels(made["plain"])
    assert "1024 px shown" in corner(page, "bottom").inner_text()
    assert "8 bit" in corner(page, "bottom").inner_text()
    assert "PHANTOM" in canvas(page).get_attribute("aria-label")
    right, top = canvas(page).evaluate(
        "c => { const d = c.getContext('2d').getImageData(c.width - 14, 12, 1, 1).data; return [d[0] - d[2], d[0]] }"
    )
    assert right > 80 and top > 200  # amber, in the canvas's own pixels
    stored = page.evaluate("[...window.__pleurascope_films.films.keys()]")
    assert set(stored) == {sha256_of_pixels(pixels) for pixels in made.values()}


def test_no_gesture_runs_the_script(page):
    before, first = runs(page), corner(page, "bottom").inner_text()
    middle = grey(page, 0.4, 0.5)
    drag(page, (0.4, 0.5), (0.7, 0.3))
    assert corner(page, "bottom").inner_text() != first
    assert grey(page, 0.4, 0.5) != middle
    box = canvas(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    for _ in range(4):
        page.mouse.wheel(0, -120)
    frames(page)
    assert "zoom 100 %" not in corner(page, "bottom").inner_text()
    page.keyboard.down("Shift")
    drag(page, (0.5, 0.5), (0.6, 0.6))
    page.keyboard.up("Shift")
    drag(page, (0.5, 0.5), (0.6, 0.6), button="middle")
    for key in (
        "i",
        "z",
        "+",
        "-",
        "=",
        "Shift+Digit1",
        "Shift+Digit2",
        "Shift+Digit3",
        "Shift+Digit4",
        "Shift+Digit5",
    ):
        page.keyboard.press(key)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Space")
    frames(page)
    assert corner(page, "bottom").inner_text() == first
    assert runs(page) == before


def test_the_wheel_zooms_to_the_pointer_and_z_shows_one_to_one(page):
    box = canvas(page).bounding_box()
    at = (0.45, 0.4)
    page.mouse.move(box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1])
    before = grey(page, *at)
    for _ in range(6):
        page.mouse.wheel(0, -120)
    assert abs(grey(page, *at) - before) <= 12
    canvas(page).dblclick()
    frames(page)
    assert "zoom 100 %" in corner(page, "bottom").inner_text()
    page.keyboard.press("z")
    frames(page)
    assert "shown 1.0x" in corner(page, "bottom").inner_text()


def test_inverting_and_the_windows_change_the_greys_by_the_table(page):
    show(page, "plain")
    before = grey(page, 0.5, 0.5)
    page.keyboard.press("i")
    assert abs(grey(page, 0.5, 0.5) - (255 - before)) <= 1  # neighbours are blended
    assert "inverted" in canvas(page).get_attribute("aria-label")
    page.keyboard.press("i")
    page.keyboard.press("Shift+Digit3")
    frames(page)
    assert "W 255" not in corner(page, "bottom").inner_text()
    page.keyboard.press("Shift+Digit1")
    frames(page)
    assert "W 255 L 128" in corner(page, "bottom").inner_text()


def test_a_flipped_film_says_so_and_the_next_case_is_straight_again(page):
    assert page.evaluate("host.straight()") is True
    page.get_by_role("button", name="Flip left and right").click()
    frames(page)
    assert corner(page, "turned").inner_text() == "FLIPPED"
    assert page.evaluate("host.straight()") is False
    assert page.locator(".desk-side[data-edge=right]").first.inner_text() == "R"
    page.get_by_role("button", name="Turn by a quarter").click()
    frames(page)
    assert corner(page, "turned").inner_text() == "FLIPPED TURNED 90°"
    shot(page, "flipped")

    show(page, "plain")

    assert corner(page, "turned").inner_text() == ""
    assert page.evaluate("host.straight()") is True
    assert page.locator(".desk-side[data-edge=left]").first.inner_text() == "R"


def test_the_same_case_keeps_its_view_when_the_script_runs(page):
    page.keyboard.press("+")
    page.keyboard.press("i")
    frames(page)
    before = corner(page, "bottom").inner_text()
    count = runs(page)
    page.evaluate("host.send('hello', {n: 1})")
    page.get_by_text(f"runs {count + 1} ").wait_for()
    assert "'name': 'hello'" in page.get_by_text("runs ").inner_text()
    assert "inverted" in before
    assert corner(page, "bottom").inner_text() == before


def test_keys_are_left_to_fields_with_the_focus_and_to_the_page(page):
    field = page.get_by_role("textbox", name="Comment")
    field.fill("")
    field.press_sequentially("i flip z?")
    assert field.input_value() == "i flip z?"
    frames(page)
    assert "inverted" not in corner(page, "bottom").inner_text()
    field.blur()
    page.keyboard.press("Control+i")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("3")
    frames(page)
    assert "inverted" not in corner(page, "bottom").inner_text()
    assert {"ArrowLeft", "3"} <= set(page.evaluate("window.panelKeys"))


def test_the_tools_and_the_help_work_by_keyboard_alone(page):
    button = page.get_by_role("button", name="Invert (I)")
    page.keyboard.press("Tab")
    button.focus()
    heard = len(page.evaluate("window.panelKeys"))
    page.keyboard.press("Enter")
    frames(page)
    assert button.get_attribute("aria-pressed") == "true"
    assert len(page.evaluate("window.panelKeys")) == heard  # Enter on a tool saves no answer
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    assert "none on both sides" in dialog.inner_text()
    assert "Shift+1 to 5" in dialog.inner_text()
    shot(page, "help")
    page.keyboard.press("Escape")
    assert dialog.is_hidden()


def test_each_film_that_does_not_come_is_asked_for_once_and_no_old_film_is_left(page):
    page.get_by_role("button", name="show gone").click()
    page.get_by_text("Loading the film").wait_for()
    assert page.evaluate("host.drawn()") is None
    assert grey(page, 0.5, 0.5) == 0
    page.wait_for_timeout(7000)
    words = page.get_by_text("runs ").inner_text()
    assert words.count("'name': 'missing'") == 2
    assert words.count("0" * 64) == words.count("1" * 64) == 1


def test_drafts_are_kept_by_the_window_and_a_forbidden_value_does_no_harm(page):
    page.evaluate("host.remember('draft', {grade: 3})")
    assert page.evaluate("host.recall('draft')") == {"grade": 3}
    page.evaluate("host.remember('draft', null)")
    assert page.evaluate("host.recall('draft')") is None
    page.evaluate("const round = {}; round.round = round; host.remember('draft', round)")


def test_a_frame_of_1024_pixels_is_drawn(page):
    page.evaluate("window.__pleurascope_frames.length = 0")
    drag(page, (0.3, 0.3), (0.7, 0.7), steps=60)
    times = np.array(page.evaluate("window.__pleurascope_frames"))
    p50, p95 = np.quantile(times, [0.5, 0.95])
    print(f"\n{len(times)} frames at 1024 x 1024 of 16 bits: p50 {p50:.1f} ms, p95 {p95:.1f} ms")
    assert len(times) > 5


def test_nothing_runs_over_the_window(page):
    for width, height in ((820, 1180), (1366, 768), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        frames(page)
        page.wait_for_timeout(400)
        assert page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth") <= 0
        assert over(page) <= 0
        desk = page.locator(".desk").bounding_box()
        film = page.locator(".desk-film").bounding_box()
        panel = page.locator(".desk-panel").bounding_box()
        assert film["height"] >= 420
        if width > 900:
            assert film["width"] >= 0.7 * desk["width"]
            assert panel["width"] == pytest.approx(360, abs=1)
        else:
            assert panel["y"] >= film["y"] + film["height"]
            assert panel["width"] == pytest.approx(desk["width"], abs=1)


def test_two_fingers_zoom_and_one_moves_a_zoomed_film(page):
    box = canvas(page).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind, *points):
        touched = [{"x": x + dx, "y": y + dy, "id": place} for place, (dx, dy) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})

    before = corner(page, "bottom").inner_text()
    touch("touchStart", (-50, 0))
    touch("touchStart", (-50, 0), (50, 0))
    for step in range(1, 6):
        touch("touchMove", (-50 - 10 * step, 0), (50 + 10 * step, 0))
    touch("touchEnd")
    frames(page)
    assert "zoom 200 %" in corner(page, "bottom").inner_text()
    assert before.split(",")[0] in corner(page, "bottom").inner_text()  # the window is as it was
    own = grey(page, 0.5, 0.5)
    touch("touchStart", (0, 0))
    touch("touchMove", (100, 0))
    touch("touchMove", (200, 0))
    touch("touchEnd")
    assert grey(page, 0.5, 0.5) < own - 30  # the middle of the chest has moved to the side


def test_f_fills_the_screen_and_leaves_it_again(page):
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement !== null")
    frames(page)
    assert page.locator(".desk").bounding_box()["y"] == 0
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")


def test_a_desk_that_left_the_page_hears_nothing_and_draws_again_when_it_is_back(page):
    page.get_by_text("away", exact=True).click()
    page.locator(".desk").wait_for(state="detached")
    page.wait_for_function("window.__pleurascope_films.waiting.size === 0")
    heard = len(page.evaluate("window.__pleurascope_frames"))
    page.keyboard.press("i")
    frames(page)
    assert len(page.evaluate("window.__pleurascope_frames")) == heard
    page.get_by_text("away", exact=True).click()
    drawn(page, "deep")
    assert "inverted" not in corner(page, "bottom").inner_text()


def test_a_browser_that_cannot_check_a_film_shows_none_and_says_why(browser, desk_address):
    page = browser.new_page()
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', { get: () => undefined })")
    page.goto(desk_address)
    page.get_by_text("open PleuraScope over https, or on this machine as localhost").wait_for()
    assert page.evaluate("host.drawn()") is None
    page.close()


def test_messages_sent_at_once_all_arrive_once_and_in_order(page):
    page.evaluate("for (let n = 1; n <= 5; n += 1) host.send('hello', { n });")
    page.get_by_text("'value': {'n': 5}").wait_for()
    words = page.get_by_text("runs ").inner_text()
    places = [words.index(f"'value': {{'n': {n}}}") for n in range(1, 6)]
    assert places == sorted(places)
    assert words.count("'name': 'hello'") == 5


def test_a_counterfactual_stands_beside_its_film_and_never_alone(page):
    show(page, "made")
    shown = page.locator(".desk-pane:visible")
    assert shown.count() == 1
    assert page.locator(".desk-thumb").count() == 1  # the prior: the strip holds nothing that is generated
    assert not page.evaluate("host.counterfactualSeen()")

    page.evaluate("host.setCounterfactual(true)")
    frames(page)

    assert shown.count() == 2
    assert corner(page, "top", 1).inner_text() == (
        "Counterfactual: This film without pneumothorax\ninvented by a network: it may add or remove disease"
    )
    told = canvas(page, 1).get_attribute("aria-label")
    assert told.startswith("Generated picture: Counterfactual: This film without pneumothorax")
    assert "GENERATED" in told
    amber = "c => { const d = c.getContext('2d').getImageData(c.width - 14, 12, 1, 1).data; return d[0] - d[2] }"
    assert canvas(page, 1).evaluate(amber) > 80  # in the canvas's own pixels
    assert page.evaluate("host.counterfactualSeen()")
    shot(page, "counterfactual")

    page.keyboard.press("p")  # the prior comes between
    frames(page)
    assert shown.count() == 3
    assert corner(page, "top", 1).inner_text().startswith("Prior: AP, follow-up 2")
    assert corner(page, "top", 2).inner_text().startswith("Counterfactual: ")
    page.keyboard.press("p")
    page.evaluate("host.setCounterfactual(false)")
    frames(page)
    assert shown.count() == 1
    assert page.evaluate("host.drawn().sha256") is not None


def test_the_key_of_the_prior_never_brings_a_counterfactual(page):
    show(page, "made")
    for _ in range(3):
        page.keyboard.press("p")
    frames(page)

    assert not page.evaluate("host.counterfactualSeen()")
