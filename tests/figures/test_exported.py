"""Figures as files, drawn by a real Chromium, and what is said where there is none."""

from __future__ import annotations

import io
import shutil

import plotly.graph_objects as go
import pytest
from PIL import Image

from core.base.errors import InputError
from core.figures import exported

CHROMIUM = any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this system")
def test_a_figure_is_written_as_png_and_svg(tmp_path):
    figure = go.Figure(go.Scatter(y=[1, 3, 2])).update_layout(height=300, title="Of the <b>films</b>")

    written = exported.write({tmp_path / "made" / "one.two": figure})

    assert [path.name for path in written] == ["one.two.png", "one.two.svg"]
    picture = Image.open(io.BytesIO(written[0].read_bytes()))
    assert picture.size == (2 * exported.WIDTH, 600)
    svg = written[1].read_text()
    assert svg.startswith("<svg")
    assert ">films</tspan>" in svg
    assert str(tmp_path) not in svg


@pytest.mark.parametrize(
    ("browser", "expected"), [("nowhere", "found none; install one"), ("broken", "found that it stopped at once")]
)
def test_without_a_browser_that_works_one_sentence_says_so(tmp_path, monkeypatch, browser, expected):
    if browser == "broken":
        (tmp_path / browser).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / browser).chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / browser))

    with pytest.raises(InputError, match=expected) as caught:
        exported.write({tmp_path / "one": go.Figure()})

    assert caught.value.field == "figures"
    assert not list(tmp_path.glob("one*"))
