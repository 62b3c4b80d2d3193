"""`python -m core COMMAND ...`: finds the command, runs it, tells how it ended.

Exit status: 0 done; 2 bad input, with one sentence; 1 a failure while running. When the
command runs as a job, its end is also written to `outcome.json` in the job's folder.
"""

from __future__ import annotations

import difflib
import errno
import io
import json
import os
import sys
import traceback
from importlib import import_module
from typing import Any

from core.base import files, progress
from core.base.errors import Cancelled, InputError, PleuraScopeError

UNUSABLE_PLACES = {
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EEXIST,
}

DISK_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}

# Before torch is loaded: its idle threads sleep instead of spinning, which on shared cores is several times faster.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

COMMANDS = {
    "demo": "the embedded study from nothing: phantoms, splits, every classifier, predictions",
    "phantom": "write a data set of computed radiographs in NIH form",
    "index": "read a data set's table and images into the workspace",
    "labels": "take in labels, boxes, masks or adjudicated findings from a table of their own",
    "split": "divide a data set's patients into train, val and test",
    "train": "train a classifier, a CycleGAN, or a classifier that tells synthetic images from films",
    "ensemble": "fuse trained classifiers into one",
    "translate": "make a synthetic data set: films without finding given a pneumothorax, or the reverse",
    "realism": "measure how far a synthetic data set can be told from films",
    "dose-response": "measure whether synthetic images among those learnt help a classifier",
    "predict": "apply a checkpoint to a data set",
    "evaluate": "measure a checkpoint on one part of a split",
    "compare": "measure checkpoints side by side, and which of them differ",
    "explain": "draw what moved a checkpoint on one film, with the verdict whether to trust it",
    "localisation": "measure whether heat maps meet the pneumothorax, where masks or boxes exist",
    "triage": "part the films of a part into suspected, unsure and not suspected",
    "review": "write reads and label sets to files, count how far readers agree, verify the store, replay a read",
    "loop": "train again with the labels that readers gave, and measure what it brought",
    "jobs": "list, show, cancel or resume jobs; run their worker",
    "backup": "copy the database and the cards of the checkpoints into a folder",
    "restore": "put a backup of the database in its place",
    "erase": "take one patient out of everything that can forget, and say what cannot",
}


def main(words: list[str]) -> int:
    """Run one command and return its exit status."""
    as_json = "--json" in words
    words = [word for word in words if word != "--json"]
    if not words or words[0] in ("-h", "--help"):
        sys.stdout.write(_overview())
        return 0
    try:
        outcome = _run(words)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # the one place where a failure becomes an exit status
        status, state, message = _judged(error)
        _end_job({"state": state, "message": message})
        sys.stderr.write(f"{message}\n")
        return status
    _end_job({"state": "done", "made": outcome["made"]})
    sys.stdout.write(outcome["summary"].rstrip("\n") + "\n")
    if as_json:
        sys.stdout.write(json.dumps(outcome["made"], allow_nan=False) + "\n")
    return int(outcome["status"])


def _judged(error: BaseException) -> tuple[int, str, str]:
    """Return the exit status, the job's state, and what to say; a failure nobody foresaw keeps its traceback."""
    if isinstance(error, InputError):
        return 2, "failed", str(error)
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return 1, "cancelled", "Stopped on request; what was finished is kept."
    if isinstance(error, PleuraScopeError):
        return 1, "failed", str(error)
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return 1, "failed", "The disk is full; what was finished is kept: free some space and start again to go on."
    if isinstance(error, OSError) and error.filename is not None:
        reason = f"The system refused {error.filename}: {error.strerror}; choose another place."
        return 2 if error.errno in UNUSABLE_PLACES else 1, "failed", reason
    traceback.print_exc()
    return 1, "failed", f"{type(error).__name__}: {error}"


def _run(words: list[str]) -> dict[str, Any]:
    name = words[0]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(COMMANDS)}."
        msg = f"Expected a command, found {name!r}; {hint}"
        raise InputError(msg)
    outcome = import_module(f"core.commands.{name.replace('-', '_')}").run(words[1:])
    return {"summary": outcome.summary, "made": outcome.made, "status": outcome.status}


def _overview() -> str:
    lines = ["usage: python -m core COMMAND ... [--json]", ""]
    lines += [f"  {name:<14} {text}" for name, text in COMMANDS.items()]
    lines += ["", "`python -m core COMMAND --help` explains one command.", ""]
    return "\n".join(lines)


def _end_job(content: dict[str, Any]) -> None:
    folder = progress.job_folder()
    if folder is not None and folder.is_dir():
        files.write_json(folder / "outcome.json", content)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what this terminal cannot show is shown by its code
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)
