"""Own images: folders named by class, or a CSV with a column of image files and one of labels.

Folders: `pneumothorax/` and `normal/`, at the top or under `train/`, `val/` and `test/`; the
images may lie deeper. Which part a file lay in is not taken over, since parts go by patient.

CSV: `image_path,label`, and as far as known `patient_id, view, age, sex, mask_path, findings,
follow_up, pixel_spacing_mm`; paths are relative to the CSV's folder or to `images`. Labels are 0,
1, a class word, or empty where unknown.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

import pandas as pd

from core.base.errors import InputError
from core.data.formats import fields
from core.data.listing import Listing, leave_out_repeats

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
PARTS = {"train", "training", "val", "valid", "validation", "test", "testing"}
NORMAL = {"normal", "healthy", "no finding"}
WORDS = {  # in lower case, underscores and hyphens read as blanks
    **dict.fromkeys(("pneumothorax", "ptx", "positive", "yes", "true", "1"), 1),
    **dict.fromkeys(("no pneumothorax", "negative", "no", "false", "0", *NORMAL), 0),
}
COLUMNS = {  # in lower case: as we call them
    **dict.fromkeys(("image_path", "path", "image", "file_name", "filename"), "image"),
    **dict.fromkeys(("label", "class", "target"), "label"),
    **dict.fromkeys(("patient_id", "patient", "patient id"), "patient_id"),
    **dict.fromkeys(("age", "age_years"), "age"),
    **dict.fromkeys(("sex", "gender"), "sex"),
    **dict.fromkeys(("mask_path", "mask"), "mask"),
    **{name: name for name in ("view", "findings", "follow_up", "pixel_spacing_mm")},
}

_PATIENT_AND_NUMBER = re.compile(r"(.*\d.*)_(\d+)")  # of the file name, as in 00000013_005


def read(source: Path, *, images: Path | None = None) -> Listing:
    """Read a folder of class folders, or a CSV.

    `image_id` is the file name, or, where two folders hold the same name, the way to it joined by
    two underscores. Without patients in a CSV, `<patient>_<number>` in a file name tells the
    patient, if there is a digit in it; other images count as a patient each.

    Args:
        source: The folder, or the CSV file (plain or gzip).
        images: Where the paths of a CSV start; its own folder if not given.

    Raises:
        InputError: If there is no such folder or table, with what was expected and found.
    """
    if source.is_dir():
        listing = _from_folders(source.resolve())
    else:
        listing = _from_csv(source, (images or source.parent).resolve())
    rows = listing.rows
    rows["image_id"] = _image_ids(rows["path"])
    if "patient_id" not in rows:
        rows = _with_patients_by_name(rows)
        listing.warnings.append(
            f"No patient ids: {rows['patient_id'].nunique()} patients were read from the names of {len(rows)} files; "
            "where that is wrong, parts may share a patient, so give a CSV with a patient_id column."
        )
    listing.rows = leave_out_repeats(rows, listing.left_out).drop(columns="row").reset_index(drop=True)
    return listing


def _from_folders(folder: Path) -> Listing:
    listing = Listing(rows=pd.DataFrame(), listed=0)
    records = []
    for name, path in _classes(folder):
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() in IMAGE_SUFFIXES)
        listing.listed += len(found)
        label = WORDS.get(name)
        if label is None:
            listing.left_out.add("unknown class folder", [f"{name}/{file.name}" for file in found])
            continue
        records += [{"path": str(file), "label": label, "findings": _findings(name, label)} for file in found]
    if not records:
        found_names = ", ".join(sorted({name for name, _ in _classes(folder)})) or "none"
        msg = (
            f"Expected images in folders named pneumothorax and normal in {folder}, found folders {found_names[:200]}; "
            "name them so, or give a CSV with the columns image_path and label."
        )
        raise InputError(msg)
    listing.rows = pd.DataFrame(records).assign(row=range(len(records)))
    return listing


def _classes(folder: Path) -> Iterator[tuple[str, Path]]:
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        if inner.name.lower() in PARTS:
            yield from _classes(inner)
        else:
            yield word(inner.name), inner


def _from_csv(csv: Path, start: Path) -> Listing:
    table = fields.read_csv(csv)
    names = [COLUMNS.get(cell.lower(), "") for cell in table.header]
    absent = [name for name, column in (("image_path", "image"), ("label", "label")) if column not in names]
    if absent:
        msg = (
            f"Expected the columns image_path and label, found no {' and no '.join(absent)} among "
            f"{', '.join(table.header)[:200]!r} in {csv.name}; add or rename them."
        )
        raise InputError(msg)
    listing = Listing(rows=pd.DataFrame(), listed=len(table.rows))
    records = []
    for line, cells in table.rows:
        if len(cells) != len(names):
            listing.left_out.add(f"not {len(names)} cells in the row", [f"row {line}"])
            continue
        record = _record({name: cell for name, cell in zip(names, cells, strict=True) if name}, line, start, listing)
        if record is not None:
            records.append(record)
    if not records:
        reasons = ", ".join(listing.left_out.counts) or "no row"
        msg = f"Expected rows with an image and a label, found none in {csv.name} ({reasons}); correct the file."
        raise InputError(msg)
    listing.rows = pd.DataFrame(records)
    return listing


def _record(cells: dict[str, str], line: int, start: Path, listing: Listing) -> dict[str, Any] | None:
    label, findings = cells["label"], cells.get("findings", "")
    if label and word(label) not in WORDS:
        listing.left_out.add("label neither 0, 1 nor a known word", [f"row {line}: {label[:40]}"])
        return None
    for name in ("image", "patient_id"):
        if cells.get(name) == "":
            listing.left_out.add(f"no {name.removesuffix('_id')}", [f"row {line}"])
            return None
    age = fields.age_years(cells.get("age", ""))
    if age is not None and math.isnan(age):
        listing.nulled.add(f"age not within 0 to {fields.OLDEST} years", [f"row {line}"])
    mask = _at(start, cells["mask"]) if cells.get("mask") else None
    if mask is not None and not Path(mask).is_file():
        listing.nulled.add("no file at mask_path", [f"row {line}"])
        mask = None
    value = WORDS.get(word(label))
    record = {
        "row": line,
        "path": _at(start, cells["image"]),
        "label": value,
        "findings": findings or _findings(word(label), value),
        "view": cells.get("view", "").upper() or None,
        "sex": fields.sex(cells.get("sex", "")),
        "age_years": age,
        "follow_up": fields.whole(cells.get("follow_up", "")),
        "mask_path": mask,
        "pixel_spacing_mm": fields.positive_number(cells.get("pixel_spacing_mm", "")),
    }
    return record | {"patient_id": cells["patient_id"]} if "patient_id" in cells else record


def word(text: str) -> str:
    """Return a label or a folder's name as `WORDS` writes it.

    Examples:
        >>> word("No_Finding"), word("1.0")
        ('no finding', '1')
    """
    return re.sub(r"[\s_-]+", " ", text.lower()).strip().removesuffix(".0")


def _findings(name: str, label: int | None) -> str | None:
    if label == 1:
        return fields.PNEUMOTHORAX
    return fields.NO_FINDING if name in NORMAL else None


def _at(start: Path, cell: str) -> str:
    return os.path.normpath(start / PureWindowsPath(cell).as_posix())


def _image_ids(paths: pd.Series) -> pd.Series:
    distinct = paths.drop_duplicates()
    names = distinct.map(lambda path: Path(path).name)
    shared = set(names[names.duplicated()])
    root = os.path.commonpath([str(Path(path).parent) for path in distinct])
    ids = {
        path: "__".join(Path(path).relative_to(root).parts) if name in shared else name
        for path, name in zip(distinct, names, strict=True)
    }
    return paths.map(ids)


def _with_patients_by_name(rows: pd.DataFrame) -> pd.DataFrame:
    parts = rows["path"].map(lambda path: Path(path).stem).str.extract(f"^{_PATIENT_AND_NUMBER.pattern}$")
    return rows.assign(
        patient_id=parts[0].where(parts[0].notna(), rows["image_id"]),
        follow_up=pd.to_numeric(parts[1]).astype("Int64"),
    )
