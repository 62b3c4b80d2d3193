"""Whether the disk will hold what is about to be written; asked before, since a full disk stops everybody."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.base.errors import InputError

RESERVE_BYTES = 1_000_000_000  # left for the database, a training's saved state and whatever else is being written


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk on which a folder lies, or will lie."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require(folder: Path, needed: int, *, what: str, instead: str) -> None:
    """Raise unless a disk has room for so many bytes and a reserve.

    Args:
        folder: Where they will be written.
        needed: The bytes.
        what: What they are, after "for": "the decoded pixels of 12 films".
        instead: What else a person can do, after "free some or": "choose a smaller image size".

    Raises:
        InputError: If it has not.
    """
    free = free_bytes(folder)
    if needed + RESERVE_BYTES > free:
        msg = (
            f"Expected {as_size(needed)} of free disk for {what} and {as_size(RESERVE_BYTES)} to spare, found "
            f"{as_size(free)}; free some or {instead}."
        )
        raise InputError(msg)


def as_size(number: int) -> str:
    """Return a number of bytes as a person reads it.

    Examples:
        >>> as_size(12_345_678), as_size(9_876_543_210)
        ('12 MB', '9.9 GB')
    """
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
