"""The workbench's Python side: one module from its files, and a threshold that comes back."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from app.workbench import component

SCRIPTS = sorted(component.FOLDER.glob("js/*.js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_what_it_is_for_stays_short_and_writes_no_html(path):
    text = path.read_text()

    assert text.startswith("// ")
    assert len(text.splitlines()) <= 300
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://(?!www\.w3\.org)", text
    )


def test_every_script_is_in_the_module_which_has_one_entry_and_no_name_twice():
    module = component.script()
    names = re.findall(r"^(?:export )?(?:default )?(?:async )?(?:function|const|let|class) (\w+)", module, re.M)

    assert module.count("export default") == 1
    assert all(path.read_text() in module for path in SCRIPTS)
    assert len(names) == len(set(names))


def test_before_the_slider_moved_the_threshold_is_where_it_starts():
    def page():
        import streamlit as st

        from app.workbench import workbench

        st.text(workbench({"id": "a", "table": {"threshold": [0.0, 0.25, 1.0]}, "start": 1}, key="bench"))

    at = AppTest.from_function(page).run()

    assert not at.exception
    assert at.text[0].value == "0.25"
