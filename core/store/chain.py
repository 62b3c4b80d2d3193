"""The chain of audit entries, each hashed with the one before, and the head file that says where it ends."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from core.base import files
from core.base.errors import InputError
from core.store.engine import database_file
from core.store.growing import canonical

NOTHING = "0" * 64  # what stands before the first entry
HEADS = "*.head.json"
BEGUN = "store begun"  # the action of the first entry
ACCEPTED = "accepted"  # the action by which a person took upon them that a store ends, or stands, where it does

Entry = Mapping[str, Any]  # a row of `audit` as the database holds it


def entry_hash(key: bytes, entry: Entry) -> str:
    """Return what an entry's `hash` must be: the HMAC-SHA256 of all its other columns."""
    content = {name: value for name, value in entry.items() if name != "hash"}
    if not isinstance(content["about"], str | bytes):  # PostgreSQL's driver has read the JSON already
        content["about"] = json.dumps(content["about"])
    return hmac.new(key, canonical(content), "sha256").hexdigest()


def is_ours(key: bytes, entry: Entry) -> bool:
    """Tell whether an entry was written by somebody who held the key, and stands as it was written."""
    return hmac.compare_digest(str(entry["hash"]).encode(errors="replace"), entry_hash(key, entry).encode())


def fingerprint(key: bytes) -> str:
    """Return what tells a key from another one without telling the key."""
    return hmac.new(key, b"PleuraScope audit key", "sha256").hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where a store's chain ends, kept beside the key, out of reach of whoever changes the database."""

    store_id: str
    entry_id: int
    hash: str
    key: str
    """Fingerprint of the key that the entries were written with."""
    place: str
    """URL of the database without its password."""

    @classmethod
    def read(cls, path: Path) -> Head | None:
        """Read a head file; None if it is missing or damaged."""
        try:
            values = files.read_json(path)
            return cls(**{name: kind(values[name]) for name, kind in _KINDS.items()})
        except (OSError, InputError, KeyError, TypeError, ValueError, OverflowError):
            return None

    def write(self, path: Path) -> None:
        """Write the head file."""
        files.write_json(path, asdict(self))


_KINDS = {"store_id": str, "entry_id": int, "hash": str, "key": str, "place": str}


def check_key(head: Head | None, key: bytes, key_file: Path) -> None:
    """Raise unless the key is the one that the store was written with.

    Raises:
        InputError: If it is another one.
    """
    if head is not None and head.key != fingerprint(key):
        msg = (
            f"Expected the audit key that this store was written with, found another one at {key_file}; "
            "put back your copy of the right one."
        )
        raise InputError(msg)


def head_file(key_file: Path, store_id: str) -> Path:
    """Return where the head of a store lies."""
    return key_file.with_name(f"{store_id}.head.json")


def place(engine: Engine) -> str:
    """Return where a database is, without its password; a file by its full path, from wherever it was opened."""
    file = database_file(engine.url)
    return engine.url.render_as_string(hide_password=True) if file is None else f"sqlite:///{file}"


def about(entry: Entry) -> dict[str, Any]:
    """Return what an entry of ours tells."""
    told = entry["about"]
    return dict(json.loads(told) if isinstance(told, str) else told)


def replaced(ours: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the stores in whose place this one was begun and of which nobody has accepted that yet.

    Args:
        ours: Entries that the program wrote.

    Returns:
        Of each `store`, its id, and `entries`, how many it had.
    """
    before: list[dict[str, Any]] = []
    accepted: list[dict[str, Any]] = []
    for entry in ours:
        if entry["action"] == BEGUN:
            before += about(entry)["before"]
        if entry["action"] == ACCEPTED:
            accepted += about(entry).get("replaced", [])
    return [one for one in before if one not in accepted]


def is_one_write(key: bytes, head: Head | None, later: Sequence[Entry]) -> bool:
    """Tell whether the entries after a head are those of one transaction: what a stop before the head file leaves."""
    before, hash_before = (head.entry_id, head.hash) if head else (0, NOTHING)
    for entry in later:
        if entry["entry_id"] != before + 1 or entry["previous"] != hash_before or not is_ours(key, entry):
            return False
        before, hash_before = entry["entry_id"], entry["hash"]
    return len({entry["created_at"] for entry in later}) == 1
