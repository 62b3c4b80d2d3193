"""Figures as files: PNG and SVG, drawn by the system's Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import plotly.graph_objects as go

from core.base import files, progress
from core.base.errors import InputError

FORMATS = ("png", "svg")
WIDTH = 760  # pixels of a figure that names no width
SCALE = 2  # pixels of a PNG to one of the figure's
LONGEST_S = 90.0  # to draw one file
NOWHERE = "http://127.0.0.1:9"  # the browser's way out, a closed port: nothing leaves the machine


def write(figures: Mapping[Path, go.Figure], *, formats: Sequence[str] = FORMATS) -> list[Path]:
    """Write figures as files and return these, in order.

    Args:
        figures: By the path of their files, without the ending; each with its stamp, in the colours of a theme.
        formats: Of `png` and `svg`.

    Raises:
        InputError: If there is no Chromium or Chrome, or it does not start.
    """
    return asyncio.run(_written(figures, formats))


async def _written(figures: Mapping[Path, go.Figure], formats: Sequence[str]) -> list[Path]:
    from choreographer.errors import BrowserClosedError, BrowserFailedError, ChannelClosedError, ChromeNotFoundError
    from kaleido import Kaleido  # its synchronous server would wait for ever where there is no browser

    written = []
    try:
        async with Kaleido(mathjax=False, timeout=LONGEST_S, proxy_server=NOWHERE) as browser:
            for path, figure in progress.track(figures.items(), "Drawing", total=len(figures), unit="figures"):
                for kind in formats:
                    options = {"format": kind, "width": figure.layout.width or WIDTH, "height": figure.layout.height}
                    picture = await browser.calc_fig(figure, options | ({"scale": SCALE} if kind == "png" else {}))
                    written.append(path.with_name(f"{path.name}.{kind}"))
                    files.write_bytes(written[-1], picture)
    except ChromeNotFoundError:
        msg = "Expected Chromium or Chrome to draw figures as files, found none; install one, or ask for no figures."
        raise InputError(msg, field="figures") from None
    except (BrowserFailedError, BrowserClosedError, ChannelClosedError):
        msg = (
            "Expected Chromium to draw figures as files, found that it stopped at once; see whether `chromium "
            "--headless --version` works here, or ask for no figures."
        )
        raise InputError(msg, field="figures") from None
    return written
