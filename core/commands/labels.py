"""`labels import`: labels, boxes or masks of a data set from a table of their own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.base.config import Config, GivenPath
from core.base.paths import Workspace
from core.commands.arguments import parse
from core.commands.outcome import Outcome
from core.data import labels_import
from core.data.labels_import import LabelsReport

_EPILOG = (
    "Tables: image_id and label with any column of the truth table, as `review export --what labels` writes it; NIH's "
    "BBox_List_2017.csv, whose boxes are in pixels of the published 1024 x 1024 images; image_id and mask_path, "
    "relative to the table; image_id and Pneumothorax, YES or NO, as in Google's adjudicated labels of NIH films."
)


class LabelsArguments(Config):
    """Take labels, boxes, masks or findings into a data set as a source of labels; rows left out are counted."""

    action: Literal["import"] = Field(description="What to do.")
    dataset: str = Field(description="Data set that the films belong to.")
    csv: GivenPath = Field(description="The table (.csv or .csv.gz).")
    name: str = Field(description="Name of the source of labels; one of the same name is replaced.")


def run(words: list[str]) -> Outcome:
    """Run the command."""
    arguments = parse(
        LabelsArguments, words, prog="python -m core labels", positional=("action", "dataset"), epilog=_EPILOG
    )
    report = labels_import.import_labels(Workspace(), arguments.dataset, arguments.csv, name=arguments.name)
    made = report.to_dict()
    return Outcome(
        summary=_summary(report),
        made={name: made[name] for name in ("dataset", "truth", "rows", "boxes", "masks", "left_out")},
    )


def _summary(report: LabelsReport) -> str:
    lines = [
        f"Labels {report.truth!r} of data set {report.dataset!r}: {report.rows} films, {report.positive} with a "
        f"pneumothorax; {report.boxes} boxes, {report.masks} masks."
    ]
    for reason, found in report.left_out.items():
        lines.append(f"  left out: {found['count']} {reason} (such as {', '.join(found['examples'][:3])})")
    if report.kind == "boxes":
        lines.append("  note: boxes were read as pixels of the published images of 1024 x 1024.")
    if report.not_taken:
        lines.append(f"  note: columns not taken: {', '.join(report.not_taken)}.")
    if report.replaced:
        lines.append(f"  note: {report.replaced} earlier rows of {report.truth!r} were replaced.")
    return "\n".join(lines)
