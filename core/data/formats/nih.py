"""The table of NIH ChestX-ray14: `Data_Entry_2017.csv` and its later copies.

The published headers differ. The sex column is `Patient Gender` or `Patient Sex`; the sizes
stand in `OriginalImage[Width,Height]`, whose comma splits it in two columns where it is not
quoted; the first release ends each line with a comma. All of them are read.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import pandas as pd

from core.base.errors import InputError
from core.data.formats import fields
from core.data.listing import Listing, leave_out_repeats

COLUMNS = {  # as published, in lower case: as we call them
    "image index": "file_name",
    "finding labels": "findings",
    "follow-up #": "follow_up",
    "patient id": "patient_id",
    "patient age": "age",
    "patient gender": "sex",
    "patient sex": "sex",
    "view position": "view",
    "originalimage[width": "original_width",
    "height]": "original_height",
    "originalimagepixelspacing[x": "pixel_spacing_mm",
    "y]": "pixel_spacing_y",
}
REQUIRED = {"file_name": "Image Index", "findings": "Finding Labels", "patient_id": "Patient ID"}

_NAME = re.compile(r"(\d{8})_\d{3}\.\w+")  # <patient>_<follow-up>


def read(csv: Path) -> Listing:
    """Read the table, plain or compressed with gzip.

    `image_id` is the file name. The label is 1 if Pneumothorax is among the findings, 0 if not,
    null without findings. An age above 120 years becomes null. Sizes and spacing are those of
    the original image, not of the released file.

    Args:
        csv: The table as published, or one in the same form.

    Raises:
        InputError: If it is no such table, with the columns expected and found.
    """
    table = fields.read_csv(csv)
    names, split_at = _columns(table.header)
    absent = [published for name, published in REQUIRED.items() if name not in names]
    if absent:
        msg = (
            f"Expected the NIH table's columns {', '.join(REQUIRED.values())}, found no {', '.join(absent)} among "
            f"{', '.join(table.header)[:200]!r} in {csv.name}; give the Data_Entry CSV, or use the format `folder`."
        )
        raise InputError(msg)
    listing = Listing(rows=pd.DataFrame(), listed=len(table.rows))
    records = []
    for line, cells in table.rows:
        values = _fitted(cells, len(names), split_at)
        if values is None:
            listing.left_out.add(f"not {len(names)} cells in the row", [f"row {line}"])
            continue
        record = _record(dict(zip(names, values, strict=True)), line, listing)
        if record is not None:
            records.append(record)
    if not records:
        msg = f"Expected rows with an image and a patient, found none in {csv.name}; check the file."
        raise InputError(msg)
    rows = leave_out_repeats(pd.DataFrame(records), listing.left_out)
    listing.rows = rows.drop(columns="row").reset_index(drop=True)
    _warn_of_other_patients(listing)
    return listing


def _columns(header: list[str]) -> tuple[list[str], list[int]]:
    """Return our column names, and which header cells hold two columns in quotes."""
    while header and not header[-1]:
        header = header[:-1]
    names: list[str] = []
    split_at = []
    for place, cell in enumerate(header):
        parts = [part.strip().lower() for part in cell.split(",")]
        if len(parts) > 1:
            split_at.append(place)
        names += [COLUMNS.get(part, part) for part in parts]
    return names, split_at


def _fitted(cells: list[str], width: int, split_at: list[int]) -> list[str] | None:
    """Bring a row to as many cells as there are columns, or None if it does not fit."""
    quoted = width - len(split_at)
    if split_at and len(cells) >= quoted and not any(cells[quoted:]):
        pairs = [cell.strip("[] ").split(",") if place in split_at else [cell] for place, cell in enumerate(cells)]
        cells = [cell.strip() for pair in pairs[:quoted] for cell in pair]
    if len(cells) < width or any(cells[width:]):
        return None
    return cells[:width]


def _record(cells: dict[str, str], line: int, listing: Listing) -> dict[str, Any] | None:
    image_id = re.split(r"[\\/]", cells["file_name"])[-1]
    if not image_id or not cells["patient_id"]:
        missing = "no patient" if image_id else "no image name"
        listing.left_out.add(missing, [image_id or f"row {line}"])
        return None
    age = fields.age_years(cells.get("age", ""))
    if age is not None and math.isnan(age):
        listing.nulled.add(f"age not within 0 to {fields.OLDEST} years", [image_id])
    number = fields.whole(cells["patient_id"])  # "00000013" and "13" are one patient
    findings = "|".join(finding.strip() for finding in cells["findings"].split("|"))
    return {
        "row": line,
        "image_id": image_id,
        "file_name": image_id,
        "patient_id": cells["patient_id"] if number is None else str(number),
        "label": fields.pneumothorax_among(findings),
        "findings": findings or None,
        "view": cells.get("view", "").upper() or None,
        "sex": fields.sex(cells.get("sex", "")),
        "age_years": age,
        "follow_up": fields.whole(cells.get("follow_up", "")),
        "pixel_spacing_mm": fields.positive_number(cells.get("pixel_spacing_mm", "")),
        "original_width": fields.whole(cells.get("original_width", "")),
        "original_height": fields.whole(cells.get("original_height", "")),
    }


def _warn_of_other_patients(listing: Listing) -> None:
    named = listing.rows["image_id"].str.extract(_NAME, expand=False)
    other = named.notna() & (named.str.lstrip("0") != listing.rows["patient_id"])
    if other.any():
        first = listing.rows.loc[other, "image_id"].iloc[0]
        listing.warnings.append(
            f"{int(other.sum())} file names name another patient than their row does, the first is {first}."
        )
