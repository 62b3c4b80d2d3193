"""Answers, films and what the model says of them in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.data.thumbnails import MARKS
from core.evaluation import first_cases
from core.review.answer import ABSENT, GRADES, PRESENT, SIDES, UNREADABLE, Answer, Side

if TYPE_CHECKING:
    from core.review.reading_list import ReadingList

NOTICE = "PleuraScope notifies nobody: tell the treating team yourself what cannot wait. Research use only."
CHANGED = {
    "new": "new since the prior film",
    "larger": "larger than on the prior film",
    "same": "as large as on the prior film",
    "smaller": "smaller than on the prior film",
    "resolved": "resolved since the prior film",
}


def answer(given: Answer) -> str:
    """Say an answer in short, as a list of reads shows it.

    Examples:
        >>> answer(Answer(right=Side(grade=3), left=Side(grade=0), quality="good"))
        'right: probably a pneumothorax (3), left: definitely no pneumothorax (0)'
    """
    if given.quality == UNREADABLE and given.right.grade is None and given.left.grade is None:
        return "film unreadable"
    sides = [f"{name}: {_grade(getattr(given, name))}" for name in SIDES]
    return ", ".join(sides) + (f", quality {given.quality}" if given.quality != "good" else "")


def report(given: Answer, *, source: str) -> str:
    """Say an answer as sentences that can be copied into a report.

    Args:
        given: The answer.
        source: Kind of the film; one that is not real is marked.

    Examples:
        >>> some = Side(grade=4, apex_mm=20, drain=True, change="larger")
        >>> report(Answer(right=some, left=Side(grade=0), quality="good"), source="real")
        'Right: pneumothorax, 20 mm at the apex, with a drain, larger than on the prior film. Left: no pneumothorax.'
    """
    mark = "" if source == "real" else f"[{MARKS.get(source, source.upper())}, no patient] "
    if given.quality == UNREADABLE and given.right.grade is None and given.left.grade is None:
        return f"{mark}The film cannot be read for pneumothorax."
    told = " ".join(f"{name.capitalize()}: {_sentence(getattr(given, name))}." for name in SIDES)
    limited = "" if given.quality == "good" else f" Image quality {given.quality}."
    return f"{mark}{told}{limited}"


def facts(film: Mapping[str, Any], priors: int) -> list[str]:
    """Say who and what a film is, as far as it is known: age and sex, view, follow-up and earlier films.

    Examples:
        >>> facts({"view": "AP", "sex": "F", "age_years": 54.0, "follow_up": 3}, 2)
        ['54 y F', 'AP', 'follow-up 3, 2 priors']
    """
    age, sex, view, follow_up = (_known(film.get(name)) for name in ("age_years", "sex", "view", "follow_up"))
    person = " ".join([*([] if age is None else [f"{age:.0f} y"]), *([] if sex is None else [str(sex)])])
    count = {0: "no prior", 1: "1 prior"}.get(priors, f"{priors} priors")
    history = count if follow_up is None else f"follow-up {int(follow_up)}, {count}"
    return [one for one in (person, "" if view is None else str(view), history) if one]


def model_line(case: Mapping[str, Any], reading: ReadingList, passes: np.ndarray | None) -> str:
    """Say what the model gives a film, how far its passes or members spread, and what it does not say.

    Args:
        case: The film's row.
        reading: The list it stands in.
        passes: Probability of each pass `(T,)`, where there are any.
    """
    cut = reading.policy.cut
    line = f"Model: {case['zone']}, {first_cases.two_digits(case['probability'], cut=cut)} (cut {cut:.2f})"
    members = case.get("member_probabilities")
    if passes is not None and len(passes):
        line += f"; {len(passes)} passes {float(np.min(passes)):.2f}-{float(np.max(passes)):.2f}"
    elif members is not None and np.ndim(members) == 1 and len(members) > 1:
        line += f"; {len(members)} members {float(np.min(members)):.2f}-{float(np.max(members)):.2f}"
    return f"{line}; it gives no side"


def truth_line(row: Mapping[str, Any]) -> str:
    """Say what a source of labels holds of a film: finding, side, size and drain.

    Examples:
        >>> truth_line({"label": 1, "side": "left", "size_share": 0.184, "drain": 0})
        'pneumothorax on the left, 18 % of the hemithorax, no drain'
        >>> truth_line({"label": 0, "side": None, "size_share": None, "drain": 0})
        'no pneumothorax'
    """
    if row["label"] is None or pd.isna(row["label"]):
        return "not known"
    if int(row["label"]) == 0:
        return "no pneumothorax"
    parts = ["pneumothorax"]
    side = row.get("side")
    if side is not None and not pd.isna(side):
        parts = [f"pneumothorax on {'both sides' if side == 'both' else f'the {side}'}"]
    size, drain = row.get("size_share"), row.get("drain")
    if size is not None and not pd.isna(size):
        parts.append(f"{100 * size:.0f} % of the hemithorax")
    if drain is not None and not pd.isna(drain):
        parts.append("with a drain" if int(drain) else "no drain")
    return ", ".join(parts)


def _known(value: Any) -> Any:  # noqa: ANN401 (a cell of a table)
    return None if value is None or pd.isna(value) else value


def _grade(side: Side) -> str:
    return "not graded" if side.grade is None else f"{GRADES[side.grade]} ({side.grade})"


def _sentence(side: Side) -> str:
    if side.grade is None:
        return "not assessed"
    found = {ABSENT: "no pneumothorax", PRESENT: "pneumothorax"}.get(
        str(side.called), "pneumothorax cannot be excluded"
    )
    if side.grade in (1, 3):
        found = f"probably {found}"
    parts = [found]
    parts += [f"{size:g} mm at the {place}" for size, place in _sizes(side)]
    if side.drain is not None:
        parts.append("with a drain" if side.drain else "without a drain")
    if side.change is not None:
        parts.append(CHANGED[side.change])
    return ", ".join(parts)


def _sizes(side: Side) -> list[tuple[float, str]]:
    return [(size, place) for size, place in ((side.apex_mm, "apex"), (side.hilum_mm, "hilum")) if size is not None]
