"""The bytes of an image file, the limits on what is read, and the one exception that says why it is not."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from core.base.errors import PleuraScopeError

MAX_PIXELS = 25_000_000  # of one image
MAX_BYTES = 256_000_000  # of one file


class UnreadableImage(PleuraScopeError):
    """A file that cannot be read as a radiograph; `reason` says why in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def too_large() -> UnreadableImage:
    """Return the refusal of an image with too many pixels."""
    return UnreadableImage(f"larger than {MAX_PIXELS // 1_000_000} megapixels")


def file_too_large() -> UnreadableImage:
    """Return the refusal of a file with too many bytes."""
    return UnreadableImage(f"file larger than {MAX_BYTES // 1_000_000} MB")


def bytes_of(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        UnreadableImage: If it is missing, no file, too large, or cannot be read.
    """
    with _opened(path) as file:
        return file.read()


def head_of(path: Path, size: int) -> bytes:
    """Read a file's first bytes, at most `size` of them.

    Raises:
        UnreadableImage: If the file is missing, no file, too large, or cannot be read.
    """
    with _opened(path) as file:
        return file.read(size)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for ever
            msg = "not a file"
            raise UnreadableImage(msg)
        if status.st_size > MAX_BYTES:
            raise file_too_large()
        with path.open("rb") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a zero byte in the name
        msg = "missing"
        raise UnreadableImage(msg) from None
    except PermissionError:
        msg = "no permission to read"
        raise UnreadableImage(msg) from None
    except OSError as error:
        msg = "reading failed"
        raise UnreadableImage(msg) from error
