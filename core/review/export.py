"""Reads and label sets as files: CSV that a spreadsheet may open, parquet or JSON; each export has its audit entry.

Neither names a file of a film, nor what a reader had not seen: of the model stands there what each read was
given after, so nothing tells which films were random checks.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from core.base import files
from core.base.errors import InputError
from core.base.spreadsheet import harmless
from core.review import label_set, progress, read_store, reads, rights
from core.review.answer import SIDES
from core.review.counted_reads import counted
from core.review.label_set import utc
from core.review.progress import SETTLED
from core.review.reading_list import BLINDED
from core.store.tables import store

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.store.ledger import Ledger, Page

READS, LABELS = "reads", "labels"
SUFFIXES = (".csv", ".parquet", ".json")
NESTED = ("regions", "seen_reasons", "seen_others", "boxes")  # JSON in a cell; in a JSON file what it says
TEXT, WHOLE, NUMBER, YES_NO = "str", "Int64", "float64", "boolean"
_SIDE = {"grade": WHOLE, "called": TEXT, "apex_mm": NUMBER, "hilum_mm": NUMBER, "drain": YES_NO, "change": TEXT}
COLUMNS = {
    "read_id": WHOLE,
    **dict.fromkeys(("worklist", "dataset", "split", "part", "read_mode", "image_id", "image_sha256"), TEXT),
    **dict.fromkeys(("patient_id", "source", "reader", "role"), TEXT),
    "stage": WHOLE,
    **{f"{side}_{name}": dtype for side in SIDES for name, dtype in _SIDE.items()},
    **dict.fromkeys(("called", "quality", "regions", "comment"), TEXT),
    "second_reader": YES_NO,
    **dict.fromkeys(("seen_zone", "seen_reasons"), TEXT),
    "seen_probability": NUMBER,
    "seen_heat_map": YES_NO,
    "seen_others": TEXT,
    **dict.fromkeys(("checkpoint_id", "weights_sha256"), TEXT),
    **dict.fromkeys(("cut", "seconds"), NUMBER),
    "supersedes": WHOLE,
    "created_at": TEXT,
    "seen_counterfactual": YES_NO,  # which tells the film's label
}


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that was written."""

    what: str
    """`reads` or `labels`."""
    rows: int
    pending: int
    """Cases that still wait for a reader, and have no label yet."""
    sha256: str
    """Of the file."""


def to_file(workspace: Workspace, path: Path, *, what: str, worklist: str | None, actor: str) -> Exported:
    """Write reads or a label set; beside a label set its provenance.

    Args:
        workspace: Where the reads are.
        path: The file; its suffix tells the format.
        what: `reads` or `labels`.
        worklist: Only the reads of this one.
        actor: Who exports; it is entered in the audit.

    Raises:
        InputError: If the suffix is none of `SUFFIXES`, whoever exports may not, or the store does not end where it
            was left.
    """
    if path.suffix.lower() not in SUFFIXES:
        msg = f"Expected a file that ends in .csv, .parquet or .json, found {path.name!r}; rename it."
        raise InputError(msg, field="out")
    ledger = reads.Reads(workspace).ledger
    table = reads.read_table(workspace, worklist)
    frame, content, made = export(table, what, path.suffix.lower())
    with files.written_aside(path) as aside:
        aside.write_bytes(content)
        page = enter(ledger, path.name, made, worklist=worklist, actor=actor)
    if what == LABELS:
        about = provenance(table, frame, made, name=path.name)
        about |= {"store_id": _store_id(ledger), "audit": {"entry_id": page.entry_id, "hash": page.hash}}
        files.write_json(path.with_name(f"{path.name}.provenance.json"), about)
    return made


def export(table: pd.DataFrame, what: str, suffix: str) -> tuple[pd.DataFrame, bytes, Exported]:
    """Return what an export holds: its rows, its bytes, and what is told of it.

    Args:
        table: What `reads.read_table` gave.
        what: `reads` or `labels`.
        suffix: One of `SUFFIXES`.
    """
    frame, pending = label_set.label_set(table) if what == LABELS else (of_reads(table), 0)
    content = encoded(frame, suffix)
    sha256 = hashlib.sha256(content).hexdigest()
    return frame, content, Exported(what=what, rows=len(frame), pending=pending, sha256=sha256)


def enter(ledger: Ledger, name: str, made: Exported, *, worklist: str | None, actor: str) -> Page:
    """Enter an export in the audit, and return the page that ends with its entry; no export leaves without one.

    Raises:
        InputError: If whoever exports may not, or the store does not end where it was left.
    """
    rights.require(actor, rights.EXPORT)
    about = {"file": name, "what": made.what, "rows": made.rows, "worklist": worklist, "sha256": made.sha256}
    with ledger.writing() as page:
        page.record("export", actor=actor, about=about)
    return page


