"""The viewer's Python side: one module from its files, and films that arrive pixel for pixel."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from app import viewer
from app.viewer import component
from core.data.pixels import sha256_of_pixels

SCRIPTS = sorted(component.FOLDER.glob("js/*.js"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_says_what_it_is_for_stays_short_and_writes_no_html(path):
    text = path.read_text()

    assert text.startswith("// ")
    assert len(text.splitlines()) <= 300
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|https?://(?!www\.w3\.org)", text
    )


def test_every_script_is_in_one_of_the_two_modules_and_each_has_one_entry():
    desk = component.desk_script()
    loader = component.joined(component.FOLDER / "js" / f"{name}.js" for name in component._LOADER)

    assert desk.count("export default") == loader.count("export default") == 1
    assert all(path.read_text() in desk or path.read_text() in loader for path in SCRIPTS)
    assert "createPanel(" in desk
    assert desk.count("export function createPanel") == 1


def test_no_name_stands_twice_in_the_joined_module():
    names = re.findall(
        r"^(?:export )?(?:default )?(?:async )?(?:function|const|let|class) (\w+)", component.desk_script(), re.M
    )

    assert len(names) == len(set(names))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_film_is_sent_pixel_for_pixel_with_its_size_and_depth(depth):
    def page():
        import numpy as np
        import streamlit as st

        import app.viewer

        pixels = np.arange(12, dtype=st.session_state["depth"]).reshape(3, 4) * 21
        app.viewer.film(pixels, key="film")

    driven = AppTest.from_function(page)
    driven.session_state["depth"] = depth
    driven.run()

    assert not driven.exception
    sent = driven.main.children[0].proto.mixed
    pixels = np.arange(12, dtype=depth).reshape(3, 4) * depth(21)
    (blob,) = sent.arrow_blobs.values()
    column = pa.ipc.open_stream(blob.data).read_all().column("v").to_numpy()
    assert column.dtype == depth
    np.testing.assert_array_equal(column, pixels.ravel())
    assert sha256_of_pixels(pixels) in sent.json
    assert f'"depth": {8 * pixels.itemsize}'.replace(" ", "") in sent.json.replace(" ", "")


def test_pixels_of_another_kind_are_refused():
    with pytest.raises(ValueError, match=r"Expected pixels \(H, W\) of uint8 or uint16, got \(2, 2\) of float64"):
        viewer.film(np.zeros((2, 2)), key="film")
    with pytest.raises(ValueError, match=r"got \(2, 2, 3\) of uint8"):
        viewer.film(np.zeros((2, 2, 3), np.uint8), key="film")


def test_the_desk_carries_what_stands_on_it_and_has_heard_nothing_at_first():
    def page():
        import app.viewer

        app.viewer.desk({"films": [], "case": "c1"}, key="desk", on_message=lambda: None)

    driven = AppTest.from_function(page).run()

    assert not driven.exception
    assert json.loads(driven.main.children[0].proto.json) == {"meta": {"films": [], "case": "c1"}, "heard": None}
