"""Reads made up by hand, as `reads.read_table` gives them, so that what is counted on them is known."""

from __future__ import annotations

import pandas as pd

from core.review.answer import SIDES

GRADE = {"present": 4.0, "cannot tell": 2.0, "absent": 0.0, None: float("nan")}
FIRST_DAY = 1_767_225_600.0  # 2026-01-01, UTC


def read(image: str, reader: str, called: str | None, **values) -> dict:
    """Return one read; without more it is the first answer of a reader, on a film of a patient of its own."""
    grade = values.pop("grade", GRADE[called])
    about = {
        "worklist": "first",
        "image_id": image,
        "reader": reader,
        "role": "reader",
        "stage": 1,
        "seconds": 20.0,
        "created_at": FIRST_DAY,
        "right_grade": grade,
        "left_grade": GRADE["absent"] if called else GRADE[None],
        "called": called,
        "quality": "good" if called else "unreadable",
        "dataset": "made",
        "split": "patient",
        "part": "test",
        "checkpoint_id": "cnn-made-1",
        "cut": 0.4,
        "purpose": "reading",
        "patient_id": f"patient of {image}",
        "source": "phantom",
        "zone": "suspected",
        "probability": 0.9,
        "random_check": False,
        "random_share": 0.05,
        "listed": 10,
        "readers": (),
        "seen": {"others": []},
        "read_mode": "open",
        "second_reader": False,
    }
    told = about | values
    grades = {
        side: None if told[f"{side}_grade"] != told[f"{side}_grade"] else int(told[f"{side}_grade"]) for side in SIDES
    }
    own = {side: {"grade": grade} for side, grade in grades.items()} | {
        "quality": told["quality"],
        "second_reader": told["second_reader"],
    }
    return told | {
        "key": f"{image} {reader} {told['stage']}",
        "answer": own,
        "supersedes": None,
        "image_sha256": "0" * 64,
    }


def table(*reads: dict) -> pd.DataFrame:
    """Return reads as a table, numbered in their order."""
    rows = pd.DataFrame(list(reads), columns=list(read("", "", None)))
    return rows.assign(read_id=range(1, len(rows) + 1))


def answers(reader: str, called: str, **values) -> list[dict]:
    """Return a reader's answers on the films 0, 1, ..., a letter each: present, absent, cannot tell, unreadable."""
    meaning = {"p": "present", "a": "absent", "c": "cannot tell", "u": None}
    return [read(f"film {number:03d}", reader, meaning[letter], **values) for number, letter in enumerate(called)]
