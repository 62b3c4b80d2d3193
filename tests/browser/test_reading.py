"""The reading room in a real browser: practise, read ten cases by keyboard, disagree, adjudicate, export, verify."""

import os
import re
from pathlib import Path

import pytest

from app.viewer.component import desk_script
from core.review import reading_list
from core.review.read_store import Reads
from core.store.verification import verify
from core.triage.worklists import Worklists
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED, address, go
from tests.running import core

__all__ = ["address"]  # a fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
COMMENT = "a thin line at the apex of zebra shape"  # a comment of the first reader


@pytest.fixture
def lists(study):
    """The tiny study with two worklists: an open one of all films, and a blinded one of two readers."""
    checkpoint = next(study.checkpoints.glob("cnn-*")).name
    place = (checkpoint, "--dataset", "phantoms", "--split", "patient", "--part", "test", "--budget", "1")
    folder = study.root.parent
    core(folder, "triage", *place, "--worklist", "blind", "--read-mode", "blinded", "--readers", "Alan", "Grace")
    core(folder, "triage", *place, "--worklist", "everyday")
    return study


class Desk:
    """A reader's own browser, with the page Review as they use it: by keyboard."""

    def __init__(self, browser, address, name, theme="light"):
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme=theme, accept_downloads=True
        )
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.address, self.name, self.theme = address, name, theme
        self.frames, self.faults = [], []
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._received))
        self.page.on("pageerror", lambda fault: self.faults.append(str(fault)))

    def _received(self, frame):
        self.frames.append(frame if isinstance(frame, bytes) else frame.encode())

    def received(self, *words):
        """Which of some words came over the socket so far."""
        everything = b"\n".join(self.frames)
        return [word for word in words if word.encode() in everything]

    def open(self, place):
        self.page.goto(f"{self.address}/{place}")

    def sign(self):
        self.page.get_by_label("Your name").fill(self.name)
        self.page.keyboard.press("Enter")

    def wait(self, words):
        self.page.locator(".desk-panel").get_by_text(words, exact=True).first.wait_for()

    @property
    def position(self):
        return self.page.locator(".desk-bar").inner_text()

    def answer(self, *keys, heading="Your reading"):
        """Give a first answer, by keys; the panel is locked until the film is on the screen."""
        self.wait(heading)
        self.page.locator(".desk-panel button:enabled", has_text="None on both sides").wait_for()
        self.page.wait_for_function(DRAWN)
        for key in keys:
            self.page.keyboard.press(key)
        self.page.keyboard.press("Enter")
        self.wait("With the model")

    def keep(self):
        before = self.page.url
        self.page.keyboard.press("Enter")
        return before

    def shot(self, name):
        folder = os.environ.get("PLEURASCOPE_TEST_SHOTS")
        for width, height in ((820, 1180), (1440, 900)) if folder else ():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.wait_for_timeout(1000)
            self.page.screenshot(path=Path(folder) / f"reading-{name}-{self.theme}-{width}.png")


# The picture on the canvas is that of the case: the viewer says so in the canvas's own words.
DRAWN = """() => {
  const find = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.matches(".desk-film canvas")) return one;
      const inner = one.shadowRoot && find(one.shadowRoot);
      if (inner) return inner;
    }
  };
  const canvas = find(document);
  return canvas && /shown/.test(canvas.getAttribute("aria-label") ?? "");
}"""


@pytest.fixture
def desks(lists, address):
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "REQUIRE_BROWSER=1 is set, and there is no Chromium on this system"
    made = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def desk(name, theme="light"):
            made.append(Desk(browser, address, name, theme))
            return made[-1]

        yield desk
        browser.close()
    assert not [fault for one in made for fault in one.faults]


def test_readers_practise_read_disagree_and_are_adjudicated(desks, lists):
    from playwright.sync_api import expect

    ada = desks("Ada")
    practise(ada, expect)
    read_ten_cases(ada, lists, expect)
    case = blinded(desks("Alan"), desks("Grace", "dark"), lists)
    adjudicate(desks("Mary"), case, expect)
    look_after(ada, lists, expect)


def practise(ada, expect):
    ada.open("")
    ada.page.get_by_role("button", name="Read your first film").click()
    ada.sign()
    for number in range(5):
        expect(ada.page.locator(".desk-bar")).to_contain_text(f"{number + 1} of 5")
        ada.answer("ArrowRight", "4", "0")
        ada.keep()
        ada.wait("Truth")
        if not number:
            ada.shot("practice")
        ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("heading", name="Practice round done")).to_be_visible()
    expect(ada.page.get_by_text("Of 5 phantoms your first answer was right on")).to_be_visible()
    ada.shot("practised")


