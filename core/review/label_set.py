"""A label set made from reads: how a case is decided, and one row a film as `labels import` takes it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pandas as pd

from core.data.regions import box_fault, write_boxes
from core.review import progress
from core.review.answer import ABSENT, PRESENT, SIDES, Answer, Region, disagree
from core.review.counted_reads import counted, placed
from core.review.progress import ADJUDICATION, AGREEMENT, DISAGREEMENT, ONE_READER, PENDING, SETTLED
from core.review.read_store import ADJUDICATOR, WITH_MODEL, Read

RULE = (
    "A case is decided once every reader that it waits for has answered after seeing the model; each reader's last "
    "such answer counts. The adjudicator's last answer decides; without one the readers' answers do, where all call "
    "both sides the same (0-1 absent, 2 cannot tell, 3-4 present). A film is present if any side is, absent if both "
    "are, else without label; so is one on which the readers disagree, with decided_by disagreement. A film decided "
    "in several worklists goes by adjudication, else by what all of them say. Boxes are those round the regions that "
    "the deciding readers marked, in shares of the film, where its size is known. Of each film it is "
    "told how many of its readers had seen the counterfactual, which tells what the data set's own label says. Reads "
    "of practice rounds are left out, and a label set never changes the part of a patient."
)
COLUMNS = {
    "image_id": "str",
    "label": "Int64",
    "side": "str",
    "drain": "Int64",
    "quality_reasons": "str",
    "boxes": "str",
    "read_at": "str",
    "dataset": "str",
    "image_sha256": "str",
    "readers": "Int64",
    "decided_by": "str",
    "worklist": "str",
    "seen_counterfactual": "Int64",  # how many of its readers had seen it, which tells the film's label
}


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What readers say of a film in the end."""

    outcome: str
    """`pending`, `one reader`, `agreement`, `disagreement` or `adjudication`."""
    reads: tuple[Read, ...]
    """The reads that it rests on, in their order: the last of each reader, or the adjudicator's."""

    @property
    def answer(self) -> Answer | None:
        """The newest of the answers that decide, which call both sides the same; None where nothing is decided."""
        return self.reads[-1].answer if self.outcome in SETTLED else None

    @property
    def label(self) -> int | None:
        """1 present, 0 absent; None where nobody could tell, or nothing is decided."""
        return None if self.answer is None else {PRESENT: 1, ABSENT: 0}.get(str(self.answer.called))

    @property
    def side(self) -> str | None:
        """The side or `both` where the finding is present."""
        if self.answer is None:
            return None
        sides = [name for name in SIDES if getattr(self.answer, name).called == PRESENT]
        return "both" if len(sides) > 1 else next(iter(sides), None)

    @property
    def drain(self) -> int | None:
        """1 with a drain, 0 without; None where the deciding readers do not say it, or not the same."""
        told = {_drain(read.answer) for read in self.reads}
        return told.pop() if self.answer is not None and len(told) == 1 else None


def decide(reads: Sequence[Read], readers: Sequence[str]) -> Decision:
    """Return how a case is decided.

    Args:
        reads: All reads of the case, in their order.
        readers: The named readers of its worklist; none: anybody.
    """
    outcome = progress.outcome(reads, readers)
    counting = _last([read for read in reads if read.stage == WITH_MODEL])
    if outcome == ADJUDICATION:
        counting = [read for read in counting if read.role == ADJUDICATOR][-1:]
    return Decision(outcome=outcome, reads=tuple(counting))


def cases(table: pd.DataFrame) -> dict[tuple[str, str], tuple[list[Read], list[str]]]:
    """Return the reads and the named readers of each case, by worklist and image id; practice rounds are left out.

    Args:
        table: What `reads.read_table` gave.
    """
    found: dict[tuple[str, str], tuple[list[Read], list[str]]] = {}
    names = list(Read.__dataclass_fields__)
    for row in counted(table).to_dict("records"):
        read = Read(**{name: row[name] for name in names} | {"answer": Answer.from_dict(row["answer"])})
        found.setdefault((read.worklist, read.image_id), ([], list(row["readers"])))[0].append(read)
    return found


