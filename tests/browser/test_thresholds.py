"""The page Thresholds in a real browser, with as many predictions as NIH has films: right numbers, and the waits.

The waits are printed (`pytest -s`), not asserted: they are this machine's.
"""

import os
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.base.paths import Workspace
from core.evaluation import natural
from core.evaluation.metrics import Films
from core.evaluation.thresholds import Thresholds, measures
from tests.browser import large
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED
from tests.running import environment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
FILMS = 112_120
COUNTS = ("true_positive", "false_negative", "false_positive", "true_negative")
# One input event to the frame after which its numbers stand in the page and are painted.
MOVE = """(value) => new Promise((done) => {
  const bench = [...document.querySelectorAll("*")].map((one) => one.shadowRoot?.querySelector(".bench")).find(Boolean);
  const input = bench.querySelector("#cut");
  const began = performance.now();
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
})"""
KEYS = """() => {
  const bench = [...document.querySelectorAll("*")].map((one) => one.shadowRoot?.querySelector(".bench")).find(Boolean);
  window.waits = [];
  bench.querySelector("#cut").addEventListener("input", (event) => {
    requestAnimationFrame(() => requestAnimationFrame((now) => window.waits.push(performance.now() - event.timeStamp)));
  }, true);
}"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A workspace whose fold tune holds exactly as many films as NIH."""
    folder = tmp_path_factory.mktemp("large")
    before = {name: os.environ.get(name) for name in environment(folder)}
    os.environ.update(environment(folder))
    workspace = Workspace()
    made = large.write(workspace, FILMS + 3 * 1000, checkpoints=1, crowded="tune", rest=1000)
    yield folder, workspace, made
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="module")
def lookup(study):
    _, workspace, made = study
    table = pd.read_parquet(workspace.predictions(made["checkpoints"][0], made["dataset"], made["split"], "val"))
    split = pd.read_parquet(workspace.split(made["dataset"], made["split"])).set_index("image_id")
    tune = table[table["image_id"].map(split["fold"]) == "tune"]
    assert len(tune) == FILMS
    films = Films.of(*(tune[name].to_numpy() for name in ("label", "probability", "patient_id")))
    return Thresholds.of(films)


