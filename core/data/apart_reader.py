"""The process in which files from outside are decoded: bytes come in by a pipe, pixels or a reason go out.

`core.data.apart` starts it, `python -m core.data.apart_reader`, and is the only one that talks to it. What
comes in: 8 bytes of length, then a file's bytes. What goes out: 4 bytes of length, JSON, then the pixels as
raw bytes in their native order. It reads no other file of somebody's, writes none, and ends with its input.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import struct
import sys
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from core.data import dicom_file, dicom_header, pixels

SECONDS = 30  # of the processor for one file; GDCM, which is a process of its own, has as many
MEMORY = 2 << 30  # bytes of the whole process
TOO_SLOW, TOO_MUCH = "it takes too long to read", "it needs too much memory to read"
READY = {"ready": True}
REQUEST, ANSWER = struct.Struct(">Q"), struct.Struct(">I")
COLOUR_SIDE = 256  # pixels: the size at which colours are looked at


def main() -> None:
    """Answer files until the input ends."""
    files, answers = _own_pipes()
    _limit(MEMORY)
    _answer(answers, READY)
    while head := files.read(REQUEST.size):
        content = files.read(REQUEST.unpack(head)[0])
        _allow(SECONDS)
        told, raw = _read(content)
        del content
        _answer(answers, told, raw)
        if told.get("reason") == TOO_MUCH:
            return  # what a failed allocation left behind is nobody's guess; the next file gets a new process
        del raw


def _read(content: bytes) -> tuple[dict[str, Any], bytes]:
    try:
        header = _header(content)
        image = pixels.decode_bytes(content)
        told = {
            "shape": image.pixels.shape,
            "dtype": image.pixels.dtype.name,
            "source": image.source,
            "notes": image.notes,
            "colour": 0.0 if header else _colour(content),
            "header": dataclasses.asdict(header) if header else None,
        }
        return told, np.ascontiguousarray(image.pixels).tobytes()
    except pixels.UnreadableImage as error:
        return {"reason": error.reason}, b""
    except MemoryError:
        return {"reason": TOO_MUCH}, b""
    except Exception:  # whatever else a file brings a decoder to is a fault of the file, and told as such
        return {"reason": "damaged"}, b""


def _header(content: bytes) -> dicom_header.Header | None:
    """Return a DICOM file's header, or None for another file; a film that is not wanted is refused by its rule."""
    if not dicom_file.is_dicom(content[: dicom_file.HEAD]):
        return None
    header = dicom_header.read_header(content)
    reason = dicom_header.refusal(header)
    if reason is not None:
        raise pixels.UnreadableImage(reason)
    return header


def _colour(content: bytes) -> float:
    """Return how colourful a PNG or JPEG is: the mean spread of its three channels, 0 to 1."""
    with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
        if image.mode not in ("P", "PA", "RGB", "RGBA"):
            return 0.0
        image.thumbnail((COLOUR_SIDE, COLOUR_SIDE))
        channels = np.asarray(image.convert("RGB"))
    return float(np.ptp(channels, axis=2).mean() / 255)


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes for the answers alone: what a library prints goes nowhere."""
    files, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    return files, answers


def _limit(memory: int) -> None:
    """Limit this process's memory, and forbid it files and crash dumps; on Windows only the clock limits it."""
    if sys.platform == "win32":
        return
    import resource

    for what, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        lower = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(what, (lower, lower))


def _allow(seconds: int) -> None:
    """Give this process so many more seconds of its processor; the system ends it after them."""
    if sys.platform == "win32":
        return
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


def _answer(answers: BinaryIO, told: dict[str, Any], raw: bytes = b"") -> None:
    text = json.dumps(told).encode()
    answers.write(ANSWER.pack(len(text)) + text)
    answers.write(raw)
    answers.flush()


if __name__ == "__main__":
    main()
