"""Predictions of films that were taken in: only those are computed that are new or no longer hold.

`predict` does the work, on a view of the workspace whose data set holds just these films and whose predictions go
to a folder of their own; what comes out is then added to the tables of the whole data set, row by row.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock
import numpy as np
import pandas as pd

from core.base import files, schema
from core.base.errors import InputError
from core.base.paths import Workspace
from core.data import intake, radiographs
from core.data.intake import DATASET
from core.evaluation import prediction_store
from core.inference import mc_dropout
from core.inference.predict import predict
from core.models import cards, members, registry
from core.triage import chosen_films

WAIT_S = 600.0  # for another session that predicts with the same checkpoint


def ensure(
    workspace: Workspace,
    checkpoint_id: str,
    films: Sequence[str],
    *,
    passes: int = mc_dropout.PASSES,
    augmentations: bool = True,
) -> int:
    """Let a checkpoint's predictions of the data set `intake` hold these films, and return how many were computed.

    The tables are those of `predict` without a split. Films that stand in them already stay as they are, so a
    worklist made of them stays what it is; only a table made with other passes is made anew as a whole. An
    ensemble's members are asked first, each for what it lacks.

    Args:
        workspace: Where everything lies.
        checkpoint_id: The checkpoint.
        films: Image ids.
        passes: Passes with dropout, as in `predict`.
        augmentations: As in `predict`.

    Raises:
        InputError: If a film is not there, or as `predict` raises it: above all where the checkpoint did not learn
            from this kind of image.
    """
    card = cards.read_card(workspace, checkpoint_id)
    cards.refuse_other_kinds(card, _rows(workspace, films))
    with _alone(workspace, checkpoint_id):
        known = _read(workspace, card, passes=passes)
        wanted = set(films) if known.fits else {*films, *known.table["image_id"]}
        kept = known if known.fits else _Predicted()
        new = _rows(workspace, sorted(wanted - set(kept.table["image_id"])))
        if new.empty:
            return 0
        own = members.of(workspace, card) if card["model"] == registry.ENSEMBLE else []
        for member in own:
            ensure(
                workspace, member["checkpoint_id"], list(new["image_id"]), passes=passes, augmentations=augmentations
            )
        with _view(workspace, checkpoint_id, new) as view:
            for member in own:
                _lend(workspace, view, member, new)
            predict(view, checkpoint_id, DATASET, passes=passes, augmentations=augmentations)
            said = kept.joined(_read(view, card, passes=passes))
            with intake.held(workspace):  # under which an erasure takes films out
                _write(workspace, card, said.of(radiographs.load(workspace, DATASET)["image_id"]))
        return len(new)


def left_views(workspace: Workspace) -> list[Path]:
    """Return the folders in which a prediction was killed while it looked at films; one at work holds its lock."""
    left = []
    for folder in sorted((workspace.cache / DATASET).glob("*/")):
        try:
            with filelock.FileLock(workspace.predictions(folder.name, DATASET).with_suffix(".lock"), timeout=0):
                left.append(folder)
        except filelock.Timeout:
            continue
    return left


class _View(Workspace):
    """A workspace whose data set `intake` holds only some of its films, and whose predictions lie elsewhere."""

    def __init__(self, of: Workspace, folder: Path) -> None:
        vars(self).update(vars(of))
        self._folder = folder

    def radiographs(self, dataset: str) -> Path:
        return self._folder / "radiographs.parquet" if dataset == DATASET else super().radiographs(dataset)

    def predictions(self, checkpoint_id: str, dataset: str, split: str | None = None, part: str | None = None) -> Path:
        return self._folder / super().predictions(checkpoint_id, dataset, split, part).relative_to(self.root)


@dataclass(frozen=True, kw_only=True)
class _Predicted:
    """What a checkpoint says of N films, row by row."""

    table: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"image_id": []}))
    signals: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"image_id": []}))
    arrays: dict[str, np.ndarray] = field(default_factory=dict)  # by the ending of their files, (N, ...)
    fits: bool = True  # whether rows of these settings can stand beside it

    def joined(self, new: _Predicted) -> _Predicted:
        """Return the rows of both, these first."""
        if self.table.empty:
            return new
        return _Predicted(
            table=pd.concat([self.table, new.table], ignore_index=True),
            signals=pd.concat([self.signals, new.signals], ignore_index=True),
            arrays={ending: np.concatenate([self.arrays[ending], new.arrays[ending]]) for ending in new.arrays},
        )

    def of(self, films: pd.Series) -> _Predicted:
        """Return the rows of films that are still there: one may have been erased while it was looked at."""
        there = self.table["image_id"].isin(films).to_numpy()
        return _Predicted(
            table=self.table[there].reset_index(drop=True),
            signals=self.signals[there].reset_index(drop=True),
            arrays={ending: array[there] for ending, array in self.arrays.items()},
        )


def _rows(workspace: Workspace, films: Sequence[str]) -> pd.DataFrame:
    table = radiographs.load(workspace, DATASET)
    rows = table[table["image_id"].isin(set(films))].reset_index(drop=True)
    gone = len(set(films)) - len(rows)
    if gone:
        msg = f"Expected films that were taken in, found that {gone:,} of {len(set(films)):,} are gone; choose others."
        raise InputError(msg)
    return rows


def _read(workspace: Workspace, card: dict[str, Any], *, passes: int) -> _Predicted:
    """Read what is there and still holds."""
    held = chosen_films.holding(workspace, card, DATASET)
    if held is None or held.table.empty:
        return _Predicted()
    path = workspace.predictions(card["checkpoint_id"], DATASET)
    signals = files.read_parquet(path.with_suffix(prediction_store.SIGNALS))
    signals = signals.set_index("image_id", drop=False).reindex(held.table["image_id"]).reset_index(drop=True)
    # The second number of an array's shape, where it must be one; an ensemble has no arrays of its own.
    wanted: dict[str, int | None] = {}
    if card["model"] != registry.ENSEMBLE:
        wanted = {prediction_store.FEATURES: None} | ({prediction_store.PASSES: passes} if passes else {})
    arrays, fits = {}, bool(signals["image_id"].notna().all())
    for ending in (prediction_store.FEATURES, prediction_store.PASSES):
        beside = path.with_suffix(ending)
        fits = fits and beside.exists() == (ending in wanted)
        if not beside.exists():
            continue
        array = np.load(beside, allow_pickle=False)
        fits = fits and len(array) == len(held.every)  # else it was killed between two files
        if fits:
            arrays[ending] = array[held.table.index]
            fits = wanted[ending] in (None, array.shape[1])
    return _Predicted(table=held.table.reset_index(drop=True), signals=signals, arrays=arrays, fits=fits)


def _write(workspace: Workspace, card: dict[str, Any], said: _Predicted) -> None:
    """Write the tables in the order of `predict`: the predictions last, since they are looked for first."""
    path = workspace.predictions(card["checkpoint_id"], DATASET)
    for ending in (prediction_store.FEATURES, prediction_store.PASSES):
        if ending not in said.arrays:
            path.with_suffix(ending).unlink(missing_ok=True)
            continue
        with files.written_aside(path.with_suffix(ending)) as aside, aside.open("wb") as file:
            np.save(file, said.arrays[ending], allow_pickle=False)
    files.write_parquet(path.with_suffix(prediction_store.SIGNALS), schema.checked(said.signals, schema.SIGNALS))
    files.write_parquet(path, schema.checked(said.table, schema.PREDICTIONS))


def _lend(workspace: Workspace, view: Workspace, member: dict[str, Any], rows: pd.DataFrame) -> None:
    """Put what a member says of these films where the ensemble looks for it."""
    source = workspace.predictions(member["checkpoint_id"], DATASET)
    target = view.predictions(member["checkpoint_id"], DATASET)
    for ending in (prediction_store.SIGNALS, ".parquet"):
        table = files.read_parquet(source.with_suffix(ending))
        files.write_parquet(target.with_suffix(ending), table[table["image_id"].isin(rows["image_id"])])


@contextmanager
def _view(workspace: Workspace, checkpoint_id: str, rows: pd.DataFrame) -> Iterator[Workspace]:
    folder = workspace.cache / DATASET / checkpoint_id
    shutil.rmtree(folder, ignore_errors=True)  # what a killed process left
    view = _View(workspace, folder)
    try:
        files.write_parquet(view.radiographs(DATASET), rows)
        yield view
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _alone(workspace: Workspace, checkpoint_id: str) -> Iterator[None]:
    path = workspace.predictions(checkpoint_id, DATASET)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(path.with_suffix(".lock"))
    try:
        lock.acquire(timeout=WAIT_S)
    except filelock.Timeout:
        msg = (
            f"Expected to predict with {checkpoint_id}, found that another session has been doing it for "
            f"{WAIT_S / 60:.0f} minutes; try again later."
        )
        raise InputError(msg) from None
    try:
        yield
    finally:
        lock.release()
