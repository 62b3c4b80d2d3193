"""Keys that only their owner can read: where they lie, made at first use, refused when others can read them."""

from __future__ import annotations

import os
import re
import secrets
import stat
import tempfile
from pathlib import Path

from core.base.errors import InputError
from core.base.paths import Workspace


def configuration_folder() -> Path:
    """Return the user's folder for PleuraScope's keys, which is not made by asking.

    Raises:
        InputError: If this user has no home folder.
    """
    given = os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME")
    if given:
        return Path(given) / "pleurascope"
    try:
        return Path.home() / ".config" / "pleurascope"
    except RuntimeError:
        msg = "Expected a home folder for the audit key, found none; name a place by PLEURASCOPE_AUDIT_KEY_FILE."
        raise InputError(msg) from None


def audit_key_file(workspace: Workspace) -> Path:
    """Return where the audit key lies, or will lie; the other keys lie in its folder.

    Raises:
        InputError: If that is inside the workspace, or this user has no home folder.
    """
    path = (workspace.audit_key_file or configuration_folder() / "audit.key").resolve()
    if path.is_relative_to(workspace.root):
        msg = (
            f"Expected PLEURASCOPE_AUDIT_KEY_FILE outside the workspace {workspace.root}, found it inside; "
            "name a place that those who may change the workspace cannot read."
        )
        raise InputError(msg)
    return path


def read(path: Path, *, what: str, lost: str) -> bytes:
    """Return a key's 32 bytes.

    Args:
        path: Its file.
        what: How a sentence calls it: "audit key".
        lost: What to do when there is none.

    Raises:
        InputError: If there is none, it cannot be read, or others than its owner can read it.
    """
    try:
        content, mode = path.read_text(encoding="ascii", errors="replace").strip(), path.stat().st_mode
    except FileNotFoundError:
        msg = f"Expected the {what} at {path}, found none; {lost}"
        raise InputError(msg) from None
    except OSError as error:
        msg = f"Expected the {what} at {path}, found that it cannot be read ({error.strerror}); make it readable."
        raise InputError(msg) from None
    # Refused, not tightened: that others could read it means it may be known, and its owner must learn that.
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        msg = (
            f"Expected an {what} that only its owner can read, found mode {stat.S_IMODE(mode):04o} at {path}; "
            f"run `chmod 600 {path}`, and think about who may have copied it."
        )
        raise InputError(msg)
    if not re.fullmatch(r"[0-9a-f]{64}", content):
        msg = f"Expected an {what} of 64 hexadecimal digits at {path}, found something else; put back the right one."
        raise InputError(msg)
    return bytes.fromhex(content)


def make(path: Path) -> None:
    """Write a new key; whoever calls this holds the lock beside it, or does not mind which of two wins."""
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
