"""`review export|agreement|verify`: reads as files, how far readers agree, whether the store is as it was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import truth
from core.review import audit_log, export
from core.review import reads as reads_of
from core.review.agreement import agreement
from core.store import verification
from core.store.engine import open_database
from core.triage.worklists import Worklists

ACTOR = "command line"
OPTIONS = {"export": ("out", "what", "worklist"), "agreement": ("worklist",), "verify": ("accept",)}
_EPILOG = (
    "Practice rounds are never counted or exported. `verify` ends with status 1 where anything was changed past the "
    "program. A label set is taken in by `labels import` and learnt from by `train --labels`."
)


class ReviewArguments(Config):
    """Write reads or a label set to a file, count how far readers agree, or verify the store."""

    action: Literal["export", "agreement", "verify"] = Field(description="What to do.")
    out: GivenPath | None = Field(None, description="export: the file, .csv, .parquet or .json.")
    what: Literal["reads", "labels"] | None = Field(
        None, description="export: every read, which is the default, or one label a film with its provenance beside it."
    )
    worklist: str | None = Field(None, description="Only the reads of this worklist.")
    accept: str | None = Field(
        None,
        description="verify: why a store that ends elsewhere than it was left, such as a backup, or stands where "
        "another one was removed, is to go on.",
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(ReviewArguments, words, prog="python -m core review", positional=("action",), epilog=_EPILOG)
    given = [name for name in ("out", "what", "worklist", "accept") if getattr(arguments, name) is not None]
    foreign = [name for name in given if name not in OPTIONS[arguments.action]]
    if foreign:
        own = ", ".join(f"--{name}" for name in OPTIONS[arguments.action])
        msg = f"Expected only {own} after `review {arguments.action}`, found --{foreign[0]}; leave it out."
        raise InputError(msg, field=foreign[0])
    workspace = Workspace()
    if arguments.action == "verify":
        return _verify(workspace, arguments.accept)
    if arguments.worklist is not None:
        Worklists(workspace).get(arguments.worklist)  # says which there are, if there is none of this name
    return _export(workspace, arguments) if arguments.action == "export" else _agreement(workspace, arguments.worklist)


def _export(workspace: Workspace, arguments: ReviewArguments) -> Outcome:
    if arguments.out is None:
        msg = "Expected --out for `review export`, found none; name a file that ends in .csv, .parquet or .json."
        raise InputError(msg, field="out")
    what = arguments.what or export.READS
    made = export.to_file(workspace, arguments.out, what=what, worklist=arguments.worklist, actor=ACTOR)
    if what == export.READS:
        summary = f"{made.rows} {'read' if made.rows == 1 else 'reads'} written to {arguments.out.name}."
    else:
        summary = (
            f"Labels of {made.rows} {'film' if made.rows == 1 else 'films'} written to {arguments.out.name}, where "
            f"they come from to {arguments.out.name}.provenance.json; "
            f"{made.pending} {'case waits' if made.pending == 1 else 'cases wait'} for a reader."
        )
    return Outcome(summary=summary, made={"export": str(arguments.out), **asdict(made)})


def _agreement(workspace: Workspace, worklist: str | None) -> Outcome:
    table = reads_of.read_table(workspace, worklist)
    names = [str(name) for name in table["dataset"].unique()]
    truths = {name: truth.load(workspace, name) for name in names if workspace.truth(name).exists()}
    found = agreement(table, truths)
    lines: list[str] = []
    for name, counted in found["datasets"].items():
        lines += [f"Data set {name}:", *(f"  {sentence}" for sentence in counted["sentences"])]
    return Outcome(summary="\n".join(lines) or "No read yet.", made=found)


def _verify(workspace: Workspace, accepted: str | None) -> Outcome:
    if accepted is not None:
        verification.accept(workspace, ACTOR, accepted)
    found = verification.verify(workspace)
    engine = open_database(workspace)
    counted = f"{found.entries} entries, {found.rows} rows, {audit_log.count_reads(engine)} reads"
    engine.dispose()
    faults = [fault.sentence for fault in found.faults]
    many = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    lines = [f"Changed past the program: {many} in {counted}." if faults else f"Sound: {counted}."]
    lines += [f"  fault: {sentence}" for sentence in faults]
    lines += [f"  note: {note}" for note in found.notes]
    made: dict[str, Any] = asdict(found)
    return Outcome(summary="\n".join(lines), made=made, status=1 if faults else 0)
