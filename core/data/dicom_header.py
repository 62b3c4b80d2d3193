"""What a DICOM file says of its film and patient, and the rule that says which films are wanted.

Wanted are single frames of CR, DX or RG. Another modality is taken only where it is OT (digitised film) or not
given and the body part is the chest. Refused are lateral, oblique and decubitus views, images for processing
rather than for looking at, and body parts that the standard has a word for and that are not the chest. A view or
body part that is not given refuses nothing. Words from a file reach a reason only if they are words of the
standard, since any text in it may be a name.

A header holds what must never be written: the UIDs, the patient and the study's time are there to be hashed, or
to order a patient's films, and for nothing else.

References:
    DICOM PS3.3, C.7.3.1.1.1 (modalities), C.8.11.5.1 (view position), 10.7.1.3 (pixel spacing); PS3.16, CID 4010
    (views) and Annex L (body parts).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from core.data import dicom_file
from core.data.dicom_words import (
    CHEST,
    ELSEWHERE,
    OLDEST_TOLD,
    OTHER_MODALITIES,
    VIEW_CODES,
    VIEW_WORDS,
    VIEWS,
    WANTED,
)
from core.data.formats import fields

if TYPE_CHECKING:
    from pydicom import Dataset


_SQUARE_WITHIN = 0.01  # as a share of the spacing: a pixel that is less square has no one spacing
_KEYWORDS = [
    "BodyPartExamined", "BurnedInAnnotation", "Columns", "ImagerPixelSpacing", "IssuerOfPatientID", "Modality",
    "NominalScannedPixelSpacing", "NumberOfFrames", "PatientAge", "PatientBirthDate", "PatientID", "PatientSex",
    "PixelSpacing", "PresentationIntentType", "Rows", "SOPClassUID", "SOPInstanceUID", "StudyDate",
    "StudyInstanceUID", "StudyTime", "ViewCodeSequence", "ViewPosition",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a file says of its film; empty text or None where it says nothing that can be used."""

    uid: str = field(repr=False)  # SOPInstanceUID; with the next three never to be written anywhere
    patient: str = field(repr=False)
    issuer: str = field(repr=False)  # of the patient's id
    study: str = field(repr=False)
    modality: str  # a word of the standard, "?" for another
    view: str | None  # a key of `VIEWS`
    body_part: str  # CHEST, or a word of `ELSEWHERE`
    sex: str | None  # M | F
    age_years: float | None  # 90 for every age above 89
    study_time: str = field(repr=False)  # sortable text, for the order of a patient's films; never to be written
    pixel_spacing_mm: float | None  # calibrated to the patient if the file has it, else at the detector
    rows: int
    columns: int
    frames: int
    burned_in: bool | None  # whether the file says that text is burned into its pixels
    transfer_syntax: str
    for_processing: bool = False  # the detector's picture, not meant to be looked at


def read_header(content: bytes) -> Header:
    """Read what a DICOM file says of its film.

    Raises:
        UnreadableImage: If it is no DICOM file, damaged beyond reading, or a directory of other files.
    """
    dataset = dicom_file.read(content, pixels=False, only=_KEYWORDS)
    try:
        return _header(dataset)
    except Exception as error:  # a value may be anything
        raise dicom_file.broken(error) from None


