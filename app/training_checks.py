"""What the training form asks for, checked before it starts: the job, or the reason why it cannot work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import resources
from core.base.errors import InputError
from core.base.paths import ROOT
from core.data import learnable, radiographs, split_store, truth
from core.models import members
from core.models.registry import ENSEMBLE, TITLES, WEIGHTS
from core.training.config import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A job as the form asks for it."""

    title: str
    """What a person reads."""
    arguments: list[str]
    """The words after `python -m core`."""
    training: TrainConfig | None = None
    """The options, where it is a training."""


def wanted_training(options: dict[str, Any]) -> Wanted:
    """Return the training that has these options.

    Args:
        options: Of a `TrainConfig`, flat.

    Raises:
        InputError: If it cannot work; `field` names the option at fault.
    """
    _require_material(options["dataset"], options["split"], options["labels"])
    weights = options["weights"]
    if weights not in WEIGHTS and not (ROOT / Path(weights).expanduser()).is_file():
        msg = f"Expected {', '.join(WEIGHTS)} or the name of a .safetensors file, found no file {weights!r}."
        raise InputError(msg, field="weights")
    config = TrainConfig.from_dict(options)
    kind, place = config.architecture, f"{config.data.dataset}/{config.data.split}"
    title = f"Train {TITLES[kind.model]}, {kind.image_size} px, on {place}"
    return Wanted(title=title, arguments=["train"], training=config)


def wanted_ensemble(dataset: str, split: str, checkpoints: Sequence[str], *, fusion: str) -> Wanted:
    """Return the job that fuses classifiers of a split.

    Args:
        dataset: Name of the data set.
        split: Name of the split.
        checkpoints: Ids of the members.
        fusion: How the members are weighted.

    Raises:
        InputError: If it cannot work; `field` names the option at fault.
    """
    _require_material(dataset, split, truth.REPORT)
    members.chosen(resources.workspace(), checkpoints, dataset, split)
    return Wanted(
        title=f"Fuse {len(checkpoints)} classifiers on {dataset}/{split}",
        arguments=[ENSEMBLE, *checkpoints, "--dataset", dataset, "--split", split, "--fusion", fusion],
    )


def _require_material(dataset: str, split: str, labels: str) -> None:
    place = resources.workspace()
    table = place.split(dataset, split)
    read = (place.radiographs(dataset), place.truth(dataset), table, table.with_suffix(".json"))
    reason = _unfit(dataset, split, labels, tuple((str(path), path.stat().st_mtime_ns) for path in read))
    if reason is not None:
        raise InputError(reason, field="split")


@st.cache_data(max_entries=32, show_spinner=False)
def _unfit(dataset: str, split: str, labels: str, read: tuple[tuple[str, int], ...]) -> str | None:
    """Say why a split cannot be learnt from, or None; the files it reads and their times are the cache's key."""
    place = resources.workspace()
    try:
        table = radiographs.load(place, dataset)
        radiographs.require_images(table, dataset)
        split_store.require_sound(place, dataset, split)
        films = split_store.load(place, dataset, split).merge(table[["image_id", "source"]], on="image_id")
        known = films["image_id"].map(truth.labels(place, dataset, labels))
        learnable.refuse(films.assign(label=known), split)
    except InputError as error:
        return str(error)
    return None
