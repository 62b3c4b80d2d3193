"""Locks a session that nobody touches: a timer in the browser covers the page, and the server ends the sign-in.

Moving the pointer, a key, a touch or the wheel count, in any tab of the browser; what a page does by itself,
such as following a job, does not. The browser tells the server now and then that somebody is there.
"""

from __future__ import annotations

import streamlit as st

from app import account, sign_ins
from core.base.paths import read_settings

KEY = "idle"
TOLD_EVERY = 0.2  # of the time after which it locks: so late the server may lock where the browser is gone
_SCRIPT = """
const watching = new WeakMap();
const SEEN = "pleurascope seen";
const TOUCHES = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"];

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.host?.style.setProperty("display", "none");
  watching.get(parentElement)?.();
  const limit = data.seconds * 1000;
  let own = Date.now();
  let told = Date.now();
  // It outlives this element, which a page drawn anew makes again: only the door lifts it.
  const covered = () => document.querySelector(".ps-locked") !== null;
  const last = () => {
    try {
      const shared = JSON.parse(localStorage.getItem(SEEN));
      return shared?.sign_in === data.sign_in ? Math.max(own, Math.min(shared.at, Date.now())) : own;
    } catch {
      return own;
    }
  };
  const tell = () => {
    if (own <= told || Date.now() - told < data.told_every * limit) return;
    told = Date.now();
    setTriggerValue("active", String(told));
  };
  const hide = () => {
    const cover = document.createElement("div");
    cover.className = "ps-locked";
    cover.setAttribute("role", "alert");
    cover.textContent = "Locked, since nobody touched this page.";
    const colour = getComputedStyle(document.querySelector(".stApp") ?? document.body);
    Object.assign(cover.style, {
      position: "fixed", inset: "0", zIndex: "2147483647", display: "grid", placeItems: "center",
      background: colour.backgroundColor, color: colour.color, font: "600 20px sans-serif",
    });
    document.body.append(cover);
    if (document.fullscreenElement) document.exitFullscreen();
    document.getElementById("root")?.style.setProperty("visibility", "hidden");
    setTriggerValue("idle", String(Date.now()));
  };
  const look = () => {
    if (covered()) return;
    if (Date.now() - last() > limit) hide();
    else tell();
  };
  const touched = () => {
    if (covered()) return;
    if (Date.now() - last() > limit) return hide(); // woken after its time, before the timer looked
    own = Date.now();
    try {
      localStorage.setItem(SEEN, JSON.stringify({ sign_in: data.sign_in, at: own }));
    } catch {
      // a browser that keeps nothing: each tab has its own time
    }
  };
  const timer = setInterval(look, Math.min(1000, limit / 10));
  TOUCHES.forEach((name) => document.addEventListener(name, touched, { capture: true, passive: true }));
  const stop = () => {
    clearInterval(timer);
    TOUCHES.forEach((name) => document.removeEventListener(name, touched, { capture: true }));
  };
  if (covered()) setTriggerValue("idle", String(Date.now())); // the server may not have heard it
  watching.set(parentElement, stop);
  return stop;
}
"""
_LIFT = """
export default function ({ parentElement }) {
  parentElement.host?.style.setProperty("display", "none");
  document.querySelectorAll(".ps-locked").forEach((cover) => cover.remove());
  document.getElementById("root")?.style.removeProperty("visibility");
}
"""
_mount = st.components.v2.component("pleurascope_idle", js=_SCRIPT)
_mount_lift = st.components.v2.component("pleurascope_idle_lift", js=_LIFT)


@st.fragment(key="idle.watch")
def watch() -> None:
    """Watch whether anybody is there; what the browser tells runs only this, not the page."""
    account.require_still()
    found = account.current()
    data = {
        "seconds": 60 * read_settings().idle_minutes,
        "told_every": TOLD_EVERY,
        "sign_in": "" if found is None else found.sign_in,
    }
    _mount(data=data, key=KEY, on_active_change=_seen, on_idle_change=_left)


def lift() -> None:
    """Take the browser's cover away: the server shows nothing that it would have to hide."""
    _mount_lift(key="idle-lift")


def _seen() -> None:
    found = account.current()
    if _told("active") and found is not None and not found.over:
        sign_ins.HERE.seen(found.sign_in)


def _left() -> None:
    found = account.current()
    if _told("idle") and found is not None:
        sign_ins.HERE.end(found.sign_in)


def _told(what: str) -> bool:
    return bool(getattr(st.session_state.get(KEY), what, None))  # None: of a page that is no longer there
