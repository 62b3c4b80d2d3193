"""Whatever stands in a page's address leads nowhere: one sentence or nothing, shown as text."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.plain import plain
from core.base.paths import ROOT
from tests.app import listed

NAMES = [
    *("../../outside/secret", "/etc/passwd", "a\x00b", "a" * 3000),
    *("![x](http://evil.example/p.png)", "<img src=x onerror=alert(1)>", "$x$"),
]
MARKED = [name for name in NAMES if plain(name) != name]
ADDRESSES = {
    "review": ("worklist", "case", "practice"),
    "uncertainty": ("checkpoint", "dataset", "split", "part", "case"),
    "translations": ("synthetic", "image"),
}
USUAL = {
    "review": {"worklist": "first"},
    "uncertainty": {
        "checkpoint": listed.CHECKPOINT,
        "dataset": "made",
        "split": "patient",
        "part": "test",
        "case": "000001.png",
    },
}


@pytest.mark.parametrize("page", ADDRESSES)
def test_a_hostile_address_is_one_sentence_or_nothing(page, workspace, tmp_path):
    listed.make(workspace, films=8, drawn=2)
    listed.save(workspace)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("patient 4711")

    for key in ADDRESSES[page]:
        for name in NAMES:
            at = AppTest.from_file(str(ROOT / "app" / "main.py"), default_timeout=120)
            at.session_state["reader"] = "Ada"
            at.switch_page(str(ROOT / "pages" / f"{page}.py"))
            for one, value in (USUAL.get(page, {}) | {key: name}).items():
                at.query_params[one] = value
            at.run()

            assert not at.exception, (key, name)
            said = [one.value for kind in (at.warning, at.error, at.info, at.markdown, at.caption) for one in kind]
            assert not [text for text in said if name in MARKED and name in text.replace(plain(name), "")], (key, name)
            assert not [text for text in said if "4711" in text or "root:" in text]
