"""A folder of DICOM files as rows of the radiographs table: what each file says, and no name of anybody.

Files are told by their content, at any depth and without any rule on names. What is left out is named as "file 17":
its place among all files of the folder in the order of their paths, since a file's name may be a patient's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from core.data import dicom_file, dicom_header, image_file
from core.data.parallel import in_threads

if TYPE_CHECKING:
    from core.base.identity import Pseudonyms
    from core.data.dicom_header import Header

NO_DICOM = "not a DICOM file"


class DicomFile(NamedTuple):
    """A file below a folder: its ids and header, or why it is not wanted."""

    path: Path
    image_id: str = ""  # empty where it has no header
    header: Header | None = None
    reason: str | None = None  # why it cannot be taken; None: it can


class Film(NamedTuple):
    """A file that can be taken."""

    path: Path
    image_id: str
    header: Header


def look_into(folder: Path, pseudonyms: Pseudonyms) -> list[DicomFile]:
    """Read the headers of all files below a folder, in the order of their paths.

    Raises:
        Cancelled: If a stop was asked for.
    """
    paths = sorted(Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return list(in_threads(lambda path: _look(path, pseudonyms), paths, "Reading headers"))


def row(film: Film, pseudonyms: Pseudonyms, *, patient: str = "") -> dict[str, Any]:
    """Return a film's columns of the radiographs table, with `study` and `study_time` for `with_follow_up`.

    Args:
        film: The film.
        pseudonyms: Where the patient's id comes from.
        patient: The patient, where another source than the file says it.
    """
    header = film.header
    patient = patient or header.patient
    return {
        "image_id": film.image_id,
        "patient_id": pseudonyms.patient(patient, header.issuer)
        if patient
        else pseudonyms.unknown_patient(header.study or film.image_id),
        "path": str(film.path),
        "view": header.view,
        "sex": header.sex,
        "age_years": header.age_years,
        "pixel_spacing_mm": header.pixel_spacing_mm,
        "study": header.study or film.image_id,
        "study_time": header.study_time,
    }


def with_follow_up(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `follow_up`, the place of a film's study among its patient's from 0, and drop the study's columns.

    Studies of the same time share a place. It is null where a patient has several studies, one of them of unknown
    time: their order is not known then.
    """
    times = rows.groupby(["patient_id", "study"])["study_time"].transform("min")  # "" is the smallest: unknown
    by_patient = rows["patient_id"]
    place = times.groupby(by_patient).rank(method="dense").astype("Int64") - 1
    several = rows.groupby("patient_id")["study"].transform("nunique") > 1
    unknown = several & (times == "").groupby(by_patient).transform("any")
    return rows.assign(follow_up=place.mask(unknown)).drop(columns=["study", "study_time"])


def _look(path: Path, pseudonyms: Pseudonyms) -> DicomFile:
    try:
        if not dicom_file.is_dicom(image_file.head_of(path, dicom_file.HEAD)):
            return DicomFile(path, reason=NO_DICOM)
        content = image_file.bytes_of(path)
        header = dicom_header.read_header(content)
    except image_file.UnreadableImage as error:
        return DicomFile(path, reason=error.reason)
    return DicomFile(path, pseudonyms.image(content, header.uid), header, dicom_header.refusal(header))
