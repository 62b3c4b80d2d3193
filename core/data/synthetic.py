"""Synthetic data sets: what each says of itself, the passport of each image, and which may be learnt.

A synthetic data set is a data set: `radiographs.parquet` (source "synthetic", with its parent, the
parent's patient, kind and part), `truth.parquet`, the images as 8-bit PNG; beside them
`passports.parquet` and `synthetic.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from core.base import files, schema
from core.base.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace

A_TO_B, B_TO_A = "a-to-b", "b-to-a"
DIRECTIONS = {A_TO_B: "No Finding to pneumothorax", B_TO_A: "pneumothorax to No Finding"}
MADE_LABEL = {A_TO_B: 1, B_TO_A: 0}  # the label a translation is meant to have
PARENT_SOURCE, PART = "parent_source", "part"  # further columns of a synthetic data set's radiographs


class SyntheticCard(BaseModel):
    """What a synthetic data set says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    dataset: str
    """Data set of the parents."""
    split: str
    """Split that was translated."""
    split_sha256: str
    direction: str
    """`a-to-b` or `b-to-a`."""
    images: dict[str, int]
    """Images by the parents' part."""
    generator_id: str
    generator_sha256: str
    """Of its weights."""
    patients: list[str]
    """The patients the generator saw, sorted."""
    patients_sha256: str
    image_size: int
    """Side of the images in pixels."""
    parent_kinds: dict[str, int]
    """Parents by source: real, phantom."""
    classifier_id: str | None
    """Whose probabilities the passports hold."""
    classifier_reason: str | None
    """Why there is none."""
    created_at: str
    """ISO 8601, UTC."""


def names(workspace: Workspace) -> list[str]:
    """Return the names of the synthetic data sets in alphabetical order."""
    return sorted(path.parent.name for path in workspace.datasets.glob("*/synthetic.json"))


def card(workspace: Workspace, name: str) -> SyntheticCard:
    """Read what a synthetic data set says of itself.

    Raises:
        InputError: If there is no synthetic data set of this name; the sentence lists those there are.
    """
    path = workspace.synthetic_card(name)
    if not path.exists():
        known = names(workspace)
        found = f"choose from {', '.join(known)}." if known else "there is none yet; make one with `translate`."
        msg = f"Expected a synthetic data set, found none named {name!r}; {found}"
        raise InputError(msg, field="synthetic")
    return SyntheticCard.model_validate(files.read_json(path))


def passports(workspace: Workspace, name: str) -> pd.DataFrame:
    """Read the passports of a synthetic data set, a row an image, with the columns of `schema.PASSPORTS`.

    Raises:
        InputError: If there is no synthetic data set of this name.
    """
    card(workspace, name)
    return files.read_parquet(workspace.passports(name))


def write_passports(workspace: Workspace, name: str, table: pd.DataFrame) -> None:
    """Write the passports of a synthetic data set in the place of those before."""
    files.write_parquet(workspace.passports(name), schema.checked(table, schema.PASSPORTS))
