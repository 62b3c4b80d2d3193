"""The door for films from outside: read apart, stripped of who they are of, kept as plain grey PNGs.

What is kept of a film is its pixels, its keyed hashes, and of a DICOM file the view, sex, age (90 for all above
89) and pixel spacing. Its name, its patient's name, ids and dates, and whatever else the file says, end here.
The tables of the data set `intake` are written whole under one lock after every film, the films' table last:
a process that is killed leaves a film whole or not at all, and what it left behind is removed with the next one.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import filelock
import pandas as pd
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.base import files, schema
from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.data import apart, burned_in, frontal, indexing, pixels, radiographs, truth
from core.data.dicom_words import OLDEST_TOLD
from core.data.listing import Listing, Tally

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data import dicom_header

DATASET = "intake"
TAKEN_BEFORE = "this file was taken in before"
COLOURED = 0.06  # mean spread of the three channels beyond which a picture is no film; a tinted scan has less
_WAIT = 60.0  # seconds for the lock
_AGAIN = "received_again"  # "time name" of those who brought a film after the first, "; " between
_COLUMNS = ("received_by", "received_at", "warnings", "taken_anyway", _AGAIN)


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of one file."""

    number: int  # from 1, in the order given; no file is ever named
    image_id: str | None = None  # of a film that is in the data set now
    refused: str | None = None  # a sentence, where the file cannot be used
    not_frontal: tuple[str, ...] = field(default=())  # why it seems to be no frontal chest radiograph
    warnings: tuple[str, ...] = field(default=())


def receive(workspace: Workspace, contents: Iterable[bytes], *, by: str, anyway: bool = False) -> Iterator[Received]:
    """Take in files one by one, and say of each what became of it once it is kept.

    Args:
        workspace: Where the data set `intake` lies.
        contents: The files' bytes.
        by: The reader who brings them.
        anyway: Whether to keep what does not look like a frontal chest radiograph.

    Raises:
        InputError: If the key of the pseudonyms or their look-up file cannot be used, no process that reads files can
            be started, the films cannot be written, or another process holds the tables for a minute.
    """
    pseudonyms = Pseudonyms(workspace)
    if workspace.dataset(DATASET).exists():
        with held(workspace):
            sweep(workspace)
    for number, content in enumerate(contents, start=1):
        yield _received(workspace, content, number, by, pseudonyms, anyway=anyway)


def received(workspace: Workspace, by: str) -> pd.DataFrame:
    """Return the radiographs that a reader brought, newest first; none where there is no such data set.

    Raises:
        InputError: If a data set of this name holds other films than those that were taken in.
    """
    table = _table(workspace)
    own = table["received_at"].where(table["received_by"] == by)
    again = table[_AGAIN].map(lambda told: dict(_times(told)).get(by))
    table = table.assign(received_at=own.fillna(again)).iloc[::-1]  # of one second, too, the last one first
    table = table[table["received_at"].notna()]
    return table.sort_values("received_at", ascending=False, ignore_index=True, kind="stable")


@contextmanager
def held(workspace: Workspace) -> Iterator[None]:
    """Hold the tables of the data set `intake` alone; whoever writes them does it within.

    Raises:
        InputError: If another process holds them for a minute.
    """
    folder = workspace.dataset(DATASET)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / ".intake.lock", timeout=_WAIT):
            yield
    except filelock.Timeout:
        msg = "Expected to write the data set intake, found another process that has held it for a minute; try again."
        raise InputError(msg) from None


def sweep(workspace: Workspace) -> None:
    """Remove what killed processes left: half-written files, and pictures of films that came into no table.

    Whoever calls it holds the tables.

    Raises:
        InputError: If a data set of this name holds other films than those that were taken in.
    """
    known = set(_table(workspace)["image_id"])
    folder = workspace.dataset(DATASET)
    strays = [path for path in (folder / "images").glob("*.png") if path.stem not in known]
    for path in [*strays, *folder.glob(".*.part"), *folder.glob("images/.*.part")]:
        path.unlink(missing_ok=True)


def _received(
    workspace: Workspace, content: bytes, number: int, by: str, pseudonyms: Pseudonyms, *, anyway: bool
) -> Received:
    try:
        found = apart.decode(content)
    except pixels.UnreadableImage as error:
        return Received(number=number, refused=_refusal(number, error.reason))
    if found.image.source == "synthetic":  # it would count as somebody's film, and whose is not known
        return Received(number=number, refused=_refusal(number, "an image that a generator made, of an unknown film"))
    image_id = pseudonyms.image(content, found.header.uid if found.header else "")
    doubts = _doubts(found)
    if doubts and not anyway and image_id not in set(_table(workspace)["image_id"]):
        return Received(number=number, not_frontal=doubts)
    warnings = _warnings(found)
    row = {
        "image_id": image_id,
        "patient_id": _patient(found.header, image_id, pseudonyms),
        **_told(found),
        "received_by": by,
        "received_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "warnings": "; ".join(warnings),
        "taken_anyway": int(bool(doubts)),
        _AGAIN: "",
    }
    pseudonyms.keep_lookup()  # before the film: a way back to nothing is harmless, a film without its way back is not
    try:
        new = _kept(workspace, row, found.image)
    except OSError as error:
        msg = (
            f"Expected to write a film below {workspace.dataset(DATASET)}, found that it cannot be done "
            f"({error.strerror}); make room or correct the folder's rights."
        )
        raise InputError(msg) from None
    if not new:
        warnings = (TAKEN_BEFORE, *warnings)
    return Received(number=number, image_id=image_id, not_frontal=doubts, warnings=warnings)


