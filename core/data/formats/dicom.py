"""A hospital's DICOM files: every wanted film below a folder, with labels from a table where there is one.

Which films are wanted is the rule of `dicom_header`. The table has the columns `image` and `label`, and may have
`patient_id`, which then stands for the one in the file; other columns are not read. `image` is a SOPInstanceUID, a
path below the folder, or a file's name that is the only one of its kind there, with or without what follows its last
dot. Labels are the words of `folder`. A film without a row has no label.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath, PureWindowsPath
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from core.base.errors import InputError
from core.data.dicom_folder import NO_DICOM, DicomFile, Film, look_into, row, with_follow_up
from core.data.dicom_words import OLDEST_TOLD
from core.data.formats import fields
from core.data.formats.folder import COLUMNS, NORMAL, WORDS, word
from core.data.listing import Listing

if TYPE_CHECKING:
    from core.base.identity import Pseudonyms


class _Label(NamedTuple):
    """What a row of the table says of a film."""

    line: int = 0
    image: str = ""
    label: int | None = None
    findings: str | None = None
    patient: str = ""


def read(folder: Path, *, labels: Path | None, pseudonyms: Pseudonyms) -> Listing:
    """Read the headers of all files below a folder, and their labels from a CSV.

    Args:
        folder: Searched at any depth.
        labels: The table of labels, plain or compressed with gzip; without it every label is unknown.
        pseudonyms: Where the ids of images and patients come from.

    Raises:
        InputError: If there is no such folder, no wanted film in it, or the table is none.
        Cancelled: If a stop was asked for.
    """
    if not folder.is_dir():
        msg = f"Expected a folder of DICOM files at {folder}, found none; check the path."
        raise InputError(msg, field="images")
    listing = Listing(rows=pd.DataFrame(), listed=0)
    table = _labels(labels, listing) if labels is not None else []
    folder = folder.resolve()
    found = look_into(folder, pseudonyms)
    listing.listed = len(found)
    films = _wanted(found, listing)
    if not films:
        reasons = ", ".join(f"{count} {reason}" for reason, count in listing.left_out.counts.items()) or "no file"
        msg = f"Expected DICOM films of the chest in {folder}, found {reasons}; check the folder."
        raise InputError(msg, field="images")
    told = _told(table, films, folder, listing)
    if labels is not None:
        _warn_of_unlabelled(films, told, listing)
    unsaid = _Label()
    rows = pd.DataFrame(
        [
            row(film, pseudonyms, patient=said.patient) | {"label": said.label, "findings": said.findings}
            for film in films
            for said in [told.get(film.image_id, unsaid)]
        ]
    )
    listing.rows = with_follow_up(rows)
    listing.repeated_uids = _repeated(films)
    oldest = int((rows["age_years"] == OLDEST_TOLD).sum())
    if oldest:
        listing.warnings.append(f"{oldest} ages of 90 years: every age above 89 is told as 90.")
    return listing


def _wanted(found: list[DicomFile], listing: Listing) -> list[Film]:
    films: dict[str, Film] = {}
    for number, file in enumerate(found, start=1):
        if file.header is None or file.reason is not None:
            listing.left_out.add(file.reason or NO_DICOM, [f"file {number}"])
        elif file.image_id in films:
            listing.left_out.add("the same file again", [f"file {number}"])
        else:
            films[file.image_id] = Film(file.path, file.image_id, file.header)
    if listing.left_out.total:
        listing.warnings.append("Files are named by their place among all files of the folder, ordered by path.")
    return list(films.values())


def _labels(csv: Path, listing: Listing) -> list[_Label]:
    table = fields.read_csv(csv)
    names = [COLUMNS.get(cell.lower(), "") for cell in table.header]
    absent = [name for name in ("image", "label") if name not in names]
    if absent:
        msg = (
            f"Expected the columns image and label, found no {' and no '.join(absent)} among the {len(names)} "
            f"columns of {csv.name}; add or rename them."
        )
        raise InputError(msg, field="labels")
    read = []
    for line, cells in table.rows:
        told = {name: cell for name, cell in zip(names, cells, strict=False) if name}
        named = word(told.get("label", ""))
        if len(cells) != len(names):
            listing.left_out.add(f"not {len(names)} cells in the row of labels", [f"row {line}"])
        elif not told["image"]:
            listing.left_out.add("no image in the row of labels", [f"row {line}"])
        elif named and named not in WORDS:
            listing.left_out.add("label neither 0, 1 nor a known word", [f"row {line}"])
        else:
            label = WORDS.get(named)
            findings = fields.PNEUMOTHORAX if label == 1 else fields.NO_FINDING if named in NORMAL else None
            read.append(_Label(line, told["image"], label, findings, told.get("patient_id", "")))
    return read


def _told(table: list[_Label], films: list[Film], folder: Path, listing: Listing) -> dict[str, _Label]:
    """Return what the table says of each film by image_id; what it says of none is counted."""
    ways = [
        _by(films, lambda film: [film.header.uid]),
        _by(films, lambda film: [film.path.relative_to(folder).as_posix()]),
        _by(films, lambda film: sorted({film.path.name, film.path.stem})),
    ]
    told: dict[str, _Label] = {}
    contradicted = set()
    for label in table:
        by_uid, by_path, by_name = (way.get(name, []) for way, name in zip(ways, _names(label.image), strict=True))
        meant = by_uid or by_path or by_name
        if not meant or (meant is by_name and len(by_name) > 1):
            reason = "label for several files of this name" if meant else "label without a film"
            listing.left_out.add(reason, [f"row {label.line}"])
            continue
        for image_id in meant:
            before = told.setdefault(image_id, label)
            if (before.label, before.patient) != (label.label, label.patient):
                contradicted.add(image_id)
    for image_id in sorted(contradicted):
        told[image_id] = told[image_id]._replace(label=None, findings=None, patient="")
    listing.nulled.add("labels that contradict each other", sorted(contradicted))
    return told


def _by(films: list[Film], names: Callable[[Film], list[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for film in films:
        for name in names(film):
            if name:
                found.setdefault(name, []).append(film.image_id)
    return found


def _names(image: str) -> tuple[str, str, str]:
    """Return a cell as a UID, as a path below the folder, and as a file's name, which holds no folder."""
    path = PureWindowsPath(image).as_posix().removeprefix("./")
    return image, path, path if len(PurePath(path).parts) == 1 else ""


def _warn_of_unlabelled(films: list[Film], told: dict[str, _Label], listing: Listing) -> None:
    without = sum(film.image_id not in told for film in films)
    if without:
        one = "1 film has" if without == 1 else f"{without} films have"
        listing.warnings.append(f"{one} no row in the table of labels, so no label is known.")


def _repeated(films: list[Film]) -> list[list[str]]:
    """Return the image_ids of films that share a UID."""
    return [group for group in _by(films, lambda film: [film.header.uid]).values() if len(group) > 1]
