"""The workbench's Python side: joins its JavaScript and styles, and mounts it with what core computed.

All numbers of all thresholds travel once; moving the slider is then the browser's work alone. The
threshold comes back when the slider is let go. The JavaScript files share one scope.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent
_FILES = ("elements", "plot", "charts", "numbers", "flips", "slider", "workbench")  # in this order


def script() -> str:
    """Return the workbench's JavaScript as one module."""
    return "\n".join((FOLDER / "js" / f"{name}.js").read_text(encoding="utf-8") for name in _FILES)


_mount = st.components.v2.component(
    "pleurascope_workbench", css=(FOLDER / "css" / "workbench.css").read_text(encoding="utf-8"), js=script()
)


def workbench(data: dict[str, Any], *, key: str) -> float:
    """Mount the workbench, and return the threshold at which its slider was let go last.

    Args:
        data: What `app.thresholds.payload` makes; while its `id` stays, nothing is drawn again.
        key: Of what is looked at: under another key the slider starts anew.
    """
    result = _mount(data=data, key=key, on_threshold_change=lambda: None)
    threshold = result.threshold
    return float(data["table"]["threshold"][data["start"]] if threshold is None else threshold)
