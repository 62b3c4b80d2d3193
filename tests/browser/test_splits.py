"""The page Splits in a real browser, with as many films as NIH has: what is asked for stands there without a wait."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from core.base.paths import ROOT
from core.data import split_store
from tests.browser import large
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
FILMS = 112_120
WORDS = """(words) => document.body.textContent.includes(words)
  && document.querySelectorAll("[data-testid=stDataFrame] canvas").length >= 2"""  # the counts and the list
FIGURES = """[...document.querySelectorAll(".js-plotly-plot")]
  .filter((figure) => figure.querySelector(".scatterlayer .trace")).length === 5"""
DRAWN = f"(words) => ({WORDS})(words) && {FIGURES}"


@pytest.fixture
def films(workspace):
    """The tables of a split of 112,120 films without pixels, joined."""
    made = large.write(workspace, films=FILMS, checkpoints=0)
    split = split_store.load(workspace, made["dataset"], made["split"]).drop(columns=["patient_id", "label"])
    return split.merge(pd.read_parquet(workspace.radiographs(made["dataset"])), on="image_id")


@pytest.fixture
def address(films, tmp_path):
    """The dashboard, warm: it has shown another page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    log = tmp_path / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while not _answers(url):
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
    yield url
    process.terminate()
    process.wait(timeout=30)
    assert "Traceback" not in log.read_text()


def _answers(url):
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):  # noqa: S310
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture
def page():
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "REQUIRE_BROWSER=1 is set, and there is no Chromium on this system"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme="light", accept_downloads=True)
        page.set_default_timeout(120_000)
        page.faults = []
        page.on("pageerror", lambda fault: page.faults.append(str(fault)))
        yield page
        assert page.faults == []
        browser.close()


def waited(page, name, action, words, until=WORDS):
    """Do something, wait for its words on the screen, and say how long that took."""
    began = time.perf_counter()
    action()
    page.wait_for_function(until, arg=words, polling=20)
    print(f"{name}: {time.perf_counter() - began:.3f} s")  # read with `pytest -s`


def choose(page, title, option):
    """Open a filter; return what chooses an option in it."""
    return large.option(page, title, option).click


def count(rows):
    return f"{rows.sum():,} of {FILMS:,} films"


def test_112_120_films_are_browsed_and_filtered(page, films, address):
    page.goto(f"{address}/training")
    page.get_by_role("heading", name="Training", level=1).wait_for()

    page.get_by_test_id("stTopNav").get_by_role("button", name="Research").click()
    splits = page.get_by_role("menuitem", name="Splits")
    splits.wait_for()
    waited(page, "the whole page, its table never read", splits.click, f"{FILMS:,} of {FILMS:,} films", DRAWN)
    assert "a table only, without image files" in page.inner_text("body")

    kept = films["part"] == "val"
    waited(page, "a part", choose(page, "Part", "val"), count(kept))
    page.keyboard.press("Escape")
    kept &= films["findings"].str.split("|").map(lambda names: "Effusion" in names)
    waited(page, "a finding", choose(page, "Finding", "Effusion"), count(kept))
    page.keyboard.press("Escape")
    kept &= films["sex"] == "F"
    waited(page, "a sex", choose(page, "Sex", "F"), count(kept))
    page.keyboard.press("Escape")
    shot(page)

    listed(page, films[kept])
    patient = films.loc[kept, "patient_id"].iloc[0]
    kept &= films["patient_id"] == patient

    def search():
        page.get_by_role("textbox", name="Film or patient").fill(patient)
        page.keyboard.press("Enter")

    waited(page, "a patient", search, count(kept))
    assert page.locator(".js-plotly-plot").count() == 5  # the figures stood all the while


def listed(page, expected):
    """The list that is downloaded has the films that fit, and does not say where their files lie."""
    # The count stands before the button does: a click on the button of the run before asks for a list that is gone.
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the list").click()
    table = pd.read_csv(download.value.path(), dtype=str)
    assert sorted(table["image_id"]) == sorted(expected["image_id"])
    assert not {"path", "mask_path"} & set(table)


def shot(page):
    """Keep pictures of the page where `PLEURASCOPE_TEST_SHOTS` says, to be looked at."""
    folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
    for theme in ("light", "dark") if folder else ():
        page.emulate_media(color_scheme=theme)
        for width, height in ((820, 2600), (1440, 2200)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(1500)
            page.screenshot(path=Path(folder) / f"splits-{theme}-{width}.png")
