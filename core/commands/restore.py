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
    warned = _warned(workspace, restore.contents(arguments.file))
    if not arguments.yes:
        return Outcome(
            summary=(
                f"The backup: {_told(restore.contents(arguments.file))}.\n"
                f"The database now: {_now(workspace)}.\n"
                f"{warned}Nothing was changed; add --yes to put the backup in the place of {database}."
            ),
            made={"restored": None, "kept": None},
        )
    done = restore.restore(workspace, arguments.file)
    kept = "there was none before" if done.kept is None else f"the one before is kept as {done.kept}"
    return Outcome(
        summary=(
            f"The backup stands in the place of the database: {_told(done.contents)}; {kept}.\n"
            f"{warned}"
            "  next: `python -m core review verify`; what was written after the backup is told as missing until you "
            "add `--accept REASON`."
        ),
        made={"restored": str(done.database), "kept": None if done.kept is None else str(done.kept)},
    )


def _told(contents: restore.Contents) -> str:
    return f"{contents.reads} reads, {contents.entries} entries of the audit, migration {contents.revision}"


def _now(workspace: Workspace) -> str:
    if not restore.place(workspace).exists():
        return "there is none"
    now = _contents_now(workspace)
    return "one that cannot be read" if now is None else _told(now)


def _contents_now(workspace: Workspace) -> restore.Contents | None:
    try:
        return restore.contents(restore.place(workspace), in_use=True)
    except InputError:  # there is none, or a damaged one, which is what a backup is for
        return None


def _warned(workspace: Workspace, backup: restore.Contents) -> str:
    """Say what a person should know before the backup is put in place; each in a line."""
    now = _contents_now(workspace)
    if now is None:
        return ""
    lines = []
    if backup.store_id is not None and now.store_id is not None and backup.store_id != now.store_id:
        lines.append("  note: the backup is of another store, for which `review verify` will find no entry.")
    back = now.erased - backup.erased
    if back > 0:
        who = "1 patient was" if back == 1 else f"{back} patients were"
        lines.append(
            f"  note: {who} erased after this backup, whose reads come back with it; choose a later backup, or index "
            "the films again and erase again."
        )
    return "".join(f"{line}\n" for line in lines)
