"""When somebody was last seen at each signing in, so that an untouched session locks whatever its browser does.

Kept in the memory of this server: after a restart the time of signing in counts, so a cookie that outlived
its session opens nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LONGEST_S = 12 * 3600.0  # after which somebody signs in again, however busy: a role may have been taken away


class SignIns:
    """The sign-ins of one server; safe to use from several threads at once."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def seen(self, sign_in: str) -> None:
        """Note that somebody moved or typed; one that has ended stays so."""
        now = self._clock()
        with self._lock:
            if self._seen.get(sign_in, now) > now - LONGEST_S:
                self._seen[sign_in] = now

    def end(self, sign_in: str) -> None:
        """End a sign-in for good, in all of its tabs."""
        with self._lock:
            self._seen[sign_in] = float("-inf")

    def over(self, sign_in: str, began: float, *, idle_s: float) -> bool:
        """Tell whether a sign-in has ended, and end it where its time has run out.

        Args:
            sign_in: Which.
            began: When, in seconds since 1970.
            idle_s: Seconds without activity after which it ends.
        """
        now = self._clock()
        with self._lock:
            last = self._seen.setdefault(sign_in, began)
            if now - last <= idle_s and now - began <= LONGEST_S:
                return False
            self._seen[sign_in] = float("-inf")
            return True


HERE = SignIns()
