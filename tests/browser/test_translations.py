"""The page Translations in a real browser: linked zoom, a swipe, and marks that are never out of sight."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from tests.browser import large
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED
from tests.pages import translated
from tests.running import environment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
LONGEST_MS = 120_000
AMBER = np.array([245, 158, 11])


def pixels(canvas) -> np.ndarray:
    """What is painted on a canvas `(H, W, 3)`."""
    content = base64.b64decode(canvas.evaluate("canvas => canvas.toDataURL()").split(",")[1])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def painted(page, canvas) -> np.ndarray:
    """The canvas once its picture is decoded and painted, its mark with it."""
    for _ in range(100):
        found = pixels(canvas)
        if amber(found) > 300:
            return found
        page.wait_for_timeout(200)
    msg = "Expected a mark on the picture, found none"
    raise AssertionError(msg)


def amber(picture: np.ndarray) -> int:
    return int((np.abs(picture - AMBER).max(axis=-1) < 30).sum())


@pytest.fixture
def page(workspace, tmp_path):
    from playwright.sync_api import sync_playwright

    translated.write_all(workspace)
    with large.served(environment(tmp_path)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(LONGEST_MS)
        faults = []
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.goto(f"{address}/translations?synthetic={translated.NAME}&image=film06~a-to-b")
        yield page
        browser.close()
    assert not faults


def test_pictures_zoom_together_and_swipe_and_what_is_invented_says_so_at_every_zoom(page):
    from playwright.sync_api import expect

    expect(page.get_by_role("heading", name="Image film06~a-to-b")).to_be_visible(timeout=LONGEST_MS)
    expect(page.locator(".pair canvas")).to_have_count(3, timeout=LONGEST_MS)
    canvases = [page.locator(".pair canvas").nth(number) for number in range(3)]
    before = [painted(page, canvas) for canvas in canvases]

    page.get_by_role("button", name="Zoom in").click(click_count=3)
    page.wait_for_timeout(500)
    after = [pixels(canvas) for canvas in canvases]
    assert all((one != other).any() for one, other in zip(before, after, strict=True))  # all of them moved
    assert all(amber(picture) > 300 for picture in after)  # the marks of the pictures themselves are out of sight

    page.get_by_role("button", name="Whole picture").click()
    page.get_by_role("button", name="Swipe").click()
    swipe = page.get_by_role("slider", name="Swipe between Film and Translation: meant to show a pneumothorax")
    expect(page.locator(".pair canvas")).to_have_count(1)
    seen = {}
    for place in ("100", "50", "0"):
        swipe.fill(place)
        page.wait_for_timeout(500)
        seen[place] = pixels(page.locator(".pair canvas"))
    half = seen["50"].shape[1] // 2
    np.testing.assert_array_equal(seen["50"][:, : half - 4], seen["100"][:, : half - 4])  # left of it the film
    np.testing.assert_array_equal(seen["50"][:, half + 4 :], seen["0"][:, half + 4 :])  # right of it the translation
    assert amber(seen["50"][:, half + 4 :]) > 300
    assert amber(seen["50"][:, : half - 4]) > 300
