"""`review export|agreement|verify|replay`: reads as files, how far readers agree, whether all is as it was written."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from core.base import progress
from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import truth
from core.review import audit_log, export, rights, structured_report
from core.review import reads as reads_of
from core.review.agreement import agreement
from core.store import audit_key, verification
from core.store.engine import open_database
from core.store.ledger import Ledger
from core.triage.worklists import Worklists

if TYPE_CHECKING:
    from core.inference.replay import Replay

ACTOR = "command line"
OPTIONS = {
    "export": ("out", "what", "worklist"),
    "agreement": ("worklist",),
    "verify": ("accept",),
    "replay": ("entry",),
}
SR = "sr"
_EPILOG = (
    "Practice rounds are never counted or exported. `verify` ends with status 1 where anything was changed past the "
    "program, `replay` where a read no longer comes out as it was. A label set is taken in by `labels import` and "
    "learnt from by `train --labels`. Structured reports hold the UIDs of their films."
)


class ReviewArguments(Config):
    """Write reads or a label set to files, count how far readers agree, verify the store, or replay what was read."""

    action: Literal["export", "agreement", "verify", "replay"] = Field(description="What to do.")
    entry: int | None = Field(
        None, ge=1, le=2**63 - 1, description="replay: the number of an audit entry; without one the newest 20 reads."
    )
    out: GivenPath | None = Field(None, description="export: the file, .csv, .parquet or .json; for sr a folder.")
    what: Literal["reads", "labels", "sr"] | None = Field(
        None,
        description="export: every read, which is the default, one label a film with its provenance beside it, or a "
        "DICOM Structured Report of each read that counts, of films that came as DICOM.",
    )
    worklist: str | None = Field(None, description="Only the reads of this worklist.")
    accept: str | None = Field(
        None,
        description="verify: why a store that ends elsewhere than it was left, such as a backup, or stands where "
        "another one was removed, is to go on.",
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    positional = ("action", "entry")
    arguments = parse(ReviewArguments, words, prog="python -m core review", positional=positional, epilog=_EPILOG)
    options = dict.fromkeys(name for own in OPTIONS.values() for name in own)
    given = [name for name in options if getattr(arguments, name) is not None]
    foreign = [name for name in given if name not in OPTIONS[arguments.action]]
    if foreign:
        own = ", ".join(map(_written, OPTIONS[arguments.action]))
        msg = f"Expected only {own} after `review {arguments.action}`, found {_written(foreign[0])}; leave it out."
        raise InputError(msg, field=foreign[0])
    workspace = Workspace()
    if arguments.action == "verify":
        return _verify(workspace, arguments.accept)
    if arguments.action == "replay":
        return _replay(workspace, arguments.entry)
    if arguments.worklist is not None:
        Worklists(workspace).get(arguments.worklist)  # says which there are, if there is none of this name
    return _export(workspace, arguments) if arguments.action == "export" else _agreement(workspace, arguments.worklist)


def _export(workspace: Workspace, arguments: ReviewArguments) -> Outcome:
    if arguments.out is None:
        msg = (
            "Expected --out for `review export`, found none; name a file that ends in .csv, .parquet or .json, or with "
            "--what sr a folder."
        )
        raise InputError(msg, field="out")
    if arguments.what == SR:
        return _structured_reports(workspace, arguments.out, arguments.worklist)
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


def _structured_reports(workspace: Workspace, folder: Path, worklist: str | None) -> Outcome:
    rights.require(ACTOR, rights.EXPORT)
    ledger = Ledger(workspace)
    table = reads_of.read_table(workspace, worklist)
    written = structured_report.write(workspace, table, folder, key=audit_key.read(ledger.key_file))
    with ledger.writing() as page:
        page.record("export", actor=ACTOR, about={"what": SR, "rows": written.files, "worklist": worklist})
    lines = [
        f"{_reports(written.files)} written to {folder.name}, for research use; they hold the UIDs of their films."
    ]
    lines += [f"  left out: {count}, {reason}" for reason, count in written.left_out.items()]
    return Outcome(summary="\n".join(lines), made={"export": str(folder), "what": SR, **asdict(written)})


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


def _replay(workspace: Workspace, entry_id: int | None) -> Outcome:
    from core.inference.replay import Replayer  # torch

    engine = open_database(workspace)
    try:
        replayer = Replayer(workspace, engine)
        numbers = replayer.newest() if entry_id is None else [entry_id]
        found = [
            replayer.replay(number)
            for number in progress.track(numbers, "Replaying reads", total=len(numbers), unit="reads")
        ]
    finally:
        engine.dispose()
    changed = sum(bool(one.changed) for one in found)
    lines = [line for one in found for line in _told(one, alone=entry_id is not None)]
    if entry_id is None:
        same = sum(one.not_replayed is None and not one.changed for one in found)
        lines.append(f"{same} of {len(found)} as they were, {changed} changed." if found else "No read yet.")
    told = [{"same": not one.changed, "changed": [check.sentence for check in one.changed]} for one in found]
    made = {"replays": [asdict(one) | how for one, how in zip(found, told, strict=True)], "changed": changed}
    return Outcome(summary="\n".join(lines), made=made, status=1 if changed else 0)


def _told(one: Replay, *, alone: bool) -> list[str]:
    """Return the lines that say what became of an entry; where it is one of many, only what changed."""
    case = f", case {one.case}" if one.case else ""
    head = f"Entry {one.entry_id}, {one.action}{case}: "
    if one.not_replayed is not None and not one.changed:
        return [f"{head}nothing to compute anew: {one.not_replayed}."]
    lines = [head + ("changed." if one.changed else "the same.")]
    lines += [f"  {check.sentence}" for check in (one.checks if alone else one.changed)]
    return lines + ([f"  note: {note}" for note in one.notes] if alone else [])


def _written(name: str) -> str:
    return name.upper() if name == "entry" else f"--{name}"


def _reports(count: int) -> str:
    return "1 structured report" if count == 1 else f"{count} structured reports"
