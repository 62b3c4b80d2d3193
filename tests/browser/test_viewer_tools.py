"""The reading desk's tools in a real browser: ruler, regions, priors, swipe, heat map; and its arithmetic."""

import numpy as np
import pytest

from app.viewer import component
from core.evaluation import map_measures
from core.review.answer import Region
from tests.browser.test_journey import CHROMIUM, REQUIRED
from tests.browser.viewer_page import (
    browser,
    canvas,
    corner,
    drag,
    frames,
    grey,
    page,
    shot,
    show,
)

__all__ = ["browser", "page"]  # fixtures

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]


def test_the_ruler_measures_in_millimetres_where_the_spacing_is_known(page):
    page.keyboard.press("l")
    drag(page, (0.4, 0.5), (0.6, 0.5))
    scale = float(corner(page, "bottom").inner_text().split("shown ")[1].split("x")[0])
    expected = 0.2 * canvas(page).bounding_box()["width"] / scale * 0.35
    said = canvas(page).get_attribute("aria-label").split("measured ")[1].split(" mm")[0]
    assert float(said) == pytest.approx(expected, rel=0.02)
    shot(page, "ruler")

    show(page, "plain")
    page.keyboard.press("l")
    drag(page, (0.4, 0.5), (0.6, 0.5))
    assert "px, size unknown" in canvas(page).get_attribute("aria-label")


