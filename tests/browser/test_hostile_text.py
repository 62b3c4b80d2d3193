"""Hostile text in a real browser: shown letter by letter, nothing runs, no other server is asked."""

import random
import re

import pytest

from core.base.paths import ROOT
from tests.browser.login_page import free_port, running
from tests.browser.test_journey import CHROMIUM, FLAGS, REQUIRED

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="no Chromium on this system"),
]
HOSTILE = [
    "<img src=x onerror=window.pwned=1>",
    "<script>window.pwned=1</script>",
    "<svg/onload=window.pwned=1>",
    "![x](http://evil.example/p.png)",
    "[x](javascript:window.pwned=1)",
    "[x](http://evil.example)",
    "<http://evil.example>",
    "http://evil.example/p.png",
    "www.evil.example",
    "who@evil.example",
    "[x]: http://evil.example",
    "$E=mc^2$ and $$x$$",
    ":material/lock: :red[x] :smile: :+1: :badge[x]",
    "**bold** _it_ ~~gone~~ # no",
    "# heading",
    "> quoted",
    "- item",
    "+ item",
    "1. item",
    "2) item",
    "| a | b |",
    "&lt;b&gt; &#60; &amp;",
    "\\[x\\](y) \\\\",
    "a `` b ``` c",
    "=HYPERLINK(1)",
    "--- ===",
]
LETTERS = r"ab \`*_[]()<>#!~$|&;:-+=1.@/"
CHANCE = random.Random(5)
MADE = ["a" + "".join(CHANCE.choices(LETTERS, k=CHANCE.randint(3, 25))) for _ in range(120)]
PAGE = """
import sys
sys.path.insert(0, {root!r})
import streamlit as st
from app.plain import plain

texts = {texts!r}
for at, text in enumerate(texts):
    with st.container(key=f"t{{at}}"):
        st.markdown(plain(text))
said = {hostile!r}
for at, text in enumerate(said):
    with st.container(key=f"e{{at}}"):
        for show in (st.caption, st.warning, st.error, st.info, st.subheader):
            show(plain(text))
        st.markdown(f"**{{plain(text)}}** :gray[{{plain(text)}}]")
        st.button(plain(text), key=f"b{{at}}")
st.write("the end")
"""
FOUND = """() => [...document.querySelectorAll("[class*='st-key-']")].flatMap((box) => {
  const key = [...box.classList].find((name) => name.startsWith("st-key-")).slice(7);
  if (!/^[te]\\d+$/.test(key)) return [];
  const foreign = box.querySelectorAll(`a[href*=evil]:not([href^="#"]), a[href^=javascript], a[href^=mailto], img,
    script, svg[onload], .katex, blockquote, li, table`);
  return [[key, box.innerText, foreign.length]];
})"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What a browser shows of each text, everywhere it turned to, and whether anything ran."""
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("hostile")
    script = folder / "page.py"
    script.write_text(PAGE.format(root=str(ROOT), texts=HOSTILE + MADE, hostile=HOSTILE))
    port = free_port()
    words = ["-m", "streamlit", "run", str(script), "--server.port", str(port), "--server.address", "127.0.0.1"]
    with running(words, f"http://127.0.0.1:{port}/_stcore/health", folder), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_text("the end", exact=True).wait_for()
        page.wait_for_timeout(500)
        found = {key: (text, foreign) for key, text, foreign in page.evaluate(FOUND)}
        yield found, asked, page.evaluate("window.pwned"), port
        browser.close()


def as_read(text):
    return " ".join(text.replace("\u2060", "").split())


def test_hostile_text_stands_there_letter_by_letter(shown):
    found = shown[0]

    for at, text in enumerate(HOSTILE + MADE):
        seen, foreign = found[f"t{at}"]
        without_code = re.sub(r"(?<!`)`([^`]+)`(?!`)", r"\1", text)
        assert as_read(seen) == as_read(without_code), text
        assert foreign == 0, text


def test_no_kind_of_message_makes_anything_of_it(shown):
    found = shown[0]

    assert [text for at, text in enumerate(HOSTILE) if found[f"e{at}"][1]] == []
    for at, text in enumerate(HOSTILE):
        assert as_read(found[f"e{at}"][0]).count(as_read(text)) == 8, text


def test_nothing_ran_and_nobody_else_was_asked(shown):
    _, asked, pwned, port = shown

    assert pwned is None
    assert [url for url in asked if not url.startswith((f"http://127.0.0.1:{port}", "data:", "blob:"))] == []
