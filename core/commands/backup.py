"""`backup DIR`: the database and the checkpoints' cards, copied while the program is used."""

from __future__ import annotations

from pydantic import Field

from core.base.config import Config, GivenPath
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.store import audit_key
from core.store.backup import back_up

_EPILOG = "To go back to a backup: `python -m core restore FILE`, with the program stopped."


class BackupArguments(Config):
    """Copy the database and the checkpoints' cards into a folder; films, weights and the audit key are not copied."""

    dir: GivenPath = Field(description="Folder for the backup; made if it is not there.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(BackupArguments, words, prog="python -m core backup", positional=("dir",), epilog=_EPILOG)
    workspace = Workspace()
    key_file = audit_key.key_file(workspace)
    made = back_up(workspace, arguments.dir)
    size = made.database.stat().st_size / 1e6
    return Outcome(
        summary=(
            f"Backup of the database: {made.database} ({size:.1f} MB); cards of {made.checkpoints} checkpoints.\n"
            f"  not in it: the audit key {key_file}, without which no backup can be verified; keep your own copy of "
            "it, in another place."
        ),
        made={
            "backup": str(made.database),
            "cards": None if made.cards is None else str(made.cards),
            "checkpoints": made.checkpoints,
        },
    )