def test_regions_are_drawn_in_pixels_of_the_film_by_mouse_and_by_keyboard(page):
    page.evaluate("host.startRegion('ellipse')")
    drag(page, (0.4, 0.3), (0.5, 0.5))
    page.evaluate("host.startRegion('freehand')")
    drag(page, (0.55, 0.3), (0.62, 0.6), steps=12)
    ellipse, freehand = page.evaluate("host.regions()")
    assert ellipse["kind"] == "ellipse" and len(ellipse["points"]) == 2
    assert ellipse["points"][0][1] == pytest.approx(0.3 * 1024, abs=3)
    assert ellipse["points"][1][1] == pytest.approx(0.5 * 1024, abs=3)
    assert freehand["kind"] == "freehand" and 3 <= len(freehand["points"]) <= 400
    page.keyboard.press("+")
    page.keyboard.press("Delete")
    assert page.evaluate("host.regions()") == [ellipse]

    page.get_by_role("button", name="Mark a region: ellipse").click()
    keys = ("ArrowLeft", "ArrowLeft", "Enter", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown", "Enter")
    for key in keys:
        page.keyboard.press(key)
    frames(page)
    assert page.evaluate("host.regions().length") == 2
    assert not set(page.evaluate("window.panelKeys")) & set(keys)  # the answer panel did not hear them
    page.evaluate("host.setRegions([{kind: 'ellipse', points: [[10, 20], [60, 90]]}])")
    frames(page)
    assert page.evaluate("host.regions()") == [{"kind": "ellipse", "points": [[10, 20], [60, 90]]}]
    assert "1 marked" in canvas(page).get_attribute("aria-label")


def test_a_prior_stands_beside_with_a_linked_view_and_is_swiped(page):
    page.keyboard.press("p")
    frames(page)
    assert page.locator(".desk-thumb[aria-pressed=true]").inner_text() == "AP, follow-up 2"  # the newest
    assert page.locator(".desk-pane:visible").count() == 2
    page.keyboard.press("+")
    frames(page)
    assert "zoom 125 %" in corner(page, "bottom", 0).inner_text()
    assert "zoom 125 %" in corner(page, "bottom", 1).inner_text()
    assert page.locator(".desk-thumb").count() == 2
    shot(page, "beside")
    page.locator(".desk-thumb").nth(1).click()
    frames(page)
    assert page.locator(".desk-thumb[aria-pressed=true]").count() == 2
    assert page.locator(".desk-pane:visible").count() == 3
    page.locator(".desk-thumb").nth(0).click()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Digit1")
    page.get_by_role("button", name="Swipe or side by side").click()
    frames(page)
    assert page.locator(".desk-pane:visible").count() == 1
    inside = 0.5 - 0.25 * canvas(page).evaluate("c => c.height / c.width * 1.8")  # the prior's white stripe
    own = grey(page, inside, 0.5)
    divider = page.get_by_role("slider", name="Swipe between the two films")
    divider.focus()
    for _ in range(25):
        page.keyboard.press("ArrowLeft")
    assert grey(page, inside, 0.5) == 255 != own
    shot(page, "swipe")


def test_the_heat_map_is_seen_while_h_is_held_or_its_button_says_so(page):
    page.get_by_text("heat", exact=True).click()
    page.wait_for_function("host.hasHeat()")
    before = grey(page, 0.5, 0.3)
    assert page.evaluate("host.heatSeen()") is False
    spot = """c => {
      const x = c.width / 2 + (5.5 / 8 - 0.5) * c.height;
      return [...c.getContext('2d').getImageData(x, 2.5 / 8 * c.height, 1, 1).data];
    }"""
    page.keyboard.down("h")
    frames(page)
    red, _, blue, _ = canvas(page).evaluate(spot)
    assert blue - red > 40
    assert "what moved the model" in canvas(page).get_attribute("aria-label")
    page.keyboard.up("h")
    frames(page)
    red, _, blue, _ = canvas(page).evaluate(spot)
    assert blue == red
    page.keyboard.down("H")  # as Caps Lock writes it
    frames(page)
    red, _, blue, _ = canvas(page).evaluate(spot)
    assert blue - red > 40
    page.keyboard.up("H")
    page.keyboard.press("Shift+h")
    frames(page)
    red, _, blue, _ = canvas(page).evaluate(spot)
    assert blue == red
    assert page.evaluate("host.heatSeen()") is True
    page.evaluate("host.setHeat(true)")
    frames(page)
    shot(page, "heat")
    page.evaluate("host.setHeat(false)")
    assert grey(page, 0.5, 0.3) == before


@pytest.fixture
def arithmetic(browser):
    """The viewer's own functions in an empty page."""
    page = browser.new_page()
    files = [component.FOLDER / "js" / f"{name}.js" for name in ("windows", "view", "heat", "marks")]
    page.add_script_tag(content=component.joined(files))
    yield page
    page.close()


def test_a_heat_map_is_enlarged_as_core_enlarges_it(arithmetic):
    values = np.random.default_rng(0).random((7, 5))
    asked = {"rows": 7, "columns": 5, "values": values.tolist()}

    found = np.array(arithmetic.evaluate("heat => [...enlargedHeat(heat)]", asked)).reshape(192, 192)

    expected = map_measures.enlarged(values, (192, 192))
    np.testing.assert_allclose(found, expected / expected.max(), atol=1e-5)


def test_the_line_round_half_of_the_maximum_lies_on_it(arithmetic):
    values = np.zeros((9, 9))
    values[4, 4] = 1.0

    pieces = np.array(
        arithmetic.evaluate("heat => heatLayer(heat).line", {"rows": 9, "columns": 9, "values": values.tolist()})
    )

    away = np.abs(pieces.reshape(-1, 2) - 96) / (192 / 9)  # places from the peak
    product = np.prod(1 - away, axis=1)  # bilinear: (1 - |x|)(1 - |y|)
    peak = np.prod(1 - np.full(2, 0.5 / (192 / 9)))
    np.testing.assert_allclose(product, 0.5 * peak, atol=0.02)
    assert len(pieces) > 40


def test_greys_follow_the_window_in_8_and_16_bits(arithmetic):
    for depth, center, width in ((8, 100.0, 50.0), (16, 2000.0, 3000.0)):
        table = np.array(
            arithmetic.evaluate(
                "([depth, center, width]) => [...greyTable(depth, {center, width}, false)]", [depth, center, width]
            )
        )
        values = np.arange(2**depth)
        expected = np.clip(np.floor((values - (center - width / 2)) * 255 / width + 0.5), 0, 255)
        np.testing.assert_array_equal(table & 255, expected)
        assert ((table >> 24) & 255 == 255).all()  # opaque


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_place_on_the_screen_is_found_again_on_the_film_however_it_lies(arithmetic, flip, turn):
    script = """([flip, turn]) => {
      const film = { width: 300, height: 500 };
      let view = { ...firstView(), flip, turn, x: 0.4, y: 0.6, zoom: 1.7 };
      const there = toFilm(viewMatrix(view, film, 640, 480), [200, 150]);
      const back = toCanvas(viewMatrix(view, film, 640, 480), there);
      view = zoomedView(view, film, 640, 480, [200, 150], 1.3);
      const after = toFilm(viewMatrix(view, film, 640, 480), [200, 150]);
      view = pannedView(view, film, 640, 480, 20, -10);
      const moved = toCanvas(viewMatrix(view, film, 640, 480), after);
      return { there, back, after, moved, zoom: view.zoom };
    }"""

    found = arithmetic.evaluate(script, [flip, turn])

    assert found["back"] == pytest.approx([200, 150])
    assert found["after"] == pytest.approx(found["there"])  # what lay under the pointer stays there
    assert found["moved"] == pytest.approx([220, 140])  # and follows the hand
    assert found["zoom"] == pytest.approx(1.7 * 1.3)


def test_a_region_has_at_most_400_points_inside_the_film_and_a_slip_is_none(arithmetic):
    film = {"width": 100, "height": 80, "sha256": "f"}
    drawn_round = [[50 + 70 * np.cos(t), 40 + 30 * np.sin(t)] for t in np.linspace(0, 6, 1500)]

    kept, slip = arithmetic.evaluate(
        "([points, film]) => [finishedMark('freehand', points, film), finishedMark('ellipse', [[1, 1], [2, 2]], film)]",
        [drawn_round, film],
    )

    points = np.array(kept["points"])
    assert 300 <= len(points) <= 400
    assert points.min() >= 0 and points[:, 0].max() <= 100 and points[:, 1].max() <= 80
    assert slip is None
    Region(kind=kept["kind"], points=kept["points"])  # core takes it
