"""Whole reads made up by hand: as the table that `reads.read_table` gives, and saved in a store."""

from __future__ import annotations

import itertools
from typing import Any

import pandas as pd

from core.base.paths import Workspace
from core.review import read_store
from core.review.answer import SIDES, Answer
from core.review.read_store import Read, Reads
from core.store.tables import reads

SIDE: dict[str, Any] = {"grade": 0, "apex_mm": None, "hilum_mm": None, "drain": None, "change": None}
SEEN = {
    "read_mode": "open",
    "checkpoint_id": "cnn-made-20260101-0a1b2c3d",
    "weights_sha256": "0a1b2c3d" * 8,
    "dataset": "made",
    "split": "patient",
    "part": "test",
    "cut": 0.4,
    "zone": "suspected",
    "probability": 0.75,
    "reasons": ["The model is at or above the cut."],
    "heat_map": True,
    "others": [],
}
FIRST_DAY = 1_767_225_600.0  # 2026-01-01, UTC
_numbers = itertools.count(1)


def answer(right: int | None, left: int | None, **values: Any) -> Answer:
    """Return an answer by its two grades; `right_...` and `left_...` name what else a side holds."""
    sides: dict[str, Any] = {"right": SIDE | {"grade": right}, "left": SIDE | {"grade": left}}
    for name in list(values):
        side, _, what = name.partition("_")
        if side in sides:
            sides[side] = sides[side] | {what: values.pop(name)}
    return Answer.from_dict({**sides, "quality": "good", **values})


def read(reader: str, given: Answer, *, image: str = "000000.png", stage: int = 2, **values: Any) -> Read:
    """Return one read; without more it is a reader's answer with the model, in the worklist `first`."""
    number = next(_numbers)
    seen = SEEN | ({"probability": None, "reasons": [], "heat_map": False} if stage == 1 else {})
    about = {
        "read_id": number,
        "key": f"key-{number:08d}",
        "worklist": "first",
        "image_id": image,
        "image_sha256": "0b" * 32,
        "reader": reader,
        "role": "reader",
        "stage": stage,
        "answer": given,
        "seen": seen,
        "seconds": 12.5,
        "supersedes": None,
        "created_at": FIRST_DAY + number,
    }
    return Read(**about | values)


def table(*given: Read, readers: tuple[str, ...] = (), read_mode: str = "open", **values: Any) -> pd.DataFrame:
    """Return reads as `reads.read_table` gives them, as far as exports look at it."""
    columns = {
        "dataset": "made",
        "checkpoint_id": SEEN["checkpoint_id"],
        "purpose": "reading",
        "read_mode": read_mode,
        "patient_id": "p00000",
        "source": "phantom",
        "width": 200,
        "height": 100,
        **values,
    }
    names = list(Read.__dataclass_fields__)
    rows = [
        {name: getattr(one, name) for name in names}
        | {"answer": one.answer.to_dict(), "called": one.answer.called}
        | {f"{side}_{what}": getattr(getattr(one.answer, side), what) for side in SIDES for what in ("grade", "called")}
        | {name: getattr(one.answer, name) for name in ("quality", "comment", "second_reader")}
        | columns
        | {"readers": readers}
        for one in given
    ]
    own = [*names, "called", *(f"{side}_{what}" for side in SIDES for what in ("grade", "called"))]
    return pd.DataFrame(rows, columns=[*own, "quality", "comment", "second_reader", *columns, "readers"])


def save(workspace: Workspace, *given: Read) -> None:
    """Save reads as the program does, but without asking whether their worklist has the film."""
    ledger = Reads(workspace).ledger
    for one in given:
        with ledger.writing() as page:
            saved = read_store.add(page.connection, one)
            about = {"worklist": one.worklist, "case": "0a1b2c", "stage": one.stage, "role": one.role, "seconds": 12.5}
            page.record(read_store.ACTIONS[one.stage], actor=one.reader, about=about, row=(reads, saved.read_id))
