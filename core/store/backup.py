"""A backup for a person to keep: the database, copied while it is used, and the checkpoints' cards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.base import files
from core.base.errors import InputError
from core.base.paths import Workspace
from core.store.copying import copy_database, moment
from core.store.engine import open_database

CARD_FILES = ("card.json", "model_card.md", "config.json")


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What was written."""

    database: Path
    cards: Path | None
    """Folder with one folder a checkpoint; None if there is no checkpoint."""
    checkpoints: int


def back_up(workspace: Workspace, folder: Path) -> Backup:
    """Copy the database and the checkpoints' cards into a folder; the database comes last, so where it is, all is.

    Raises:
        InputError: If the database is no SQLite database, or cannot be copied.
        OSError: If the folder cannot be written.
    """
    engine = open_database(workspace)
    try:
        if engine.dialect.name != "sqlite":
            msg = (
                f"Expected a SQLite database, found {engine.dialect.name}; back it up with its own pg_dump, as "
                "deploy/README.md says."
            )
            raise InputError(msg)
        folder.mkdir(parents=True, exist_ok=True)
        when = moment()
        cards = folder / f"cards-{when}"
        checkpoints = 0
        for card in sorted(workspace.checkpoints.glob("*/card.json")):
            checkpoints += 1
            for path in (card.with_name(name) for name in CARD_FILES):
                if path.is_file():
                    files.write_bytes(cards / card.parent.name / path.name, path.read_bytes())
        database = folder / f"pleurascope-{when}.sqlite"
        copy_database(engine, database)
    finally:
        engine.dispose()
    return Backup(database=database, cards=cards if checkpoints else None, checkpoints=checkpoints)
