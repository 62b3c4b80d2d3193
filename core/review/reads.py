"""What a reader may see of a case, and the reads as a table.

Before a reader's first answer is stored a view holds nothing of the model, and nothing that others
answered; in an open worklist it holds the zone that the list shows. That is decided here, by what
is not returned, and not by what a page leaves undrawn.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data import radiographs
from core.data.thumbnails import MARKS
from core.evaluation import first_cases
from core.review import counterfactual, progress, reading_list, switches, words
from core.review.answer import SIDES
from core.review.progress import Progress
from core.review.read_store import ADJUDICATOR, Read, Reads
from core.triage import one_case, reasons
from core.triage.signals import COLUMN, SIGNALS
from core.triage.worklists import Worklist, Worklists

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.review.reading_list import ReadingList

FINISHED = "done"
PRIOR = "prior_change"  # the signal, and the reason, that speaks of the patient's previous film


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """All that one reader may see of one case, in plain values."""

    case: str
    """Its opaque name."""
    image_id: str | None
    stage: int | str
    """1, 2 or `done`."""
    role: str | None
    """In which the reader answers: `reader` or `adjudicator`."""
    locked: str | None
    """Why this reader cannot answer."""
    expected: int | None
    """The newest read that the view knows of."""
    facts: list[str]
    chip: str | None
    """PHANTOM or GENERATED."""
    films: list[dict[str, Any]]
    """The case's film, then its priors, the newest first."""
    own: dict[str, Any] | None
    """The answer that counts so far."""
    first: dict[str, Any] | None
    """The first answer, where the one that counts differs from it."""
    zone: str | None
    model: dict[str, Any] | None
    """`line`, `reasons` and, once asked for, `more`."""
    counterfactual: dict[str, Any] | None
    """The film as a network imagines it, as `Counterfactual.told` gives it; None where it may not be seen."""
    others: list[dict[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


def case_view(
    reader: str,
    image_id: str,
    *,
    reads: Reads,
    reading: ReadingList,
    workspace: Workspace,
    more: bool = False,
) -> CaseView:
    """Return what a reader may see of a case now.

    Args:
        reader: The reader's name.
        image_id: The film.
        reads: Where reads are kept.
        reading: The list the case stands in.
        workspace: Where predictions lie.
        more: Whether the drawer with similar films and signals was asked for.

    Raises:
        InputError: If the film is not in the list.
    """
    if image_id not in reading.names:
        msg = f"Expected a case of the worklist {reading.worklist.name}, found another film; open it from the worklist."
        raise InputError(msg)
    stands = progress.of_reader(reads.of_case(reading.worklist.name, image_id), reader, reading)
    answered = bool(stands.own)
    film = reading.row(image_id)
    priors = reading.priors(image_id)
    untold = unanswered_priors(reader, image_id, reads=reads, reading=reading)
    last = stands.last or stands.first
    changed = stands.last is not None and stands.first is not None and stands.last.answer != stands.first.answer
    shown = answered or not reading.blinded
    return CaseView(
        case=reading.names[image_id],
        image_id=image_id if shown else None,
        stage=FINISHED if stands.last is not None else stands.stage,
        role=stands.role,
        locked=_locked(stands, reading),
        expected=stands.expected,
        facts=words.facts(film, len(priors)),
        chip=MARKS.get(film["source"]),
        films=[
            _film(reading.row(one), reading, named=shown and one not in untold, told=answered and one not in untold)
            for one in (image_id, *priors)
        ],
        own=None if last is None else last.answer.to_dict(),
        first=stands.first.answer.to_dict() if changed and stands.first is not None else None,
        zone=film["zone"] if shown else None,
        model=_model(film, reading, workspace, untold=bool(untold), more=more) if answered else None,
        counterfactual=_counterfactual(film, stands, reads, reading, workspace),
        others=[_other(read) for read in stands.others],
    )


def unanswered_priors(reader: str, image_id: str, *, reads: Reads, reading: ReadingList) -> set[str]:
    """Return the prior films that are cases of a blinded list which the reader has not answered yet.

    What the model says of a film must not tell what it says of one that is still to be read.
    """
    if not reading.blinded:
        return set()
    of_list = [one for one in reading.priors(image_id) if one in reading.names]
    answered = {
        one for one in of_list if any(read.reader == reader for read in reads.of_case(reading.worklist.name, one))
    }
    return set(of_list) - answered


def told_reasons(film: Mapping[str, Any], reading: ReadingList, *, untold: bool) -> list[str]:
    """Return the sentences why a human is needed, at most three.

    Args:
        film: The film's row.
        reading: The list it stands in.
        untold: Whether nothing may be said of the patient's previous film.
    """
    found = reasons.of(film, reading.policy)
    return [reason.sentence for reason in found if not (untold and reason.signal == PRIOR)]


def _locked(stands: Progress, reading: ReadingList) -> str | None:
    if stands.role is not None:
        return None
    named = " and ".join(reading.worklist.readers)
    return f"This worklist is read by {named}. You can adjudicate a case once they disagree on it."


def _film(row: dict[str, Any], reading: ReadingList, *, named: bool, told: bool) -> dict[str, Any]:
    """Return what the viewer writes round a film; its name and probability only where they may be seen."""
    view = "view unknown" if pd.isna(row["view"]) else str(row["view"])
    title = view if pd.isna(row["follow_up"]) else f"{view}, follow-up {int(row['follow_up'])}"
    if told:
        title += f", {first_cases.two_digits(row['probability'], cut=reading.policy.cut)}"
    return {
        "sha256": row["sha256"],
        "width": int(row["width"]),
        "height": int(row["height"]),
        "title": title,
        "id": row["image_id"] if named else None,
        "mark": MARKS.get(row["source"]),
        "spacing_mm": radiographs.spacing_mm(row),
    }


def _model(
    film: dict[str, Any], reading: ReadingList, workspace: Workspace, *, untold: bool, more: bool
) -> dict[str, Any]:
    worklist = reading.worklist
    path = workspace.predictions(worklist.checkpoint_id, worklist.dataset, worklist.split, worklist.part)
    passes = one_case.passes(path, reading.predicted, film["image_id"])
    return {
        "line": words.model_line(film, reading, passes),
        "reasons": told_reasons(film, reading, untold=untold),
        "more": _more(film, reading, untold=untold) if more else None,
    }


def _more(film: dict[str, Any], reading: ReadingList, *, untold: bool) -> dict[str, Any]:
    """Return the signals of a film with their place among the films of tune, and its nearest training films."""
    signals = []
    for name, known in reading.policy.reference.items():
        value = float(film.get(COLUMN + name, float("nan")))
        if np.isfinite(value) and not (untold and name == PRIOR):
            place = float(reasons.place(known, np.array([value]))[0])
            signals.append({"title": SIGNALS[name].title, "value": f"{value:.3f}", "place": f"{100 * place:.0f} %"})
    near = film.get("neighbour_ids")
    return {
        "similar": [str(name) for name in near] if near is not None and not isinstance(near, float) else [],
        "signals": signals,
    }


def _counterfactual(
    film: dict[str, Any], stands: Progress, reads: Reads, reading: ReadingList, workspace: Workspace
) -> dict[str, Any] | None:
    """Return the counterfactual, if it is turned on and the reader has answered.

    Which way a film was translated follows from its label, so a blinded list keeps it until the last answer too.
    """
    if not stands.own or (reading.blinded and stands.last is None):
        return None
    if not switches.is_on(reads.ledger.engine, switches.COUNTERFACTUAL):
        return None
    found = counterfactual.of_film(workspace, reading.worklist.dataset, film)
    return None if found is None else found.told(int(film["width"]), int(film["height"]))


def _other(read: Read) -> dict[str, str]:
    at = time.strftime("%H:%M", time.localtime(read.created_at))
    role = " (adjudication)" if read.role == ADJUDICATOR else ""
    return {"reader": f"{read.reader}{role}", "words": words.answer(read.answer), "at": at}


def read_table(workspace: Workspace, worklist: str | None = None) -> pd.DataFrame:
    """Return the reads as a table, one row a read in their order, practice included (see `purpose`).

    Args:
        workspace: Where everything lies.
        worklist: Only the reads of this one.

    Returns:
        The columns of the database's table, the answer by side (`right_grade`, `right_called` and so on,
        `called`, `quality`, `comment`, `second_reader`), those of the worklist (`dataset`, `split`, `part`,
        `checkpoint_id`, `cut`, `purpose`, `read_mode`, `readers`, `random_share`), and of the film
        (`patient_id`, `source`, `width`, `height`, `zone`, `probability`, `random_check`, and `listed`: how
        many films the list has), which are null where the list's predictions are gone.
    """
    store = Reads(workspace)
    lists = {one.name: one for one in Worklists(workspace, store.ledger.engine).all()}
    found = [read for read in store.all() if worklist is None or read.worklist == worklist]
    films = {name: _films(workspace, lists[name]) for name in {read.worklist for read in found}}
    rows = []
    for read in found:
        own = lists[read.worklist]
        row = asdict(read) | {"answer": read.answer.to_dict(), "called": read.answer.called}
        for side in SIDES:
            row |= {
                f"{side}_grade": getattr(read.answer, side).grade,
                f"{side}_called": getattr(read.answer, side).called,
            }
        row |= {name: getattr(read.answer, name) for name in ("quality", "comment", "second_reader")}
        row |= {name: getattr(own, name) for name in LIST_COLUMNS}
        row["random_share"] = own.policy.get("random_share")
        rows.append(row | films[read.worklist].get(read.image_id, dict.fromkeys(FILM_COLUMNS)))
    table = pd.DataFrame(rows, columns=[*READ_COLUMNS, *ANSWER_COLUMNS, *LIST_COLUMNS, "random_share", *FILM_COLUMNS])
    numbers = dict.fromkeys(("right_grade", "left_grade", "probability", "random_share", "listed"), "float64")
    return table.astype(numbers)


READ_COLUMNS = tuple(Read.__dataclass_fields__)
ANSWER_COLUMNS = (
    *("right_grade", "left_grade", "right_called", "left_called", "called"),
    *("quality", "comment", "second_reader"),
)
LIST_COLUMNS = ("dataset", "split", "part", "checkpoint_id", "cut", "purpose", "read_mode", "readers")
FILM_COLUMNS = ("patient_id", "source", "width", "height", "zone", "probability", "random_check", "listed")


def _films(workspace: Workspace, worklist: Worklist) -> dict[str, dict[str, Any]]:
    try:
        reading = reading_list.load(workspace, worklist)
    except InputError:  # the checkpoint or its predictions are gone: the reads stay, what was known of the film is null
        return {}
    films = reading.films[reading.films["image_id"].isin(reading.names)].assign(listed=len(reading.listed))
    if worklist.films is not None:
        films = films.assign(random_check=False)  # chosen one by one, not drawn with equal chance
    return {row["image_id"]: row for row in films[["image_id", *FILM_COLUMNS]].to_dict("records")}
