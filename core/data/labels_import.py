"""Labels, boxes and masks from a table of their own, taken into a data set as a named source of labels.

Four kinds of table are told apart by their headers, `image_id` may also be called `Image Index`:

- labels: `image_id` and `label` (1, 0, or empty where unknown), with any other column of the truth
  table and `mask_path`; boxes as JSON, in shares of the film;
- boxes: NIH's `BBox_List_2017.csv`, `Image Index,Finding Label,Bbox [x,y,w,h]`, whose bracket is split by
  its commas, or the same with the columns `x,y,w,h`. Only `Pneumothorax` counts, and an image with a box
  of it has label 1. The table speaks of the published images of 1024 x 1024 pixels whatever size the
  copies at hand have, so boxes are divided by 1024 and hold at any size;
- masks: `image_id` and `mask_path`, files that are zero outside; an image with a mask has label 1;
- findings: `image_id` and `Pneumothorax`, YES or NO, as Google's adjudicated labels of NIH films have it.

A label set that `review export` made is of the first kind; of its rows those of this data set count, whose
films still have the pixels that were read. Paths are relative to the table's folder. Rows that cannot be
used are counted by reason.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.base import files, schema
from core.base.errors import InputError
from core.base.paths import checked_name
from core.data import intake, pixels, radiographs, truth
from core.data.formats import fields, google
from core.data.listing import Tally, leave_out_repeats
from core.data.parallel import in_threads
from core.data.regions import box_fault, read_boxes, write_boxes

if TYPE_CHECKING:
    from core.base.paths import Workspace

PUBLISHED = 1024  # pixels of a side of NIH's images, which its boxes speak of
IMAGE = ("image_id", "image index")
LABELS = tuple(name for name in schema.TRUTH.columns if name not in ("image_id", "truth"))
TAKEN = {
    "labels": (*IMAGE, *LABELS, "mask_path"),
    "boxes": (*IMAGE, "finding label", *"xywh"),
    "masks": (*IMAGE, "mask_path"),
    "findings": (*IMAGE, google.COLUMN),
}
RESERVED = (truth.REPORT, truth.PHANTOM)  # made by `index`
SIDES = ("left", "right", "both")
_UNEVEN = 0.02  # relative difference of the aspects of a mask and its film


@dataclass(frozen=True, kw_only=True)
class LabelsReport:
    """What an import read and what it left out."""

    dataset: str
    truth: str
    kind: str  # labels | boxes | masks | findings
    rows: int  # images with a label
    positive: int
    boxes: int
    masks: int
    replaced: int  # rows that this source of labels had before
    not_taken: list[str]  # columns
    left_out: dict[str, Any]  # reason: count and examples

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def import_labels(workspace: Workspace, dataset: str, csv: Path, *, name: str) -> LabelsReport:
    """Take a table of labels, boxes, masks or findings into a data set's truth table.

    An earlier import of this name is replaced; other sources of labels stay as they are.

    Args:
        workspace: Where the tables are.
        dataset: Name of an indexed data set.
        csv: The table, plain or gzip.
        name: What the source of labels is to be called.

    Raises:
        InputError: If the name is not free, the data set does not exist, the file is no such
            table, or none of its rows can be used.
        Cancelled: If a stop was asked for; nothing is written then.
    """
    checked_name(name, "source of labels")
    if name in RESERVED:
        msg = f"Expected another name than {' or '.join(RESERVED)}, which `index` makes, found {name!r}; choose one."
        raise InputError(msg, field="name")
    # Films that come in meanwhile write the same table of truths.
    with intake.held(workspace) if dataset == intake.DATASET else nullcontext():
        return _imported(workspace, dataset, csv, name)


def _imported(workspace: Workspace, dataset: str, csv: Path, name: str) -> LabelsReport:
    known = radiographs.load(workspace, dataset)
    before = truth.load(workspace, dataset)
    table = fields.read_csv(csv)
    columns = _columns(table.header)
    kind = _kind(columns, csv)
    left_out = Tally()
    cells = _rows_of_films(table.rows, columns, known.assign(dataset=dataset), left_out)
    if kind == "findings":
        rows = google.labels(cells, left_out)
    else:
        rows = _boxes(cells, left_out) if kind == "boxes" else _labels(cells, csv, left_out)
    rows = _with_good_masks(rows, known, left_out)
    if rows.empty:
        reasons = ", ".join(left_out.to_dict()) or "no row"
        msg = (
            f"Expected rows for films of data set {dataset!r}, found none in {csv.name} that can be used ({reasons}); "
            "check that the table and the data set belong together."
        )
        raise InputError(msg)
    others = before[before["truth"] != name]
    rows = schema.checked(rows.assign(truth=name), schema.TRUTH)
    merged = schema.checked(pd.concat([others, rows], ignore_index=True), schema.TRUTH)
    files.write_parquet(workspace.truth(dataset), merged)
    return LabelsReport(
        dataset=dataset,
        truth=name,
        kind=kind,
        rows=len(rows),
        positive=int((rows["label"] == 1).sum()),
        boxes=sum(len(read_boxes(boxes)) for boxes in rows["boxes"].dropna()),
        masks=int(rows["mask_path"].notna().sum()) if "mask_path" in rows else 0,
        replaced=len(before) - len(others),
        not_taken=[column for column in columns if column not in TAKEN[kind]],
        left_out=left_out.to_dict(),
    )


def _columns(header: list[str]) -> list[str]:
    """Return the columns in lower case, NIH's `Bbox [x,y,w,h]` as four of them."""
    cells = [cell.strip().lower() for part in header for cell in part.split(",")]
    while cells and not cells[-1]:
        cells.pop()
    return [re.sub(r"^bbox\s*\[\s*|\]$", "", cell).strip() for cell in cells]


