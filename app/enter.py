"""Enter presses a page's one primary button while nothing else has the focus.

A button's own shortcut would act also where a link has the focus, and open another case than the link's.
"""

from __future__ import annotations

import streamlit as st

_SCRIPT = """
const listening = new WeakMap();

export default function ({ data, parentElement }) {
  parentElement.host?.style.setProperty("display", "none");
  listening.get(parentElement)?.();
  const press = (event) => {
    const held = event.repeat || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
    if (event.key !== "Enter" || held || document.activeElement !== document.body) return;
    document.querySelector(`.st-key-${CSS.escape(data.key)} button`)?.click();
  };
  document.addEventListener("keydown", press);
  const stop = () => document.removeEventListener("keydown", press);
  listening.set(parentElement, stop);
  return stop;
}
"""
_mount = st.components.v2.component("pleurascope_enter", js=_SCRIPT)


def presses(key: str) -> None:
    """Let Enter press a button of this page.

    Args:
        key: Of the button, of letters and hyphens.
    """
    _mount(data={"key": key}, key=f"enter-{key}")
