"""One HTML file: escaped, without an address, and drawn by a real Chromium that asks nobody for anything."""

from __future__ import annotations

import json
import re
import shutil
from functools import cache

import pandas as pd
import pytest
from plotly.offline import get_plotlyjs

from core.figures import gallery, html_report
from core.figures.efficiency import Cost
from core.figures.style import stamp_of
from tests.figures.reports import measured

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
EVIL = "</script><script>alert(1)</script>"


@cache
def made() -> str:
    one = measured()
    one = type(one)(name=f"CNN {EVIL}", model="cnn", report=one.report)
    return html_report.page(
        gallery.gallery([one], [Cost(parameters=1e6)]),
        title=f"Of {EVIL}",
        stamp=stamp_of(one.report),
        verdicts=["First & foremost."],
        tables={"Measures": pd.DataFrame({"Measure": ["AUROC"], f"CNN {EVIL}": ["0.9 <b>"]})},
        texts={"Model card": f"# {EVIL}"},
        command="python -m core evaluate c --html one.html",
    )


def own_part() -> str:
    """Return the report without Plotly's script."""
    return made().replace(get_plotlyjs(), "")


def test_plotly_is_embedded_once_and_nothing_else_comes_from_elsewhere():
    assert made().count(get_plotlyjs()) == 1
    assert not re.search(r"https?:|//[a-z]|src=|href=|@import|url\(", own_part())
    assert "default-src 'none'" in own_part()


def test_no_text_can_become_a_tag():
    assert EVIL not in own_part()
    assert "&lt;/script&gt;" in own_part()
    assert own_part().count("<script") == own_part().count("</script>")
    assert "First &amp; foremost." in own_part()


def test_the_verdict_comes_first_and_every_figure_says_what_to_conclude():
    text = own_part()

    assert text.index("First &amp; foremost.") < text.index("<h2>Measures</h2>") < text.index("<figure>")
    captions = re.findall(r"<figcaption><b>Figure \d+\.</b> (.+)</figcaption>", text)
    assert len(captions) == text.count("data-figure=") == len(re.findall("<figure>", text))
    assert all(len(caption) > 20 for caption in captions)
    assert "<span class='phantoms'>PHANTOMS</span>" in text
    assert "python -m core evaluate c --html one.html" in text
    assert "<summary>Model card</summary>" in text


def test_the_figures_are_what_was_drawn():
    first = re.search(r'<script type="application/json" id="numbers-2">(.*?)</script>', own_part()).group(1)

    drawn = gallery.gallery([measured()], [None])[1].figure

    assert json.loads(first)["layout"]["title"]["text"] == drawn.layout.title.text == "ROC"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this system")
def test_it_draws_itself_without_asking_for_anything(tmp_path):
    from playwright.sync_api import sync_playwright

    (tmp_path / "one.html").write_text(made(), encoding="utf-8")
    asked, said = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto((tmp_path / "one.html").as_uri())
        page.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length > 0")
        count = page.locator(".js-plotly-plot").count()
        browser.close()

    assert count == made().count("data-figure=")
    assert asked == [(tmp_path / "one.html").as_uri()]
    assert said == []
