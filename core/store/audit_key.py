"""The key of the audit chain: where it lies, made at first use, never in the workspace; and the lock beside it."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from core.base.errors import InputError
from core.base.paths import Workspace
from core.store.engine import database_file

LOCK_SECONDS = 20.0  # as long as the database waits for another writer


def key_file(workspace: Workspace) -> Path:
    """Return where the key lies, or will lie.

    Raises:
        InputError: If that is inside the workspace, or beside the database, where whoever changes the store finds it.
    """
    path = (workspace.audit_key_file or _configuration_folder() / "audit.key").resolve()
    if path.is_relative_to(workspace.root):
        msg = (
            f"Expected PLEURASCOPE_AUDIT_KEY_FILE outside the workspace {workspace.root}, found it inside; "
            "name a place that those who may change the workspace cannot read."
        )
        raise InputError(msg)
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
    try:
        content, mode = path.read_text(encoding="ascii", errors="replace").strip(), path.stat().st_mode
    except FileNotFoundError:
        msg = (
            f"Expected the audit key at {path}, found none; put back your copy of it, since a new key cannot speak for "
            "what was written with the old one."
        )
        raise InputError(msg) from None
    except OSError as error:
        msg = f"Expected the audit key at {path}, found that it cannot be read ({error.strerror}); make it readable."
        raise InputError(msg) from None
    # Refused, not tightened: that others could read it means it may be known, and its owner must learn that.
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        msg = (
            f"Expected an audit key that only its owner can read, found mode {stat.S_IMODE(mode):04o} at {path}; "
            f"run `chmod 600 {path}`, and think about who may have copied it."
        )
        raise InputError(msg)
    if not re.fullmatch(r"[0-9a-f]{64}", content):
        msg = f"Expected an audit key of 64 hexadecimal digits at {path}, found something else; put back the right one."
        raise InputError(msg)
    return bytes.fromhex(content)


def read_or_make(path: Path) -> bytes:
    """Return the key, made first if there is none; for whoever holds the lock.

    Raises:
        InputError: If it cannot be used.
    """
    if not path.exists():
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # mode 0600
        aside = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
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


def _configuration_folder() -> Path:
    given = os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME")
    if given:
        return Path(given) / "pleurascope"
    try:
        return Path.home() / ".config" / "pleurascope"
    except RuntimeError:
        msg = "Expected a home folder for the audit key, found none; name a place by PLEURASCOPE_AUDIT_KEY_FILE."
        raise InputError(msg) from None