def _refusal(number: int, reason: str) -> str:
    return (
        f"Expected a frontal chest radiograph as PNG, JPEG or DICOM in file {number}, found: {reason}; "
        "export it anew or leave it out."
    )


def _doubts(found: apart.Apart) -> tuple[str, ...]:
    coloured = ("it is in colour",) if found.colour > COLOURED else ()
    return (*coloured, *frontal.doubts(found.image.pixels))


def _warnings(found: apart.Apart) -> tuple[str, ...]:
    header, warnings = found.header, list(found.image.notes)
    if burned_in.suspected(found.image.pixels):
        warnings.append("letters seem to be burned into the picture: look whether they name somebody")
    elif header is not None and header.burned_in:
        warnings.append("the file says that something is burned into the picture: look whether it names somebody")
    if header is not None and not header.patient.strip():
        warnings.append("the file names no patient, so its study counts as a patient of its own")
    if header is not None and header.age_years == OLDEST_TOLD:
        warnings.append(f"an age above {OLDEST_TOLD - 1} is kept as {OLDEST_TOLD}")
    return tuple(warnings)


def _patient(header: dicom_header.Header | None, image_id: str, pseudonyms: Pseudonyms) -> str:
    if header is None:
        return pseudonyms.unknown_patient(image_id)
    if header.patient.strip():
        return pseudonyms.patient(header.patient, header.issuer)
    return pseudonyms.unknown_patient(header.study or image_id)


def _told(found: apart.Apart) -> dict[str, Any]:
    """Return what the table may know of a film."""
    height, width = found.image.pixels.shape
    told: dict[str, Any] = {
        "width": width,
        "height": height,
        "sha256": pixels.sha256_of_pixels(found.image.pixels),
        "source": found.image.source,
    }
    header = found.header
    if header is None:
        return told
    return told | {
        "view": header.view,
        "sex": header.sex,
        "age_years": header.age_years,
        "pixel_spacing_mm": header.pixel_spacing_mm,
    }


def _kept(workspace: Workspace, row: dict[str, Any], image: pixels.DecodedImage) -> bool:
    """Keep a film and its row; False if it was there before."""
    path = workspace.dataset(DATASET) / "images" / f"{row['image_id']}.png"
    with held(workspace):
        table = _table(workspace)
        known = row["image_id"] in set(table["image_id"])
        if known:
            table = _brought_again(table, row)
        else:
            new = pd.DataFrame([row | {"path": str(path)}])
            table = new if table.empty else pd.concat([table, new], ignore_index=True)
        if not known or not path.exists():
            files.write_bytes(path, _png(image))
        _write(workspace, schema.checked(table, schema.RADIOGRAPHS))
    return not known


def _table(workspace: Workspace) -> pd.DataFrame:
    if not workspace.radiographs(DATASET).exists():
        return schema.checked(pd.DataFrame({name: [] for name in _COLUMNS}), schema.RADIOGRAPHS)
    table = radiographs.load(workspace, DATASET)
    if not set(_COLUMNS) <= set(table):
        msg = (
            f"Expected the data set {DATASET} to hold films that were taken in, found another one of this name; "
            "move its folder away and index it under another name."
        )
        raise InputError(msg)
    return table


def _brought_again(table: pd.DataFrame, row: dict[str, Any]) -> pd.DataFrame:
    by, at = row["received_by"], row["received_at"]
    place = table["image_id"] == row["image_id"]
    film = table[place].iloc[0]
    if film["received_by"] == by:
        return table.assign(received_at=table["received_at"].where(~place, at))
    again = dict(_times(film[_AGAIN])) | {by: at}
    told = "; ".join(f"{time} {name}" for name, time in again.items())
    return table.assign(**{_AGAIN: table[_AGAIN].where(~place, told)})


def _times(told: str) -> list[tuple[str, str]]:
    """Return the names and times of those who brought a film again."""
    return [(name, time) for time, _, name in (one.partition(" ") for one in told.split("; ") if one)]


def _write(workspace: Workspace, table: pd.DataFrame) -> None:
    """Write the three tables; the labels of readers stay, and the films' own are made anew from their table."""
    reported = table[["image_id", "label"]].assign(truth=truth.REPORT)
    path = workspace.truth(DATASET)
    others = [truth.load(workspace, DATASET)] if path.exists() else []
    others = [rows[rows["truth"] != truth.REPORT] for rows in others]
    truths = schema.checked(pd.concat([reported, *others], ignore_index=True), schema.TRUTH)
    listing, nothing = Listing(rows=table, listed=len(table)), Tally()
    report = indexing.report_of(
        DATASET, listing, table, truths, True,
        files_without_row=nothing, read_by_rule=nothing, truth_left_out=nothing,
    )  # fmt: skip
    indexing.write(workspace, DATASET, table, truths, report)


def _png(image: pixels.DecodedImage) -> bytes:
    """Return pixels as a PNG that says nothing but what kind of image it is."""
    content, marks = io.BytesIO(), PngInfo()
    if image.source != "real":
        marks.add_text(pixels.SOURCE_KEY, image.source)
    Image.fromarray(image.pixels).save(content, "PNG", pnginfo=marks)
    return content.getvalue()
