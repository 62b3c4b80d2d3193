"""A plain page with the answer panel and a made-up viewer beside it, for the tests of the panel."""

import copy
import os
from pathlib import Path

from core.base.paths import ROOT
from tests.browser.test_journey import CHROMIUM, FLAGS

VIEWER = ROOT / "app" / "viewer"
PAGE = """<!doctype html><meta charset="utf-8"><title>panel</title>
<style>
  body { margin: 0; font-family: sans-serif; background: #101214; }
  .desk { display: grid; grid-template: "bar bar" auto "film panel" 654px / 1fr 360px; }
  .desk-bar { grid-area: bar; min-width: 0 } .desk-film { grid-area: film; background: #000 }
  .desk-panel { grid-area: panel; min-width: 0; min-height: 0; overflow: auto }
  @media (max-width: 900px) { .desk { grid-template: "bar" auto "film" 420px "panel" auto / 1fr } }
</style>
<style>CSS</style>
<div class="desk"><div class="desk-bar"></div><div class="desk-film"><button id="tool">Invert</button></div>
<div class="desk-panel"></div></div>
<input id="elsewhere" aria-label="elsewhere">
<script type="module">
JS
const told = [];
window.view = { sha256: "f1", straight: true, regions: [], heat: false, hasHeat: false, heatSeen: false,
  counterfactual: false, counterfactualSeen: false };
Object.assign(view, { asked: [] });
window.change = (values) => { Object.assign(view, values); told.forEach((one) => one()); };
window.sent = [];
const host = {
  drawn: () => (view.sha256 ? { sha256: view.sha256 } : null),
  straight: () => view.straight,
  regions: () => structuredClone(view.regions),
  setRegions: (list) => change({ regions: structuredClone(list) }),
  startRegion: (kind) => view.asked.push(kind),
  setHeat: (on) => change({ heat: on, heatSeen: view.heatSeen || (on && view.hasHeat) }),
  hasHeat: () => view.hasHeat,
  setCounterfactual: (on) => change({ counterfactual: on, counterfactualSeen: view.counterfactualSeen || on }),
  counterfactualSeen: () => view.counterfactualSeen,
  heatSeen: () => view.heatSeen,
  onChange: (one) => told.push(one),
  send: (name, value) => sent.push({ name, value }),
  remember: (key, value) => {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(value));
  },
  recall: (key) => JSON.parse(sessionStorage.getItem(key)),
};
const panel = createPanel(document.querySelector(".desk-panel"), document.querySelector(".desk-bar"), host);
window.show = (shown, sha256 = "f1", lost = false) => panel.show(shown, { films: [{ sha256, lost }] });
window.leave = () => panel.destroy();
</script>
"""
SIDE = {"grade": None, "apex_mm": None, "hilum_mm": None, "drain": None, "change": None}
OWN = {
    "right": SIDE | {"grade": 3, "apex_mm": 12.0, "hilum_mm": 5.5, "drain": False, "change": "larger"},
    "left": SIDE | {"grade": 0},
    "quality": "good",
    "regions": [{"kind": "ellipse", "points": [[10, 20], [60, 90]]}],
    "comment": "apical line",
    "second_reader": False,
}
MODEL = {
    "line": "Model: suspected, 0.81 (cut 0.41); 30 passes 0.70-0.88; it gives no side",
    "reasons": [
        "The probability lies above the cut.",
        "The 30 passes differ more than on 95 % of the films it learnt from.",
        "The film is under-exposed, which it has seldom seen.",
    ],
    "heat": {"state": "offer", "sentence": None},
    "more": None,
}
MORE = {
    "similar": [{"words": "film of another patient, pneumothorax by the report"}, {"words": "a film without finding"}],
    "similar_from": "Labels of similar films come from the reports, not from a second reading.",
    "signals": [
        {"title": "Mutual information", "value": "0.04 nats", "place": "higher than 91 % of val"},
        {"title": "Feature distance", "value": "3.2", "place": "higher than 40 % of val"},
    ],
}
FIRST = {
    "case": "c1",
    "reader": "Ada",
    "role": "reader",
    "stage": 1,
    "mode": "open",
    "practice": False,
    "adjudicating": False,
    "expected": None,
    "locked": None,
    "bar": {
        "position": "7 of 38",
        "id": "00012345_003.png",
        "facts": ["54 y F", "AP supine", "follow-up 3, 2 priors"],
        "chip": "PHANTOM",
    },
    "zone": None,
    "priors": 2,
    "own": None,
    "first": None,
    "model": None,
    "others": [],
    "truth": None,
    "saved": None,
    "refused": None,
    "next": True,
    "previous": True,
    "left": 31,
    "notice": "PleuraScope notifies nobody: tell an urgent finding to the ward yourself.",
    "keys": [["N", "none on both sides"]],
}
SUSPECTED = {"word": "suspected", "shape": "●", "colour": "#E8833A"}
SECOND = FIRST | {"stage": 2, "own": OWN, "model": MODEL, "zone": SUSPECTED, "expected": 4}
DONE = SECOND | {"stage": "done", "expected": 5}


