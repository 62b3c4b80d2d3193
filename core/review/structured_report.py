"""Reads as DICOM Structured Reports: TID 1500 with a finding a side, for films that came as DICOM.

A report names its film by the UIDs in the film's own file, since one that names none speaks of nothing; it holds no
patient's name, number or date, and the reader under a name that leads to nobody. It is for research.

References:
    DICOM PS3.16 2024c, TID 1500 Measurement Report; CID 240 Present-Absent, for the three answers.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import __version__
from core.base import files
from core.base.errors import InputError
from core.data import pixels, radiographs
from core.review.answer import ABSENT, PRESENT, SIDES, UNCERTAIN
from core.review.counted_reads import CASE, counted
from core.review.read_store import WITH_MODEL

if TYPE_CHECKING:
    import pandas as pd
    from pydicom import Dataset

    from core.base.paths import Workspace

NO_DICOM, OTHER, UNREAD = "film not from DICOM", "film's file changed or gone", "film called unreadable"
SERIES = "PleuraScope reads, research use only"
DEVICE = "PleuraScope"
_CODES = {PRESENT: "Present", ABSENT: "Absent", UNCERTAIN: "Undetermined"}  # CID 240, keywords of SNOMED CT
_SITES = {"right": "RightPleura", "left": "LeftPleura"}


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written, and what was not."""

    files: int
    left_out: dict[str, int]
    """Reads without a report, by reason."""


def write(workspace: Workspace, table: pd.DataFrame, folder: Path, *, key: bytes) -> Written:
    """Write a report of each read that counts: a reader's last answer with the model on a case, practice left out.

    Args:
        workspace: Where the films are.
        table: What `reads.read_table` gave.
        folder: Where to; it is made, and must hold nothing.
        key: Of the audit; readers' names that lead to nobody follow from it.

    Raises:
        InputError: If the folder holds something, or the package highdicom is missing.
    """
    _require_package()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        msg = f"Expected an empty or new folder for structured reports, found {folder.name!r}; name another by --out."
        raise InputError(msg, field="out")
    left_out: Counter[str] = Counter()
    made = 0
    folder.mkdir(parents=True, exist_ok=True)
    for row in that_count(table).to_dict("records"):
        source = _source(workspace, row)
        reason = source if isinstance(source, str) else None
        if reason is None and not all(isinstance(row[f"{side}_called"], str) for side in SIDES):  # null: not graded
            reason = UNREAD
        if reason is not None or isinstance(source, str):
            left_out[str(reason)] += 1
            continue
        with files.written_aside(folder / f"read-{row['read_id']:06d}.dcm") as aside:
            report(row, source, key=key).save_as(aside)
        made += 1
    return Written(files=made, left_out=dict(left_out))


def that_count(table: pd.DataFrame) -> pd.DataFrame:
    """Return of each reader and case the last answer with the model; practice rounds are left out."""
    reads = counted(table)
    return reads[reads["stage"] == WITH_MODEL].drop_duplicates([*CASE, "reader"], keep="last")


def pseudonym(key: bytes, reader: str) -> str:
    """Return the name under which a reader stands in reports: the same in all of this store's."""
    return f"reader-{hmac.new(key, b'reader ' + reader.encode(), 'sha256').hexdigest()[:12]}"


def report(row: Mapping[Any, Any], film: Dataset, *, key: bytes) -> Dataset:
    """Return the report of one read; written again it has the same UIDs.

    Args:
        row: A row of the table of reads.
        film: The elements of the film's file that name it, and a patient's pseudonym.
        key: Of the audit.
    """
    from highdicom import sr
    from pydicom.sr.codedict import codes
    from pydicom.uid import generate_uid

    def uid(what: str) -> str:
        named = f"structured report {row['key']} {what}".encode()
        return str(generate_uid(entropy_srcs=[hmac.new(key, named, "sha256").hexdigest()]))

    reader = pseudonym(key, row["reader"])
    observer = sr.ObserverContext(
        observer_type=codes.DCM.Person,
        observer_identifying_attributes=sr.PersonObserverIdentifyingAttributes(name=f"{reader}^"),
    )
    groups = [
        sr.MeasurementsAndQualitativeEvaluations(
            tracking_identifier=sr.TrackingIdentifier(uid=uid(side), identifier=f"{side} pleura, research use"),
            finding_type=codes.SCT.Pneumothorax,
            finding_sites=[sr.FindingSite(anatomic_location=getattr(codes.SCT, _SITES[side]))],
            qualitative_evaluations=[
                sr.QualitativeEvaluation(
                    name=codes.SCT.Pneumothorax, value=getattr(codes.SCT, _CODES[row[f"{side}_called"]])
                )
            ],
            source_images=[sr.SourceImageForMeasurementGroup.from_source_image(film)],
        )
        for side in SIDES
    ]
    at = datetime.fromtimestamp(row["created_at"], UTC)
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_person_context=observer),
        procedure_reported=codes.DCM.ForResearch,
        imaging_measurements=groups,
    )
    return sr.ComprehensiveSR(
        evidence=[film],
        content=content[0],
        series_instance_uid=uid("series"),
        series_number=1,
        sop_instance_uid=uid("report"),
        instance_number=int(row["read_id"]),
        manufacturer=DEVICE,
        series_description=SERIES,
        is_complete=True,
        is_verified=False,
        is_final=False,
        content_date=at.date(),
        content_time=at.time().replace(microsecond=0),
        software_versions=__version__,
    )


def _source(workspace: Workspace, row: Mapping[Any, Any]) -> Dataset | str:
    """Return what a report takes from the film's own file, or why it takes nothing."""
    from core.data import dicom_file

    table = radiographs.load(workspace, row["dataset"])
    own = table.loc[table["image_id"] == row["image_id"], "path"].dropna()
    if own.empty or not Path(own.iloc[0]).is_file():
        return OTHER
    content = Path(own.iloc[0]).read_bytes()
    if not dicom_file.is_dicom(content[: dicom_file.HEAD]):
        return NO_DICOM
    try:
        if pixels.sha256_of_pixels(pixels.decode_bytes(content).pixels) != row["image_sha256"]:
            return OTHER
        there = dicom_file.read(content, pixels=False)
    except pixels.UnreadableImage:
        return OTHER
    return _nameless(there, str(row["patient_id"]))


def _nameless(there: Dataset, patient: str) -> Dataset:
    """Return what names a film and nobody: its UIDs, under the patient's pseudonym."""
    from pydicom import Dataset

    film = Dataset()
    for name in (
        "SOPClassUID",
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "Modality",
        "Rows",
        "Columns",
    ):
        setattr(film, name, there.get(name))
    film.PatientID = patient
    film.PatientName = film.PatientBirthDate = film.PatientSex = ""
    film.StudyID = film.StudyDate = film.StudyTime = film.AccessionNumber = film.ReferringPhysicianName = ""
    film.PatientIdentityRemoved = "YES"
    film.DeidentificationMethod = "PleuraScope: pseudonym, no name and no date"
    return film


def _require_package() -> None:
    try:
        import highdicom  # noqa: F401 (only whether it is there)
    except ModuleNotFoundError:
        msg = (
            "Expected the package highdicom for structured reports, found none; install what a hospital needs by "
            "`python3 app/install.py --hospital`."
        )
        raise InputError(msg, field="what") from None