def _kind(columns: list[str], csv: Path) -> str:
    if len(set(columns)) == len(columns) and set(IMAGE) & set(columns):
        if set(TAKEN["boxes"]) - set(IMAGE) <= set(columns):
            return "boxes"
        if "label" in columns:
            return "labels"
        if "mask_path" in columns:
            return "masks"
        if google.COLUMN in columns:
            return "findings"
    msg = (
        "Expected the columns image_id (or Image Index) and label, image_id and mask_path, image_id and Pneumothorax, "
        "or NIH's Image Index, Finding Label and Bbox [x,y,w,h], each once, found "
        f"{', '.join(columns)[:200]!r} in {csv.name}; rename them."
    )
    raise InputError(msg)


def _rows_of_films(
    rows: list[tuple[int, list[str]]], columns: list[str], known: pd.DataFrame, left_out: Tally
) -> list[dict[str, str]]:
    """Return the cells of each row by column, and `image_id`, as far as the data set has the film."""
    films = {film["image_id"]: film for film in known[["image_id", "dataset", "sha256"]].to_dict("records")}
    image = next(name for name in IMAGE if name in columns)
    exported = "decided_by" in columns  # else a column `dataset` may say anything
    found = []
    for line, cells in rows:
        if len(cells) < len(columns) or any(cells[len(columns) :]):
            left_out.add(f"not {len(columns)} cells in the row", [f"row {line}"])
            continue
        row = dict(zip(columns, cells, strict=False))
        row["image_id"] = row[image] if row[image] in films else row[image].removeprefix("'")  # as an export has it
        film = films.get(row["image_id"])
        if film is None:
            left_out.add("image not in the data set", [row[image] or f"row {line}"])
        elif exported and row.get("dataset") != film["dataset"]:
            left_out.add("of another data set", [row["image_id"]])
        elif row.get("image_sha256", "") not in ("", film["sha256"]):
            left_out.add("read on other pixels than the film has", [row["image_id"]])
        else:
            found.append(row)
    return found


