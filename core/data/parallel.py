"""Work on many files in several threads, with a bar, a way to stop, and bounded memory.

Threads are enough: Pillow, OpenCV, zlib and hashlib let go of Python's lock while they work.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from core.base import progress

T = TypeVar("T")
R = TypeVar("R")

MAX_THREADS = 8  # beyond that, one Python process gains nothing


def in_threads(function: Callable[[T], R], items: Sequence[T], stage: str) -> Iterator[R]:
    """Yield `function(item)` for each item, in order, while other threads work ahead a little.

    Args:
        function: What to do; its first exception ends the work and is raised here.
        items: What to do it on.
        stage: What is being done, as a person would say it: "Reading films".

    Raises:
        Cancelled: If a stop was asked for.
    """
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    ahead: deque[Future[R]] = deque()

    def results(pool: ThreadPoolExecutor) -> Iterator[R]:
        for item in items:
            if len(ahead) >= 4 * threads:
                yield ahead.popleft().result()
            ahead.append(pool.submit(function, item))
        while ahead:
            yield ahead.popleft().result()

    with ThreadPoolExecutor(threads, thread_name_prefix="files") as pool:
        try:
            yield from progress.track(results(pool), stage, total=len(items), unit="files")
        finally:
            for future in ahead:
                future.cancel()