def of_reads(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `COLUMNS`, one row a read in their order; practice rounds are left out.

    Args:
        table: What `reads.read_table` gave.
    """
    rows = [_of_read(row) for row in counted(table).to_dict("records")]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def withheld_from(reader: str | None, table: pd.DataFrame) -> pd.Series:
    """Tell which reads an export for a reader leaves out: those of cases where readers are hidden from each other.

    In a blinded worklist, or one of several readers, that is every case that is not settled yet, and every one
    that this reader has begun. Where anybody may read blinded, it is every case that this reader has not read.

    Args:
        reader: Whom the export is for; None: nobody who has answered anything.
        table: What `reads.read_table` gave.

    Returns:
        True or False for each row.
    """
    hidden = (table["read_mode"] == BLINDED) | (table["readers"].map(len) > 1)
    closed = set()
    for case, (own, readers) in label_set.cases(table[hidden]).items():
        begun = [read for read in own if read.reader == reader]
        done = read_store.final(begun) is not None
        waits = not done if not readers else bool(begun) and not done
        if progress.outcome(own, readers) not in SETTLED or waits:
            closed.add(case)
    inside = [case in closed for case in zip(table["worklist"], table["image_id"], strict=True)]
    return hidden & pd.Series(inside, index=table.index, dtype=bool)


def encoded(frame: pd.DataFrame, suffix: str) -> bytes:
    """Return a table as the bytes of a file.

    Args:
        frame: With the columns' own dtypes.
        suffix: One of `SUFFIXES`.
    """
    if suffix == ".parquet":
        return bytes(frame.to_parquet(index=False))
    records = [
        {name: None if pd.isna(value) else value for name, value in row.items()} for row in frame.to_dict("records")
    ]
    if suffix == ".json":
        plain = [{name: _nested(name, value) for name, value in row.items()} for row in records]
        return (json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(frame.columns)
    writer.writerows([_cell(value) for value in row.values()] for row in records)
    return text.getvalue().encode()


def provenance(table: pd.DataFrame, frame: pd.DataFrame, made: Exported, *, name: str) -> dict[str, Any]:
    """Return where a label set comes from, ready for JSON.

    Args:
        table: The reads that it was made from.
        frame: The label set.
        made: What was written.
        name: Of the file.
    """
    own = counted(table)
    return {
        "file": name,
        "sha256": made.sha256,
        "made_at": utc(time.time()),
        "rule": label_set.RULE,
        "datasets": sorted(own["dataset"].unique().tolist()),
        "worklists": sorted(own["worklist"].unique().tolist()),
        "checkpoints": sorted(own["checkpoint_id"].unique().tolist()),
        "kinds_of_image": sorted(own["source"].dropna().unique().tolist()),
        "readers_self_declared": sorted(own["reader"].unique().tolist()),
        "reads": len(own),
        "last_read_id": None if own.empty else int(own["read_id"].max()),
        "films": made.rows,
        "present": int((frame["label"] == 1).sum()),
        "absent": int((frame["label"] == 0).sum()),
        "without_label": int(frame["label"].isna().sum()),
        "decided_by": {str(how): int(count) for how, count in frame["decided_by"].value_counts().sort_index().items()},
        "cases_waiting_for_readers": made.pending,
    }


def _of_read(row: Mapping[Any, Any]) -> dict[str, Any]:
    answer, seen = row["answer"], row["seen"]
    told = {name: row[name] for name in COLUMNS if name in row}
    for side in SIDES:
        told |= {f"{side}_{name}": answer[side][name] for name in _SIDE if name != "called"}
    told |= {name: seen[name] for name in ("checkpoint_id", "weights_sha256", "dataset", "split", "part", "cut")}
    told |= {f"seen_{name}": seen[name] for name in ("zone", "probability", "heat_map")}
    return told | {
        "read_mode": seen["read_mode"],
        "regions": json.dumps(answer["regions"]),
        "seen_reasons": json.dumps(seen["reasons"], ensure_ascii=False),
        "seen_others": json.dumps(seen["others"]),
        "seen_counterfactual": seen.get("counterfactual") is not None,
        "created_at": utc(row["created_at"]),
    }


def _cell(value: object) -> object:
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    return harmless(value) if isinstance(value, str) else value


def _nested(name: str, value: Any) -> Any:  # noqa: ANN401 (whatever JSON holds)
    return json.loads(value) if name in NESTED and value is not None else value


def _store_id(ledger: Ledger) -> str:
    with ledger.engine.execution_options(writes=False).begin() as connection:
        return str(connection.execute(select(store.c.store_id)).scalar_one())
