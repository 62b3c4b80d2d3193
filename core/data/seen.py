"""What decoding the files of a data set told, remembered, so that no file is decoded twice.

A file counts as the same while its size and the times of its last changes are. The memory is
written every half minute, so a killed `index` goes on where it was; it may be deleted at will.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from core.base import files
from core.base.errors import InputError
from core.data import pixels
from core.data.parallel import in_threads

RULES = 1  # to be changed with every change of the rules in `pixels`
WRITE_EVERY_S = 30.0
COLUMNS = {"width": "Int64", "height": "Int64", "sha256": "str", "source": "str", "notes": "str", "unreadable": "str"}


class _Seen(NamedTuple):
    """One file: its pixels' size, hash, kind and the rules applied, or why it cannot be read."""

    width: int | None = None
    height: int | None = None
    sha256: str | None = None
    source: str | None = None
    notes: str = ""  # joined by "; "
    unreadable: str | None = None


def look_at(paths: list[str], memory: Path) -> pd.DataFrame:
    """Decode the files that are not remembered, and tell what is known of all of them.

    Args:
        paths: The files.
        memory: A parquet file to remember them in; it is made when it does not exist.

    Returns:
        A row a file, in the given order: width, height, sha256, source, notes (joined by "; ")
        and unreadable (the reason, null if the file was read).

    Raises:
        Cancelled: If a stop was asked for; what was decoded is remembered.
    """
    stamps = [_stamp(path) for path in paths]
    known = _remembered(memory)
    seen = {path: known[path, stamp] for path, stamp in zip(paths, stamps, strict=True) if (path, stamp) in known}
    unseen = [path for path in dict.fromkeys(paths) if path not in seen]
    written = time.monotonic()
    try:
        for path, result in zip(unseen, in_threads(_look, unseen, "Reading films"), strict=True):
            seen[path] = result
            if time.monotonic() - written > WRITE_EVERY_S:
                _remember(memory, paths, stamps, seen)
                written = time.monotonic()
    finally:
        if unseen:
            _remember(memory, paths, stamps, seen)
    return pd.DataFrame([seen[path] for path in paths], columns=list(COLUMNS)).astype(COLUMNS)


def _look(path: str) -> _Seen:
    try:
        image = pixels.decode(Path(path))
    except pixels.UnreadableImage as error:
        return _Seen(unreadable=error.reason)
    height, width = image.pixels.shape
    return _Seen(width, height, pixels.sha256_of_pixels(image.pixels), image.source, "; ".join(image.notes))


def _stamp(path: str) -> str:
    try:
        status = Path(path).stat()
    except (OSError, ValueError):  # decoding says what is wrong
        return ""
    return f"{RULES} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def _remembered(memory: Path) -> dict[tuple[str, str], _Seen]:
    if not memory.exists():
        return {}
    try:
        table = files.read_parquet(memory)
    except InputError:  # damaged: what may be deleted at will is begun anew
        return {}
    keys = table[["path", "stamp"]].itertuples(index=False, name=None)
    values = table[list(COLUMNS)[:-1]].itertuples(index=False, name=None)
    return dict(zip(keys, (_Seen(*value) for value in values), strict=True))


def _remember(memory: Path, paths: list[str], stamps: list[str], seen: dict[str, _Seen]) -> None:
    """Remember what was read; an unreadable file is looked at again next time."""
    rows = [
        (path, stamp, *seen[path][:-1])
        for path, stamp in zip(paths, stamps, strict=True)
        if path in seen and seen[path].unreadable is None
    ]
    files.write_parquet(memory, pd.DataFrame(rows, columns=["path", "stamp", *list(COLUMNS)[:-1]]))