def _boxes(rows: list[dict[str, str]], left_out: Tally) -> pd.DataFrame:
    """Return one row an image with a box of a pneumothorax."""
    found: dict[str, list[tuple[float, float, float, float]]] = {}
    for row in rows:
        image_id = row["image_id"]
        if row["finding label"].lower() != fields.PNEUMOTHORAX.lower():
            left_out.add("another finding than pneumothorax", [image_id])
            continue
        x, y, width, height = (_number(row[side]) / PUBLISHED for side in "xywh")
        box = (x, y, width, height)
        fault = box_fault(*box)
        if fault is not None:
            left_out.add(fault, [image_id])
        elif box in found.setdefault(image_id, []):
            left_out.add("listed twice", [image_id])
        else:
            found[image_id].append(box)
    records = [
        {"image_id": image_id, "label": 1, "boxes": write_boxes(boxes)} for image_id, boxes in found.items() if boxes
    ]
    return pd.DataFrame(records, columns=["image_id", "label", "boxes"])


def _labels(rows: list[dict[str, str]], csv: Path, left_out: Tally) -> pd.DataFrame:
    """Return one row an image with its label and what else the truth table knows; a mask alone is label 1."""
    records = []
    for row in rows:
        fault = next(_faults(row), None)
        if fault is not None:
            left_out.add(fault, [row["image_id"]])
            continue
        record = {name: _value(name, row[name]) for name in LABELS if name in row}
        path = _at(csv, row["mask_path"]) if row.get("mask_path") else None
        records.append({"image_id": row["image_id"], "label": 1, **record, "mask_path": path})
    table = pd.DataFrame(records, columns=None if records else ["image_id"])
    return leave_out_repeats(table.assign(row=range(len(table))), left_out).drop(columns="row")


def _faults(row: dict[str, str]) -> Iterator[str]:
    """Say why a row cannot be used."""
    if "label" not in row and not row["mask_path"]:
        yield "no mask_path"
    label = row.get("label", "1")
    if label and fields.whole(label) not in (0, 1):
        yield "label neither 0 nor 1"
    if fields.whole(label) != 1 and (row.get("mask_path") or row.get("boxes")):
        yield "a mask or boxes without label 1"
    if row.get("side") and row["side"] not in SIDES:
        yield f"side not {', '.join(SIDES[:-1])} or {SIDES[-1]}"
    for name in (name for name in LABELS if row.get(name)):
        if schema.TRUTH.columns[name] == schema.WHOLE and fields.whole(row[name]) is None:
            yield f"{name} not a whole number"
        if name in truth.SHARES and not 0 <= _number(row[name]) <= 1:
            yield f"{name} not from 0 to 1"
    try:
        read_boxes(row.get("boxes") or "[]")
    except json.JSONDecodeError:
        yield "boxes that are no JSON"
    except ValueError as error:
        yield str(error)


def _value(name: str, cell: str) -> str | float | None:
    if not cell:
        return None
    return cell if schema.TRUTH.columns[name] == schema.STRING else float(cell)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _at(csv: Path, cell: str) -> str:
    return os.path.normpath(csv.resolve().parent / PureWindowsPath(cell).as_posix())


def _with_good_masks(rows: pd.DataFrame, known: pd.DataFrame, left_out: Tally) -> pd.DataFrame:
    """Leave out rows whose mask cannot be read, is empty, or has another shape than its film."""
    if "mask_path" not in rows or rows["mask_path"].isna().all():
        return rows.drop(columns="mask_path", errors="ignore")
    films = known.set_index("image_id")
    with_mask = rows[rows["mask_path"].notna()]
    shapes = films.loc[with_mask["image_id"], ["width", "height"]].itertuples(index=False, name=None)
    items = list(zip(with_mask["mask_path"], shapes, strict=True))
    faults = pd.Series(list(in_threads(_mask_fault, items, "Reading masks")), index=with_mask.index, dtype="str")
    for fault, failed in rows.loc[with_mask.index].groupby(faults):
        left_out.add(str(fault), failed["image_id"])
    return rows.drop(index=faults.dropna().index)


def _mask_fault(item: tuple[str, tuple[Any, Any]]) -> str | None:
    path, (width, height) = item
    try:
        mask = pixels.read_pixels(Path(path))
    except pixels.UnreadableImage as error:
        return f"mask {error.reason}"
    if not mask.any():
        return "mask empty"
    if not pd.isna(width) and abs(mask.shape[1] * height / (mask.shape[0] * width) - 1) > _UNEVEN:
        return "mask of another shape than its film"
    return None
