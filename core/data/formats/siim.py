"""SIIM-ACR: DICOM files by their UID, and a table of run lengths that draw the pneumothorax on each.

The table has the columns `ImageId` and `EncodedPixels`; in the first release the second name begins
with a blank. A cell is -1 where no pneumothorax was drawn, else pairs of an offset and a length. The
offset counts from the end of the run before, and the pixels are counted down the columns, the left one
first. An image with several regions has several rows; its mask is their union.

A cell of two and more whole numbers says that somebody drew a pneumothorax, even where the numbers
draw no region on this film (their count odd, a length of 0, beyond the film): the label stays 1 and the
mask becomes null, counted by reason. Whatever else stands there says nothing, and its image is left out.

A row and a file belong together by the SOPInstanceUID in the file; a file without one by its name. UIDs,
names of files and patients lead to pseudonyms and are named nowhere: a report speaks of rows by number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from core.base.errors import InputError
from core.data.dicom_folder import NO_DICOM, DicomFile, Film, look_into, row, with_follow_up
from core.data.dicom_words import OLDEST_TOLD
from core.data.formats import fields, run_lengths
from core.data.listing import Listing
from core.data.parallel import in_threads

if TYPE_CHECKING:
    from core.base.identity import Pseudonyms

COLUMNS = ("ImageId", "EncodedPixels")
NONE = "-1"  # no pneumothorax was drawn
PUBLISHED = (1024, 1024)  # rows and columns of every published film
OVERLAP = (
    "Films of SIIM-ACR stand in NIH ChestX-ray14 too, under other names: "
    "never test on the one what learnt from the other."
)


class _Region(NamedTuple):
    """What the rows of one image say."""

    lines: list[int]  # of its rows in the table
    runs: list[str]  # one a region, as they stand there; empty: no pneumothorax was drawn


def read(csv: Path, *, images: Path, masks: Path, pseudonyms: Pseudonyms) -> Listing:
    """Read the table and the headers of all files, and write a mask for each film with a drawn pneumothorax.

    Several rows of one image become one, so fewer films are indexed than rows are listed.

    Args:
        csv: `train-rle.csv`, plain or compressed with gzip.
        images: A folder with the DICOM files at any depth, whatever their names.
        masks: The folder that the masks go to, as `<image_id>.png`: 8 bits, 255 inside, of the film's size.
        pseudonyms: Where the ids of images and patients come from.

    Raises:
        InputError: If it is no such table, there is no such folder, or no row has a film.
        Cancelled: If a stop was asked for.
    """
    if not images.is_dir():
        msg = f"Expected a folder of DICOM files at {images}, found none; check --images."
        raise InputError(msg, field="images")
    listing = Listing(rows=pd.DataFrame(), listed=0, warnings=[OVERLAP])
    regions, spoken_of = _regions(csv, listing)
    found = look_into(images.resolve(), pseudonyms)
    films, reasons = _matched(regions, found)
    for uid, reason in reasons.items():
        listing.left_out.add(reason, [f"row {line}" for line in regions[uid].lines])
    if not films:
        msg = (
            f"Expected films for the rows of {csv.name} among the images, found none "
            f"({', '.join(listing.left_out.counts) or 'no row'}); check that the table and the images belong together."
        )
        raise InputError(msg)
    _count_other_files(found, films, spoken_of, listing)
    rows = pd.DataFrame([row(film, pseudonyms) for film in films.values()])
    with_one = [bool(regions[uid].runs) for uid in films]
    rows["label"] = [int(one) for one in with_one]
    rows["findings"] = [fields.PNEUMOTHORAX if one else None for one in with_one]  # others were not looked for
    rows["mask_path"] = _written([(film, regions[uid].runs) for uid, film in films.items()], masks, listing)
    oldest = int((rows["age_years"] == OLDEST_TOLD).sum())
    if oldest:
        listing.warnings.append(f"{oldest} ages of 90 years: every age above 89 is told as 90.")
    listing.rows = with_follow_up(rows)
    return listing


def _regions(csv: Path, listing: Listing) -> tuple[dict[str, _Region], set[str]]:
    """Return what the table says of each image by its UID, and the UIDs of all, those left out included."""
    table = fields.read_csv(csv)
    header = [name.lower() for name in table.header]
    absent = [name for name in COLUMNS if name.lower() not in header]
    if absent:
        msg = (  # the header is not quoted: where there is none, the first row stands in its place
            f"Expected SIIM-ACR's columns {' and '.join(COLUMNS)}, found no {' and no '.join(absent)} among the "
            f"{len(header)} of {csv.name}; give its train-rle.csv."
        )
        raise InputError(msg, field="csv")
    listing.listed = len(table.rows)
    at = [header.index(name.lower()) for name in COLUMNS]
    cells_of: dict[str, dict[str, int]] = {}  # UID: cell and the first line it stands in
    for line, cells in table.rows:
        if len(cells) != len(table.header):
            listing.left_out.add(f"not {len(table.header)} cells in the row", [f"row {line}"])
            continue
        uid, cell = (cells[place] for place in at)
        if not uid:
            listing.left_out.add("no ImageId", [f"row {line}"])
        elif cell in cells_of.setdefault(uid, {}):
            listing.left_out.add("listed twice", [f"row {line}"])
        else:
            cells_of[uid][cell] = line
    regions = {}
    for uid, lines in cells_of.items():
        fault = _fault(lines)
        if fault is None:
            regions[uid] = _Region(list(lines.values()), [cell for cell in lines if cell != NONE])
        else:
            listing.left_out.add(fault, [f"row {line}" for line in lines.values()])
    return regions, set(cells_of)


def _fault(cells: Collection[str]) -> str | None:
    """Say why the cells of an image cannot be used, or None."""
    if any(cell != NONE and not run_lengths.RUNS.fullmatch(cell) for cell in cells):
        return "EncodedPixels neither -1 nor run lengths"
    return "both with and without a pneumothorax" if NONE in cells and len(cells) > 1 else None


def _matched(regions: Collection[str], found: Sequence[DicomFile]) -> tuple[dict[str, Film], dict[str, str]]:
    """Return the film of each image of the table, and why other images have none."""
    by_uid: dict[str, list[DicomFile]] = {}
    for file in found:
        for uid in _uids(file):
            by_uid.setdefault(uid, []).append(file)
    named = {name for file in found for name in _names(file)}
    films, reasons = {}, {}
    for uid in regions:
        chosen = _the_one(by_uid.get(uid, []), uid)
        if isinstance(chosen, Film):
            films[uid] = chosen
        elif uid not in by_uid and uid in named:
            reasons[uid] = "the file of this name holds another UID"
        else:
            reasons[uid] = chosen
    return films, reasons


def _the_one(same: Sequence[DicomFile], uid: str) -> Film | str:
    """Return the film of a UID, of several that differ the one named by it; else why there is none."""
    if not same:
        return "no file of this UID"
    different = {file.image_id: file for file in reversed(same) if file.header is not None}  # of equal ones the first
    if len(different) > 1:
        different = {image_id: file for image_id, file in different.items() if uid in _names(file)}
    file = next(iter(different.values())) if len(different) == 1 else None
    if file is not None and file.header is not None:
        return file.reason or Film(file.path, file.image_id, file.header)
    readable = any(other.header is not None for other in same)
    return "several files of this UID" if readable else same[0].reason or NO_DICOM


def _uids(file: DicomFile) -> set[str]:
    return {file.header.uid} if file.header is not None and file.header.uid else _names(file)


def _names(file: DicomFile) -> set[str]:
    return {file.path.name, file.path.stem}  # what follows the last dot of a UID is no suffix


def _count_other_files(
    found: Sequence[DicomFile], films: Mapping[str, Film], spoken_of: set[str], listing: Listing
) -> None:
    """Count the files that no row speaks of; those of a row that was left out were counted with it."""
    used = {film.path for film in films.values()}
    before = listing.left_out.total
    for number, file in enumerate(found, start=1):
        rows = _uids(file) & spoken_of
        if file.path in used or (rows and not rows & films.keys()):
            continue
        why = "" if file.header is not None else f": {file.reason}"
        reason = "file beside the one of its row" if rows else f"file without a row{why}"
        listing.left_out.add(reason, [f"file {number}"])
    if listing.left_out.total > before:
        listing.warnings.append("Files are named by their place among all files of the folder, ordered by path.")


def _written(films: Sequence[tuple[Film, list[str]]], masks: Path, listing: Listing) -> list[str | None]:
    """Write the mask of each film with a pneumothorax; return where it lies, None where there is none."""
    written = list(in_threads(lambda item: _draw(*item, masks), films, "Drawing masks"))
    for (film, _), (_, fault) in zip(films, written, strict=True):
        if fault:
            listing.nulled.add(f"mask with {fault}", [film.image_id])
    other = sum((film.header.rows, film.header.columns) != PUBLISHED for film, runs in films if runs)
    if other:
        listing.warnings.append(
            f"{other} films with a pneumothorax are not 1024 x 1024 as those published are: if they were resized, "
            "their masks are wrong, since run lengths hold for one size."
        )
    return [path for path, _ in written]


def _draw(film: Film, runs: Sequence[str], masks: Path) -> tuple[str | None, str]:
    """Write a film's mask, if it has one; return where it lies, and why it could not be drawn."""
    if not runs:
        return None, ""
    try:
        mask = run_lengths.mask_of(runs, height=film.header.rows, width=film.header.columns)
    except ValueError as error:
        return None, str(error)
    path = masks / f"{film.image_id}.png"
    run_lengths.write_mask(path, mask)
    return str(path), ""
