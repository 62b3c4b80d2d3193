"""A newcomer's way through the dashboard in a real browser: look at the study, train, watch it finish."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.base.paths import ROOT
from core.jobs import worker

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
REQUIRED = os.environ.get("REQUIRE_BROWSER") == "1"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]


@pytest.fixture
def address(study):
    """The dashboard on the tiny study, as `make start` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "app.launch"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PORT": str(port), "DEMO": "0"},
        start_new_session=True,
    )
    first = process.stdout.readline()
    assert first.startswith("PleuraScope runs at"), first + process.stdout.read()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.communicate(timeout=90)
    assert worker.stop_running(study)


@pytest.fixture(params=["light", "dark"])
def page(request):
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "REQUIRE_BROWSER=1 is set, and there is no Chromium on this system"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=request.param)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.theme = request.param
        page.sent = []  # everywhere the page turned to
        page.on("request", lambda asked: page.sent.append(asked.url))
        yield page
        browser.close()


def shot(page, name):
    """Keep pictures of the page, wide and as a tablet has it, where `PLEURASCOPE_TEST_SHOTS` says, to be looked at."""
    folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
    if not folder:
        return
    for width, height in ((820, 1180), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(1000)  # figures find their new width
        page.screenshot(path=Path(folder) / f"{name}-{page.theme}-{width}.png")


def go(page, group, title):
    page.get_by_test_id("stTopNav").get_by_role("button", name=group).click()
    page.get_by_role("menuitem", name=title).click()
    page.get_by_role("heading", name=title, exact=True, level=1).wait_for()


def fill(page, name, value):
    field = page.get_by_role("spinbutton", name=name)
    field.fill(value)
    field.press("Enter")


def test_a_newcomer_looks_at_the_study_and_trains_a_classifier(page, address):
    from playwright.sync_api import expect

    page.goto(address)
    page.get_by_role("button", name="Look at the first cases").click()
    expect(page.get_by_role("heading", name="First cases")).to_be_visible()
    expect(page.get_by_text("probability 0.").first).to_be_visible()
    expect(page.get_by_text("Research use only, not a medical device")).to_be_visible()
    shot(page, "overview")

    go(page, "Research", "Splits")
    expect(page.get_by_text("No patient and no identical film stands in two parts")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(5, timeout=60_000)  # the first figures of this browser
    shot(page, "splits")

    go(page, "Research", "Compare")
    expect(page.get_by_text("with a pneumothorax: ")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    shot(page, "compare")

    go(page, "Run", "Training")
    fill(page, "Image size", "32")
    fill(page, "Epochs", "2")
    fill(page, "Learning rate", "0")
    start = page.get_by_role("button", name="Start training")
    expect(page.get_by_text("Must be greater than 0")).to_be_visible()
    expect(start).to_be_disabled()
    shot(page, "training-refused")
    fill(page, "Learning rate", "0.001")
    expect(page.get_by_text("films a second learnt")).to_be_visible(timeout=120_000)  # measured here, by itself
    expect(page.get_by_text("films, 2 epochs")).to_be_visible()
    shot(page, "training-form")
    start.dblclick()
    expect(page.get_by_text("Train Simple CNN, 32 px, on phantoms/patient").first).to_be_visible()
    shot(page, "training-runs")
    page.reload()  # the job is no part of the page
    expect(page.get_by_text("done in").first).to_be_visible(timeout=240_000)
    expect(page.get_by_text("Nothing runs.")).to_be_visible()
    expect(page.get_by_text("done in")).to_have_count(1)  # the double click was one training
    expect(page.locator(".js-plotly-plot")).to_have_count(2)
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_text("python -m core train --job job-1.json")).to_be_visible()
    shot(page, "training-done")
    page.get_by_role("button", name="Train again with changes").click()
    expect(page.get_by_role("spinbutton", name="Image size")).to_have_value("32")
    expect(page.get_by_text("films, 2 epochs")).to_be_visible()
    expect(page.get_by_text("Measuring this machine's speed")).to_have_count(0, timeout=120_000)

    elsewhere = [url for url in page.sent if not url.startswith((address, "data:", "blob:"))]
    assert not elsewhere  # nothing leaves the machine
    expect(page.get_by_text("Traceback")).to_have_count(0)
