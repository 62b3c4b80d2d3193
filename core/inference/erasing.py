"""One patient taken out of all that can forget, from the database to the caches; and what cannot forget, by name.

The order makes a killed erasure one that is finished by running it again: first the database, in one transaction;
then what is found by the tables; the tables of radiographs last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base import files, progress
from core.base.errors import InputError
from core.data import erasing, erasing_texts, radiographs, split_store
from core.evaluation import prediction_store
from core.inference import intake_films
from core.models import cards
from core.models.cards import ORIGIN, PNEUMOTHORAX, TRANSLATION
from core.store import erasure, restore
from core.store.erasure import Films
from core.training import material

if TYPE_CHECKING:
    import pandas as pd

    from core.base.paths import Workspace
    from core.data.erasing import Traces
    from core.store.ledger import Ledger

LEARNT, CHOSEN, MEASURED, UNKNOWN = "learnt from it", "calibrated on it", "measured on it", "not known any more"
ARRAYS = (prediction_store.FEATURES, prediction_store.PASSES)  # beside a predictions table, row by row
HOW = {"train": LEARNT, "val": CHOSEN, "test": MEASURED}


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What is taken out, or would be, and what stays."""

    films: int
    translations: int
    rows: dict[str, int]
    """Rows of the database by table."""
    predictions: int
    """Rows of predictions tables."""
    neighbours: int
    """Rows of other films and passports of translations that name one of the films as the nearest one learnt from."""
    training_features: int
    """Rows of features that checkpoints keep of the films they learnt from."""
    own_files: int
    kept_files: int
    """Thumbnails, and shards of decoded films."""
    left_behind: int
    """Files that killed commands left half written, whoever's films they hold; all of them go."""
    texts: int
    """Logs and reports that name a film."""
    lookup: int
    originals: int
    """Files that `index` read where the hospital keeps them; they stay."""
    backups: int
    """Of the database, which the program made before it changed it, or kept when one was restored; they stay."""
    shared: tuple[str, ...]
    """Other data sets that hold the same pixels, which stay."""
    elsewhere: tuple[str, ...]
    """Other data sets with films of the same patient, which stay, as does the patient's line of the look-up file."""
    checkpoints: dict[str, str]
    """Those that cannot forget the patient, by what the patient was to them."""


