"""Which films a translation starts from, and what must be true before it may begin; free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from core.base.errors import InputError
from core.data import radiographs, split_store, synthetic
from core.data.splits import NO_FINDING
from core.data.synthetic import A_TO_B, B_TO_A, PART, SyntheticCard
from core.models import cards
from core.synthesis import own_classifier

if TYPE_CHECKING:
    from core.base.paths import Workspace

SOURCE_DOMAIN = {A_TO_B: "A", B_TO_A: "B"}  # what a direction starts from
WANTED_DOMAIN = {A_TO_B: "B", B_TO_A: "A"}  # what it is to look like
MEANT = {A_TO_B: "Pneumothorax", B_TO_A: NO_FINDING}  # the finding of a translation
CALLED = {"A": f"with {NO_FINDING!r} only", "B": "with a pneumothorax"}
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Translation:
    """What is to be translated, by which generator, into which data set."""

    checkpoint_id: str
    dataset: str
    split: str
    part: str  # train | val | all
    direction: str  # a-to-b | b-to-a
    name: str  # of the data set that is made


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A translation that may begin, or the set that it made before."""

    asked: Translation
    generator: dict[str, Any]  # the generator's card
    films: pd.DataFrame  # rows of the radiographs table with their part, by image_id
    split_sha256: str
    classifier_id: str | None  # that reads films and translations for the passports
    classifier_reason: str | None  # why there is none
    made: SyntheticCard | None


def plan(workspace: Workspace, asked: Translation) -> Plan:
    """Look at everything a translation needs.

    Raises:
        InputError: If the generator, data set or split does not exist or cannot be used, there is
            nothing to translate, the films are of another kind than the generator learnt from, or
            another data set has the name.
    """
    generator = cards.read_card(workspace, asked.checkpoint_id, task=cards.TRANSLATION)
    table = radiographs.load(workspace, asked.dataset)
    if table["path"].isna().any() or table["sha256"].isna().any():
        msg = (
            f"Expected a data set with images to translate, found that {asked.dataset!r} is a table only; index it "
            "with --images."
        )
        raise InputError(msg, field="dataset")
    certificate = split_store.require_sound(workspace, asked.dataset, asked.split)
    films = _chosen(table, split_store.load(workspace, asked.dataset, asked.split), asked)
    cards.refuse_other_kinds(generator, films)
    classifier_id, reason = own_classifier.choose(workspace, asked.dataset, set(films["source"]))
    return Plan(
        asked=asked,
        generator=generator,
        films=films,
        split_sha256=certificate["table_sha256"],
        classifier_id=classifier_id,
        classifier_reason=reason,
        made=_made(workspace, asked, generator, certificate["table_sha256"]),
    )


def learnt_films(workspace: Workspace, generator: dict[str, Any], direction: str) -> pd.DataFrame | None:
    """Return the films of the wanted domain that a generator learnt from, or None where they are not to be had.

    They are found by the patients its card names, so a later split of the same name changes nothing.
    """
    try:
        table = radiographs.load(workspace, generator["dataset"])
    except InputError:  # the data set is gone
        return None
    learnt = table["patient_id"].isin(generator["patients"]) & (table["source"] != "synthetic")
    rows = table[learnt & (domains(table) == WANTED_DOMAIN[direction]) & table["path"].notna()]
    return None if rows.empty else rows.sort_values("image_id", ignore_index=True)


def domains(films: pd.DataFrame) -> pd.Series:
    """Return "A" for films with "No Finding" only, "B" for those with a pneumothorax, else null `(N,)`.

    Examples:
        >>> domains(pd.DataFrame({"label": [1, 0, 0], "findings": ["Pneumothorax", "No Finding", "Mass"]})).to_list()
        ['B', 'A', nan]
    """
    found = pd.Series(None, index=films.index, dtype="str")
    found[(films["label"] == 0).fillna(False) & (films["findings"] == NO_FINDING).fillna(False)] = "A"
    found[(films["label"] == 1).fillna(False)] = "B"
    return found


def _chosen(table: pd.DataFrame, split: pd.DataFrame, asked: Translation) -> pd.DataFrame:
    """Return the films of the source domain in the parts that are asked for, by image_id."""
    known = [column for column in ("domain",) if column in split]
    films = split[["image_id", "part", *known]].merge(table, on="image_id", validate="one_to_one")
    domain = films["domain"] if known else domains(films)
    wanted = SOURCE_DOMAIN[asked.direction]
    chosen = films[(domain == wanted).fillna(False) & (films["source"] != "synthetic")]
    if asked.part != ALL:
        chosen = chosen[chosen["part"] == asked.part]
    if chosen.empty:
        where = "any part" if asked.part == ALL else f"part {asked.part!r}"
        msg = (
            f"Expected films {CALLED[wanted]} to translate {asked.direction}, found none in {where} of split "
            f"{asked.split!r}; choose another split, part or direction."
        )
        raise InputError(msg, field="part")
    return chosen.rename(columns={"part": PART}).sort_values("image_id", ignore_index=True)


def _made(workspace: Workspace, asked: Translation, generator: dict[str, Any], split: str) -> SyntheticCard | None:
    """Return the card of the set if it was made before, in the same way.

    Raises:
        InputError: If the name is that of another data set, or the set is damaged.
    """
    if not workspace.dataset(asked.name).exists():
        return None
    if not workspace.synthetic_card(asked.name).exists():
        found = "a data set of films"
    else:
        made = synthetic.card(workspace, asked.name)
        theirs = (made.generator_sha256, made.dataset, made.split_sha256, made.part, made.direction)
        if theirs == (generator["weights_sha256"], asked.dataset, split, asked.part, asked.direction):
            _refuse_damaged(workspace, asked.name)
            return made
        found = f"one made by {made.generator_id} from {made.dataset}/{made.split} ({made.part}, {made.direction})"
    msg = f"Expected a new name for a synthetic data set, found {found} named {asked.name!r}; choose another --name."
    raise InputError(msg, field="name")


def _refuse_damaged(workspace: Workspace, name: str) -> None:
    paths = synthetic.images(workspace, name)["path"]
    lost = sum(not Path(path).exists() for path in paths)
    if lost:
        msg = f"Expected the images of {name!r} where they were made, found {lost} gone; {synthetic.ANEW}."
        raise InputError(msg, field="name")
