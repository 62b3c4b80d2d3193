"""A worklist as readers go through it: its cases, their order for each reader, and names that tell nothing.

A case is addressed by an opaque name, since an image id is a file's name: it may tell the patient,
the follow-up, and in folders sorted by class even the label.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.base import files
from core.base.errors import InputError
from core.triage import cases, chosen_films, evidence
from core.triage.decision import Policy

if TYPE_CHECKING:
    from core.base.paths import Workspace
    from core.triage.evidence import Evidence
    from core.triage.worklists import Worklist

OPEN, BLINDED = chosen_films.OPEN, chosen_films.BLINDED
PRACTICE = "practice"


@dataclass(frozen=True, kw_only=True)
class ReadingList:
    """A worklist with everything known of its films; what a reader may see of it, `case_view` decides."""

    worklist: Worklist
    policy: Policy
    card: Mapping[str, Any]
    films: pd.DataFrame
    """Every film of the part, as `cases.cases` gave them."""
    listed: tuple[str, ...]
    """Image ids of the films to be read, in the order of the policy."""
    predicted: tuple[str, ...]
    """Image ids in the order of the predictions table, beside which the passes lie."""

    @cached_property
    def names(self) -> dict[str, str]:
        """The opaque name of each listed film, by image id."""
        return {image_id: self._hash(f"case {image_id}").hex()[:12] for image_id in self.listed}

    @cached_property
    def _images(self) -> dict[str, str]:
        return {name: image_id for image_id, name in self.names.items()}

    @cached_property
    def _at(self) -> dict[str, int]:
        return {image_id: at for at, image_id in enumerate(self.films["image_id"])}

    def row(self, image_id: str) -> dict[str, Any]:
        """Return all that is known of a film of the part."""
        return self.films.iloc[self._at[image_id]].to_dict()

    @property
    def blinded(self) -> bool:
        """Whether nothing of the model may be there before the first answer."""
        return self.worklist.read_mode == BLINDED

    @property
    def hidden(self) -> bool:
        """Whether readers must not see each other's answers."""
        return self.blinded or len(self.worklist.readers) > 1

    def image_of(self, name: str) -> str:
        """Return the image id of a case by its opaque name.

        Raises:
            InputError: If the worklist has no such case.
        """
        image_id = self._images.get(name)
        if image_id is None:
            msg = f"Expected a case of the worklist {self.worklist.name}, found {name!r}; open it from the worklist."
            raise InputError(msg)
        return image_id

    def order(self, reader: str) -> list[str]:
        """Return the listed image ids in the order in which a reader goes through them.

        An open list keeps the policy's order. A blinded one is shuffled for each reader anew, by the
        hash of the list and the name: the order tells nothing, and stays what it is.
        """
        if not self.blinded:
            return list(self.listed)
        seed = int.from_bytes(self._hash(f"order {reader}")[:8])
        return [self.listed[at] for at in np.random.default_rng(seed).permutation(len(self.listed))]

    @cached_property
    def _story(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        columns = self.films[["image_id", "patient_id", "follow_up"]]
        follow_up = columns["follow_up"].to_numpy(np.float64, na_value=np.nan)
        return columns["image_id"].to_numpy(object), columns["patient_id"].to_numpy(object), follow_up

    def priors(self, image_id: str) -> list[str]:
        """Return the earlier films of the same patient, the newest first."""
        names, patients, follow_up = self._story
        own = self._at[image_id]
        earlier = np.flatnonzero((patients == patients[own]) & (follow_up < follow_up[own]))
        return [str(name) for name in names[earlier[np.argsort(-follow_up[earlier], kind="stable")]]]

    def _hash(self, text: str) -> bytes:
        worklist = self.worklist
        return hashlib.sha256(f"{worklist.name} {worklist.created_at} {text}".encode()).digest()


def build(worklist: Worklist, policy: Policy, known: Evidence) -> ReadingList:
    """Return a worklist's cases.

    Args:
        worklist: The worklist.
        policy: What it was made with.
        known: The films of its part.

    Raises:
        InputError: If it names films that the part no longer has.
    """
    table = cases.cases(known, policy)
    if worklist.films is None:
        listed = tuple(table.loc[table["listed"], "image_id"])
    else:
        gone = sorted(set(worklist.films) - set(table["image_id"]))
        if gone:
            msg = (
                f"Expected the {len(worklist.films)} films of the worklist {worklist.name}, found {len(gone)} of them "
                "gone from its part; predict the part again, or make another worklist."
            )
            raise InputError(msg)
        wanted = set(worklist.films)
        listed = tuple(name for name in table["image_id"] if name in wanted)
    return ReadingList(
        worklist=worklist,
        policy=policy,
        card=known.card,
        films=table,
        listed=listed,
        predicted=known.predicted,
    )


def load(workspace: Workspace, worklist: Worklist) -> ReadingList:
    """Read a worklist's cases from the files they come from.

    Raises:
        InputError: See `card_of`, `policy_of`; or the predictions are missing or stale.
    """
    card = card_of(workspace, worklist)
    return build(worklist, policy_of(worklist), evidence.of_worklist(workspace, card, worklist))


def card_of(workspace: Workspace, worklist: Worklist) -> dict[str, Any]:
    """Return the card of the checkpoint that a worklist was made with.

    Raises:
        InputError: If the checkpoint is gone, or has other weights by now.
    """
    path = workspace.checkpoint(worklist.checkpoint_id) / "card.json"
    if not path.exists():
        msg = (
            f"Expected the checkpoint {worklist.checkpoint_id} of this worklist, found it gone; put its folder back, "
            f"or make another worklist: {_remake(worklist)}."
        )
        raise InputError(msg)
    card: dict[str, Any] = files.read_json(path)
    if card["weights_sha256"] != worklist.weights_sha256:
        msg = (
            f"Expected the checkpoint {worklist.checkpoint_id} as it was when this worklist was made, found other "
            f"weights; make another worklist: {_remake(worklist)}."
        )
        raise InputError(msg)
    return card


def policy_of(worklist: Worklist) -> Policy:
    """Return the policy that a worklist was saved with.

    Raises:
        InputError: If another version of PleuraScope saved it.
    """
    try:
        return Policy.from_dict(worklist.policy)
    except (KeyError, TypeError):  # the fields of a policy have changed since
        msg = (
            f"Expected the policy of this version, found that the worklist {worklist.name!r} was saved by another "
            f"one; make it again: {_remake(worklist)}."
        )
        raise InputError(msg) from None


def _remake(worklist: Worklist) -> str:
    if chosen_films.is_whole(worklist.split, worklist.part):
        return "the page Intake, Send to worklist"
    place = f"--dataset {worklist.dataset} --split {worklist.split} --part {worklist.part}"
    return f"`python -m core triage CHECKPOINT {place} --budget 0.2 --worklist NAME`"
