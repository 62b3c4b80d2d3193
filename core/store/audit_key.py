"""The key of the audit chain: where it lies, made at first use, never in the workspace; and the lock beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.base import secret
from core.base.errors import InputError
from core.base.paths import Workspace
from core.store.engine import database_file

LOCK_SECONDS = 20.0  # as long as the database waits for another writer
_LOST = "put back your copy of it, since a new key cannot speak for what was written with the old one."


def key_file(workspace: Workspace) -> Path:
    """Return where the key lies, or will lie.

    Raises:
        InputError: If that is inside the workspace, or beside the database, where whoever changes the store finds it.
    """
    path = secret.audit_key_file(workspace)
    database = database_file(workspace.database_url)
    if database is not None and path.parent == database.parent:
        msg = (
            f"Expected the audit key in another folder than the database, found both in {path.parent}; name another "
            "by PLEURASCOPE_AUDIT_KEY_FILE, which those who may change the database cannot read."
        )
        raise InputError(msg)
    return path


def read(path: Path) -> bytes:
    """Return the key.

    Raises:
        InputError: If there is none, it cannot be read, or others than its owner can read it.
    """
    return secret.read(path, what="audit key", lost=_LOST)


def read_or_make(path: Path) -> bytes:
    """Return the key, made first if there is none; for whoever holds the lock.

    Raises:
        InputError: If it cannot be used.
    """
    if not path.exists():
        secret.make(path)
    return read(path)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock beside the key: for one writer at a time, whatever process or thread.

    Raises:
        InputError: If the key's folder cannot be used, or another writer does not let go.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f"{path.name}.lock"), timeout=LOCK_SECONDS)
        lock.acquire(poll_interval=0.005)  # a write takes about as long
    except Timeout:
        msg = f"Expected the store to be free within {LOCK_SECONDS:g} s, found another writer at work; try again."
        raise InputError(msg) from None
    except OSError as error:
        msg = (
            f"Expected a folder for the audit key at {path.parent}, found that it cannot be used ({error.strerror}); "
            "name another by PLEURASCOPE_AUDIT_KEY_FILE."
        )
        raise InputError(msg) from None
    try:
        yield
    finally:
        lock.release()
