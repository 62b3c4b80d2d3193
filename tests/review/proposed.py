"""A checkpoint with films in all folds of a split and predictions of val and test, on which points are proposed."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from core.base import files, schema
from core.base.errors import InputError
from core.base.paths import Workspace
from core.review import proposals
from core.review.proposal_store import Proposal
from core.review.proposals import Given
from core.store.ledger import Ledger
from tests.app import listed

KEYS = itertools.count()
TEST, TUNE = 60, 40  # films; twenty more are of certify


def make(workspace: Workspace) -> dict[str, Any]:
    """Write what `listed.make` writes, with val besides, and return the checkpoint's card."""
    films = TEST + TUNE + 20
    listed.make(workspace, films=films)
    path = workspace.split("made", "patient")
    split = files.read_parquet(path)
    number = pd.Series(range(films))
    split["part"] = number.map(lambda one: "test" if one < TEST else "val")
    split["fold"] = number.map(lambda one: None if one < TEST else "tune" if one < TEST + TUNE else "certify")
    files.write_parquet(path, schema.checked(split, schema.SPLIT))
    sha256 = files.sha256_of_file(path)
    files.write_json(path.with_suffix(".json"), {"kind": "patient", "table_sha256": sha256})
    every = workspace.predictions(listed.CHECKPOINT, "made", "patient", "test")
    table, signals = files.read_parquet(every), files.read_parquet(every.with_suffix(".signals.parquet"))
    for part in ("test", "val"):
        rows = (split["part"] == part).to_numpy()
        own = workspace.predictions(listed.CHECKPOINT, "made", "patient", part)
        files.write_parquet(own, table[rows].reset_index(drop=True))
        files.write_parquet(own.with_suffix(".signals.parquet"), signals[rows].reset_index(drop=True))
    card = listed.CARD | {
        "split_sha256": sha256,
        "operating_points": {
            "youden": {"rule": "youden", "threshold": listed.CUT, "sensitivity": 0.75, "specificity": 0.5}
        },
    }
    files.write_json(workspace.checkpoint(listed.CHECKPOINT) / "card.json", card)
    return card


def given(**about) -> Given:
    """Return what a proposer's form hands over."""
    values = {
        "key": f"key-{next(KEYS):08d}",
        "reader": "Ada",
        "name": "night shift",
        "reason": "Fewer missed at night.",
        "threshold": 0.25,
        "dataset": "made",
        "split": "patient",
        "part": "val",
        "fold": "tune",
        "truth": "report",
        "figures": {"sensitivity": 0.9, "ppv": None, "alerts_a_day": 62.5},
    }
    return Given(**values | about)


def proposed(workspace: Workspace, ledger: Ledger, card: dict[str, Any], **about) -> Proposal:
    """Propose a point."""
    return proposals.propose(workspace, ledger, card, given(**about))


def activated(workspace: Workspace, ledger: Ledger, card: dict[str, Any], *, by: str = "Grace", **about) -> Proposal:
    """Propose a point and activate it over whatever is in force."""
    from core.review.proposal_store import history

    one = proposed(workspace, ledger, card, **about)
    known = history(ledger.engine, card).known
    proposals.activate(ledger, card, one.proposal_id, key=key(), reader=by, known=known)
    return one


def key() -> str:
    """Return a key that nothing has."""
    return f"key-{next(KEYS):08d}"


def activate_at_once(workspace: Workspace, card: dict[str, Any], number: int, proposal_id: int, told: Any) -> None:
    """Activate a proposal from a process of its own, knowing of none; say what came of it."""
    ledger = Ledger(workspace)
    try:
        about = {"key": f"process-{number}", "reader": f"Reader {number}", "known": None}
        proposals.activate(ledger, card, proposal_id, **about)
    except InputError as error:
        told.send((number, str(error)))
    else:
        told.send((number, None))
