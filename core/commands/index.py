"""`index nih|folder|siim|chexpert|dicom`: a data set's table and images become the radiographs table."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Literal

import pandas as pd
from pydantic import Field

from core.base import files, identity
from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.identity import Pseudonyms
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import browsing, indexing, intake, radiographs
from core.data.formats import chexpert, dicom, folder, nih, siim
from core.data.formats.chexpert import Uncertain
from core.data.indexing import IndexReport
from core.data.listing import Listing

TAKES = {  # what a format takes beside its name, that which it needs first
    "nih": ("csv", "images"),
    "folder": ("images", "csv"),
    "siim": ("csv", "images"),
    "chexpert": ("csv", "images", "uncertain"),
    "dicom": ("images", "place", "labels"),
}
NEEDS = {"nih": 1, "folder": 0, "siim": 2, "chexpert": 1, "dicom": 1}
WHAT = {"csv": "the table", "images": "the folder of the images"}
NIH_NAME = r"\d{8}_\d{3}\.png"
MASK_NAME = re.compile(rf"i[0-9a-f]{{{identity.DIGITS}}}\.png")  # after its film's pseudonym


class IndexArguments(Config):
    """Read a data set into the workspace: every image decoded once, hashed, told apart by kind."""

    format: Literal["nih", "folder", "siim", "chexpert", "dicom"] = Field(description="Form of the data set.")
    place: GivenPath | None = Field(None, description="Of dicom: the folder, the same as --images.")
    name: str = Field(description="Name of the data set in the workspace; one of the same name is replaced.")
    csv: GivenPath | None = Field(None, description="The table (.csv or .csv.gz); for folder optional, not for dicom.")
    images: GivenPath | None = Field(
        None, description="Folder of the images; nih and chexpert without it are a table only."
    )
    labels: GivenPath | None = Field(
        None, description="Of dicom: a table with the columns image (a UID or a file) and label."
    )
    uncertain: Uncertain | None = Field(
        None, description="Of chexpert: what -1 means for the label; ignore (unknown) where it is not given."
    )


def run(words: list[str]) -> Outcome:
    """Run the command."""
    given = parse(IndexArguments, words, prog="python -m core index", positional=("format", "place"))
    arguments = _checked(given)
    workspace = Workspace()
    _check_name(workspace, arguments.name)
    with files.held_alone(
        workspace.cache / "indexing" / arguments.name, doing="indexes it too or erases a patient from it"
    ):
        report = _indexed(workspace, arguments)
    return Outcome(
        summary=_summary(report),
        made={"dataset": arguments.name, "report": report.to_dict()},
    )


def _checked(given: IndexArguments) -> IndexArguments:
    """Return the arguments with the folder of a dicom set as its images.

    Raises:
        InputError: If an option is not of this format, or one that it needs is not given.
    """
    takes, needs = TAKES[given.format], NEEDS[given.format]
    for name in ("place", "csv", "images", "labels", "uncertain"):
        value = getattr(given, name)
        if value is None or name in takes:
            continue
        others = " and ".join(f"--{other}" for other in takes if other != "place")
        found = f"the word {str(value)!r}" if name == "place" else f"--{name}"
        msg = f"Expected for `index {given.format}` only --name, {others}, found {found}; leave it out."
        raise InputError(msg, field=name)
    if given.place is not None:
        if given.images is not None:
            msg = "Expected the folder of a dicom set once, found it as a word and as --images; leave one out."
            raise InputError(msg, field="images")
        given = given.model_copy(update={"images": given.place, "place": None})
    if given.format == "nih" and given.csv is None:
        msg = "Expected --csv with the NIH table (Data_Entry_2017_v2020.csv), found none; name the file."
        raise InputError(msg, field="csv")
    for name in takes[:needs]:
        if getattr(given, name) is None:
            msg = f"Expected --{name}, {WHAT[name]}, for `index {given.format}`, found none; name it."
            raise InputError(msg, field=name)
    return given


def _check_name(workspace: Workspace, name: str) -> None:
    if workspace.synthetic_card(name).exists():
        msg = (
            f"Expected a name that is not a synthetic data set's, found {name!r}, whose images `translate` "
            "made; choose another --name, or remove its folder first."
        )
        raise InputError(msg, field="name")
    if name == intake.DATASET:
        msg = (
            f"Expected a name that is not the intake's, found {name!r}, which holds the films that were taken in; "
            "choose another --name."
        )
        raise InputError(msg, field="name")


def _indexed(workspace: Workspace, arguments: IndexArguments) -> IndexReport:
    # Drawn aside: the masks of the data set that this one replaces stay what they were until its table is gone.
    aside = workspace.cache / "indexing" / arguments.name / "masks"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        return _with_masks_aside(workspace, arguments, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _with_masks_aside(workspace: Workspace, arguments: IndexArguments, aside: Path) -> IndexReport:
    pseudonyms = Pseudonyms(workspace) if arguments.format in ("siim", "dicom") else None
    listing = _listing(arguments, aside, pseudonyms)
    listing.warnings += _same_films_elsewhere(workspace, arguments)
    places = workspace.dataset(arguments.name) / "masks"
    if arguments.format == "siim":
        drawn = listing.rows["mask_path"].dropna().map(lambda path: str(places / Path(path).name))
        listing.rows["mask_path"] = drawn.reindex(listing.rows.index)
    # What lies beside the table is known by the published names of images, which these two do not keep.
    beside = None if pseudonyms else arguments.csv
    images = arguments.images if arguments.format == "nih" else None
    report = indexing.index(workspace, arguments.name, listing, images=images, csv=beside)
    _put_masks(aside, places, keep=radiographs.load(workspace, arguments.name)["mask_path"])
    if pseudonyms:
        pseudonyms.keep_lookup()
    return report


def _listing(arguments: IndexArguments, masks: Path, pseudonyms: Pseudonyms | None) -> Listing:
    csv, images = arguments.csv, arguments.images
    if csv is not None and arguments.format == "nih":
        return nih.read(csv)
    if csv is not None and arguments.format == "chexpert":
        return chexpert.read(csv, images=images, uncertain=arguments.uncertain or "ignore")
    if images is not None and pseudonyms is not None:
        if csv is not None:
            return siim.read(csv, images=images, masks=masks, pseudonyms=pseudonyms)
        return dicom.read(images, labels=arguments.labels, pseudonyms=pseudonyms)
    if images is not None and not images.is_dir():
        msg = f"Expected a folder of images at {images}, found none; check the path."
        raise InputError(msg, field="images")
    source = csv or images
    if source is None:
        msg = "Expected --images (folders named by class) or --csv (images and labels), found neither; name one."
        raise InputError(msg)
    return folder.read(source, images=images)


def _same_films_elsewhere(workspace: Workspace, arguments: IndexArguments) -> list[str]:
    """Warn where the films of SIIM-ACR and those of NIH, from which they were taken, are both in the workspace."""
    others = [name for name in radiographs.dataset_names(workspace) if name != arguments.name]
    if arguments.format == "siim":
        same = [name for name in others if _of_nih(workspace, name)]
        return [f"Indexed here too, of NIH ChestX-ray14: {', '.join(same)}."] if same else []
    same = [name for name in others if _of_siim(workspace, name)] if arguments.format == "nih" else []
    return [f"{siim.OVERLAP} Indexed here too, of SIIM-ACR: {', '.join(same)}."] if same else []


def _of_nih(workspace: Workspace, name: str) -> bool:
    try:
        table = radiographs.load(workspace, name)
    except InputError:  # told when that data set is used
        return False
    return bool((table["image_id"].str.fullmatch(NIH_NAME) & (table["source"] == "real")).any())


def _of_siim(workspace: Workspace, name: str) -> bool:
    path = workspace.index_report(name)
    try:
        return path.exists() and siim.OVERLAP in files.read_json(path)["warnings"]
    except (InputError, KeyError, TypeError):
        return False


def _put_masks(aside: Path, places: Path, *, keep: pd.Series) -> None:
    """Move the masks into place, and remove those of the data set that was replaced."""
    if aside.exists():
        places.mkdir(parents=True, exist_ok=True)
        for mask in aside.glob("*.png"):
            mask.replace(places / mask.name)
    for mask in places.glob("*.png"):
        if MASK_NAME.fullmatch(mask.name) and str(mask) not in set(keep):
            mask.unlink()


def _summary(report: IndexReport) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.sources.items())
    lines = [
        f"Data set {report.dataset!r}: {report.indexed} radiographs of {report.patients} patients, "
        f"{report.positive} with a pneumothorax, {report.negative} without, {report.unlabelled} unknown "
        f"({kinds if report.with_images else 'table only, pixels not checked'})."
    ]
    for row in browsing.index_table(report.to_dict()).to_dict("records"):
        lines.append(f"  {row['What']}: {row['Count']} {row['Reason']} (such as {row['Such as']})")
    return "\n".join(lines + [f"  note: {warning}" for warning in report.warnings])
