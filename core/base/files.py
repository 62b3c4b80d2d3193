"""Files that are never half written: made aside, flushed to the disk, then renamed into place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from core.base.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; after the block it is flushed and renamed to `path`.

    If the block raises, `path` keeps what it held and the temporary file is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    aside = Path(name)
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        aside.chmod(0o644)  # mkstemp makes it private; a table is as readable as its folder
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    _sync_folder(path.parent)


@contextmanager
def folder_written_aside(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; after the block its files are flushed and it is renamed to `path`.

    If the block raises, or `path` exists by then and holds something, the temporary folder is removed.

    Raises:
        OSError: If `path` is a folder that holds something, or a file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    try:
        yield aside
        for inner in aside.iterdir():
            with inner.open("rb+") as file:
                os.fsync(file.fileno())
        aside.chmod(0o755)  # mkdtemp makes it private
        _sync_folder(aside)
        aside.replace(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _sync_folder(path.parent)


def left_aside(folder: Path, *, seconds: float = 60.0) -> list[Path]:
    """Return what killed processes left half written below a folder: files and folders aside that rest for so long."""
    now = time.time()
    found = []
    for path in sorted(folder.rglob(".*.part")):
        try:
            if now - path.stat().st_mtime >= seconds:
                found.append(path)
        except FileNotFoundError:  # its writer was there after all
            continue
    return found


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; what is gone already is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def held_alone(folder: Path, *, doing: str, wait: float = 0) -> Iterator[None]:
    """Hold a folder against other processes; the system frees it when its holder dies.

    Args:
        folder: It is made where it does not exist.
        doing: What another process that holds it does: "trains the same".
        wait: Seconds to wait for that one.

    Raises:
        InputError: If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=wait)
    except filelock.Timeout:
        msg = f"Expected to be alone in {folder}, found another process that {doing}; wait for it."
        raise InputError(msg) from None
    try:
        yield
    finally:
        lock.release()


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write bytes atomically."""
    with written_aside(path) as aside:
        aside.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, text.encode())


def write_json(path: Path, content: Any) -> None:  # noqa: ANN401 (whatever JSON holds)
    """Write a JSON file atomically; NaN is refused, since JSON has no word for it."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:  # noqa: ANN401 (whatever JSON holds)
    """Read a JSON file.

    Raises:
        InputError: If its content is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        msg = f"Expected JSON in {path.parent.name}/{path.name}, found a damaged file ({error}); make it again."
        raise InputError(msg) from None


def read_parquet(path: Path) -> pd.DataFrame:
    """Read a table.

    Raises:
        InputError: If its content is no table.
    """
    import pandas as pd
    from pyarrow import ArrowInvalid

    try:
        return pd.read_parquet(path)
    except ArrowInvalid as error:
        msg = f"Expected a table in {path.parent.name}/{path.name}, found a damaged file ({error}); make it again."
        raise InputError(msg) from None


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write a table atomically, without its index."""
    with written_aside(path) as aside:
        frame.to_parquet(aside, index=False)


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":  # Windows cannot open a folder; its rename is durable by itself
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