def label_set(table: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return one row a decided film in the order of data sets and image ids, and how many cases still wait for readers.

    Args:
        table: What `reads.read_table` gave; its `width` and `height` turn regions into boxes.

    Returns:
        The columns of `COLUMNS`; a film without label has an empty one.
    """
    films: dict[tuple[str, str], list[Decision]] = defaultdict(list)
    first = counted(table).drop_duplicates(["worklist", "image_id"]).set_index(["worklist", "image_id"])
    pending = 0
    for case, (reads, readers) in cases(table).items():
        decision = decide(reads, readers)
        if decision.outcome == PENDING:
            pending += 1
        else:
            films[str(first.loc[case, "dataset"]), case[1]].append(decision)
    rows = []
    for (dataset, image_id), decisions in sorted(films.items()):
        decision = _together(decisions)
        size = first.loc[(decision.reads[-1].worklist, image_id), ["width", "height"]]
        rows.append({"image_id": image_id, "dataset": dataset} | _row(decision, *size))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS), pending


def settled(table: pd.DataFrame) -> pd.DataFrame:
    """Return what each case of a known film was called in the end, a row a case on which no reader is waited for.

    Args:
        table: What `reads.read_table` gave.

    Returns:
        `worklist`, `image_id`, `patient_id`, `random_check` and `present`: 1.0, 0.0, or NaN where the
        readers could not tell or do not agree.
    """
    known = placed(table)
    about = known.drop_duplicates(["worklist", "image_id"]).set_index(["worklist", "image_id"])
    rows = []
    for case, (reads, readers) in cases(known).items():
        decision = decide(reads, readers)
        if decision.outcome != PENDING:
            film = about.loc[case, ["patient_id", "random_check"]].tolist()
            rows.append((*case, *film, float("nan") if decision.label is None else float(decision.label)))
    return pd.DataFrame(rows, columns=["worklist", "image_id", "patient_id", "random_check", "present"])


def _together(decisions: list[Decision]) -> Decision:
    """Return what the decisions of several worklists on one film come to."""
    third = [one for one in decisions if one.outcome == ADJUDICATION]
    chosen = third or decisions
    reads = sorted((read for one in chosen for read in one.reads), key=lambda read: read.read_id)
    if any(one.outcome == DISAGREEMENT for one in chosen) or any(
        disagree(reads[0].answer, read.answer) for read in reads
    ):
        outcome = DISAGREEMENT
    elif third:
        outcome = ADJUDICATION
    else:
        outcome = AGREEMENT if len({read.reader for read in reads}) > 1 else ONE_READER
    return Decision(outcome=outcome, reads=tuple(reads))


def _row(decision: Decision, width: Any, height: Any) -> dict[str, Any]:  # noqa: ANN401 (a number or null)
    answers = [read.answer for read in decision.reads]
    last = decision.reads[-1]
    known = decision.label == 1 and not pd.isna(width) and not pd.isna(height)
    boxes = _boxes((one for answer in answers for one in answer.regions), width, height) if known else []
    return {
        "label": decision.label,
        "side": decision.side,
        "drain": decision.drain,
        "quality_reasons": "|".join(sorted({answer.quality for answer in answers} - {"good"})) or None,
        "boxes": write_boxes(boxes) if boxes else None,
        "read_at": utc(last.created_at),
        "image_sha256": last.image_sha256,
        "readers": len({read.reader for read in decision.reads}),
        "decided_by": decision.outcome,
        "worklist": " ".join(sorted({read.worklist for read in decision.reads})),
        "seen_counterfactual": sum(read.seen.get("counterfactual") is not None for read in decision.reads),
    }


def utc(seconds: float) -> str:
    """Return a time in ISO 8601, to the second, in UTC.

    Examples:
        >>> utc(1_767_225_600.5)
        '2026-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _last(reads: Sequence[Read]) -> list[Read]:
    """Return the read that counts of each reader, in their order."""
    own = {read.reader: read for read in reads}
    return sorted(own.values(), key=lambda read: read.read_id)


def _drain(answer: Answer) -> int | None:
    told = [getattr(answer, name).drain for name in SIDES if getattr(answer, name).called not in (ABSENT, None)]
    if True in told:
        return 1
    return 0 if told and None not in told else None


def _boxes(regions: Iterable[Region], width: float, height: float) -> list[tuple[float, float, float, float]]:
    """Return the boxes round regions, in shares of the film; a stroke without an area has none."""
    boxes = []
    for region in regions:
        across, down = ([point[axis] for point in region.points] for axis in (0, 1))
        box = (
            min(across) / width,
            min(down) / height,
            (max(across) - min(across)) / width,
            (max(down) - min(down)) / height,
        )
        if box_fault(*box) is None:
            boxes.append(box)
    return boxes
