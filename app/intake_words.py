"""What the page Intake says: of the files, of what is kept of them, of what the model says and does not say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from app import worklist_rows
from core.data import apart, frontal
from core.models import cards
from core.triage import signals

if TYPE_CHECKING:
    from core.data.intake import Received
    from core.evaluation.points_in_force import InForce
    from core.triage.decision import Policy

MEGABYTES = 200  # a file
ABOUT = (
    "For films from elsewhere: PNG, JPEG or DICOM. Names, dates and ids of patients are taken off before anything is "
    "kept; what stays is the picture and, of a DICOM file, view, sex, age and pixel spacing. Films stand here under "
    "your name alone, until you send them to a worklist."
)
LIMITS = (
    f"Up to {MEGABYTES} MB a file, in any number. The files lie in this machine's memory until you put them away or "
    f"leave the page. A file that takes longer than {apart.SECONDS} seconds to read is refused."
)
NOT_DIAGNOSIS = (
    "This is no diagnosis. The model looks for pneumothorax only: a film that is not suspected is not thereby normal."
)
WAITS = "Waits for your own answer in a worklist; what the model says of it comes after that."
OTHER_KIND = "No probability: this classifier has not learnt from films of this kind."
NO_LIST = "a worklist needs a probability, and this classifier has not learnt from films of their kind."
SEND = (
    "The list is kept with this classifier, its cut and these films; films that are taken in later do not change it. "
    "You may have seen here what the model says: a blinded list is for other readers, and in an open one your own "
    "first answers are not independent of it."
)
TRAIN = """\
python -m core index nih --csv Data_Entry_2017_v2020.csv --images IMAGES --name nih
python -m core split nih --kind patient --name patient
python -m core train densenet121 --dataset nih --split patient
python -m core predict CHECKPOINT --dataset nih --split patient --part val"""


def cannot_tell() -> str:
    """Say what the check for frontal chest radiographs does not see."""
    listed = "; ".join(frontal.CANNOT_TELL)
    said = "Whether a picture is a frontal chest radiograph is judged by its greys and shapes alone."
    return f"{said} It can overlook: {listed}." if listed else said


def files(count: int) -> str:
    """Count files.

    Examples:
        >>> files(1), files(1200)
        ('1 file', '1,200 files')
    """
    return f"{count:,} file{'' if count == 1 else 's'}"


def films(count: int) -> str:
    """Count films.

    Examples:
        >>> films(1), films(2)
        ('1 film', '2 films')
    """
    return f"{count:,} film{'' if count == 1 else 's'}"


def outcome(receipts: Sequence[Received], waiting: int) -> str:
    """Say in one sentence what became of the chosen files.

    Args:
        receipts: Of the files that were looked at.
        waiting: How many were not, since somebody stopped.
    """
    taken = sum(one.image_id is not None for one in receipts)
    kept = {one.image_id for one in receipts if one.image_id is not None}
    refused = sum(one.refused is not None for one in receipts)
    doubtful = len(receipts) - taken - refused
    same = f" ({films(len(kept))}, the others are the same again)" if len(kept) < taken else ""
    parts = [f"{files(taken)} taken in{same}"]
    parts += [f"{files(doubtful)} left out as no frontal chest radiograph"] if doubtful else []
    parts += [f"{files(refused)} refused"] if refused else []
    parts += [f"{files(waiting)} not looked at yet"] if waiting else []
    return f"{', '.join(parts)}."


def doubt(number: int, reasons: Sequence[str]) -> str:
    """Say why a file was left out.

    Examples:
        >>> doubt(3, ["it is in colour"])
        'File 3 does not look like a frontal chest radiograph: it is in colour. It was left out.'
    """
    return f"File {number} does not look like a frontal chest radiograph: {'; '.join(reasons)}. It was left out."


def person(film: Mapping[str, Any]) -> str:
    """Say view, sex and age, as far as the file told them; a PNG or JPEG tells none."""
    known = worklist_rows.person(film)
    return "view, sex and age not known" if known == worklist_rows.UNKNOWN else known


def taken_at(film: Mapping[str, Any]) -> str:
    """Say when a film was taken in, on this machine's clock."""
    return f"taken in {datetime.fromisoformat(film['received_at']).astimezone():%Y-%m-%d %H:%M}"


def warnings(film: Mapping[str, Any]) -> list[str]:
    """Return what a reader should know of a film, a sentence each.

    Examples:
        >>> warnings({"warnings": "letters seem to be burned into the picture; an age above 89 is kept as 90"})
        ['Letters seem to be burned into the picture.', 'An age above 89 is kept as 90.']
    """
    told = film["warnings"]
    return [f"{one[0].upper()}{one[1:]}." for one in ("" if pd.isna(told) else str(told)).split("; ") if one]


def rule(card: Mapping[str, Any], point: InForce, policy: Policy) -> str:
    """Say what makes a film suspected or unsure here, and where that rule comes from."""
    return (
        f"Suspected: a probability of at least {point.threshold.value:.2f} ({point.said}). Unsure: below that, but "
        f"among what would be the most unsure {100 * (policy.budget or 0):.3g} % of {card['dataset']} val, by "
        f'"{signals.title(policy.signal)}". The rule comes from there, since nothing is known yet of films from here.'
    )


def other_kind(card: Mapping[str, Any], count: int, of: int) -> str:
    """Say that a classifier gives nothing for films of a kind that it has not learnt from.

    Examples:
        >>> other_kind({"kinds": {"phantom": 400, "real": 0}}, 1, 5)
        '1 of 5 films here is real, and this classifier learnt from phantom films: it says nothing of it.'
    """
    kinds = " and ".join(kind for kind, films_of in card["kinds"].items() if films_of)
    is_real, it = ("is", "it") if count == 1 else ("are", "them")
    return (
        f"{count:,} of {films(of)} here {is_real} real, and this classifier learnt from {kinds} films: it says nothing "
        f"of {it}."
    )


def learnt(card: Mapping[str, Any]) -> str:
    """Say what a checkpoint learnt from, and what follows for films from elsewhere."""
    kinds = " and ".join(f"{count:,} {kind}" for kind, count in card["kinds"].items() if count)
    return (
        f"{cards.short_name(dict(card))} learnt from {card['dataset']} ({kinds} films). How well its probabilities fit "
        "films from elsewhere was not measured."
    )
