"""A page with nothing but the reading desk and made-up films, its server, and what a test does to it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.base.paths import ROOT
from tests.browser.test_journey import CHROMIUM, FLAGS

FILMS = """
import functools
import numpy as np

@functools.cache  # every script run asks for them
def films():
    down, across = np.mgrid[0:1024, 0:1024] / 1023
    chest = 0.15 + 0.7 * np.exp(-((across - 0.5) / 0.16) ** 2) + 0.12 * np.sin(60 * down) * (np.abs(across - 0.5) < 0.4)
    chest = np.clip(chest, 0, 1)
    deep = np.rint(300 + 3000 * chest).astype(np.uint16)
    plain = np.rint(255 * chest).astype(np.uint8)
    small = plain[::4, ::4].copy()
    small[:, :64] = 255
    wide = np.rint(200 * chest[:600]).astype(np.uint8)
    return {"deep": deep, "plain": plain, "small": small, "wide": wide}
"""
PAGE = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from app import viewer
from app.viewer import component
from core.data.pixels import sha256_of_pixels
from made import films

st.set_page_config(layout="wide")
st.html("<style>.stMainBlockContainer {{padding: 3.2rem 1rem 1.5rem}}</style>")
component._mount_desk = st.components.v2.component(
    "desk_of_the_test", css=component.joined(component.STYLES),
    js=component.desk_script([component.Path({stub!r})]),
)
state = st.session_state
state.runs = state.get("runs", 0) + 1
made = films()
case = state.setdefault("case", "deep")
said = state.setdefault("said", [])

def heard():
    said.append(state["desk"]["message"])

def film(name, **more):
    height, width = made[name].shape
    known = dict(sha256=sha256_of_pixels(made[name]), width=width, height=height, depth=8 * made[name].dtype.itemsize)
    return known | dict(title="PA, follow-up 3", id=None, mark=None, spacing_mm=None, window=None) | more

CASES = {{
    "deep": [
        film("deep", id="00012_003.png", spacing_mm=0.35), film("plain", title="AP, follow-up 2", mark="PHANTOM"),
        film("small"),
    ],
    "plain": [film("plain", mark="PHANTOM")],
    "lost": [film("small", lost=True), film("plain", title="AP, follow-up 2", lost=True)],
    "made": [
        film("deep", id="00012_003.png"), film("plain", title="AP, follow-up 2"),
        film("small", title="This film without pneumothorax", mark="GENERATED", counterfactual=True,
             caption="invented by a network: it may add or remove disease"),
    ],
    "gone": [film("deep", sha256="0" * 64), film("deep", sha256="1" * 64)],
}}
*columns, fourth, fifth = st.columns(7)
for column, name in zip(columns, CASES):
    if column.button(f"show {{name}}"):
        state.case = case = name
heat = fourth.checkbox("heat")
away = fifth.checkbox("away")
sent = ("deep", "plain", "small", "wide") if case != "gone" else ()
for name in sent:
    viewer.film(made[name], key=f"film {{name}}")
values = [[0.0] * 8 for _ in range(8)]
values[2][5] = 1.0
map_ = {{"rows": 8, "columns": 8, "values": values, "opacity": 0.45, "caption": "what moved the model"}}
meta = {{
    "films": CASES[case], "case": case, "side_marks": True, "panel": {{"keys": [["N", "none on both sides"]]}},
    "heat": map_ if heat else None,
}}
if not away:
    viewer.desk(meta, key="desk", on_message=heard)
st.caption(f"runs {{state.runs}} said {{said}}")
"""
STUB = """
// A panel that only hands its host to the test.
export function createPanel(panelRoot, barRoot, host) {
  window.host = host;
  window.changes = 0;
  window.panelKeys = [];
  host.onChange(() => { window.changes += 1; });
  document.addEventListener("keydown", (event) => window.panelKeys.push(event.key));
  const comment = document.createElement("textarea");
  comment.setAttribute("aria-label", "Comment");
  panelRoot.append(comment);
  return { show(panel, meta) { barRoot.textContent = `case ${meta.case}`; } };
}
"""


@contextmanager
def served(folder):
    """Serve a page with nothing but the desk and made-up cases, written into a folder; yield its address."""
    (folder / "made.py").write_text(FILMS)
    stub = folder / "stub.js"
    stub.write_text(STUB)
    (folder / "page.py").write_text(PAGE.format(root=str(ROOT), stub=str(stub)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "page.py"), "--server.port", str(port)]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while not _answers(url):
        assert process.poll() is None and time.monotonic() < deadline, (folder / "log.txt").read_text()
        time.sleep(0.2)
    yield url
    process.terminate()
    process.wait(timeout=30)


def _answers(url):
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):  # noqa: S310
            return True
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="module")
def browser():
    """A window of Chromium that keeps what it has loaded from one test to the next."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "REQUIRE_BROWSER=1 is set, and there is no Chromium on this system"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started.new_context(has_touch=True)
        started.close()


@pytest.fixture
def page(browser, desk_address):
    """The desk with its first case drawn; a fault in the browser fails the test."""
    page = browser.new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.set_default_timeout(30_000)
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.goto(desk_address)
    drawn(page, "deep")
    page.get_by_text("runs ").wait_for()  # below the desk, which makes room for it
    frames(page)
    yield page
    assert page.faults == []
    page.close()


@pytest.fixture(scope="module")
def made():
    """The films of the page, by name."""
    names = {}
    exec(FILMS, names)  # noqa: S102
    return names["films"]()


def drawn(page, name):
    """Wait until the case is in the bar and its film on the screen."""
    page.wait_for_function(
        """name => {
          const bar = document.querySelector(".st-key-desk [data-testid=stBidiComponentIsolated]")
            ?.shadowRoot?.querySelector(".desk-bar");
          return bar?.textContent === `case ${name}` && window.host?.drawn();
        }""",
        arg=name,
    )


def show(page, name):
    page.get_by_role("button", name=f"show {name}").click()
    drawn(page, name)


def canvas(page, place=0):
    return page.locator(".desk-canvas").nth(place)


def corner(page, name, place=0):
    return page.locator(f".desk-{name}").nth(place)


def grey(page, x, y, place=0):
    """Grey value on the screen at a share of the pane's width and height."""
    frames(page)
    return canvas(page, place).evaluate(
        "(c, [x, y]) => c.getContext('2d').getImageData(x * c.width, y * c.height, 1, 1).data[0]", [x, y]
    )


def frames(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def over(page):
    """By how much the page is higher than its window."""
    return page.evaluate(
        "(() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollHeight - m.clientHeight })()"
    )


def runs(page):
    return int(page.get_by_text("runs ").inner_text().split()[1])


def drag(page, start, end, *, place=0, steps=5, **more):
    box = canvas(page, place).bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down(**more)
    page.mouse.move(*points[1], steps=steps)
    page.mouse.up(**more)
    frames(page)


def shot(page, name):
    """Keep a picture of the page where `PLEURASCOPE_TEST_SHOTS` says, to be looked at."""
    folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
    if not folder:
        return
    for width, height in ((1366, 768), (820, 1180), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(500)
        page.screenshot(path=Path(folder) / f"viewer-{name}-{width}.png")