@pytest.fixture(scope="module")
def page(study):
    from playwright.sync_api import sync_playwright

    folder, _, _ = study
    with large.served(environment(folder)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(120_000)
        page.faults = []
        page.on("pageerror", lambda fault: page.faults.append(str(fault)))
        for visit in ("first", "again"):
            began = time.monotonic()
            page.goto(f"{address}/thresholds")
            page.locator(".bench .sentence").wait_for()
            print(f"\nthresholds, {FILMS:,} predictions, opened {visit}: {time.monotonic() - began:.1f} s", end="")
        yield page
        assert not page.faults
        browser.close()


def waits(name, found):
    p50, p95 = np.percentile(found, [50, 95])
    print(f"\n{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, of {len(found)}", end="")


def number(page, selector):
    return int(page.locator(selector).inner_text().replace(",", ""))


def expect_numbers_of(page, lookup, threshold):
    """Hold everything the page says against core's lookup."""
    counts = lookup.at(threshold)
    for name in COUNTS:
        assert number(page, f"[data-count={name}] b") == int(getattr(counts, name))
    found = {name: float(value) for name, value in measures(counts).items()}
    limits = lookup.limits(np.array([threshold]))
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        row = page.locator(f"[data-measure={name}]").inner_text()
        assert f"{found[name]:.3f}" in row
        assert f"{limits[name].low[0]:.3f} to {limits[name].high[0]:.3f}" in row
    assert page.locator(".sentence").inner_text() == natural.sentence(
        films=100,
        prevalence=lookup.prevalence,
        sensitivity=found["sensitivity"],
        specificity=found["specificity"],
    )


def test_the_numbers_at_any_threshold_are_cores_and_come_at_once(page, lookup):
    found = []
    for step in np.random.default_rng(0).integers(5, 900, 60):
        threshold = int(step) / 1000
        found.append(page.evaluate(MOVE, threshold))
        if step % 6 == 0 or len(found) == 60:
            expect_numbers_of(page, lookup, threshold)
    waits("slider to painted, by input events", found)


def test_arrow_keys_move_by_a_thousandth(page, lookup):
    slider = page.get_by_label("Threshold on the probability")
    page.evaluate(MOVE, 0.2)
    page.evaluate(KEYS)
    slider.focus()

    for _ in range(60):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("window.waits.length >= 60")

    waits("slider to painted, by arrow keys", page.evaluate("window.waits"))
    assert page.locator(".slider .value").inner_text() == "0.260"
    expect_numbers_of(page, lookup, 0.26)
    page.keyboard.press("PageDown")
    page.wait_for_function("window.waits.length >= 60")
    expect_value(page, "0.250")
    page.wait_for_timeout(3000)  # Python has heard it and drawn the rest again
    assert page.locator(".slider .value").inner_text() == "0.250"  # and did not put the slider back


def expect_idle(page):
    """Wait until no script runs: a run closes a menu that is open."""
    from playwright.sync_api import expect

    page.wait_for_timeout(600)  # the slider tells what it stands at after a rest
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def expect_value(page, words):
    from playwright.sync_api import expect

    expect(page.locator(".slider .value")).to_have_text(words)


def test_a_mark_brings_its_exact_threshold(page, lookup):
    point = lookup.named_points()["sensitivity-95"]

    page.get_by_role("button", name=re.compile("Sensitivity 95 %")).click()

    expect_value(page, f"{point.threshold:.4f}")
    expect_numbers_of(page, lookup, point.threshold)


def test_flips_count_and_come_positives_first(page, lookup):
    active = lookup.named_points()["youden"].threshold

    for threshold, side in ((0.08, "newly"), (0.4, "no_longer")):
        page.evaluate(MOVE, threshold)
        newly, no_longer = lookup.flips(active, threshold)
        rows = newly if side == "newly" else no_longer
        section = page.locator(f"[data-side={side}]")
        assert f"12 of {rows.size:,}" in section.inner_text()
        shown = section.locator("figure:visible b").all_inner_texts()
        assert shown == [f"{value:.3f}" for value in lookup.films.probabilities[rows[:12]]]
        other = page.locator(f"[data-side={'no_longer' if side == 'newly' else 'newly'}]")
        assert "none" in other.inner_text()
        assert other.locator("figure:visible").count() == 0


def test_a_click_on_the_roc_moves_the_point(page, lookup):
    roc = page.locator("svg.roc")
    roc.scroll_into_view_if_needed()
    place = roc.bounding_box()

    roc.click(position={"x": place["width"] * 0.2, "y": place["height"] * 0.3})

    page.wait_for_timeout(500)
    threshold = float(page.locator("#cut").get_attribute("aria-valuetext"))
    expect_numbers_of(page, lookup, threshold)
    assert 0.05 < threshold < 0.5


def test_what_is_proposed_is_where_the_slider_was_let_go(page):
    slider = page.get_by_label("Threshold on the probability")
    page.evaluate(MOVE, 0.2)
    slider.press("ArrowRight")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Your name").press("Enter")

    page.get_by_role("button", name="Propose as operating point").click()

    page.get_by_text("Propose 0.201").wait_for()
    expect_value(page, "0.201")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Propose 0.201").wait_for(state="detached")
    expect_idle(page)


def test_another_prevalence_keeps_the_slider_where_it_was(page, lookup):
    expect_idle(page)
    page.evaluate(MOVE, 0.3)

    large.option(page, "Prevalence", "10 %").click()
    page.locator(".measures caption", has_text="10 %").wait_for()

    assert page.locator(".slider .value").inner_text() == "0.300"
    found = measures(lookup.at(0.3))
    assert page.locator(".sentence").inner_text() == natural.sentence(
        films=100, prevalence=0.1, sensitivity=float(found["sensitivity"]), specificity=float(found["specificity"])
    )
    folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
    if folder:
        page.screenshot(path=Path(folder) / "thresholds.png", full_page=True)
