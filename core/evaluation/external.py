"""Predictions made elsewhere, as a table of image_id, label and probability, beside those of our own checkpoints.

Such a model is known by the name it was given, `external-NAME`, and by its predictions alone: what
it learnt from, nobody here knows. It is measured against the data set's own labels; those in its
table are only compared with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.base import files, roles, schema
from core.base.errors import InputError
from core.base.paths import checked_name
from core.data import radiographs, split_store
from core.data.splits import PARTS
from core.evaluation.evaluate import threshold_on_tune
from core.evaluation.external_table import read

if TYPE_CHECKING:
    from pathlib import Path

    from core.base.paths import Workspace
    from core.evaluation.report import Threshold

__all__ = ["load", "names", "read", "take_in", "threshold"]

PREFIX = "external-"


def take_in(workspace: Workspace, table: pd.DataFrame, *, name: str, dataset: str, split: str, by: str) -> list[str]:
    """Write the predictions of an external model for each part of a split that its table covers wholly.

    Of val the fold `tune` is enough, and all that is kept. The same predictions may be taken in again,
    and other parts added; others under a taken name are refused, since reports speak of that name.

    Args:
        workspace: Where to.
        table: What `read` gave.
        name: Of the model; it is kept as `external-NAME`.
        dataset: Name of the data set.
        split: Name of the split.
        by: Who takes them in.

    Returns:
        What was taken in, and what of the table or the split was not, in sentences.

    Raises:
        InputError: If the right to research is lacking, no part is covered, or the name has other predictions.
    """
    roles.require(by, roles.RESEARCH)
    own = checked_name(PREFIX + checked_name(name.strip(), "model"), "model")
    films = radiographs.load(workspace, dataset)
    parts = _parts(split_store.load(workspace, dataset, split))
    known = set(films["image_id"])
    # As an export for spreadsheets writes an id that they would take for a formula.
    ids = table["image_id"].map(lambda image: image if image in known else image.removeprefix("'"))
    table = table.assign(image_id=ids)
    given = set(ids)
    if len(given) < len(table):
        film = ids[ids.duplicated()].iloc[0]
        msg = f"Expected each film once, found {film!r} with and without an apostrophe before it; keep one of them."
        raise InputError(msg)
    lacking = {part: len(own_ids - given) for part, own_ids in parts.items()}
    covered = [part for part, count in lacking.items() if not count]
    unknown = len(given - known)
    if not covered:
        counts = ", ".join(f"{lacking[part]:,} of {len(parts[part]):,} films of {_words(part)}" for part in parts)
        msg = (
            f"Expected predictions for every film of a part of {dataset}/{split}, found that {counts} lack"
            + (f", and {unknown:,} of the table's {len(table):,} ids are not in the data set" if unknown else "")
            + f"; give every film of a part, by ids such as {films['image_id'].iloc[0]!r}."
        )
        raise InputError(msg)
    merged = films[["image_id", "patient_id", "label"]].merge(table, on="image_id", suffixes=("", "_given"))
    written = {part: _predictions(merged[merged["image_id"].isin(parts[part])]) for part in covered}
    for part, predictions in written.items():
        _refuse_others(workspace.predictions(own, dataset, split, part), predictions, own)
    for part, predictions in written.items():
        files.write_parquet(workspace.predictions(own, dataset, split, part), predictions)
    told = [
        f"Taken in as {own}: " + ", ".join(f"{len(parts[part]):,} films of {_words(part)}" for part in covered) + "."
    ]
    told += [
        f"Not taken in: {_words(part)}, of whose {len(parts[part]):,} films {count:,} lack."
        for part, count in lacking.items()
        if count
    ]
    if unknown:
        told.append(f"{unknown:,} of the table's {len(table):,} ids are not in the data set.")
    told.append(_labels_differ(merged[merged["image_id"].isin(set().union(*(parts[part] for part in covered)))]))
    return told


def load(workspace: Workspace, name: str, dataset: str, split: str, part: str) -> pd.DataFrame:
    """Read an external model's predictions for a part as it is now; of val only the fold `tune`.

    Args:
        workspace: Where they lie.
        name: `external-NAME`.
        dataset: Name of the data set.
        split: Name of the split.
        part: Name of the part.

    Raises:
        InputError: If there are none, or the part holds other films by now.
    """
    path = workspace.predictions(name, dataset, split, part)
    own = _parts(split_store.load(workspace, dataset, split)).get(part, set())
    found = "none"
    if path.exists():
        table = files.read_parquet(path)
        if set(table["image_id"]) == own:
            return table
        found = "those of other films, since the split was made anew"
    msg = (
        f"Expected predictions of {name} for {dataset}/{split}, part {part}, as it is now, found {found}; load its "
        "table again on the page Compare."
    )
    raise InputError(msg)


def names(workspace: Workspace) -> list[str]:
    """Return the names of the external models that were taken in, `external-NAME`, in alphabetical order."""
    return sorted(folder.name for folder in (workspace.root / "predictions").glob(f"{PREFIX}*") if folder.is_dir())


def threshold(
    workspace: Workspace, name: str, dataset: str, split: str, *, truth: str = "report", labels: pd.Series | None = None
) -> Threshold | None:
    """Return the operating point of an external model: Youden on the fold `tune`; None where its table lacks that.

    Args:
        workspace: Where its predictions lie.
        name: `external-NAME`.
        dataset: Name of the data set.
        split: Name of the split.
        truth: Name of the source of labels.
        labels: Its labels by image_id; without it those of the report.

    Raises:
        InputError: If `tune` has predictions without a label, or holds other films by now.
    """
    if not workspace.predictions(name, dataset, split, "val").exists():
        return None
    return threshold_on_tune(
        load(workspace, name, dataset, split, "val"),
        split_store.load(workspace, dataset, split),
        checkpoint_id=name,
        dataset=dataset,
        split=split,
        truth=truth,
        labels=labels,
    )


def _parts(split: pd.DataFrame) -> dict[str, set[str]]:
    """Return the image ids of each part that has films; of val those of `tune`."""
    kept = split[(split["part"] != "val") | (split["fold"] == "tune")]
    found = {part: set(kept.loc[kept["part"] == part, "image_id"]) for part in PARTS}
    return {part: ids for part, ids in found.items() if ids}


def _words(part: str) -> str:
    return "val (fold tune)" if part == "val" else part


def _predictions(rows: pd.DataFrame) -> pd.DataFrame:
    within = rows["probability"].clip(np.finfo(float).tiny, 1 - np.finfo(float).eps)  # so that the logit is finite
    return schema.checked(
        rows[["image_id", "patient_id", "label", "probability"]].assign(logit=np.log(within) - np.log1p(-within)),
        schema.PREDICTIONS,
    )


def _refuse_others(path: Path, predictions: pd.DataFrame, own: str) -> None:
    """Refuse predictions where the name has other ones of the same films."""
    if not path.exists():
        return
    before = files.read_parquet(path).set_index("image_id")["probability"]
    now = predictions.set_index("image_id")["probability"]
    if set(before.index) == set(now.index) and not before.loc[now.index].equals(now):
        msg = f"Expected a new name for other predictions, found {own}, which has some; choose another name."
        raise InputError(msg, field="name")


def _labels_differ(rows: pd.DataFrame) -> str:
    both = rows["label"].notna() & rows["label_given"].notna()
    differ = int((rows.loc[both, "label"] != rows.loc[both, "label_given"]).sum())
    if not both.any():
        return "Its table says no label of a film that the report says one of; the data set's labels count."
    return (
        f"Its label differs from the report's on {differ:,} of {int(both.sum()):,} films; the data set's labels count."
    )
