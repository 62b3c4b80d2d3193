"""Makes a synthetic data set: the films of one domain, each translated to look like one of the other.

The work is kept in chunks under `workspace/cache/translations/`, so a run that was stopped or killed
goes on where it was; when the last one is done, the data set's folder moves into its place, whole.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from core.base import files, progress
from core.base.errors import InputError
from core.data.pixel_cache import PixelCache
from core.data.synthetic import PART
from core.synthesis import generators, grey, own_classifier, parents, passport, synthetic_set
from core.synthesis.parents import Translation
from core.synthesis.passport import Pictures, TrainingFilms
from core.vision import device as devices

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from core.base.paths import Workspace
    from core.data.synthetic import SyntheticCard
    from core.synthesis.parents import Plan

RULES = 1  # to be changed with every change of what a chunk holds
CHUNK = 64  # films translated between two states that are kept
BATCH = 16  # films translated at once


def translate(
    workspace: Workspace, checkpoint_id: str, dataset: str, split: str, *, part: str, direction: str, name: str
) -> SyntheticCard:
    """Translate the films of one domain and write the synthetic data set they make.

    A run that was stopped goes on where it was when the same is asked for again; a set that was
    made before in the same way is returned as it is.

    Args:
        workspace: Where the data set, the split and the checkpoint lie.
        checkpoint_id: A CycleGAN.
        dataset: The films' data set.
        split: The split whose films are translated; of one of kind "domain" its domains, of another the films
            with "No Finding" only, or those with a pneumothorax.
        part: "train", "val" or another part of the split, or "all".
        direction: A name of `synthetic.DIRECTIONS`.
        name: The synthetic data set's.

    Raises:
        InputError: If it cannot be made, `parents.plan` says when; or another process makes the same now.
        Cancelled: If a stop was asked for; what is done is kept.
    """
    asked = Translation(
        checkpoint_id=checkpoint_id, dataset=dataset, split=split, part=part, direction=direction, name=name
    )
    folder = workspace.cache / "translations" / workspace.dataset(name).name
    with files.held_alone(folder, doing="translates the same"):
        plan = parents.plan(workspace, asked)
        if plan.made is not None:
            return plan.made
        card = _Work(workspace, plan, folder / _identity(workspace, plan)).done()
        for place in folder.iterdir():
            if place.is_dir():  # this one's chunks, and those of an attempt with other options
                shutil.rmtree(place, ignore_errors=True)
    return card


class _Work:
    """A translation under way."""

    def __init__(self, workspace: Workspace, plan: Plan, place: Path) -> None:
        self.workspace, self.plan, self.place = workspace, plan, place
        self.device = devices.chosen()
        self.both = generators.load(workspace, plan.asked.checkpoint_id).to(self.device)
        self.pixels = PixelCache.ensure(workspace, plan.films, size=self.both.size)
        self.learnt = self._learnt()
        name = plan.classifier_id
        self.reader = None if name is None else own_classifier.load(workspace, name)
        self.chunks = [np.arange(len(plan.films))[start : start + CHUNK] for start in range(0, len(plan.films), CHUNK)]
        self.kept = [place / f"chunk-{number:06d}.parquet" for number in range(len(self.chunks))]
        self.set = place / "set"

    def done(self) -> SyntheticCard:
        """Do what is left, and write the set."""
        films = len(self.plan.films)
        before = sum(len(rows) for rows, kept in zip(self.chunks, self.kept, strict=True) if self._is_whole(kept))
        batches = self._batches()
        for _ in progress.track(batches, "Translating films", total=films, unit="films", start=before, weight=BATCH):
            pass  # the work is done while the next one is asked for
        told = pd.concat([files.read_parquet(kept) for kept in self.kept], ignore_index=True)
        return synthetic_set.write(self.workspace, self.plan, told, aside=self.set, size=self.both.size)

    def _batches(self) -> Iterator[None]:
        """Translate the chunks that are left, yielding after every batch."""
        for rows, kept in zip(self.chunks, self.kept, strict=True):
            if self._is_whole(kept):
                continue
            found: list[Pictures] = []
            for start in range(0, len(rows), BATCH):
                found.append(self._translated(self.pixels.read(rows[start : start + BATCH])))
                if start + BATCH >= len(rows):  # before a stop is looked for
                    films = self.plan.films.iloc[rows].reset_index(drop=True)
                    files.write_parquet(kept, self._told(films, Pictures.together(found)))
                yield

    def _is_whole(self, kept: Path) -> bool:
        """Tell whether a chunk was kept with all its images, which may lie in a set that was removed since."""
        if not kept.exists():
            return False
        try:
            hashes = files.read_parquet(kept)["sha256"]
        except InputError:  # damaged: it is made again
            return False
        return all(synthetic_set.image_path(self.set, sha256).exists() for sha256 in hashes)

    def _translated(self, films: np.ndarray) -> Pictures:
        """Translate films `(B, S, S)`."""
        direction = self.plan.asked.direction
        images = grey.to_unit(films).to(self.device)
        made = self.both.there(images, direction)
        return Pictures(
            parents=films,
            synthetic=grey.to_pixels(made),
            reconstructed=grey.to_pixels(self.both.back(made, direction)),
            identical=grey.to_pixels(self.both.back(images, direction)),
        )

    def _told(self, films: pd.DataFrame, pictures: Pictures) -> pd.DataFrame:
        """Write the images of a chunk, and return what is known of them."""
        asked = self.plan.asked
        hashes = [synthetic_set.write_image(self.set, image) for image in pictures.synthetic]
        measured = passport.measured(
            self.workspace, asked.dataset, films, pictures, reader=self.reader, learnt=self.learnt
        )
        names = {
            "image_id": [f"{parent}~{asked.direction}" for parent in films["image_id"]],
            "parent_image_id": films["image_id"],
            "patient_id": films["patient_id"],
            "part": films[PART],
            "sha256": hashes,
        }
        return pd.DataFrame(names | measured)

    def _learnt(self) -> TrainingFilms | None:
        """Return the films to which translations are compared, or None where they are not to be had."""
        rows = parents.learnt_films(self.workspace, self.plan.generator, self.plan.asked.direction)
        if rows is None:
            return None
        pixels = PixelCache.ensure(self.workspace, rows, size=self.both.size)
        return TrainingFilms.of(rows["image_id"], pixels)


def _identity(workspace: Workspace, plan: Plan) -> str:
    """Return 16 hexadecimal digits of all that decides what the chunks hold."""
    columns = [name for name in ("image_id", "sha256", PART, "mask_path", "lung_path") if name in plan.films]
    what = {
        "rules": [RULES, CHUNK],
        "asked": asdict(plan.asked),
        "generator": plan.generator["weights_sha256"],
        "classifier": plan.classifier_id,
        "truth": files.sha256_of_file(workspace.truth(plan.asked.dataset)),  # further masks and boxes stand there
    }
    digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode())
    digest.update(plan.films[columns].astype("str").to_csv(index=False).encode())
    return digest.hexdigest()[:16]
