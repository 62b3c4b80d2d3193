"""The page Compare in a real browser, with as many predictions as NIH has films: right words, and the waits.

The waits are printed (`pytest -s`), not asserted: they are this machine's.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pandas as pd
import pytest

from core.data import radiographs, split_store, truth
from core.evaluation import comparison, operating_point, report_store
from core.evaluation.evaluate import evaluate
from core.models import cards
from tests.browser import large
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED, go
from tests.running import environment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
FILMS = 112_120
LONGEST_MS = 120_000
DRAWS = 20  # of the patients; what is looked at here does not depend on them


@pytest.fixture
def tables(workspace):
    """Three checkpoints' predictions of a part that holds as many films as NIH, each with its report."""
    made = large.write(workspace, FILMS + 3 * 1000, checkpoints=3, crowded="test", rest=1000)
    place = (made["dataset"], made["split"])
    films = radiographs.load(workspace, made["dataset"])
    certificate = split_store.certificate(workspace, *place)
    found = {name: pd.read_parquet(workspace.predictions(name, *place, "test")) for name in made["checkpoints"]}
    for name, table in found.items():
        report = evaluate(
            table,
            radiographs=films,
            threshold=operating_point.of_card(cards.read_card(workspace, name)),
            checkpoint_id=name,
            dataset=made["dataset"],
            split=made["split"],
            part="test",
            split_sha256=certificate["table_sha256"],
            draws=DRAWS,
        )
        report_store.save(workspace, report)
    return found


def test_the_verdicts_are_cores_and_stand_at_once(tables, workspace, tmp_path):
    from playwright.sync_api import expect, sync_playwright

    films = radiographs.load(workspace, large.DATASET)
    aligned = comparison.align(tables, films, labels=truth.labels(workspace, large.DATASET))
    values = [comparison.signed(abs(one.value)) for one in comparison.auroc_differences(aligned)]
    waits = {}
    with large.served(environment(tmp_path)) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(LONGEST_MS)
        for visit in ("first", "second"):
            page.goto(address)
            expect(page.locator(".st-key-frame-foot")).to_be_visible(timeout=LONGEST_MS)
            begin = time.perf_counter()
            go(page, "Research", "Compare")
            expect(page.locator(".ps-verdict")).to_have_count(3, timeout=LONGEST_MS)
            waits[f"{visit} visit, verdicts"] = time.perf_counter() - begin
            expect(page.locator(".st-key-compare-roc .main-svg").first).to_be_visible(timeout=LONGEST_MS)
            waits[f"{visit} visit, curves"] = time.perf_counter() - begin

        said = page.locator(".ps-verdict").all_inner_texts()
        assert f"{FILMS:,} films" in page.locator(".ps-lead").inner_text()
        assert all(any(value.lstrip("+") in one for one in said) for value in values)
        for fold, words in (
            ("Confusion at the operating points", "Each at its own operating point"),
            ("Differences in other measures", "Paired, by patient"),
        ):
            begin = time.perf_counter()
            page.get_by_text(fold).click()
            expect(page.get_by_text(words)).to_be_visible(timeout=LONGEST_MS)
            waits[fold] = time.perf_counter() - begin
        shots = os.environ.get("PLEURASCOPE_TEST_SHOTS")
        if shots:
            page.screenshot(path=Path(shots) / "compare-large.png", full_page=True)
        browser.close()
    print(f"Compare with {FILMS:,} films:", *(f"{name} {wait:.2f} s;" for name, wait in waits.items()))