def erase(workspace: Workspace, ledger: Ledger, found: Traces, *, actor: str, reason: str, really: bool) -> Erasure:
    """Take a patient out of everything that can forget, or only count what that would be.

    Args:
        workspace: Where everything lies.
        ledger: Of the store.
        found: Where the patient's films stand.
        actor: Who erases.
        reason: Why; the audit keeps it.
        really: Whether to do it.

    Raises:
        InputError: If the store does not end where it was left.
        PleuraScopeError: If the database does not take a change; nothing is changed then.
    """
    films = Films(patient=found.patient, images=found.images)
    cannot = checkpoints(workspace, found)
    erasing.check_readable(workspace, found)
    tables, neighbours = _predictions(workspace, found), list(_neighbours(workspace, found))
    features = list(_training_features(workspace, found))
    ours, originals = erasing.own_files(workspace, found)
    texts = [workspace.jobs, workspace.reports, *sorted(workspace.root.glob("*.log"))]
    texts += [workspace.index_report(name) for name in found.rows if workspace.index_report(name).exists()]
    left = [*erasing.left_behind(workspace, found), *intake_films.left_views(workspace)]
    outcome: dict[str, Any] = {
        "films": found.films,
        "translations": sum(map(len, found.rows.values())) - found.films,
        "predictions": sum(int(gone.sum()) for _, gone in tables),
        "neighbours": sum(count for _, _, count in neighbours) + erasing.forget_nearest(workspace, found, really=False),
        "training_features": sum(int(gone.sum()) for _, gone in features),
        "own_files": len(ours),
        "left_behind": len(left),
        "kept_files": len(erasing.kept_files(workspace, found)),
        "texts": erasing_texts.forget_in_texts(texts, films.scrubbed, really=False),
        "lookup": 0 if found.elsewhere else erasing_texts.forget_lookup(workspace, found.patient, really=False),
        "originals": originals,
        "backups": len(restore.earlier(workspace)),
        "shared": found.shared,
        "elsewhere": found.elsewhere,
        "checkpoints": cannot,
    }
    if not really:
        with ledger.engine.execution_options(writes=False).begin() as connection:
            return Erasure(**outcome, rows=erasure.concerned(connection, films).counts)
    about = {"dataset": found.dataset, "films": found.films, "reason": reason}
    progress.announce("Erasing in the database")
    rows = erasure.erase(ledger, films, actor=actor, about=about)
    progress.announce("Erasing in files")
    for path, gone in tables:
        _drop_predictions(path, gone)
    for path, table, _ in neighbours:
        files.write_parquet(path, table)
    for path, gone in features:
        _write_array(path, np.load(path, allow_pickle=False)[~gone])
    _forget_in_generators(workspace, found)
    erasing.forget_nearest(workspace, found, really=True)
    erasing.forget_kept_files(workspace, found)
    for path in left:
        files.remove(path)
    erasing_texts.forget_in_texts(texts, films.scrubbed, really=True)
    if not found.elsewhere:
        erasing_texts.forget_lookup(workspace, found.patient, really=True)
    for name in sorted(found.rows, key=lambda name: name == found.dataset):  # the data set itself last
        erasing.forget_dataset(workspace, found, name)
    # A classifier that was looking at a film of `intake` meanwhile may have put its row back before the film went.
    for path, gone in _predictions(workspace, found):
        _drop_predictions(path, gone)
    return Erasure(**outcome, rows=rows.counts)


def checkpoints(workspace: Workspace, found: Traces) -> dict[str, str]:
    """Return the checkpoints whose weights, calibration or figures come from the patient's films, and which of them.

    A split that was made anew since no longer tells; the checkpoint is then named as not known.
    """
    named = {}
    for task in (PNEUMOTHORAX, TRANSLATION, ORIGIN):
        for name in cards.checkpoint_ids(workspace, task=task):
            card = cards.read_card(workspace, name, task=task)
            how = _how(workspace, found, card)
            if how is not None:
                named[name] = how
    return named


def _how(workspace: Workspace, found: Traces, card: dict[str, Any]) -> str | None:
    if card.get("dataset") != found.dataset:
        return None
    if "patients" in card:
        return LEARNT if found.patient in card["patients"] else None
    name = str(card.get("split"))
    if name not in split_store.split_names(workspace, found.dataset):
        return UNKNOWN
    if split_store.certificate(workspace, found.dataset, name)["table_sha256"] != card.get("split_sha256"):
        return UNKNOWN
    table = split_store.load(workspace, found.dataset, name)
    own = table[table["image_id"].isin(found.images[found.dataset])]
    if own.empty or (own["fold"] == "certify").all():
        return None
    return HOW[str(own["part"].iloc[0])]


def _of_dataset(workspace: Workspace, stem: str) -> str | None:
    """Return the data set of a predictions table by its name: the longest that begins it."""
    names = radiographs.dataset_names(workspace)
    return max((name for name in names if stem.startswith(f"{name}-")), key=len, default=None)


def _predictions(workspace: Workspace, found: Traces) -> list[tuple[Path, np.ndarray]]:
    """Return the predictions tables that have rows of the films, and which rows `(N,)`.

    Raises:
        InputError: If one of them, or what lies beside it, is damaged.
    """
    tables = []
    for path in sorted((workspace.root / "predictions").glob("*/*.parquet")):
        images = found.images.get(_of_dataset(workspace, path.stem) or "")
        if images is None or path.name.endswith(prediction_store.SIGNALS):
            continue
        gone = files.read_parquet(path)["image_id"].isin(images).to_numpy()
        if gone.any():
            for beside in map(path.with_suffix, ARRAYS):
                if beside.exists():
                    _array(beside)
            tables.append((path, gone))
    return tables