def refusal(header: Header) -> str | None:
    """Say in a few words why a film is not wanted, by the rule at the head of this file; None if it is."""
    modality = {"": "no modality", "?": "an unknown modality"}.get(header.modality, f"modality {header.modality}")
    of_film = header.modality in WANTED or (header.modality in ("OT", "") and header.body_part == "CHEST")
    reasons = {
        "a presentation state": header.modality == "PR",
        "no pixels": header.rows == 0 or header.columns == 0,
        modality: not of_film,
        "more than one frame": header.frames > 1,
        "for processing, not for looking at": header.for_processing,
        f"body part {header.body_part}": header.body_part in ELSEWHERE,
        VIEWS.get(header.view or "") or "": VIEWS.get(header.view or "") is not None,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _header(dataset: Dataset) -> Header:
    modality = _text(dataset, "Modality").upper()
    day, time = _text(dataset, "StudyDate"), _text(dataset, "StudyTime")
    return Header(
        uid=_text(dataset, "SOPInstanceUID"),
        patient=_text(dataset, "PatientID"),
        issuer=_text(dataset, "IssuerOfPatientID"),
        study=_text(dataset, "StudyInstanceUID"),
        modality=modality if modality in (*WANTED, *OTHER_MODALITIES, "") else "?",
        view=_view(dataset),
        body_part=_body_part(_text(dataset, "BodyPartExamined")),
        sex=fields.sex(_text(dataset, "PatientSex")),
        age_years=_age(_text(dataset, "PatientAge"), _text(dataset, "PatientBirthDate"), day),
        study_time=f"{re.sub('[.-]', '', day)} {time.replace(':', '')}" if _day(day) else "",
        pixel_spacing_mm=_spacing(dataset),
        rows=_whole(dataset, "Rows"),
        columns=_whole(dataset, "Columns"),
        frames=_whole(dataset, "NumberOfFrames") or 1,
        burned_in={"YES": True, "NO": False}.get(_text(dataset, "BurnedInAnnotation").upper()),
        transfer_syntax=dicom_file.transfer_syntax(dataset),
        for_processing=_text(dataset, "PresentationIntentType").upper() == "FOR PROCESSING",
    )


def _text(dataset: Dataset, keyword: str) -> str:
    """Return a value as text that can be encoded; several values joined as they stand in the file."""
    value = _value(dataset, keyword)
    if value is None:
        return ""
    text = value if isinstance(value, str) else "\\".join(map(str, value)) if _is_many(value) else str(value)
    return text.encode("utf-8", "replace").decode("utf-8").strip("\0 \t\r\n")


def _value(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401
    try:
        return dataset.get(keyword)
    except Exception:  # one value that cannot be read is a value not given
        return None


def _is_many(value: object) -> bool:
    return isinstance(value, list | tuple) or type(value).__name__ == "MultiValue"


def _whole(dataset: Dataset, keyword: str) -> int:
    text = _text(dataset, keyword)
    return int(text) if re.fullmatch(r"\d{1,9}", text) else 0


def _view(dataset: Dataset) -> str | None:
    position = VIEW_WORDS.get(_text(dataset, "ViewPosition").upper())
    if position is not None:
        return position
    for item in _value(dataset, "ViewCodeSequence") or ():
        if (view := VIEW_CODES.get(_text(item, "CodeValue").upper())) is not None:
            return view
    return None


def _body_part(text: str) -> str:
    word = re.sub(r"[^A-Z]", "", text.upper())
    if any(part in word for part in CHEST):
        return "CHEST"
    return word if word in ELSEWHERE else ""


def _age(age: str, born: str, day: str) -> float | None:
    years = fields.age_years(age)
    birth, study = _day(born), _day(day)
    if years is None and birth is not None and study is not None and study >= birth:
        whole = study.year - birth.year - ((study.month, study.day) < (birth.month, birth.day))
        years = float(whole) if whole >= 2 else round((study - birth).days / 365.2425, 2)
    if years is None or math.isnan(years) or years > fields.OLDEST:
        return None
    return float(OLDEST_TOLD) if years >= OLDEST_TOLD else years


def _day(text: str) -> date | None:
    match = re.fullmatch(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})", text)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def _spacing(dataset: Dataset) -> float | None:
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        numbers = [fields.positive_number(part) for part in _text(dataset, keyword).split("\\")]
        if len(numbers) == 2 and numbers[0] is not None and numbers[1] is not None:
            square = abs(numbers[0] - numbers[1]) <= _SQUARE_WITHIN * max(numbers[0], numbers[1])
            return (numbers[0] + numbers[1]) / 2 if square else None
    return None
