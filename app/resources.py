"""What pages read, cached: the file's time is part of every cache key, so a finished job shows at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from core.base import files
from core.base.errors import InputError
from core.base.paths import Workspace
from core.data import intake, pixels, split_store, thumbnails, truth
from core.data import radiographs as radiographs_of
from core.data.splits import KINDS
from core.evaluation import points_in_force, prediction_store, report_store
from core.evaluation.report import EvaluationReport
from core.jobs.queue import JobQueue
from core.models import cards
from core.review import reads as reads_of
from core.review.read_store import Reads
from core.triage import evidence as evidence_of
from core.triage.evidence import Evidence
from core.triage.worklists import Worklists

if TYPE_CHECKING:
    from core.models.checkpoint import Checkpoint


def workspace() -> Workspace:
    """Return the workspace that the settings name; they are read again only when they change."""
    return _workspace(tuple((name, os.environ[name]) for name in sorted(os.environ) if name.startswith("PLEURASCOPE_")))


@lru_cache(maxsize=4)
def _workspace(_settings: tuple[tuple[str, str], ...]) -> Workspace:
    return Workspace()


@st.cache_resource(max_entries=4, show_spinner=False)
def _queue(root: str, database_url: str) -> JobQueue:
    return JobQueue(Workspace())


def queue() -> JobQueue:
    """Return the queue of jobs; its database is opened once a server."""
    place = workspace()
    return _queue(str(place.root), place.database_url)


@st.cache_resource(max_entries=4, show_spinner=False)
def _worklists(root: str, database_url: str) -> Worklists:
    return Worklists(Workspace())


def worklists() -> Worklists:
    """Return where the worklists are kept; its database is opened once a server."""
    place = workspace()
    return _worklists(str(place.root), place.database_url)


@st.cache_resource(max_entries=4, show_spinner=False)
def _reads(root: str, database_url: str) -> Reads:
    return Reads(Workspace())


def reads() -> Reads:
    """Return where the reads are kept; its database is opened once a server."""
    place = workspace()
    return _reads(str(place.root), place.database_url)


def read_table(worklist: str | None = None) -> pd.DataFrame:
    """Return the reads of a worklist, or of all, as a table, made again only after a new read."""
    place = workspace()
    return _read_table(str(place.root), place.database_url, worklist, reads().last_id())


@st.cache_data(max_entries=8, show_spinner=False)
def _read_table(root: str, database_url: str, worklist: str | None, last_id: int) -> pd.DataFrame:
    return reads_of.read_table(Workspace(), worklist)


@st.cache_data(max_entries=16, show_spinner=False)
def _table(path: str, modified_ns: int) -> pd.DataFrame:
    return files.read_parquet(Path(path))


@st.cache_data(max_entries=128, show_spinner=False)
def _json(path: str, modified_ns: int) -> Any:  # noqa: ANN401 (whatever JSON holds; the cache key)
    return files.read_json(Path(path))


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns


def dataset_names() -> list[str]:
    """Return the names of the indexed data sets, those with images first, what was taken in last."""
    names = radiographs_of.dataset_names(workspace())
    return sorted(names, key=lambda name: (name == intake.DATASET, not has_images(name), name))


def has_images(dataset: str) -> bool:
    """Tell whether a data set has pixels, or is a table only."""
    path = workspace().radiographs(dataset)
    return _about(str(path), _modified(path))[0]


def radiographs(dataset: str) -> pd.DataFrame:
    """Return a data set's radiographs table."""
    path = workspace().radiographs(dataset)
    return _table(str(path), _modified(path))


def truth_table(dataset: str) -> pd.DataFrame:
    """Return a data set's truth table."""
    path = workspace().truth(dataset)
    return _table(str(path), _modified(path))


def truth_names(dataset: str) -> list[str]:
    """Return a data set's sources of labels, `report` first."""
    return truth.truth_names(workspace(), dataset)


def labels(dataset: str, truth_name: str) -> pd.Series:
    """Return the labels of one source by `image_id`: 1, 0, or null where unknown."""
    table = truth_table(dataset)
    return table[table["truth"] == truth_name].set_index("image_id")["label"]


def index_report(dataset: str) -> dict[str, Any]:
    """Return what indexing a data set read and left out."""
    path = workspace().index_report(dataset)
    return _json(str(path), _modified(path))


def split_names(dataset: str) -> list[str]:
    """Return the names of a data set's splits, the patient split first and its derivatives after it."""
    names = split_store.split_names(workspace(), dataset)
    return sorted(names, key=lambda name: (KINDS.index(certificate(dataset, name)["kind"]), name))


def trainable_splits(dataset: str) -> list[str]:
    """Return the names of the splits a classifier can learn from: all but those for image translation."""
    return [name for name in split_names(dataset) if certificate(dataset, name)["kind"] != "domain"]


def split(dataset: str, name: str) -> pd.DataFrame:
    """Return a split's table."""
    path = workspace().split(dataset, name)
    return _table(str(path), _modified(path))


def certificate(dataset: str, name: str) -> dict[str, Any]:
    """Return a split's certificate."""
    path = workspace().split(dataset, name).with_suffix(".json")
    return _json(str(path), _modified(path))


def sources() -> set[str]:
    """Return the kinds of image that the workspace's data sets hold."""
    paths = [workspace().radiographs(name) for name in radiographs_of.dataset_names(workspace())]
    return {source for path in paths for source in _about(str(path), _modified(path))[1]}


@st.cache_data(max_entries=64, show_spinner=False)
def _about(path: str, modified_ns: int) -> tuple[bool, list[str]]:
    """Return whether all films of a table have a file, and their kinds."""
    films = files.read_parquet(Path(path))
    return bool(films["path"].notna().all()), [str(source) for source in films["source"].unique()]


