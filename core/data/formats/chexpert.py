"""CheXpert: a row a film, its patient, study and view in `Path`, and fourteen columns of what the report says.

A cell of these columns is 1 (there), 0 (not there), -1 (uncertain) or blank (not spoken of). Blank
counts as 0: Table 1 of the paper counts every study as positive, uncertain or negative, so those that
do not speak of a finding are among the negative. What -1 means no rule can tell: the label is unknown
then, the paper's U-Ignore, unless the caller wants U-Ones (positive) or U-Zeros (negative).

`Path` is never opened as it stands. Only its last three parts are used, where they have the form
`patient00001/study1/view1_frontal.jpg`, so it leads nowhere but into the folder of images.

References:
    Irvin et al., "CheXpert: A Large Chest Radiograph Dataset with Uncertainty Labels and Expert
    Comparison", AAAI 2019.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from core.base.errors import InputError
from core.base.progress import track
from core.data.formats import fields
from core.data.listing import Listing, leave_out_repeats

Uncertain = Literal["ignore", "positive", "negative"]

FINDINGS = (
    fields.NO_FINDING, "Enlarged Cardiomediastinum", "Cardiomegaly", "Lung Opacity", "Lung Lesion", "Edema",
    "Consolidation", "Pneumonia", "Atelectasis", fields.PNEUMOTHORAX, "Pleural Effusion", "Pleural Other", "Fracture",
    "Support Devices",
)  # fmt: skip
REQUIRED = ("Path", fields.PNEUMOTHORAX)
VIEWS = ("AP", "PA")
DEEPEST = 4  # levels of folders from the one given to those of the patients

_LABELS: dict[Uncertain, int | None] = {"ignore": None, "positive": 1, "negative": 0}
_VALUES = {"1": 1, "1.0": 1, "0": 0, "0.0": 0, "": 0, "-1": -1, "-1.0": -1}
_PLACE = re.compile(r"(?:.*[\\/])?(patient\d{1,12})[\\/](study\d{1,6})[\\/](view\d{1,6}_[a-z]+\.(?:jpg|jpeg|png))")
_PATIENT = re.compile(r"patient\d{1,12}")


def read(csv: Path, *, images: Path | None = None, uncertain: Uncertain = "ignore") -> Listing:
    """Read the table: its frontal films; laterals are counted as left out.

    `image_id` is the last three parts of `Path` joined by two underscores, the patient is the first of
    them. Follow-ups count from 0: study 1 is a patient's first. Age 0 stands for none; 90 is the
    publisher's cap. Pneumothorax stands among the findings where the label is 1, and only there.

    Args:
        csv: `train.csv` or `valid.csv`, plain or compressed with gzip.
        images: A folder with the patients' folders, at most four levels down; None for a table only.
        uncertain: What -1 in the column Pneumothorax means.

    Raises:
        InputError: If it is no such table, or there is no patient's folder among the images.
        Cancelled: If a stop was asked for.
    """
    table = fields.read_csv(csv)
    header = {name.lower(): place for place, name in enumerate(table.header)}
    absent = [name for name in REQUIRED if name.lower() not in header]
    if absent:
        msg = (
            f"Expected CheXpert's columns {' and '.join(REQUIRED)}, found no {' and no '.join(absent)} among "
            f"{', '.join(table.header)[:200]!r} in {csv.name}; give its train.csv or valid.csv."
        )
        raise InputError(msg, field="csv")
    found = _files(images) if images is not None else None
    listing = Listing(rows=pd.DataFrame(), listed=len(table.rows))
    records, named = [], set()
    for line, cells in track(table.rows, "Reading rows", total=len(table.rows), unit="rows"):
        if len(cells) != len(table.header):
            listing.left_out.add(f"not {len(table.header)} cells in the row", [f"row {line}"])
            continue
        row = {name: cells[place] for name, place in header.items()}
        match = _PLACE.fullmatch(row["path"])
        if match is None:
            listing.left_out.add("no patient, study and view in Path", [f"row {line}"])
            continue
        named.add("/".join(match.groups()))
        fault = _fault(match, row)
        if fault is not None:
            listing.left_out.add(fault, [f"row {line}"])
        else:
            records.append({"row": line, **_record(match, row, uncertain, listing)})
    if not records:
        reasons = ", ".join(listing.left_out.counts) or "no row"
        msg = f"Expected rows of frontal films, found none in {csv.name} ({reasons}); check the file."
        raise InputError(msg, field="csv")
    rows = leave_out_repeats(pd.DataFrame(records), listing.left_out)
    if found is not None:
        rows = _with_files(rows, found, listing)
        listing.left_out.add("file without a row", sorted(map(_image_id, found.keys() - named)))
    _tell(listing, rows, uncertain)
    listing.rows = rows.drop(columns=["row", "place", "said"]).reset_index(drop=True)
    return listing


def _fault(match: re.Match[str], row: Mapping[str, str]) -> str | None:
    """Say why a row cannot be used, or None."""
    said = {row.get("frontal/lateral", "").lower(), match[3].rpartition("_")[2].partition(".")[0]} - {""}
    if "lateral" in said:
        return "lateral view"
    if "frontal" not in said:
        return "not known to be frontal"
    if row[fields.PNEUMOTHORAX.lower()] not in _VALUES:
        return "Pneumothorax neither 1, 0, -1 nor blank"
    return None


def _record(match: re.Match[str], row: Mapping[str, str], uncertain: Uncertain, listing: Listing) -> dict[str, Any]:
    image_id = _image_id("/".join(match.groups()))
    age, view = fields.age_years(row.get("age", "")), row.get("ap/pa", "").upper()
    if age == 0:
        listing.nulled.add("age 0, which stands for none", [image_id])
    elif age is not None and math.isnan(age):
        listing.nulled.add(f"age not within 0 to {fields.OLDEST} years", [image_id])
    if view and view not in VIEWS:
        listing.nulled.add("view neither AP nor PA", [image_id])
    said = row[fields.PNEUMOTHORAX.lower()].removesuffix(".0")
    label = _VALUES[said] if _VALUES[said] >= 0 else _LABELS[uncertain]
    present = {name for name in FINDINGS if _VALUES.get(row.get(name.lower(), "")) == 1} - {fields.PNEUMOTHORAX}
    if label == 1:
        present.add(fields.PNEUMOTHORAX)
    study = int(match[2].removeprefix("study"))
    return {
        "image_id": image_id,
        "place": "/".join(match.groups()),
        "said": said,
        "patient_id": match[1],
        "label": label,
        "findings": "|".join(name for name in FINDINGS if name in present) or None,
        "view": view if view in VIEWS else None,
        "sex": fields.sex(row.get("sex", "")),
        "age_years": age or None,
        "follow_up": max(study - 1, 0),
    }


def _image_id(place: str) -> str:
    return place.replace("/", "__")


def _files(images: Path) -> dict[str, list[str]]:
    """Find the files of all patients: `patient/study/file` to where it lies, in more than one place at times."""
    if not images.is_dir():
        msg = f"Expected a folder of images at {images}, found none; check --images, or leave it out."
        raise InputError(msg, field="images")
    patients = list(_patients(images.resolve(), DEEPEST, set()))
    if not patients:
        msg = (
            f"Expected the folders patient00001 and so on in {images}, at most {DEEPEST} levels down, found none; "
            "check --images, or leave it out for a data set without pixels."
        )
        raise InputError(msg, field="images")
    found: dict[str, list[str]] = {}
    for patient in track(patients, "Finding films", total=len(patients), unit="patients"):
        for folder, _, names in os.walk(patient):
            study = os.path.relpath(folder, patient.parent).replace(os.sep, "/")
            for name in names:
                if _PLACE.fullmatch(f"{study}/{name}"):
                    found.setdefault(f"{study}/{name}", []).append(str(Path(folder, name)))
    return found


def _patients(folder: Path, levels: int, met: set[tuple[int, int]]) -> Iterator[Path]:
    """Yield the patients' folders, each once, whatever links lead to it."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in met:
        return
    met.add((status.st_dev, status.st_ino))
    if _PATIENT.fullmatch(folder.name):
        yield folder
    elif levels > 0:
        with os.scandir(folder) as entries:
            inner = sorted(entry.name for entry in entries if entry.is_dir())
        for name in inner:
            yield from _patients(folder / name, levels - 1, met)


def _with_files(rows: pd.DataFrame, found: Mapping[str, list[str]], listing: Listing) -> pd.DataFrame:
    places = rows["place"].map(lambda place: found.get(place, []))
    counts = places.map(len)
    listing.left_out.add("no file of this name", rows.loc[counts == 0, "image_id"])
    listing.left_out.add("in more than one folder", rows.loc[counts > 1, "image_id"])
    return rows.assign(path=places.str[0])[counts == 1]


def _tell(listing: Listing, rows: pd.DataFrame, uncertain: Uncertain) -> None:
    """Say what was decided about the labels, with how many films it concerns."""
    doubtful, silent = int((rows["said"] == "-1").sum()), int((rows["said"] == "").sum())
    meaning = {"ignore": "unknown", "positive": "a pneumothorax", "negative": "no pneumothorax"}[uncertain]
    if doubtful:
        listing.warnings.append(
            f"{doubtful} films whose report is uncertain of a pneumothorax: the label is {meaning} "
            f"(--uncertain {uncertain})."
        )
    if silent:
        listing.warnings.append(
            f"{silent} films whose report does not speak of a pneumothorax: the label is no pneumothorax, as the "
            "publisher counts them."
        )
