"""One patient taken out of what names films in words: logs and reports, and the file that leads back to patients."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import filelock

from core.base import files
from core.base.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.base.paths import Workspace

TEXTS = (".json", ".jsonl", ".txt", ".log")
MOST_BYTES = 50_000_000  # of a text file that is looked through
_WAIT = 60.0  # seconds for a lock that another process holds


def forget_in_texts(folders: Iterable[Path], scrub: Callable[[str], str], *, really: bool) -> int:
    """Put a mark in the place of the films' names in texts such as logs and reports, and return how many had some.

    Args:
        folders: Looked through with all that is in them; a file may stand for itself.
        scrub: Returns a text with the mark in the place of each name.
        really: Whether to write; else it is only counted.
    """
    count = 0
    for folder in folders:
        for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
            if path.suffix not in TEXTS or not path.is_file() or path.stat().st_size > MOST_BYTES:
                continue
            told = path.read_text(encoding="utf-8", errors="surrogateescape")
            plain = scrub(told)
            if plain != told:
                count += 1
                if really:
                    files.write_bytes(path, plain.encode(errors="surrogateescape"))
    return count


def forget_lookup(workspace: Workspace, patient: str, *, really: bool) -> int:
    """Take a patient's line out of the file that leads back to patients, where one is kept; return how many it had.

    Raises:
        InputError: If it cannot be read or written.
    """
    path = workspace.lookup_file
    if path is None or not path.exists():
        return 0
    try:
        with filelock.FileLock(path.with_name(f"{path.name}.lock"), timeout=_WAIT):
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))
            kept = [row for row in rows if row[:1] != [patient]]
            if really and len(kept) < len(rows):
                _write_privately(path, kept)
    except filelock.Timeout:
        msg = f"Expected to change the look-up file {path}, found another process that holds it; try again."
        raise InputError(msg) from None
    except OSError as error:
        msg = (
            f"Expected a look-up file that can be changed at {path}, found that it cannot ({error.strerror}); correct "
            "PLEURASCOPE_LOOKUP_FILE or make it writable."
        )
        raise InputError(msg) from None
    return len(rows) - len(kept)


def _write_privately(path: Path, rows: list[list[str]]) -> None:
    handle, name = tempfile.mkstemp(
        prefix=f".{path.name}.", suffix=".part", dir=path.parent
    )  # mode 0600, as it is kept
    aside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