def checkpoint_cards() -> list[dict[str, Any]]:
    """Return the cards of all checkpoints, the newest first."""
    place = workspace()
    paths = [place.checkpoint(checkpoint_id) / "card.json" for checkpoint_id in cards.checkpoint_ids(place)]
    return [_json(str(path), _modified(path)) for path in paths]


def predictions(checkpoint_id: str, dataset: str, split_name: str, part: str) -> pd.DataFrame | None:
    """Return a checkpoint's predictions for one part, or None when they were not made."""
    path = workspace().predictions(checkpoint_id, dataset, split_name, part)
    return _table(str(path), _modified(path)) if path.exists() else None


def reports() -> list[EvaluationReport]:
    """Return the evaluation reports, the newest first; one of another version is as if it were not there."""
    found = [_report(str(path), _modified(path)) for path in workspace().reports.glob("*.json")]
    return sorted((one for one in found if one is not None), key=lambda report: report.created_at, reverse=True)


@st.cache_resource(max_entries=256, show_spinner=False)
def _report(path: str, modified_ns: int) -> EvaluationReport | None:
    try:
        return report_store.read(Path(path), EvaluationReport)
    except InputError:  # it is made anew when its question is asked again
        return None


def evidence(
    checkpoint_id: str, dataset: str, split_name: str, part: str, truth_name: str, *, cut: float | None = None
) -> tuple[Evidence, tuple[Any, ...]]:
    """Return what is known of a part's films, read again only when a file has changed; nobody may change it.

    The cut is that of the worklist whose films these are, or else the operating point in force.

    Returns:
        The films, and the key of what can be cached about them.

    Raises:
        InputError: If the checkpoint is gone, or predictions are missing or stale.
    """
    place = workspace()
    card = cards.read_card(place, checkpoint_id)
    split_path = place.split(dataset, split_name)
    table = place.predictions(checkpoint_id, dataset, split_name, part)
    sources = [
        *(place.checkpoint(checkpoint_id) / cards.CARD, split_path, split_path.with_suffix(".json")),
        *(table, table.with_suffix(prediction_store.SIGNALS), place.radiographs(dataset)),
        *(place.truth(name) for name in sorted({dataset, card["dataset"]})),
    ]
    times = [path.stat().st_mtime_ns if path.exists() else 0 for path in sources]
    at = evidence_of.in_force(place, card).threshold.value if cut is None else cut
    key = (str(place.root), str(place.checkpoints), checkpoint_id, dataset, split_name, part, truth_name, at, *times)
    return _evidence(key, (checkpoint_id, dataset, split_name, part, truth_name), at), key


@st.cache_resource(max_entries=6, show_spinner="Reading predictions and signals…")
def _evidence(key: tuple[Any, ...], _place: tuple[str, str, str, str, str], _cut: float) -> Evidence:
    checkpoint_id, dataset, split_name, part, truth_name = _place
    here = workspace()
    card = cards.read_card(here, checkpoint_id)
    return evidence_of.load(here, card, dataset, split_name, part, truth=truth_name, cut=_cut)


@st.cache_data(max_entries=4000, max_size="200MB", show_spinner=False)
def _thumbnail(root: str, sha256: str, path: str, source: str, size: int) -> bytes | None:
    return thumbnails.thumbnail(Workspace(), {"path": path, "sha256": sha256, "source": source}, size=size)


def thumbnail(radiograph: Mapping[str, Any], *, size: int) -> bytes | None:
    """Return a marked JPEG of a radiograph, at most `size` pixels wide and high, or None without a file."""
    if pd.isna(radiograph["path"]):
        return None
    return _thumbnail(str(workspace().root), radiograph["sha256"], radiograph["path"], radiograph["source"], size)


@st.cache_resource(max_entries=24, show_spinner=False)
def _pixels(sha256: str, path: str, modified_ns: int) -> np.ndarray | None:
    try:
        return pixels.read_indexed(Path(path), sha256)
    except pixels.UnreadableImage:
        return None


def film_pixels(radiograph: Mapping[str, Any]) -> np.ndarray | None:
    """Return the pixels that were indexed `(H, W)`, or None where the file is gone, damaged or another."""
    if pd.isna(radiograph["path"]) or pd.isna(radiograph["sha256"]):
        return None
    path = Path(radiograph["path"])
    return _pixels(str(radiograph["sha256"]), str(path), _modified(path) if path.exists() else 0)


def card_cut(card: Mapping[str, Any]) -> float | None:
    """Return a checkpoint's operating point in force, or None if it has none.

    Raises:
        InputError: If the database cannot be read.
    """
    point = points_in_force.in_force(workspace(), card)
    return None if point is None else point.value


@st.cache_resource(max_entries=4, show_spinner=False)
def _classifier(place: tuple[str, str, str], modified_ns: int) -> Checkpoint:
    from core.models import checkpoint  # torch: seconds, so only when somebody asks for what needs it
    from core.vision import device

    found = checkpoint.load(Workspace(), place[-1])
    found.classifier.to(device.chosen())
    return found


def classifier(checkpoint_id: str) -> Checkpoint:
    """Return a trained classifier in eval mode, shared by all sessions: nobody may change it.

    Raises:
        InputError: If it is not there, is an ensemble, or its weights are not those its card names.
    """
    place = workspace()
    weights = place.checkpoint(checkpoint_id) / cards.WEIGHTS
    modified = _modified(weights) if weights.exists() else 0
    return _classifier((str(place.root), str(place.checkpoints), checkpoint_id), modified)
