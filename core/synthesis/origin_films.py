"""Synthetic images and the films they are held against, matched fairly; free of torch.

The films are of the domain the images are to look like, of the parents' kind, and of patients none of whose
films is a parent: what tells a patient would else tell origin. Both go through the same resize to 8 bits.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.base.errors import InputError
from core.data import radiographs, split_store, synthetic
from core.data.pixel_cache import PixelCache
from core.evaluation.measures import MIN_PATIENTS
from core.models import cards
from core.synthesis import parents

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.data.synthetic import SyntheticCard

TRAIN, TUNE, KEPT = "train", "tune", "kept"  # learnt from; the best epoch's choice; neither
LABEL = "synthetic"  # 1 an image, 0 a film
COLUMNS = ("image_id", "patient_id", "path", "sha256", "source", "parent_image_id")


@dataclass(frozen=True)
class Matched:
    """Images and films side by side."""

    card: SyntheticCard
    dataset: str
    split: str
    split_sha256: str
    table: pd.DataFrame
    """A row an image or film, images first: `COLUMNS`, `synthetic`, `part` and `fold` of the split (null outside it),
    `role` (train, tune, kept), `unseen` (whether the generator saw its patient)."""

    @property
    def images(self) -> pd.DataFrame:
        """The synthetic images."""
        return self.table[self.table[LABEL] == 1]

    @property
    def measured(self) -> pd.DataFrame:
        """Images of parents, and films of patients, that the generator did not see."""
        return self.table[self.table["unseen"]]

    def rows(self, role: str) -> pd.DataFrame:
        """Return the images and films of a role; of those kept only what the generator did not see."""
        rows = self.table[self.table["role"] == role]
        return rows[rows["unseen"]] if role == KEPT else rows

    def held_out(self) -> tuple[pd.DataFrame, str | None]:
        """Return what a classifier of origin is measured on, and what is wrong with it, if anything.

        It is what is kept; where too few patients are, what chose the best epoch too.
        """
        kept = self.rows(KEPT)
        if fewest_patients(kept) >= MIN_PATIENTS:
            return kept, None
        table = self.measured
        return table[table["role"] != TRAIN], (
            "Too few patients were left for measuring origin, so it was measured on the fold tune too, which chose the "
            "best epoch: the AUROC flatters the classifier."
        )

    def identity(self) -> str:
        """Return the SHA-256 of all that decides what a classifier of origin learns and is measured on."""
        columns = self.table[["image_id", "patient_id", "sha256", LABEL, "role", "unseen"]].astype(str)
        return hashlib.sha256(columns.to_csv(index=False).encode()).hexdigest()

    def pixels(self, workspace: Workspace) -> PixelCache:
        """Return the pixels of images and films at the images' size, decoded where they are not yet.

        Raises:
            InputError: If a file is gone or holds another picture by now.
        """
        return PixelCache.ensure(workspace, self.table, size=self.card.image_size)


def gather(workspace: Workspace, name: str, *, dataset: str | None = None, split: str | None = None) -> Matched:
    """Set the images of a synthetic data set beside films.

    Args:
        workspace: Where they lie.
        name: The synthetic data set.
        dataset: Whose films; None takes the one that was translated, and there is no other to compare with.
        split: Whose parts are kept apart; None takes the one that was translated.

    Raises:
        InputError: If one of them does not exist, the films would be another data set's, the split leaks, is out of
            date or is not the one that was translated, the generator is gone, or there is no film to compare with;
            or a parent's pixels changed since.
    """
    card = synthetic.card(workspace, name)
    if dataset not in (None, card.dataset):
        msg = (
            f"Expected films of {card.dataset!r}, which was translated, found data set {dataset!r}: what sets two data "
            "sets apart would be told, not origin; leave --dataset out."
        )
        raise InputError(msg, field="dataset")
    split = split or card.split
    certificate = split_store.require_sound(workspace, card.dataset, split)
    if split == card.split and certificate["table_sha256"] != card.split_sha256:
        msg = f"Expected split {split!r} as it was when {name!r} was made, found it made anew; translate again."
        raise InputError(msg, field="split")
    cards.read_card(workspace, card.generator_id, task=cards.TRANSLATION)  # who saw which patients must be known
    images = synthetic.images(workspace, name)
    table = radiographs.load(workspace, card.dataset)
    _refuse_changed_parents(images, table, name)
    films = _films(table, card, set(images["patient_id"]))
    if films.empty:
        called = parents.CALLED[parents.WANTED_DOMAIN[card.direction]]
        msg = f"Expected films {called} in {card.dataset!r} of patients without a parent, found none; index more films."
        raise InputError(msg, field="dataset")
    table = pd.concat([images[list(COLUMNS)].assign(**{LABEL: 1}), films[list(COLUMNS)].assign(**{LABEL: 0})])
    parts = split_store.load(workspace, card.dataset, split).drop_duplicates("patient_id").set_index("patient_id")
    table = table.assign(
        part=table["patient_id"].map(parts["part"]),
        fold=table["patient_id"].map(parts["fold"]),
        unseen=~table["patient_id"].isin(card.patients),
    ).reset_index(drop=True)
    tune = (table["part"] == "val") & (table["fold"] == "tune")
    role = np.select([table["part"] == "train", tune.fillna(False)], [TRAIN, TUNE], default=KEPT)
    return Matched(card, card.dataset, split, certificate["table_sha256"], table.assign(role=role))


def refuse_unusable(matched: Matched) -> None:
    """Refuse what no classifier of origin can be learnt from.

    Raises:
        InputError: If train or the fold tune lacks images or films.
    """
    for role, called in ((TRAIN, "the part train"), (TUNE, "val's fold tune")):
        rows = matched.rows(role)
        images, others = int(rows[LABEL].sum()), int((rows[LABEL] == 0).sum())
        if not images or not others:
            msg = (
                f"Expected synthetic images and films in {called} of split {matched.split!r}, found {images} and "
                f"{others}; translate all parts, or index more films."
            )
            raise InputError(msg, field="synthetic")


def fewest_patients(rows: pd.DataFrame) -> int:
    """Return of how many patients there are images, or films if those are of fewer."""
    return min(int(rows.loc[rows[LABEL] == label, "patient_id"].nunique()) for label in (0, 1))


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Count images, films and their patients."""
    images, films = rows[rows[LABEL] == 1], rows[rows[LABEL] == 0]
    return {
        "images": len(images),
        "image_patients": int(images["patient_id"].nunique()),
        "films": len(films),
        "film_patients": int(films["patient_id"].nunique()),
    }


def _refuse_changed_parents(images: pd.DataFrame, table: pd.DataFrame, name: str) -> None:
    """Refuse images whose parents are gone or other pictures by now: what was changed could not be told."""
    now = images["parent_image_id"].map(table.set_index("image_id")["sha256"])
    changed = int((now != images[synthetic.PARENT_SHA256]).fillna(True).sum())
    if changed:
        msg = (
            f"Expected the parents of {name!r} as they were translated, found {changed} of {len(images)} gone or "
            "changed since; translate again under another name."
        )
        raise InputError(msg, field="synthetic")


def _films(table: pd.DataFrame, card: SyntheticCard, parents_patients: set[str]) -> pd.DataFrame:
    wanted = parents.domains(table) == parents.WANTED_DOMAIN[card.direction]
    alike = table["source"].isin([kind for kind, count in card.parent_kinds.items() if count])
    apart = ~table["patient_id"].isin(parents_patients)
    return table[wanted.fillna(False) & alike & apart & table["path"].notna()].sort_values("image_id")
