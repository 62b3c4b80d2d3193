"""The reading desk in a real browser: how it stands on its page, what it does without a film, whose a key is."""

import pytest

from tests.browser.test_journey import CHROMIUM, REQUIRED
from tests.browser.viewer_page import browser, canvas, corner, frames, grey, over, page, shot

__all__ = ["browser", "page"]  # fixtures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
WATCH = """() => {
  window.refits = 0;
  window.loops = [];
  window.addEventListener("error", (event) => window.loops.push(event.message));
  const host = document.querySelector(".st-key-desk [data-testid=stBidiComponentIsolated]");
  const watched = new MutationObserver((found) => { window.refits += found.length; });
  watched.observe(host.shadowRoot.querySelector(".desk"), { attributes: true, attributeFilter: ["style"] });
}"""
BELOW = """(height) => {
  const page = document.querySelector("[data-testid=stMainBlockContainer]");
  document.querySelector("#below")?.remove();
  if (!height) return;
  const below = document.createElement("div");
  below.id = "below";
  below.style.flex = "none";
  below.style.height = `${height}px`;
  page.append(below);
}"""


def high(page):
    return page.locator(".desk").bounding_box()["height"]


def test_the_desk_takes_the_room_that_what_stood_below_it_leaves_and_then_rests(page):
    page.evaluate(WATCH)
    for width, height in ((1366, 768), (820, 1180)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)
        before = high(page)
        page.evaluate("window.refits = 0")

        page.evaluate(BELOW, 60)
        page.wait_for_timeout(300)
        assert high(page) == pytest.approx(before - 60, abs=1)
        assert over(page) <= 0
        page.evaluate(BELOW, 0)
        page.wait_for_timeout(300)
        assert high(page) == pytest.approx(before, abs=1)
        assert over(page) <= 0
        assert page.evaluate("window.refits") == 2  # one for each, and none goes on
        page.wait_for_timeout(500)
        assert page.evaluate("[window.refits, window.loops]") == [2, []]


def test_a_page_of_another_height_than_its_content_is_no_endless_race(page):
    page.evaluate(WATCH)
    for rule in ("min-height: 100vh", "height: calc(100% + 40px)", "padding-bottom: 400px"):
        page.wait_for_timeout(400)  # as it stood before has come to rest
        page.evaluate("window.refits = 0")

        style = page.add_style_tag(content=f"[data-testid=stMainBlockContainer] {{ {rule} !important }}")
        page.wait_for_timeout(600)
        done = page.evaluate("window.refits")
        page.wait_for_timeout(600)

        assert page.evaluate("window.refits") == done <= 3
        assert 460 <= high(page) <= 900
        style.evaluate("(node) => node.remove()")


def test_a_film_that_is_lost_has_no_picture_and_is_not_asked_for(page):
    page.get_by_role("button", name="show lost").click()
    corner(page, "loading").get_by_text("No picture").wait_for()

    assert page.evaluate("host.drawn()") is None
    assert [grey(page, x, 0.5) for x in (0.2, 0.5, 0.8)] == [0, 0, 0]
    assert "No picture" in canvas(page).get_attribute("aria-label")
    page.keyboard.press("p")  # the prior beside it is lost too
    corner(page, "loading", 1).get_by_text("No picture").wait_for()
    shot(page, "lost")
    page.wait_for_timeout(4_000)
    assert "missing" not in page.get_by_text("runs ").inner_text()


def test_without_a_heat_map_its_key_is_the_panels_also_with_caps_lock(page):
    page.keyboard.press("H")  # as Caps Lock writes it: large, and Shift is not held
    page.keyboard.press("I")
    frames(page)

    assert page.evaluate("window.panelKeys") == ["H"]
    assert "inverted" in corner(page, "bottom").inner_text()
    for key in ("i", "z", "l", "p"):
        page.keyboard.press(f"Shift+{key}")  # another key, and nobody's
    frames(page)
    assert "inverted, " not in corner(page, "bottom").inner_text()
    assert "zoom 100 %, inverted" in corner(page, "bottom").inner_text()
    assert page.locator(".desk-pane:visible").count() == 1
