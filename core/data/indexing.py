"""From a listing and image files to a data set: every file decoded once, hashed, told apart by kind."""

from __future__ import annotations

import copy
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.base import files, schema
from core.base.errors import InputError
from core.data import radiographs, truth
from core.data.listing import EXAMPLES, Listing, Tally
from core.data.seen import look_at

if TYPE_CHECKING:
    from core.base.paths import Workspace

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg")
# Columns for the folders of regions beside the table.
BESIDE = {"mask_path": "masks", "lung_path": "lungs", "drain_path": "drains"}
LAYOUTS = ("images", "images_*", "images_*/images")  # where the files of a published set may lie


@dataclass(frozen=True, kw_only=True)
class IndexReport:
    """What `index` read and what it left out; written beside the tables as `index_report.json`."""

    dataset: str
    listed: int  # rows or files that the listing speaks of
    indexed: int  # rows of the radiographs table
    patients: int
    positive: int
    negative: int
    unlabelled: int
    with_images: bool
    sources: dict[str, int]
    truths: list[str]
    masks: int
    left_out: dict[str, Any]  # reason: count and examples
    files_without_row: dict[str, Any]
    read_by_rule: dict[str, Any]  # files whose pixels a rule changed, such as colour to luminance
    nulled: dict[str, Any]  # values that could not be right
    truth_left_out: dict[str, Any]
    same_pixels: dict[str, Any]  # images that stand under several names
    warnings: list[str]
    repeated_uids: list[list[str]] = field(default_factory=list)  # image_ids that share a SOPInstanceUID

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def index(
    workspace: Workspace,
    dataset: str,
    rows: Listing | pd.DataFrame,
    *,
    images: Path | None = None,
    csv: Path | None = None,
) -> IndexReport:
    """Write a data set's tables, in place of those it may have had.

    Each file is decoded once, also when a killed run is begun again. One that cannot be read, a
    row without a file and a file without a row stand in the report with their reason, never in
    the table. Without images the data set is a table only: it can be split and browsed, not
    trained on.

    Args:
        workspace: Where the tables go.
        dataset: Name of the data set.
        rows: What a format's reader returned, or a table of the radiographs columns with
            `file_name` (looked for in `images`) or `path`.
        images: Folder of the image files, or the one above `images/` or `images_001/images/`.
        csv: The table the rows came from; what `BESIDE` names and `truth.csv` beside it are taken along.

    Raises:
        InputError: If there are no images in the folder, or not one radiograph can be used.
        Cancelled: If a stop was asked for; nothing is written then.
    """
    listing = copy.deepcopy(rows) if isinstance(rows, Listing) else Listing(rows=rows, listed=len(rows))
    memory = workspace.cache / "seen" / f"{workspace.dataset(dataset).name}.parquet"
    table = listing.rows.copy()
    without_row, by_rule = Tally(), Tally()
    if images is not None and "path" not in table:
        table = _with_files(table, images, listing.left_out, without_row)
    with_images = "path" in table and bool(table["path"].notna().any())
    if with_images:
        listing.left_out.add("no file named", table.loc[table["path"].isna(), "image_id"])
        table = _decoded(table[table["path"].notna()], memory, listing.left_out, by_rule)
    else:
        table["source"] = "real"
    if table.empty:
        raise _nothing_left(listing)
    beside = csv.resolve().parent if csv is not None else None
    if with_images and beside is not None:
        for column, folder in BESIDE.items():
            table = _with_files_beside(table, column, beside / folder)
    table = schema.checked(table.drop(columns="file_name", errors="ignore"), schema.RADIOGRAPHS)
    truths, truth_left_out = _truths(table, beside)
    report = report_of(
        dataset, listing, table, truths, with_images,
        files_without_row=without_row, read_by_rule=by_rule, truth_left_out=truth_left_out,
    )  # fmt: skip
    write(workspace, dataset, table, truths, report)
    return report


def _with_files(table: pd.DataFrame, images: Path, left_out: Tally, without_row: Tally) -> pd.DataFrame:
    found, repeated = find_images(images)
    names = table["file_name"]
    here, twice = names.isin(list(found)), names.isin(repeated)
    left_out.add("no file of this name", names[~here & ~twice])
    left_out.add("in more than one folder", names[twice])
    without_row.add("no row in the table", sorted(found.keys() - set(names)))
    table = table[here & ~twice].copy()
    table["path"] = [str(found[name]) for name in table["file_name"]]
    return table


def find_images(folder: Path) -> tuple[dict[str, Path], set[str]]:
    """Find image files in a folder, in `images/`, or in `images_001/images/` and so on.

    Returns:
        The files by name, and the names that stand in more than one folder.

    Raises:
        InputError: If there is no such folder, or no image in it.
    """
    folder = folder.resolve()
    found: dict[str, Path] = {}
    repeated = set()
    places = [folder, *(place.resolve() for layout in LAYOUTS for place in sorted(folder.glob(layout)))]
    for place in dict.fromkeys(places):  # each once, also where one links to another
        if not place.is_dir():
            continue
        with os.scandir(place) as entries:
            for entry in entries:
                if entry.name.lower().endswith(IMAGE_SUFFIXES):
                    if entry.name in found:
                        repeated.add(entry.name)
                    found[entry.name] = Path(entry.path)
    if not found:
        what = "no PNG or JPEG file" if folder.is_dir() else "no such folder"
        msg = (
            f"Expected images in {folder}, its images/ or its images_001/images/, found {what}; "
            "check --images, or leave it out for a data set without pixels."
        )
        raise InputError(msg)
    return found, repeated


