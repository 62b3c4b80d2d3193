"""The viewer's Python side: joins its JavaScript and styles, and mounts films and the reading desk on a page.

Pixels travel in a message of their own for each film, so that a script run sends them once; all
gestures stay in the browser. The JavaScript files share one scope and are joined in the order below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import streamlit as st

from core.data.pixels import sha256_of_pixels

if TYPE_CHECKING:
    from streamlit.components.v2.bidi_component.state import ComponentResult

FOLDER = Path(__file__).parent
PANEL = sorted(FOLDER.glob("panel*.js"))
STYLES = [FOLDER / "css" / "desk.css", *sorted(FOLDER.glob("panel*.css"))]
_LOADER = ("store", "load")
_DESK = (
    *("store", "windows", "view", "heat", "marks", "paint", "layout"),
    *("tools", "strip", "gestures", "keys", "messages", "host", "actions", "desk"),
)


def joined(files: Iterable[Path]) -> str:
    """Return the text of some files, one after the other."""
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def desk_script(panel: Iterable[Path] = PANEL) -> str:
    """Return the desk's JavaScript as one module, with the files of its panel."""
    return joined([*panel, *(FOLDER / "js" / f"{name}.js" for name in _DESK)])


_mount_film = st.components.v2.component(
    "pleurascope_film", js=joined(FOLDER / "js" / f"{name}.js" for name in _LOADER)
)
_mount_desk = st.components.v2.component("pleurascope_desk", css=joined(STYLES), js=desk_script())


def film(pixels: np.ndarray, *, key: str) -> None:
    """Send a film to the browser, which checks and keeps it by the hash of its pixels; nothing is seen of this.

    Args:
        pixels: The decoded film `(H, W)`, `uint8` or `uint16`.
        key: Of this film on this page.

    Raises:
        ValueError: If the pixels are neither `uint8` nor `uint16`, or not one channel.
    """
    if pixels.ndim != 2 or pixels.dtype not in (np.uint8, np.uint16):
        msg = f"Expected pixels (H, W) of uint8 or uint16, got {pixels.shape} of {pixels.dtype}"
        raise ValueError(msg)
    height, width = pixels.shape
    meta = {
        "sha256": sha256_of_pixels(pixels),  # whether it is there already; the browser counts its own
        "width": width,
        "height": height,
        "depth": 8 * pixels.dtype.itemsize,
    }
    _mount_film(data={"meta": meta, "px": pa.table({"v": pixels.ravel()})}, key=key)


def desk(meta: dict[str, Any], *, key: str, on_message: Callable[[], None]) -> ComponentResult:
    """Mount the reading desk: case bar, films, strip of priors and answer panel.

    Args:
        meta: What stands on the desk, as plain values; `films` names them by hash, the case's own first.
        key: Of the desk on this page.
        on_message: Called before the script when the browser sent a `message`, `{"name", "value", "at"}`.
    """
    message = (st.session_state.get(key) or {}).get("message") or {}
    # The browser sends its next message when it reads that this one was taken.
    return _mount_desk(data={"meta": meta, "heard": message.get("at")}, key=key, on_message_change=on_message)