def _drop_predictions(path: Path, gone: np.ndarray) -> None:
    """Drop rows of a predictions table and of what lies beside it; the table, which tells the rows, last."""
    table = files.read_parquet(path)
    images = set(table.loc[gone, "image_id"])
    for beside in map(path.with_suffix, ARRAYS):
        if beside.exists():
            array = _array(beside)
            if len(array) == len(gone):  # else an erasure that was killed has been here
                _write_array(beside, array[~gone])
    signals = path.with_suffix(prediction_store.SIGNALS)
    erasing.forget_in_table(signals, lambda table: table["image_id"].isin(images), really=True)
    files.write_parquet(path, table[~gone].reset_index(drop=True))


def _neighbours(workspace: Workspace, found: Traces) -> Iterator[tuple[Path, pd.DataFrame, int]]:
    """Yield the signals tables that name one of the films as a nearest training film, without it, and in how many rows.

    Rows of the films themselves are left to `_drop_predictions`.
    """
    images = found.images[found.dataset]
    for path in sorted((workspace.root / "predictions").glob(f"*/*{prediction_store.SIGNALS}")):
        folder = path.parent.name
        own = workspace.checkpoint(folder) / cards.CARD
        if own.exists() and files.read_json(own).get("dataset") != found.dataset:
            continue
        table = files.read_parquet(path)
        if "neighbour_ids" not in table:
            continue
        named = table["neighbour_ids"].map(lambda ids: ids is not None and np.size(ids) > 0 and bool(images & set(ids)))
        if named.any():
            table.loc[named, "neighbour_ids"] = table.loc[named, "neighbour_ids"].map(
                lambda ids: [one for one in ids if one not in images]
            )
            yield path, table, int(named.sum())


def _training_features(workspace: Workspace, found: Traces) -> Iterator[tuple[Path, np.ndarray]]:
    """Yield the files of training features whose rows are known, and which rows are the films' `(M,)`."""
    for name in cards.checkpoint_ids(workspace):
        path = workspace.checkpoint(name) / cards.TRAIN_FEATURES
        card = cards.read_card(workspace, name)
        if card["dataset"] != found.dataset or not path.exists():
            continue
        try:
            films = material.labelled(workspace, card["dataset"], card["split"], card["labels"])
        except InputError:  # whose rows they are is not known any more; `checkpoints` names it so
            continue
        rows = films.rows("train")
        gone = rows["image_id"].isin(found.images[found.dataset]).to_numpy()
        known = films.certificate["table_sha256"] == card["split_sha256"]
        if known and gone.any() and len(np.load(path, mmap_mode="r", allow_pickle=False)) == len(gone):
            yield path, gone


def _forget_in_generators(workspace: Workspace, found: Traces) -> None:
    """Take the patient out of the lists of patients that generators saw; how many they were stays."""
    for name in cards.checkpoint_ids(workspace, task=TRANSLATION):
        card = cards.read_card(workspace, name, task=TRANSLATION)
        if card["dataset"] == found.dataset and found.patient in card["patients"]:
            card["patients"] = [one for one in card["patients"] if one != found.patient]
            card["erased_patients"] = card.get("erased_patients", 0) + 1
            files.write_json(workspace.checkpoint(name) / cards.CARD, card)
    for path in sorted(workspace.datasets.glob("*/synthetic.json")):
        made = files.read_json(path)
        if made["dataset"] == found.dataset and found.patient in made["patients"]:
            files.write_json(path, made | {"patients": [one for one in made["patients"] if one != found.patient]})


def _array(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError):
        msg = f"Expected an array in {path.parent.name}/{path.name}, found a damaged file; run `predict` again."
        raise InputError(msg) from None
    return array


def _write_array(path: Path, array: np.ndarray) -> None:
    with files.written_aside(path) as aside, aside.open("wb") as file:
        np.save(file, array, allow_pickle=False)
