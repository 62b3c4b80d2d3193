"""The pictures of a translation on a page: one module with one entry, and panes that carry their marks."""

from __future__ import annotations

import json
import re

from streamlit.testing.v1 import AppTest

from app.viewer import component

SCRIPT = component.FOLDER / "pair.js"


def test_the_script_says_what_it_is_for_stays_short_and_writes_no_html():
    text = SCRIPT.read_text()

    assert text.startswith("// ")
    assert len(text.splitlines()) <= 300
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://", text)


def test_joined_with_the_desks_view_it_has_one_entry_and_no_name_twice():
    module = component.joined([component.FOLDER / "js" / "view.js", SCRIPT])
    names = re.findall(r"^(?:export )?(?:default )?(?:async )?(?:function|const|let|class) (\w+)", module, re.MULTILINE)

    assert module.count("export default") == 1
    assert len(names) == len(set(names))


def test_pictures_travel_with_their_words_their_marks_and_the_legend_of_their_colours():
    def page():
        from app.viewer.pair import Legend, Pane, pair

        plain = Pane(title="Film", note="a.png", picture=b"png", alt="Film", mark=None)
        legend = Legend(colours=("#000000", "#ffffff"), labels=("less", "more"))
        changed = Pane(title="Change", note="", picture=b"png", alt="Change", mark="GENERATED", legend=legend)
        pair([plain, changed], name="a", key="pair")

    driven = AppTest.from_function(page).run()

    assert not driven.exception
    (sent,) = (json.loads(one.proto.json) for one in driven.get("bidi_component"))
    assert sent["name"] == "a"
    assert [one["mark"] for one in sent["panes"]] == [None, "GENERATED"]
    assert sent["panes"][0]["src"] == "data:image/png;base64,cG5n"
    assert sent["panes"][1]["legend"] == {"colours": ["#000000", "#ffffff"], "labels": ["less", "more"]}