def _decoded(table: pd.DataFrame, memory: Path, left_out: Tally, by_rule: Tally) -> pd.DataFrame:
    seen = look_at(table["path"].astype(str).tolist(), memory).set_index(table.index)
    for reason, failed in table[seen["unreadable"].notna()].groupby(seen["unreadable"]):
        left_out.add(str(reason), failed["image_id"])
    ruled = seen["notes"].fillna("") != ""
    for image_id, notes in zip(table.loc[ruled, "image_id"], seen.loc[ruled, "notes"], strict=True):
        for note in notes.split("; "):
            by_rule.add(note, [image_id])
    known = ["width", "height", "sha256", "source"]
    table = table.drop(columns=known, errors="ignore").join(seen[known])
    return table[seen["unreadable"].isna()]


def _with_files_beside(table: pd.DataFrame, column: str, folder: Path) -> pd.DataFrame:
    names = {path.stem: str(path) for path in sorted(folder.glob("*.png"))}
    if not names:
        return table
    own = table[column] if column in table else pd.Series(None, index=table.index, dtype="str")
    found = table["image_id"].map(lambda image_id: names.get(Path(image_id).stem))
    return table.assign(**{column: own.where(own.notna(), found)})


def _truths(table: pd.DataFrame, beside: Path | None) -> tuple[pd.DataFrame, Tally]:
    left_out = Tally()
    report = table[["image_id", "label"]].assign(truth=truth.REPORT)
    others = []
    if beside is not None and (beside / "truth.csv").is_file():
        others.append(truth.from_csv(beside / "truth.csv", table, left_out))
    return schema.checked(pd.concat([report, *others], ignore_index=True), schema.TRUTH), left_out


def _nothing_left(listing: Listing) -> InputError:
    reasons = listing.left_out.to_dict()
    why = f"the first reason is {next(iter(reasons))!r}" if reasons else "the listing is empty"
    return InputError(
        f"Expected at least one radiograph that can be used, found 0 of {listing.listed}: {why}; "
        "check that the table and the images belong together."
    )


def _same_pixels(table: pd.DataFrame) -> tuple[dict[str, Any], list[str]]:
    known = table[table["sha256"].notna()]
    repeated = known[known["sha256"].duplicated(keep=False)]
    groups = [group for _, group in repeated.groupby("sha256")]
    apart = sum(len(set(group["patient_id"])) > 1 for group in groups)
    warnings = [f"{apart} pictures stand under more than one patient; a split will refuse them."] if apart else []
    examples = [group["image_id"].tolist() for group in groups[:EXAMPLES]]
    return {"pictures": len(groups), "images": len(repeated), "examples": examples}, warnings


def _standing(groups: list[list[str]], table: pd.DataFrame) -> list[list[str]]:
    """Leave out images that did not come into the table, and groups that are none without them."""
    indexed = set(table["image_id"])
    left = [[image_id for image_id in group if image_id in indexed] for group in groups]
    return [group for group in left if len(group) > 1]


def report_of(
    dataset: str, listing: Listing, table: pd.DataFrame, truths: pd.DataFrame, with_images: bool, **tallies: Tally
) -> IndexReport:
    """Return the report on a data set's tables; `tallies` are the fields of it that count by reason."""
    same_pixels, warnings = _same_pixels(table)
    if not with_images and (truths["truth"] != truth.REPORT).any():
        warnings.append("truth.csv was taken as adjudicated: without images nobody can see whether these are phantoms.")
    return IndexReport(
        dataset=dataset,
        listed=listing.listed,
        indexed=len(table),
        patients=int(table["patient_id"].nunique()),
        positive=int((table["label"] == 1).sum()),
        negative=int((table["label"] == 0).sum()),
        unlabelled=int(table["label"].isna().sum()),
        with_images=with_images,
        sources=radiographs.sources(table),
        truths=sorted(truths["truth"].unique().tolist()),
        masks=int(table["mask_path"].notna().sum()),
        left_out=listing.left_out.to_dict(),
        nulled=listing.nulled.to_dict(),
        same_pixels=same_pixels,
        warnings=[*listing.warnings, *warnings],
        repeated_uids=_standing(listing.repeated_uids, table),
        **{name: tally.to_dict() for name, tally in tallies.items()},
    )


def write(workspace: Workspace, dataset: str, table: pd.DataFrame, truths: pd.DataFrame, report: IndexReport) -> None:
    """Write all three aside before the first one moves into place, so that they change together."""
    with (
        files.written_aside(workspace.radiographs(dataset)) as radiographs_aside,
        files.written_aside(workspace.truth(dataset)) as truth_aside,
        files.written_aside(workspace.index_report(dataset)) as report_aside,
    ):
        table.to_parquet(radiographs_aside, index=False)
        truths.to_parquet(truth_aside, index=False)
        files.write_json(report_aside, report.to_dict())
