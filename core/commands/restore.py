"""`restore FILE --yes`: a backup put in the place of the database, the replaced one kept beside."""

from __future__ import annotations

from pydantic import Field

from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.store import restore

_EPILOG = (
    "Stop the program first. Checkpoints, films and the audit key are not touched. What was written after the backup "
    "is told as missing by `python -m core review verify`, and nothing can be written, until you add `--accept REASON`."
)


class RestoreArguments(Config):
    """Put a backup in the place of the database; without --yes only say what would change."""

    file: GivenPath = Field(description="The .sqlite file that `backup`, or a migration, wrote.")
    yes: bool = Field(default=False, description="Do it.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(RestoreArguments, words, prog="python -m core restore", positional=("file",), epilog=_EPILOG)
    workspace = Workspace()
    database = restore.place(workspace)
    if not arguments.yes:
        return Outcome(
            summary=(
                f"The backup: {_told(restore.contents(arguments.file))}.\n"
                f"The database now: {_now(workspace)}.\n"
                f"Nothing was changed; add --yes to put the backup in the place of {database}."
            ),
            made={"restored": None, "kept": None},
        )
    done = restore.restore(workspace, arguments.file)
    kept = "there was none before" if done.kept is None else f"the one before is kept as {done.kept}"
    return Outcome(
        summary=(
            f"The backup stands in the place of the database: {_told(done.contents)}; {kept}.\n"
            "  next: `python -m core review verify`; what was written after the backup is told as missing until you "
            "add `--accept REASON`."
        ),
        made={"restored": str(done.database), "kept": None if done.kept is None else str(done.kept)},
    )


def _told(contents: restore.Contents) -> str:
    return f"{contents.reads} reads, {contents.entries} entries of the audit, migration {contents.revision}"


def _now(workspace: Workspace) -> str:
    database = restore.place(workspace)
    if not database.exists():
        return "there is none"
    try:
        return _told(restore.contents(database, in_use=True))
    except InputError:  # a damaged one is what a backup is for
        return "one that cannot be read"