def read_ten_cases(ada, lists, expect):
    go(ada.page, "Read", "Worklist")
    expect(ada.page.get_by_text(re.compile(r"to read: \d+ suspected, \d+ unsure\."))).to_be_visible()
    ada.page.get_by_role("button", name="Start reading").click()
    ada.wait("Your reading")
    expect(ada.page.locator(".desk-panel")).not_to_contain_text("Model:")
    ada.shot("first-stage")
    ada.page.reload()  # the name and the case are kept
    ada.wait("Your reading")
    ada.page.wait_for_function(DRAWN)
    ada.page.keyboard.press("ArrowLeft")
    ada.page.keyboard.press("3")
    ada.page.wait_for_timeout(300)
    ada.page.reload()  # and so is the draft
    ada.wait("Your reading")
    expect(ada.page.locator(".desk-panel [aria-pressed=true], .desk-panel [aria-checked=true]").first).to_contain_text(
        "3"
    )
    places = []
    for number in range(10):
        ada.answer("n")
        if not number:
            ada.shot("second-stage")
        places.append(ada.keep())
        expect(ada.page.locator(".desk-bar")).to_contain_text(f"{number + 2} of ")
        expect(ada.page.locator(".desk-panel")).to_contain_text("Saved ")
    ada.shot("saved")
    reads = Reads(lists).of_worklist("everyday")
    assert len(set(places)) == len(reads) == 10
    assert all([read.stage for read in own] == [1, 2] for own in reads.values())
    assert all(own[0].seconds > 0 for own in reads.values())


def blinded(alan, grace, lists):
    of = reading_list.load(lists, Worklists(lists).get("blind"))
    alan.open("review?worklist=blind")
    alan.sign()
    alan.wait("Your reading")
    case = alan.page.url.split("case=")[1]
    image_id = of.image_of(case)
    alan.page.get_by_text("Comment, region, second reader").click()
    alan.page.locator(".desk-panel textarea").fill(COMMENT)
    alan.page.keyboard.press("Escape")
    alan.answer("n")
    alan.keep()
    alan.wait("Your reading")

    grace.open(f"review?worklist=blind&case={case}")
    grace.sign()
    grace.wait("Your reading")
    grace.page.wait_for_function(DRAWN)
    film = of.row(image_id)
    hidden = (image_id, COMMENT, "Alan", f"{film['probability']:.4f}", "suspected", "unsure", "Model:", "Pneumothorax")
    hidden += tuple({f"{film['probability']:.2f}"} - set(re.findall(r"0\.\d\d", desk_script())))  # its own numbers
    hidden += tuple(name for name in of.listed)
    assert grace.received(*hidden) == []
    assert grace.received(case) == [case]
    grace.shot("blinded")
    grace.answer("ArrowRight", "4", "0")
    assert grace.received("Model:", image_id) == ["Model:", image_id]
    assert grace.received(COMMENT, "Alan") == []  # readers stay hidden from each other
    grace.keep()
    grace.wait("Your reading")
    return case


def adjudicate(mary, case, expect):
    mary.open(f"review?worklist=blind&case={case}")
    mary.sign()
    mary.answer("ArrowRight", "3", "0", heading="Your adjudication")
    expect(mary.page.locator(".desk-panel")).to_contain_text("Alan")
    expect(mary.page.locator(".desk-panel")).to_contain_text("Grace")
    mary.shot("adjudication")
    mary.keep()
    expect(mary.page.get_by_role("heading", name="Nothing is left to read for you")).to_be_visible()


def look_after(ada, lists, expect):
    go(ada.page, "Run", "Readers")
    expect(ada.page.get_by_text("Ada").first).to_be_visible()
    ada.shot("readers")
    go(ada.page, "Run", "Audit")
    ada.page.get_by_role("button", name="Verify the store").click()
    expect(ada.page.get_by_text("Sound: ")).to_be_visible()
    with ada.page.expect_download() as download:
        ada.page.get_by_role("button", name="Reads as CSV").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    ada.shot("audit")
    assert lines[0].startswith("read_id,")
    assert len(lines) > 20
    assert "phantoms/images" not in "".join(lines)
    found = verify(lists)
    assert found.faults == []
    expect(ada.page.get_by_text("Traceback")).to_have_count(0)
