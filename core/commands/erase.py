"""`erase`: takes one patient out of everything that can forget, and says what cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from core.base import files, progress
from core.base.config import Config
from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import erasing, radiographs
from core.jobs.queue import JobQueue
from core.review import once
from core.store.ledger import Ledger

if TYPE_CHECKING:
    from core.inference.erasing import Erasure

ACTOR = "command line"
_EPILOG = (
    "Without --yes nothing is changed. The chain of the audit stays whole: each read of the patient keeps its place, "
    "and `review verify` accepts that its content was taken out, by an entry with its old and its new digest. "
    "A killed erasure is finished by running it again. No job may run meanwhile, and no command by hand should."
)


class EraseArguments(Config):
    """Take one patient out of everything that can forget; without --yes only say what that would be."""

    dataset: str = Field(description="The data set.")
    patient: str = Field(description="The patient's id as it stands in the data set's table.")
    reason: str = Field(description="Why; the audit keeps it, so name neither the patient nor a film.")
    yes: bool = Field(False, description="Do it; it cannot be undone.")
    original: bool = Field(
        False, description="PATIENT is the PatientID as the hospital writes it; the id in the table follows from it."
    )
    issuer: str = Field("", description="Who issued it, with --original, where the files name an issuer.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(
        EraseArguments, words, prog="python -m core erase", positional=("dataset", "patient"), epilog=_EPILOG
    )
    if arguments.issuer and not arguments.original:
        msg = "Expected --issuer only together with --original, found it alone; add --original or leave it out."
        raise InputError(msg, field="issuer")
    workspace, reason = Workspace(), once.checked_reason(arguments.reason)
    patient = arguments.patient
    if arguments.original:
        patient = Pseudonyms(workspace).patient(patient, arguments.issuer)
    with _alone(workspace, arguments.dataset) if arguments.yes else nullcontext():
        found = erasing.traces(workspace, arguments.dataset, patient, original=arguments.original)
        if erasing.names_one(reason, found, *([arguments.patient] if arguments.original else [])):
            msg = "Expected a reason that names neither patient nor film, since it is kept; say it without the name."
            raise InputError(msg, field="reason")
        ledger = Ledger(workspace)
        if arguments.yes:
            _refuse_while_jobs_run(workspace)
        from core.inference import erasing as everywhere  # torch

        made = everywhere.erase(workspace, ledger, found, actor=ACTOR, reason=reason, really=arguments.yes)
    told: dict[str, Any] = {"dataset": arguments.dataset, "erased": arguments.yes, **asdict(made)}
    return Outcome(summary="\n".join(_lines(made, arguments.dataset, done=arguments.yes)), made=told)


@contextmanager
def _alone(workspace: Workspace, dataset: str) -> Iterator[None]:
    """Keep out another erasure, which would write tables that this one has read, and an index of the data set."""
    radiographs.load(workspace, dataset)  # says which there are, before a lock of a wrong name is made
    with (
        files.held_alone(workspace.cache / "erasing", doing="erases a patient"),
        files.held_alone(workspace.cache / "indexing" / dataset, doing="indexes this data set"),
    ):
        yield


def _refuse_while_jobs_run(workspace: Workspace) -> None:
    folder = progress.job_folder()
    own = None if folder is None else Path(folder).name
    running = [job for job in JobQueue(workspace).running() if str(job.job_id) != own]
    if running:
        msg = (
            f"Expected no running job, found {len(running)}, such as {running[0].title!r}, which could write the "
            "patient anew; wait for it, or stop it by `python -m core jobs cancel`."
        )
        raise InputError(msg)


def _lines(made: Erasure, dataset: str, *, done: bool) -> list[str]:
    lines = [
        f"{'Erased' if done else 'Would be erased'}: {_many(made.films, 'film')} of one patient of {dataset}"
        + (f" and {_many(made.translations, 'translation')} of them." if made.translations else "."),
        f"  database: {_listed({name.replace('_', ' '): count for name, count in made.rows.items()})}",
        f"  predictions: {_many(made.predictions, 'row')}; nearest training films: {_many(made.neighbours, 'row')}; "
        f"training features: {_many(made.training_features, 'row')}",
        f"  files: {made.own_files} written here, {made.kept_files} of caches, {made.texts} logs or reports"
        f", {_many(made.lookup, 'line')} of the look-up file, {made.left_behind} left half written by killed commands",
    ]
    stay = []
    if made.originals:
        stay.append(
            f"{_many(made.originals, 'original')} where index read them: remove them there, or the next index brings "
            "the patient back"
        )
    if made.elsewhere:
        stay.append(
            f"the same patient in {' and '.join(made.elsewhere)}: erase there too; a line of the look-up file stays "
            "until then"
        )
    if made.shared:
        stay.append(f"the same pixels in {' and '.join(made.shared)}: erase there too")
    for how in dict.fromkeys(made.checkpoints.values()):
        names = [name for name, one in made.checkpoints.items() if one == how]
        stay.append(f"checkpoints, {how}: {', '.join(names)}; {_CURES[how]}")
    here = f", {made.backups} of them beside the database" if made.backups else ""
    stay.append(f"backups{here}, and exported files: delete those that were made before, and back up anew")
    if not made.lookup and not made.elsewhere:
        stay.append("a look-up file kept elsewhere: take the patient's line out of it")
    stay.append("the opaque case names in the audit: they lead to a film only for whoever knows its id")
    stay.append("reports: they are counts, in which the patient stays counted until `evaluate` runs again")
    lines += ["What cannot forget:", *(f"  {one}." for one in stay)]
    return lines if done else [*lines, "Nothing was changed; add --yes to do it."]


_CURES = {
    "learnt from it": "train again, and remove these",
    "calibrated on it": "train again where the calibration and the cut must not rest on the patient",
    "measured on it": "their cards keep figures that count the patient, and nothing else",
    "not known any more": "the split they learnt from is gone, so train again if in doubt",
}


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())
