"""Synthetic data sets: what each says of itself, the passport of each image, and which may be learnt.

A synthetic data set is a data set: `radiographs.parquet` (source "synthetic", with its parent, the
parent's patient, kind and part), `truth.parquet`, the images as 8-bit PNG; beside them
`passports.parquet` and `synthetic.json`. Which of its images may be learnt is decided here, by rules
that no option can switch off: the parent must stand in the train part both of the split that was
translated and of the one that is learnt, and the generator must not have seen a patient of its val or test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from core.base import files, schema, stored
from core.base.errors import InputError
from core.data import leakage, radiographs

if TYPE_CHECKING:
    from core.base.paths import Workspace

A_TO_B, B_TO_A = "a-to-b", "b-to-a"
DIRECTIONS = {A_TO_B: "No Finding to pneumothorax", B_TO_A: "pneumothorax to No Finding"}
MADE_LABEL = {A_TO_B: 1, B_TO_A: 0}  # the label a translation is meant to have
PARENT_SOURCE, PART = "parent_source", "part"  # further columns of a synthetic data set's radiographs
PARENT_SHA256 = "parent_sha256"  # of the parent's pixels, as they were translated
WANTED = {"positives": (A_TO_B,), "both": (A_TO_B, B_TO_A)}  # directions, by which classes are to be added
ANEW = "remove its folder and translate again"  # what to do about a set that is damaged
DRAW = 21  # the stream of chance by which images are drawn


class SyntheticCard(BaseModel):
    """What a synthetic data set says of itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    dataset: str
    """Data set of the parents."""
    split: str
    """Split that was translated."""
    split_sha256: str
    part: str = "all"
    """Part of it that was translated, or `all`."""
    direction: str = Field(pattern="^(a-to-b|b-to-a)$")
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
    notes: list[str] = []
    """What the passports lack, and why."""
    created_at: str
    """ISO 8601, UTC."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a passport must say of an image that is to be learnt; what it does not know does not count against it."""

    max_cycle_error: float  # share of the grey range
    min_probability_shift: float  # towards the wanted class
    min_change_in_lung: float  # share of the change


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The synthetic images that are learnt besides the films of train."""

    rows: pd.DataFrame
    """Rows of the radiographs table, `label` being the meant one, `part` "train"; the sets one after the other."""
    cards: list[SyntheticCard]
    left_out: dict[str, int]
    """Images that are not learnt, by reason."""
    notes: list[str] = field(default_factory=list)

    @property
    def positives(self) -> int:
        """Images meant to show a pneumothorax."""
        return int((self.rows["label"] == 1).sum())

    @property
    def negatives(self) -> int:
        """Images meant to show none."""
        return int((self.rows["label"] == 0).sum())


def names(workspace: Workspace) -> list[str]:
    """Return the names of the synthetic data sets in alphabetical order."""
    return sorted(path.parent.name for path in workspace.datasets.glob("*/synthetic.json"))


def card(workspace: Workspace, name: str) -> SyntheticCard:
    """Read what a synthetic data set says of itself.

    Raises:
        InputError: If there is none of this name, the sentence lists those there are; or its card is damaged.
    """
    path = workspace.synthetic_card(name)
    if not path.exists():
        known = names(workspace)
        found = f"choose from {', '.join(known)}." if known else "there is none yet; make one with `translate`."
        msg = f"Expected a synthetic data set, found none named {name!r}; {found}"
        raise InputError(msg, field="synthetic")
    return stored.read(path, SyntheticCard, cure=ANEW)


def images(workspace: Workspace, name: str) -> pd.DataFrame:
    """Read the images of a synthetic data set: rows of the radiographs table, with what is known of their parents.

    Raises:
        InputError: If there is no synthetic data set of this name, or its table is another data set's.
    """
    card(workspace, name)
    rows = radiographs.load(workspace, name)
    made = int((rows["source"] == "synthetic").sum())
    if {PARENT_SOURCE, PARENT_SHA256, PART} - set(rows) or made < len(rows):
        found = f"found {made} synthetic of {len(rows)}; {ANEW}."
        msg = f"Expected synthetic images with their parents in the table of {name!r}, {found}"
        raise InputError(msg, field="synthetic")
    return rows


def passports(workspace: Workspace, name: str) -> pd.DataFrame:
    """Read the passports of a synthetic data set, a row an image, with the columns of `schema.PASSPORTS`.

    Raises:
        InputError: If there is no synthetic data set of this name, or its passports are gone or damaged.
    """
    card(workspace, name)
    path = workspace.passports(name)
    table = files.read_parquet(path) if path.exists() else pd.DataFrame()
    found = "some of their columns only" if len(table.columns) else "none"
    try:
        if set(schema.PASSPORTS.columns) <= set(table):
            return schema.checked(table, schema.PASSPORTS)
    except (TypeError, ValueError) as error:
        found = f"them damaged ({error})"
    msg = f"Expected the passports of {name!r} as `translate` writes them, found {found}; {ANEW}."
    raise InputError(msg, field="synthetic")


def write_passports(workspace: Workspace, name: str, table: pd.DataFrame) -> None:
    """Write the passports of a synthetic data set in the place of those before."""
    files.write_parquet(workspace.passports(name), schema.checked(table, schema.PASSPORTS))


def usable(
    workspace: Workspace, synthetic: str, *, dataset: str, split: pd.DataFrame, classes: str
) -> list[SyntheticCard]:
    """Return the cards of the sets that a training on a split may learn besides, a-to-b first.

    Args:
        workspace: Where the sets lie.
        synthetic: The name of one set; for both classes two names, joined by a comma.
        dataset: The data set that is learnt.
        split: All rows of the split that is learnt, those of val and test too.
        classes: A name of `WANTED`.

    Raises:
        InputError: If a set does not exist, is one of another data set, the directions are not
            those that are wanted, or a generator saw a patient of the split's val or test.
    """
    found = [card(workspace, name) for name in synthetic.split(",")]
    _refuse_other_directions(found, synthetic, classes)
    seen_in_training = split.loc[split["part"] != "train", "patient_id"].astype(str)
    for one in found:
        if one.dataset != dataset:
            msg = (
                f"Expected synthetic images of data set {dataset!r}, found {one.name!r} made from {one.dataset!r}; "
                "name another synthetic data set."
            )
            raise InputError(msg, field="synthetic")
        leaked = sorted(set(seen_in_training) & set(one.patients))
        if leaked:
            msg = (
                f"Expected a generator that saw no patient of val or test, found {len(leaked)} whom {one.generator_id} "
                f"learnt from: {leakage.named(leaked)}; choose a split that shares its train part, or another set."
            )
            raise InputError(msg, field="synthetic")
    return sorted(found, key=lambda one: one.direction)


def admitted(
    workspace: Workspace,
    synthetic: str,
    *,
    dataset: str,
    split: pd.DataFrame,
    train: pd.DataFrame,
    share: float,
    classes: str,
    limits: Limits,
    seed: int,
) -> Admission:
    """Draw the synthetic images that a training learns besides the films of its train part.

    The images are drawn at random by the seed; those of a smaller share are among those of a larger one.

    Args:
        workspace: Where the sets lie.
        synthetic: The name of one set; for both classes two names, joined by a comma.
        dataset: The data set that is learnt.
        split: All rows of the split that is learnt, those of val and test too.
        train: The rows of its train part that are learnt, with their labels and the radiographs' columns.
        share: Images with a pneumothorax for each film of train that has one, above 0.
        classes: "positives"; or "both", which adds as many images made to show none.
        limits: What the passports must say.
        seed: From 0.

    Raises:
        InputError: If the sets cannot be used, `usable` says when, or not one image is within the limits.
    """
    cards = usable(workspace, synthetic, dataset=dataset, split=split, classes=classes)
    left_out: dict[str, int] = {}
    able = [_able(workspace, one, train, limits, left_out) for one in cards]
    wanted = max(1, int(share * int((train["label"] == 1).sum()) + 0.5))
    count = min(wanted, *(len(rows) for rows in able))
    if count == 0:
        reasons = ", ".join(f"{number} {reason}" for reason, number in left_out.items())
        cure = "widen the limits or make another set."
        msg = f"Expected synthetic images within the limits, found none in {synthetic!r} ({reasons}); {cure}"
        raise InputError(msg, field="synthetic")
    drawn = [rows.iloc[_order(rows, seed, one)[:count]] for rows, one in zip(able, cards, strict=True)]
    _count(left_out, "not drawn", sum(len(rows) - count for rows in able))
    notes = []
    if count < wanted:
        notes.append(
            f"{wanted} synthetic images of a class were asked for, {count} could be admitted: the share is "
            f"{share * count / wanted:.2f} in place of {share:g}."
        )
    return Admission(rows=pd.concat(drawn, ignore_index=True), cards=cards, left_out=left_out, notes=notes)


def _refuse_other_directions(found: list[SyntheticCard], synthetic: str, classes: str) -> None:
    if sorted(one.direction for one in found) == sorted(WANTED[classes]):
        return
    wanted = (
        "one synthetic data set of films given a pneumothorax (a-to-b) for the classes 'positives'"
        if classes == "positives"
        else "two synthetic data sets joined by a comma, one of each direction, for 'both' classes"
    )
    told = " and ".join(f"{one.name!r} of {one.direction}" for one in found)
    msg = f"Expected {wanted}, found {synthetic!r}: {told}; name others or choose other classes."
    raise InputError(msg, field="synthetic")


def _able(
    workspace: Workspace, one: SyntheticCard, train: pd.DataFrame, limits: Limits, left_out: dict[str, int]
) -> pd.DataFrame:
    """Return the images of a set that may be learnt, by image_id, and count the others by reason."""
    rows = images(workspace, one.name).sort_values("image_id", ignore_index=True)
    told = passports(workspace, one.name).set_index("image_id").reindex(rows["image_id"]).reset_index()
    towards = 1 if one.direction == A_TO_B else -1
    pixels = rows["parent_image_id"].map(train.set_index("image_id")["sha256"])
    checks = {
        "of a parent outside train": pixels.notna() & (rows[PART] == "train"),
        "of a parent whose pixels changed since": pixels == rows[PARENT_SHA256],
        "without a passport of this generator": told["generator_sha256"] == one.generator_sha256,
        f"with an error there and back above {limits.max_cycle_error:g}": ~(
            told["cycle_error"] > limits.max_cycle_error
        ),
        f"with a probability that moved less than {limits.min_probability_shift:g} to the wanted class": ~(
            towards * told["probability_shift"] < limits.min_probability_shift
        ),
        f"with less than {limits.min_change_in_lung:g} of the change in the lung": ~(
            told["change_in_lung"] < limits.min_change_in_lung
        ),
    }
    good = np.ones(len(rows), bool)
    for reason, passed in checks.items():
        passes = passed.fillna(False).to_numpy(bool)
        _count(left_out, reason, int((good & ~passes).sum()))
        good &= passes
    return rows[good].assign(part="train", label=MADE_LABEL[one.direction]).reset_index(drop=True)


def _order(rows: pd.DataFrame, seed: int, one: SyntheticCard) -> np.ndarray:
    """Return the order in which images are drawn `(N,)`; the first of it are those of a smaller share too."""
    return np.random.default_rng([seed, DRAW, MADE_LABEL[one.direction]]).permutation(len(rows))


def _count(left_out: dict[str, int], reason: str, number: int) -> None:
    if number:
        left_out[reason] = left_out.get(reason, 0) + number
