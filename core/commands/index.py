"""`index nih|folder`: a data set's table and images become the radiographs table."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.base.config import Config, GivenPath
from core.base.errors import InputError
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import browsing, indexing
from core.data.formats import folder, nih
from core.data.indexing import IndexReport


class IndexArguments(Config):
    """Read a data set into the workspace: every image decoded once, hashed, told apart by kind."""

    format: Literal["nih", "folder"] = Field(description="Form of the data set.")
    name: str = Field(description="Name of the data set in the workspace; one of the same name is replaced.")
    csv: GivenPath | None = Field(None, description="The table (.csv or .csv.gz); for folder optional.")
    images: GivenPath | None = Field(None, description="Folder of the images; nih without it is a table only.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(IndexArguments, words, prog="python -m core index", positional=("format",))
    csv = arguments.csv
    images = arguments.images
    workspace = Workspace()
    if workspace.synthetic_card(arguments.name).exists():
        msg = (
            f"Expected a name that is not a synthetic data set's, found {arguments.name!r}, whose images `translate` "
            "made; choose another --name, or remove its folder first."
        )
        raise InputError(msg, field="name")
    if arguments.format == "nih":
        if csv is None:
            msg = "Expected --csv with the NIH table (Data_Entry_2017_v2020.csv), found none; name the file."
            raise InputError(msg)
        listing = nih.read(csv)
    else:
        if images is not None and not images.is_dir():
            msg = f"Expected a folder of images at {images}, found none; check the path."
            raise InputError(msg)
        source = csv or images
        if source is None:
            msg = "Expected --images (folders named by class) or --csv (images and labels), found neither; name one."
            raise InputError(msg)
        listing = folder.read(source, images=images)
    report = indexing.index(
        workspace, arguments.name, listing, images=images if arguments.format == "nih" else None, csv=csv
    )
    return Outcome(
        summary=_summary(report),
        made={"dataset": arguments.name, "report": report.to_dict()},
    )


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