def saved(key, case="c1"):
    """What the server says of a read that it has stored."""
    return {
        "key": key,
        "at": "14:03:22",
        "words": "Right: probably a pneumothorax, left: none",
        "sentence": "Probably a pneumothorax on the right.",
        "case": case,
    }


class Room:
    """The page as a reader has it."""

    def __init__(self, page):
        self.page = page

    def show(self, panel, film="f1", *, lost=False, **changes):
        """What a script run of the server brings; the film of a case that is lost cannot be read."""
        shown = [copy.deepcopy(panel) | changes, film, lost]
        self.page.evaluate("(shown) => show(...shown)", shown)

    def view(self, **values):
        """Something changes in the viewer."""
        self.page.evaluate("(values) => change(values)", values)

    def viewed(self, name):
        """What the viewer holds now, or was asked for."""
        return self.page.evaluate("(name) => view[name]", name)

    def press(self, *keys):
        """Press real keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def sent(self, name):
        """Values of the messages of one name, oldest first."""
        return [one["value"] for one in self.page.evaluate("sent") if one["name"] == name]

    def grade(self, side):
        """The column of a side."""
        return self.page.get_by_role("radiogroup", name=f"{side} side of the patient")

    def chosen(self, side):
        """What is chosen in the column of a side: the words of its buttons."""
        return self.grade(side).get_by_role("radio", checked=True).all_text_contents()

    def button(self, name):
        """The button of exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def draft(self, stage=1):
        """What the browser keeps of an answer of Ada's to case c1."""
        return self.page.evaluate("(key) => JSON.parse(sessionStorage.getItem(key))", f"draft c1 {stage} Ada")

    def shot(self, name):
        """Keep a picture where `PLEURASCOPE_TEST_SHOTS` says, to be looked at."""
        folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
        if folder:
            width = self.page.viewport_size["width"]
            self.page.screenshot(path=Path(folder) / f"panel-{name}-{width}.png", full_page=True)


def written(folder):
    """Write the page into a folder and return its address."""
    script = "\n".join(file.read_text(encoding="utf-8") for file in sorted(VIEWER.glob("panel*.js")))
    style = (VIEWER / "panel.css").read_text(encoding="utf-8")
    path = folder / "panel.html"
    path.write_text(
        PAGE.replace("CSS", style, 1).replace("JS", script.replace("export function", "function"), 1), encoding="utf-8"
    )
    return path.as_uri()


def opened(browser, address):
    """A fresh reader's page at 1366 x 768."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.set_default_timeout(5_000)
    page.goto(address)
    return Room(page)


def started(playwright):
    """The browser, or the reason why there is none."""
    assert CHROMIUM is not None, "REQUIRE_BROWSER=1 is set, and there is no Chromium on this system"
    return playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
