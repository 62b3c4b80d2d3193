"""Files from outside, decoded in a process of its own, so that no file can take the dashboard down.

Two such processes at most wait for files (`core.data.apart_reader`); a file goes in as bytes, its pixels or a
reason come out. A file that brings one down, takes too long or needs too much memory is refused, and the next
one gets a new process. The limits: 30 s on the clock, held by the parent, which kills; on POSIX also 30 s of the
processor, 2 GiB of address space and no byte written to any file, held by the system. On Windows the clock alone
limits it. The process gets none of this one's settings: neither the keys' place nor the database's URL.
"""

from __future__ import annotations

import atexit
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

import numpy as np

from core.base.errors import InputError
from core.base.paths import ROOT
from core.data import dicom_header, image_file, pixels
from core.data.apart_reader import ANSWER, MEMORY, READY, REQUEST, SECONDS, TOO_MUCH, TOO_SLOW

__all__ = ["CRASHED", "MEMORY", "SECONDS", "TOO_MUCH", "TOO_SLOW", "Apart", "close", "decode"]

CRASHED = "it makes the reader crash"
PROCESSES = 2
STARTING = 120.0  # seconds in which a process must be there, on a busy machine
_LONGEST = 1 << 20  # bytes of an answer's JSON
_KEPT = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "TEMP", "TMP")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True)
class Apart:
    """What a file holds."""

    image: pixels.DecodedImage
    header: dicom_header.Header | None  # of a DICOM file
    colour: float  # mean spread of a PNG's or JPEG's three channels, 0 to 1


def decode(content: bytes, *, seconds: float = SECONDS) -> Apart:
    """Read a file's pixels and, in DICOM, its header in another process.

    Safe in several threads at once; they wait for one another where there are more than processes.

    Args:
        content: The file's bytes.
        seconds: How long it may take on the clock.

    Raises:
        UnreadableImage: If the file cannot be read, or breaks a limit.
        InputError: If no process can be started.
    """
    if len(content) > image_file.MAX_BYTES:
        raise image_file.file_too_large()
    if not content:
        msg = "empty file"
        raise image_file.UnreadableImage(msg)
    with _pool().one() as reader:
        return reader.read(content, seconds)


def close() -> None:
    """End the waiting processes; the next file starts new ones."""
    with _making:
        pool = _pools.pop(os.getpid(), None)
    if pool is not None:
        pool.close()


class _Reader:
    """One process that reads files, started at the first one and again after it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, content: bytes, seconds: float) -> Apart:
        process = self._started()
        late = threading.Event()
        with _killed_after(process, seconds, late):
            try:
                _pipe(process.stdin).write(REQUEST.pack(len(content)))
                _pipe(process.stdin).write(content)
                _pipe(process.stdin).flush()
                answer = _answer(_pipe(process.stdout))
            except (OSError, ValueError, KeyError, TypeError):
                # The process ended, or says what it never says: either way it is not asked again.
                answer = None
        if answer is None:
            ended = self.end()
            raise image_file.UnreadableImage(TOO_SLOW if late.is_set() or ended == _out_of_time() else CRASHED)
        if answer == TOO_MUCH:
            self.end()
        if isinstance(answer, str):
            raise image_file.UnreadableImage(answer)
        return answer

    def end(self) -> int | None:
        """End the process and return how it ended."""
        process, self._process = self._process, None
        if process is None:
            return None
        for pipe in (process.stdin, process.stdout):
            try:
                _pipe(pipe).close()
            except OSError:  # what could not be written to a process that is gone
                continue
        try:
            return process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            _kill(process)
            return process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.end()
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "core.data.apart_reader"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a library's words may quote the file
                env={name: os.environ[name] for name in _KEPT if name in os.environ} | _ONE_THREAD,
                start_new_session=True,  # Ctrl-C in a terminal is the parent's affair
            )
        except OSError:
            raise _cannot_start() from None
        self._process = process
        with _killed_after(process, STARTING, threading.Event()):
            try:
                ready = _json(_pipe(process.stdout)) == READY
            except (OSError, ValueError, TypeError):
                ready = False
        if not ready:
            self.end()
            raise _cannot_start()
        return process


class _Pool:
    def __init__(self) -> None:
        self._waiting: queue.LifoQueue[_Reader] = queue.LifoQueue()  # the one used last is warm
        for _ in range(PROCESSES):
            self._waiting.put(_Reader())

    @contextmanager
    def one(self) -> Iterator[_Reader]:
        reader = self._waiting.get()
        try:
            yield reader
        except image_file.UnreadableImage:
            raise
        except BaseException:  # stopped in the middle of a file: what would come next answers that one
            reader.end()
            raise
        finally:
            self._waiting.put(reader)

    def close(self) -> None:
        for reader in [self._waiting.get() for _ in range(PROCESSES)]:
            reader.end()
            self._waiting.put(reader)


_making = threading.Lock()
_pools: dict[int, _Pool] = {}  # by the process that made it: a fork must not talk through its parent's pipes


def _pool() -> _Pool:
    with _making:
        if os.getpid() not in _pools:
            _pools[os.getpid()] = _Pool()
        return _pools[os.getpid()]


@contextmanager
def _killed_after(process: subprocess.Popen[bytes], seconds: float, late: threading.Event) -> Iterator[None]:
    def kill() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(seconds, kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _cannot_start() -> InputError:
    return InputError(
        "Expected to start the process that reads files from outside, found that it does not begin; look whether "
        "memory is left on this machine, then try again."
    )


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with those that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    import signal

    try:
        os.killpg(process.pid, signal.SIGKILL)  # it leads a group of its own
    except ProcessLookupError:
        return


def _out_of_time() -> int | None:
    if sys.platform == "win32":
        return None
    import signal

    return -signal.SIGXCPU


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    return cast("IO[bytes]", pipe)


def _exactly(pipe: IO[bytes], count: int) -> bytes:
    content = pipe.read(count)
    if len(content) != count:
        msg = "the process ended"
        raise OSError(msg)
    return content


def _json(pipe: IO[bytes]) -> dict[str, Any]:
    length = ANSWER.unpack(_exactly(pipe, ANSWER.size))[0]
    if length > _LONGEST:
        msg = "an answer that is too long"
        raise ValueError(msg)
    told = json.loads(_exactly(pipe, length))
    if not isinstance(told, dict):
        msg = "an answer that is no object"
        raise TypeError(msg)
    return told


def _answer(pipe: IO[bytes]) -> Apart | str:
    """Return what a file holds, or why it cannot be read; trusts no length that the process names."""
    told = _json(pipe)
    if "reason" in told:
        return str(told["reason"])
    height, width = (int(edge) for edge in told["shape"])
    depth = {"uint8": 1, "uint16": 2}[told["dtype"]]
    possible = min(height, width) >= 1 and height * width <= image_file.MAX_PIXELS
    if not possible or told["source"] not in ("real", "phantom", "synthetic"):
        msg = "an image that cannot be"
        raise ValueError(msg)
    raw = _exactly(pipe, height * width * depth)
    image = pixels.DecodedImage(
        pixels=np.frombuffer(raw, told["dtype"]).reshape(height, width),
        source=told["source"],
        notes=tuple(str(note) for note in told["notes"]),
    )
    header = None if told["header"] is None else dicom_header.Header(**told["header"])
    return Apart(image=image, header=header, colour=float(told["colour"]))


atexit.register(close)
