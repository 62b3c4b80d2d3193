"""A worklist of made-up films that can be read, and the answers that readers give in tests."""

from __future__ import annotations

import itertools
from dataclasses import replace

from core.base.paths import Workspace
from core.review import reading_list, saving
from core.review.answer import Answer
from core.review.read_store import FIRST, WITH_MODEL, Read, Reads
from core.review.reading_list import ReadingList
from core.review.saving import Given
from core.triage.worklists import Worklists
from tests.app import listed

KEYS = itertools.count()
NONE = {"right": {"grade": 0}, "left": {"grade": 0}, "quality": "good"}
LEFT = {"right": {"grade": 0}, "left": {"grade": 4, "apex_mm": 20.0, "drain": True}, "quality": "good"}


def reading(workspace: Workspace, *, films: int = 30, **about) -> ReadingList:
    """Make films with predictions once, and a worklist of them."""
    if not workspace.radiographs("made").exists():
        listed.make(workspace, films=films)
    return reading_list.load(workspace, listed.save(workspace, **about))


def practice(workspace: Workspace, lender: ReadingList, **about) -> ReadingList:
    """Save a changed copy of a worklist."""
    return reading_list.load(workspace, Worklists(workspace).save(replace(lender.worklist, **about)))


def given(
    of: ReadingList,
    image_id: str,
    reader: str,
    *,
    stage: int,
    answer: dict = NONE,
    expected: int | None = None,
    **about,
) -> Given:
    """Return what the form of a reader hands over."""
    values = {
        "key": f"key-{next(KEYS):06d}",
        "image_sha256": of.row(image_id)["sha256"],
        "answer": Answer.from_dict(answer),
        "seconds": 12.5,
    }
    return Given(image_id=image_id, reader=reader, stage=stage, expected=expected, **values | about)


def answered(reads: Reads, of: ReadingList, image_id: str, reader: str, answer: dict = NONE, **about) -> Read:
    """Save both answers of a reader on a case, knowing of all reads, and return the one that counts."""
    known = max((read.read_id for read in reads.of_case(of.worklist.name, image_id)), default=None)
    saving.save(reads, of, given(of, image_id, reader, stage=FIRST, answer=answer, expected=known, **about))
    known = reads.last_id()
    return saving.save(reads, of, given(of, image_id, reader, stage=WITH_MODEL, answer=answer, expected=known, **about))
